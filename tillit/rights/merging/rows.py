"""Moving a person's rows to another id and back, table by table, as the declarations say.

A table whose rows may change gives them the kept person's id; which moved, its trace holds as their keys. A row that
the kept person has too, by the same key, is kept whole in the trace. Append-only rows stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models

from tillit.ledger.rls import PERSON, personal_models
from tillit.policy.declarations import Declares

#: Tables that are joined row by row (`joining`), or that follow from another by triggers.
BY_THEMSELVES = frozenset(
    {PERSON, "people.Traits", "people.Subscription", "people.NameWord"},
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records of a workspace, and the merge that makes them one."""

    workspace_id: int
    merge_id: UUID
    kept: UUID
    gone: UUID

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of a statement about them."""
        return {"workspace": self.workspace_id, "merge": self.merge_id, "kept": self.kept, "gone": self.gone}


_TRACE = """
INSERT INTO people_mergetrace AS trace (merge_id, part, category, person_id, workspace_id, moved, kept, gone, after)
SELECT %(merge)s, '{part}', category, %(kept)s, %(workspace)s, {moved}, '{{}}', {gone}, '{{}}'
FROM rows GROUP BY category
ON CONFLICT (merge_id, part, category)
DO UPDATE SET moved = trace.moved || EXCLUDED.moved, gone = trace.gone || EXCLUDED.gone
"""


@dataclass(frozen=True, slots=True)
class Movable:
    """A table whose rows get another person's id. `key` tells its rows of one person apart."""

    table: str
    category: str
    key: str
    shared: str  # SQL of two rows `t` and `o` of different persons being the same but for that; empty if none can be

    def move(self, pair: Pair) -> None:
        """Give the gone record's rows to the kept one."""
        if self.shared:
            taken = (
                f'WITH rows AS (DELETE FROM "{self.table}" AS t USING "{self.table}" AS o WHERE t.person_id = %(gone)s'
                f" AND o.person_id = %(kept)s AND {self.shared}"
                f" RETURNING {self.category} AS category, {self.key} AS key, to_jsonb(t) AS whole)"
            )
            trace = _TRACE.format(part=self.table, moved="'[]'", gone="jsonb_object_agg(key::text, whole)")
            run(taken + trace, pair)
        moved = (
            f'WITH rows AS (UPDATE "{self.table}" AS t SET person_id = %(kept)s WHERE t.person_id = %(gone)s'
            f" RETURNING {self.category} AS category, {self.key} AS key)"
        )
        run(moved + _TRACE.format(part=self.table, moved="jsonb_agg(key)", gone="'{}'::jsonb"), pair)

    def move_back(self, pair: Pair) -> int:
        """Give the gone record back what is still the kept one's; return how many rows are not."""
        for row in self._taken(pair):
            put(self.table, row)
        back = run(
            f'UPDATE "{self.table}" AS t SET person_id = %(gone)s'
            " FROM people_mergetrace r, jsonb_array_elements(r.moved) AS held(key)"
            f" WHERE r.merge_id = %(merge)s AND r.part = '{self.table}' AND t.person_id = %(kept)s"
            f" AND r.category = {self.category} AND held.key = {self.key}",
            pair,
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COALESCE(sum(jsonb_array_length(moved)), 0) FROM people_mergetrace"
                " WHERE merge_id = %s AND part = %s",
                [pair.merge_id, self.table],
            )
            return int(cursor.fetchone()[0]) - back

    def _taken(self, pair: Pair) -> list[str]:
        """The gone record's rows that the kept one had too, as JSON text."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT held.value::text FROM people_mergetrace r, jsonb_each(r.gone) held"
                " WHERE r.merge_id = %s AND r.part = %s",
                [pair.merge_id, self.table],
            )
            return [row for (row,) in cursor.fetchall()]


def movable() -> Iterator[Movable]:
    """Yield the tables whose rows move."""
    for model, declares in personal_models():
        if not declares.append_only and model._meta.label not in BY_THEMSELVES:
            yield _movable(model, declares)


def _movable(model: type[models.Model], declares: Declares) -> Movable:
    columns = [field.column for field in model._meta.pk_fields]  # type: ignore[attr-defined]
    telling = [column for column in columns if column != "person_id"]
    named = ", ".join(f't."{column}"' for column in telling)
    return Movable(
        table=model._meta.db_table,
        category=f't."{declares.category_column}"' if declares.category_column else f"'{declares.category}'::text",
        key=f"jsonb_build_array({named})",
        shared=" AND ".join(f't."{column}" = o."{column}"' for column in telling) if telling != columns else "",
    )


_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname = ANY (%s)
"""


def put(table: str, row: str, **changed: str) -> None:
    """Write a row that was read as JSON text: a column made since gets its default, one removed since is left out."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [f'"{table}"', [*json.loads(row), *changed]])
        [columns] = cursor.fetchone()
        cursor.execute(
            f'INSERT INTO "{table}" ({columns}) SELECT {columns}'
            f' FROM jsonb_populate_record(NULL::"{table}", %s::jsonb || %s::jsonb) ON CONFLICT DO NOTHING',
            [row, json.dumps(changed)],
        )


def run(statement: str, pair: Pair, **more: Any) -> int:
    """Run a statement about a pair; return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {**pair.values, **more})
        return int(cursor.rowcount)

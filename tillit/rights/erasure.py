"""Erasing a person, table by table, as the declarations say. Source: GDPR art 17."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, models

from tillit.ledger.rls import PERSON, personal_models
from tillit.policy.declarations import Declares


def erase_rows(person_ids: Sequence[UUID], *, now: datetime) -> dict[str, int]:
    """Delete, blank or leave each table's rows of a person; return table → rows, with what was done as its prefix.

    `person_ids` are all that the person has or had. Runs in the caller's context, which shows every category. The
    person goes last: the other rows hang on it.
    """
    counts: dict[str, int] = {}
    for model, declares in sorted(personal_models(), key=lambda pair: pair[0]._meta.label == PERSON):
        done = _VERBS[declares.erase](model, declares, list(person_ids), now)
        if done:
            counts[f"{declares.erase}_{model._meta.db_table}"] = done
    return counts


def _delete(model: type[models.Model], declares: Declares, ids: list[UUID], now: datetime) -> int:
    own = "id" if model._meta.label == PERSON else "person_id"
    return _run(f'DELETE FROM "{model._meta.db_table}" WHERE {own} = ANY (%s)', [ids])


def _blank(model: type[models.Model], declares: Declares, ids: list[UUID], now: datetime) -> int:
    """Leave the keyed hash alone: every other personal value and the person's id become null."""
    fields = [field for field in model._meta.concrete_fields if field.name in declares.personal and field.null]
    empty = ["person_id", *(field.column for field in fields)]
    assignments = ", ".join(f'"{column}" = NULL' for column in empty)
    return _run(
        f'UPDATE "{model._meta.db_table}" SET {assignments}, erased_at = %s WHERE person_id = ANY (%s)', [now, ids]
    )


def _leave(model: type[models.Model], declares: Declares, ids: list[UUID], now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" WHERE person_id = ANY (%s)', [ids])
        return int(cursor.fetchone()[0])


def _run(statement: str, parameters: list[list[UUID] | datetime]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


_VERBS = {"delete": _delete, "tombstone": _blank, "keep": _leave}

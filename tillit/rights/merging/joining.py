"""Joining what both records hold: the person's own row, places on lists, and what is known, category by category.

Rows are read and kept as the database writes them in JSON, so that they come back to the last digit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import connection

from tillit.ledger.processing import OpenActivity
from tillit.people.models import Edit
from tillit.rights.merging.rows import Pair, put, run
from tillit.rights.merging.standing import (
    PLACE,
    Row,
    filling,
    joined_person,
    joined_place,
    parted_person,
    parted_place,
    parted_values,
)

PERSON, PLACES, VALUES = "people_person", "people_subscription", "people_traits"
CONTACT, PREFERENCES = "contact", "preferences"


# -- the person's own row ---------------------------------------------------------------------------------------------
_MAILED = """
SELECT i.person_id FROM people_identity i WHERE i.person_id IN (%s, %s) AND i.kind = 'email' AND i.value IS NOT NULL
ORDER BY i.created_at, i.key LIMIT 1
"""


def mailed(pair: Pair) -> UUID | None:
    """Return which of two records has the address that mail will go to: the one that was known first."""
    with connection.cursor() as cursor:
        cursor.execute(_MAILED, [pair.kept, pair.gone])
        found = cursor.fetchone()
    return found[0] if found else None


def join_persons(pair: Pair, mailed_id: UUID | None) -> None:
    """Give the kept record what both are together, and remove the other's row."""
    rows = _read(PERSON, "id::text", "id = ANY (%(both)s)", pair)
    kept, gone = rows[str(pair.kept)], rows[str(pair.gone)]
    used = json.loads(rows[str(mailed_id)]) if mailed_id else None
    _set_person(pair.kept, joined_person(json.loads(kept), json.loads(gone), mailed=used))
    run("DELETE FROM people_person WHERE id = %(gone)s", pair)
    after = _read(PERSON, "id::text", "id = %(kept)s", pair)[str(pair.kept)]
    _keep(pair, PERSON, CONTACT, kept=kept, gone=gone, after=after)


def part_persons(pair: Pair) -> None:
    """Make the gone record's row anew, and give the kept one back what it was."""
    kept, gone, after = _kept(pair, PERSON, CONTACT)
    now = json.loads(_read(PERSON, "id::text", "id = %(kept)s", pair)[str(pair.kept)])
    mine, theirs = parted_person(json.loads(kept), json.loads(gone), json.loads(after), now)
    put(PERSON, gone)
    _set_person(pair.kept, mine)
    _set_person(pair.gone, theirs)


def _set_person(person_id: UUID, values: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{name} = %({name})s" for name in PLACE)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE people_person SET {assignments} WHERE id = %(id)s", {**values, "id": person_id})


# -- places on lists --------------------------------------------------------------------------------------------------
def join_places(activity: OpenActivity, pair: Pair) -> None:
    """Give the kept record the places of both."""
    kept, gone = _places(pair, "kept"), _places(pair, "gone")
    if not gone:
        return
    for number, theirs in gone.items():
        mine = kept.get(number)
        joined = joined_place(mine, theirs, now=activity.at.isoformat())
        if joined is not mine:
            _put_place(pair, number, {**joined, "person_id": str(pair.kept)})
    run("DELETE FROM people_subscription WHERE person_id = %(gone)s", pair)
    shared = {number: row for number, row in kept.items() if number in gone}
    after = {number: row for number, row in _places(pair, "kept").items() if number in gone}
    _keep(pair, PLACES, PREFERENCES, kept=json.dumps(shared), gone=json.dumps(gone), after=json.dumps(after))


def part_places(pair: Pair) -> list[str]:
    """Give both records their places back; return the lists where the kept one's had changed since."""
    kept, gone, after = (json.loads(text) for text in _kept(pair, PLACES, PREFERENCES))
    now, changed = _places(pair, "kept"), []
    for number, theirs in gone.items():
        mine, given = parted_place(kept.get(number), theirs, after[number], now.get(number))
        if mine != kept.get(number):
            changed.append(number)
        _put_place(pair, number, mine)
        if given is not None:
            put(PLACES, json.dumps({**given, "person_id": str(pair.gone)}))
    return changed


def _places(pair: Pair, which: str) -> dict[str, Row]:
    found = _read(PLACES, "list_id::text", f"person_id = %({which})s", pair)
    return {number: json.loads(row) for number, row in found.items()}


def _put_place(pair: Pair, number: str, row: Row | None) -> None:
    """Have the kept record's place on a list be this one, or none."""
    run("DELETE FROM people_subscription WHERE person_id = %(kept)s AND list_id = %(list)s", pair, list=int(number))
    if row is not None:
        put(PLACES, json.dumps(row))


# -- what is known ----------------------------------------------------------------------------------------------------
_FILL = """
UPDATE people_traits SET updated_at = %(now)s, "values" = "values" || (
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(%(theirs)s::jsonb -> 'values') WHERE key = ANY (%(names)s))
WHERE person_id = %(kept)s AND category = %(category)s
"""
_GIVE_BACK = """
UPDATE people_traits SET updated_at = %(now)s, "values" = ("values" - %(names)s::text[]) || COALESCE((
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(%(mine)s::jsonb -> 'values') WHERE key = ANY (%(back)s)), '{}')
WHERE person_id = %(kept)s AND category = %(category)s
"""


def join_values(activity: OpenActivity, pair: Pair) -> None:
    """Have the kept record say what both say; where they differ its own word stands, and the trace holds the other's.

    What it gains is noted as a correction with the other's source, so that it is known where it comes from.
    """
    kept = _read(VALUES, "category", "person_id = %(kept)s", pair)
    for category, theirs in _read(VALUES, "category", "person_id = %(gone)s", pair).items():
        run("DELETE FROM people_traits WHERE person_id = %(gone)s AND category = %(category)s", pair, category=category)
        mine, noted = kept.get(category), []
        if mine is None:
            put(VALUES, theirs, person_id=str(pair.kept))
        else:
            noted = _fill(activity, pair, category, mine, theirs)
        after = _read(VALUES, "category", "person_id = %(kept)s", pair)[category]
        _keep(pair, VALUES, category, kept=mine or "{}", gone=theirs, after=after, moved=noted)


def _fill(activity: OpenActivity, pair: Pair, category: str, mine: str, theirs: str) -> list[str]:
    """Fill what the kept record lacks in a category; return the ids of the corrections that say so."""
    has, gets = json.loads(mine)["values"], json.loads(theirs)
    names = filling(has, gets["values"])
    if not names:
        return []
    run(_FILL, pair, category=category, theirs=theirs, names=names, now=activity.at)
    source = gets["source_id"]
    edit = Edit(
        id=uuid_utils.uuid7(),
        workspace_id=pair.workspace_id,
        person_id=pair.kept,
        category=category,
        before={name: has.get(name) for name in names},
        after={name: gets["values"][name] for name in names},
        word=Edit.Word.SOURCE if source else Edit.Word.UNSAID,
        source_id=source,
        by=activity.actor,
        at=activity.at,
    )
    Edit.objects.bulk_create([edit])
    return [str(edit.pk)]


def part_values(activity: OpenActivity, pair: Pair) -> dict[str, list[str]]:
    """Give both records back what they said; return category → the fields changed since, which stay as they are."""
    changed: dict[str, list[str]] = {}
    now = _read(VALUES, "category", "person_id = %(kept)s", pair)
    for category in _categories(pair):
        mine, theirs, after = _kept(pair, VALUES, category)
        run(
            "DELETE FROM people_edit e USING people_mergetrace r, jsonb_array_elements_text(r.moved) AS noted(id)"
            " WHERE r.merge_id = %(merge)s AND r.part = 'people_traits' AND r.category = %(category)s"
            " AND e.id = noted.id::uuid AND e.person_id = %(kept)s",
            pair,
            category=category,
        )
        here = now.get(category)
        names = [] if here is None else _part(activity, pair, category, mine=mine, after=after, here=here)
        if names:
            changed[category] = names
        put(VALUES, theirs)
    return changed


def _part(activity: OpenActivity, pair: Pair, category: str, *, mine: str, after: str, here: str) -> list[str]:
    """Give the kept record back its row of a category, whole or field by field; return what was changed since."""
    had, left, stands = json.loads(mine), json.loads(after), json.loads(here)
    whole = {"category": category}
    if stands == left:
        if had != left:
            run("DELETE FROM people_traits WHERE person_id = %(kept)s AND category = %(category)s", pair, **whole)
            if had:
                put(VALUES, mine)
        return []
    back, drop = parted_values(had.get("values", {}), left["values"], stands["values"])
    run(_GIVE_BACK, pair, category=category, mine=mine, back=back, names=[*back, *drop], now=activity.at)
    if not had:
        run(
            "DELETE FROM people_traits WHERE person_id = %(kept)s AND category = %(category)s AND \"values\" = '{}'",
            pair,
            **whole,
        )
    return sorted(name for name, value in stands["values"].items() if left["values"].get(name) != value)


def _categories(pair: Pair) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT category FROM people_mergetrace WHERE merge_id = %s AND part = %s ORDER BY 1",
            [pair.merge_id, VALUES],
        )
        return [row[0] for row in cursor.fetchall()]


# -- rows as text -----------------------------------------------------------------------------------------------------
def _read(table: str, key: str, where: str, pair: Pair) -> dict[str, str]:
    """Key → row as JSON text, of the rows that a condition finds."""
    with connection.cursor() as cursor:
        both = {**pair.values, "both": [pair.kept, pair.gone]}
        cursor.execute(f'SELECT {key}, to_jsonb(t)::text FROM "{table}" t WHERE {where} ORDER BY 1 FOR UPDATE', both)
        return dict(cursor.fetchall())


def _keep(
    pair: Pair, part: str, category: str, *, kept: str, gone: str, after: str, moved: list[str] | None = None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_mergetrace"
            " (merge_id, part, category, person_id, workspace_id, moved, kept, gone, after)"
            " VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb)",
            [
                *(pair.merge_id, part, category, pair.kept, pair.workspace_id),
                *(json.dumps(moved or []), kept, gone, after),
            ],
        )


def _kept(pair: Pair, part: str, category: str) -> tuple[str, str, str]:
    """What a trace holds of both records and of what the merge left, as text; nothing of each without one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kept::text, gone::text, after::text FROM people_mergetrace"
            " WHERE merge_id = %s AND part = %s AND category = %s",
            [pair.merge_id, part, category],
        )
        return cursor.fetchone() or ("{}", "{}", "{}")

"""Reading an export in one stream: one statement, a cursor of the server's, a few thousand people in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from tillit.ledger.versions import Version
from tillit.people.exporting.columns import Column
from tillit.people.models import MailingList
from tillit.people.selection import Selection, statement
from tillit.policy.decide import decide
from tillit.policy.regions import Region
from tillit.policy.rules import PersonState

Row = list[Any]
AT_ONCE = 2000
MARKETING = "marketing.email"
STATE = "ARRAY[p.region::bigint, p.roles, p.flags, p.granted, p.refused]"
# The address that mail goes to: the oldest (as a claim takes it).
_IDENTITY = """
LEFT JOIN LATERAL (
    SELECT i.value FROM people_identity i
    WHERE i.person_id = p.id AND i.kind = '{kind}' AND i.value IS NOT NULL ORDER BY i.created_at, i.key LIMIT 1
) {kind} ON true"""
_LISTS = """
LEFT JOIN LATERAL (
    SELECT array_agg(s.list_id || ' ' || s.state ORDER BY s.list_id) AS both
    FROM people_subscription s WHERE s.person_id = p.id
) lists ON true"""
_ON_LIST = "LEFT JOIN people_subscription standing ON standing.person_id = p.id AND standing.list_id = %(list)s"


def count(workspace_id: int, wanted: Selection) -> int:
    """How many people of a selection the caller's context shows."""
    sql, parameters = statement(workspace_id, wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) chosen", parameters)
        return int(cursor.fetchone()[0])


def stream(workspace_id: int, wanted: Selection, columns: Sequence[Column], version: Version) -> Iterator[list[Row]]:
    """Yield the rows of a selection, newest person first, some thousand at a time; in the caller's context.

    A value is a text, a number, a truth value, or None.
    """
    sql, parameters = _query(workspace_id, wanted, columns)
    categories, cells = _cells(workspace_id, columns, version)
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(AT_ONCE):
            yield [_row(row, categories, cells) for row in rows]


def _row(row: Sequence[Any], categories: int, cells: Sequence[Cell]) -> Row:
    traits = [json.loads(told) if told else {} for told in row[:categories]]
    return [cell(row, traits) for cell in cells]


def _query(workspace_id: int, wanted: Selection, columns: Sequence[Column]) -> tuple[str, dict[str, Any]]:
    sql, parameters = statement(workspace_id, wanted)
    names = {each.name for each in columns if not each.field}
    categories = list(dict.fromkeys(each.category for each in columns if each.field))
    joins = [_IDENTITY.format(kind=kind) for kind in ("email", "phone", "customer") if kind in names]
    joins += [
        f"LEFT JOIN people_traits t{number} ON t{number}.person_id = p.id AND t{number}.category = %(category{number})s"
        for number in range(len(categories))
    ]
    if "lists" in names:
        joins.append(_LISTS)
    if names & {"status", "since"}:
        joins.append(_ON_LIST)
    values = [f't{number}."values"::text' for number in range(len(categories))]
    values += [_EXPRESSIONS[each.name] for each in columns if not each.field]
    told = {f"category{number}": category for number, category in enumerate(categories)}
    source = f"({sql}) chosen (id) JOIN people_person p ON p.id = chosen.id {' '.join(joins)}"
    return f"SELECT {', '.join(values)} FROM {source} ORDER BY p.id DESC", parameters | told


_EXPRESSIONS = {
    "email": "email.value",
    "phone": "phone.value",
    "customer": "customer.value",
    "region": "p.region",
    "created": "p.created_at",
    "language": "NULLIF(p.language, '')",
    "lists": "lists.both",
    "marketing": STATE,
    "why": STATE,
    "status": "standing.state",
    "since": "standing.since",
}
Traits = Sequence[Mapping[str, Any]]
Cell = Callable[[Sequence[Any], Traits], Any]


def _cells(workspace_id: int, columns: Sequence[Column], version: Version) -> tuple[int, list[Cell]]:
    """How many categories a row begins with, and the functions from a row and its categories to the file's cells."""
    categories = list(dict.fromkeys(each.category for each in columns if each.field))
    convert = _converters(workspace_id, version)
    cells: list[Cell] = []
    place = len(categories)
    for each in columns:
        if each.field:
            cells.append(_of_traits(categories.index(each.category), each.field))
        else:
            cells.append(_of_row(place, convert.get(each.name)))
            place += 1
    return len(categories), cells


def _of_traits(category: int, name: str) -> Cell:
    return lambda row, traits: traits[category].get(name)


def _of_row(place: int, convert: Callable[[Any], Any] | None) -> Cell:
    if convert is None:
        return lambda row, traits: row[place]
    return lambda row, traits: None if row[place] is None else convert(row[place])


def _converters(workspace_id: int, version: Version) -> dict[str, Callable[[Any], Any]]:
    names = dict(MailingList.objects.filter(workspace_id=workspace_id).values_list("pk", "name"))
    rule = version.rules.get(MARKETING)

    @lru_cache(maxsize=10_000)  # few people differ in what decides about them
    def decision(state: tuple[int, ...]) -> tuple[bool, str]:
        if rule is None:
            return False, ""
        found = decide(rule, PersonState(*state))
        return found.permitted, str(found.reason)

    @lru_cache(maxsize=10_000)
    def lists(standings: tuple[str, ...]) -> str:
        told = (each.partition(" ") for each in standings)
        return "; ".join(f"{names[int(number)]} ({state})" for number, _, state in told if int(number) in names)

    return {
        "region": lambda code: Region(code).code,
        "created": _iso,
        "since": _iso,
        "marketing": lambda state: decision(tuple(state))[0],
        "why": lambda state: decision(tuple(state))[1],
        "lists": lambda standings: lists(tuple(standings)),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")

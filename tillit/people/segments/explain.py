"""What a segment costs, in plain words, from PostgreSQL's plan: what is read whole and what is looked up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.ledger.processing import processing
from tillit.people.segments.queries import ADMINISTER, compiled
from tillit.people.segments.tree import Node

# The planner's unit is about a page read; a million persons counted cost 60,000 of them and 0.1 s on an idle core.
LIGHT, HEAVY = 50_000.0, 600_000.0

#: Tables, by the beginning of their names (months' parts have longer ones), in words.
_TABLES: dict[str, str | Promise] = {
    "people_person": _("people"),
    "people_traits": _("values of fields"),
    "people_subscription": _("standings on lists"),
    "people_identity": _("addresses"),
}


def add_table(name: str, words: str | Promise) -> None:
    """Say what a table that a condition reads is called."""
    _TABLES[name] = words


@dataclass(frozen=True, slots=True)
class Read:
    """A table that is read: `whole`, or looked up by index; about how many rows."""

    what: str | Promise
    rows: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a segment costs: light, medium or heavy, the planner's figure, and what is read."""

    weight: str
    cost: float
    reads: list[Read]


def explain(workspace_id: int, tree: Node, *, by: str) -> Plan:
    """Ask PostgreSQL how it would find the segment, without doing so. Raises LacksCategory and Outdated."""
    with processing(workspace_id, ADMINISTER, by=by, act="segment.explain"), connection.cursor() as cursor:
        query = compiled(workspace_id, tree, ADMINISTER)
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT count(*) FROM ({query.sql}) found", query.parameters)
        answer = cursor.fetchone()[0]
        plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
        reads = list(_reads(plan))
        sizes = _sizes({table for table, _rows, whole in reads if whole})
    cost = plan["Total Cost"]
    weight = "light" if cost < LIGHT else "medium" if cost < HEAVY else "heavy"
    return Plan(weight, cost, _told(reads, sizes))


def _reads(node: dict[str, Any]) -> Iterator[tuple[str, float, bool]]:
    """The tables of a plan, the rows expected, and whether each is read whole."""
    table = node.get("Relation Name", "")
    if table and _words(table):
        yield table, node["Plan Rows"], node["Node Type"] == "Seq Scan"
    for inner in node.get("Plans", []):
        yield from _reads(inner)


def _words(table: str) -> str | Promise:
    return next((words for name, words in _TABLES.items() if table == name or table.startswith(f"{name}_20")), "")


def _sizes(tables: set[str]) -> dict[str, float]:
    """How many rows whole tables have, as PostgreSQL last counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reltuples FROM pg_class WHERE relname = ANY (%s)", [list(tables)])
        return {name: max(0.0, rows) for name, rows in cursor.fetchall()}


def _told(reads: list[tuple[str, float, bool]], sizes: dict[str, float]) -> list[Read]:
    """One line for each kind of thing, the largest first."""
    found: dict[str, Read] = {}
    for table, rows, whole in reads:
        what = _words(table)
        before = found.get(str(what))
        number = round(sizes.get(table, rows) if whole else rows)
        also = (before.rows, before.whole) if before else (0, False)
        found[str(what)] = Read(what, number + also[0], whole or also[1])
    return sorted(found.values(), key=lambda read: -read.rows)

"""What a page reads: every SELECT of it is explained as it runs, and the rows that PostgreSQL touched are added up.

Time tells how busy a machine is; rows tell whether a page reads more where there are more people.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection


@dataclass
class Reads:
    """The statements of a piece of work, the rows touched by table, and the tables that were read from end to end."""

    statements: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    whole: set[str] = field(default_factory=set)
    heaviest: tuple[int, str] = (0, "")

    def add(self, sql: str, plan: dict[str, Any]) -> None:
        """Add up one plan with what it really read."""
        touched = Counter[str]()
        for node in _nodes(plan):
            table, loops = node.get("Relation Name"), node["Actual Loops"]
            if table is None or not loops:
                continue
            dropped = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
            touched[table] += round((node["Actual Rows"] + dropped) * loops)
            if node["Node Type"] == "Seq Scan":
                self.whole.add(table)
        self.rows += touched
        self.heaviest = max(self.heaviest, (touched.total(), sql))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


@contextmanager
def reads() -> Iterator[Reads]:
    """Look at what is read inside, in the very transactions and contexts in which it is read."""
    found, looking = Reads(), False

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal looking
        if looking:
            return execute(sql, params, many, context)
        found.statements += 1
        if not many and sql.lstrip("( ").upper().startswith(("SELECT", "WITH")) and " FOR UPDATE" not in sql:
            looking = True
            try:
                with connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
                    told = cursor.fetchone()[0]
            finally:
                looking = False
            found.add(sql, (json.loads(told) if isinstance(told, str) else told)[0]["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found

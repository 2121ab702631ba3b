"""How many people there are, and how many of them a purpose may reach."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from tillit.policy.rules import Rule
from tillit.policy.sql import condition, literal


class Reach(NamedTuple):
    """Counts of people."""

    people: int
    permitted: int

    @property
    def share(self) -> int | None:
        """Percent of the people, or None when there are none."""
        return round(100 * self.permitted / self.people) if self.people else None


def reach(rule: Rule) -> Reach:
    """Count the people whom the open context shows, and those of them whom `rule` permits, in one pass.

    Counting for a purpose is not using it, so this runs in the context of administration, which sees everybody.
    """
    permitted = condition("people_person", literal(rule))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE {permitted}) FROM people_person")
        return Reach(*cursor.fetchone())

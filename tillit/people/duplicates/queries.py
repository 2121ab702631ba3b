"""The pairs of records that may be of one person, as staff see them; in the caller's context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from tillit.people.duplicates.likeness import Reason
from tillit.people.models import DuplicateSearch
from tillit.people.search import Found, details

PER_PAGE = 25

# Whoever went into another's record, was erased or was called somebody else since the search is left out. After a merge
# the word about the record that went is there from the kept one's side alone.
_PAGE = """
SELECT l.person_id, l.other_id, l.reasons, l.score FROM people_likeness l
JOIN people_person p ON p.id = l.person_id JOIN people_person o ON o.id = l.other_id
WHERE (l.reasons & %(reason)s <> 0 OR %(reason)s = 0)
  AND NOT EXISTS (SELECT FROM people_notduplicate d WHERE (d.person_id, d.other_id)
                  IN ((l.person_id, l.other_id), (l.other_id, l.person_id)))
ORDER BY l.score DESC, l.person_id, l.other_id LIMIT %(limit)s OFFSET %(offset)s
"""
_OF_PERSON = """
SELECT l.person_id, l.other_id, l.reasons, l.score FROM people_likeness l
JOIN people_person p ON p.id = l.person_id JOIN people_person o ON o.id = l.other_id
WHERE (l.person_id = %(person)s OR l.other_id = %(person)s)
  AND NOT EXISTS (SELECT FROM people_notduplicate d WHERE (d.person_id, d.other_id)
                  IN ((l.person_id, l.other_id), (l.other_id, l.person_id)))
ORDER BY l.score DESC, l.person_id, l.other_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Suggested:
    """Two records that may be one person's, the one that came first before the other, and why."""

    one: Found
    other: Found
    reasons: tuple[Reason, ...]
    score: int


@dataclass(frozen=True, slots=True)
class SuggestedPage:
    """Some of the pairs, the likeliest first, and whether there are more."""

    pairs: list[Suggested]
    more: bool


def suggestions(*, page: int = 1, reason: int = 0, limit: int = PER_PAGE) -> SuggestedPage:
    """Return a page of the pairs that the last search found, of one reason or of all."""
    rows = _rows(_PAGE, {"reason": int(reason), "limit": limit + 1, "offset": (max(page, 1) - 1) * limit})
    return SuggestedPage(_suggested(rows[:limit]), more=len(rows) > limit)


def suggested_for(person_id: UUID, *, limit: int = PER_PAGE) -> list[Suggested]:
    """Return the pairs that one person is in."""
    return _suggested(_rows(_OF_PERSON, {"person": person_id, "limit": limit}))


def searched(workspace_id: int) -> DuplicateSearch | None:
    """How far the search of a workspace is; None where nobody has asked for one."""
    return DuplicateSearch.objects.filter(pk=workspace_id).first()


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[UUID, UUID, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _suggested(rows: Sequence[tuple[UUID, UUID, int, int]]) -> list[Suggested]:
    shown = {row.person.pk: row for row in details(list({each for pair in rows for each in pair[:2]}))}
    return [
        Suggested(shown[one], shown[other], tuple(reason for reason in Reason if reasons & reason), points)
        for one, other, reasons, points in rows
        if one in shown and other in shown
    ]

"""Searching a workspace for records that may be of one person: by keys, never by comparing everybody with everybody.

Each key brings few together: a telephone number or a local part that more than a handful share tells nothing of any two
of them. Only the pairs that a key finds are compared by name. Two million people take some 25 seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from tillit.ledger.processing import OpenActivity, processing
from tillit.people.duplicates.likeness import Reason, weigh
from tillit.people.hygiene.domains import PROVIDERS, REAL
from tillit.people.hygiene.kinds import ROLES
from tillit.people.models import DuplicateSearch, Field, Person

ADMINISTER = "audience.administer"
#: People who may share a key before it tells nothing: a switchboard's number, a local part such as `johan`.
MOST = 5
MOST_OF_A_NAME = 10
KEPT = 20_000  # pairs, the best: nobody looks at more
STALLED_AFTER = timedelta(minutes=30)

_PAIRS = "CREATE TEMP TABLE pair (one uuid, other uuid, reason smallint) ON COMMIT DROP"
# Of each group the pairs, the record that came first before the other. The groups are counted by rows and not by
# people, which PostgreSQL does by hashing instead of sorting: a person's own two rows make no pair with themselves.
_OF_GROUPS = """
INSERT INTO pair SELECT DISTINCT one, other, {reason} FROM ({groups}) shared,
    unnest(shared.people) AS one, unnest(shared.people) AS other WHERE one < other
"""
_PHONES = """
SELECT array_agg(person_id) AS people FROM (
    SELECT i.person_id, i.value AS number FROM people_identity i WHERE i.kind = 'phone' AND i.value IS NOT NULL
    {fields}) said GROUP BY number HAVING count(*) BETWEEN 2 AND %(most)s
"""
_PHONE_FIELD = """
UNION ALL SELECT t.person_id, t."values" ->> %(field{n})s FROM people_traits t
WHERE t.category = %(category{n})s AND t."values" ->> %(field{n})s LIKE '+%%'
"""
# One word of small letters is a first name that many have; an address of a function is nobody's.
_LOCAL_PARTS = """
SELECT array_agg(person_id) AS people FROM (
    SELECT i.person_id, split_part(i.value, '@', 1) AS part FROM people_identity i
    WHERE i.kind = 'email' AND i.value IS NOT NULL) said
WHERE (length(part) >= 8 OR length(part) >= 5 AND part ~ '[^a-z]') AND part <> ALL (%(functions)s)
GROUP BY part HAVING count(*) BETWEEN 2 AND %(most)s
"""
_AT_DOMAINS = """
CREATE TEMP TABLE colleague ON COMMIT DROP AS
SELECT DISTINCT i.person_id, split_part(i.value, '@', 2) AS domain FROM people_identity i
WHERE i.kind = 'email' AND i.value IS NOT NULL AND split_part(i.value, '@', 2) <> ALL (%(public)s)
"""
_WORDS = """
CREATE TEMP TABLE named ON COMMIT DROP AS
SELECT c.domain, c.person_id, n.word FROM colleague c JOIN people_nameword n ON n.person_id = c.person_id
WHERE c.domain IN (SELECT domain FROM colleague GROUP BY domain HAVING count(*) > 1)
"""
# A word of the name, and how another of its words begins.
_NAMES = """
SELECT array_agg(a.person_id) AS people
FROM named a JOIN named b ON b.person_id = a.person_id AND b.domain = a.domain AND b.word <> a.word
WHERE length(a.word) > 1 GROUP BY a.domain, a.word, left(b.word, 1)
HAVING count(*) BETWEEN 2 AND %(most_named)s
"""
_FOUND = "SELECT one, other, bit_or(reason) FROM pair GROUP BY one, other"
_WORDS_OF = """
SELECT n.person_id, array_agg(n.word) FROM people_nameword n
JOIN (SELECT one AS id FROM pair UNION SELECT other FROM pair) met ON met.id = n.person_id GROUP BY 1
"""
# Whose processing is restricted is left in peace, and so is who was called somebody else.
_KEEP = f"""
INSERT INTO people_likeness (person_id, other_id, workspace_id, reasons, score, found_at)
SELECT one, other, %(workspace)s, reasons, score, %(now)s
FROM unnest(%(ones)s::uuid[], %(others)s::uuid[], %(reasons)s::smallint[], %(scores)s::smallint[])
    AS found (one, other, reasons, score)
WHERE (SELECT count(*) FROM people_person p
       WHERE p.id IN (found.one, found.other) AND p.flags & {Person.RESTRICTED} = 0) = 2
  AND NOT EXISTS (SELECT FROM people_notduplicate d
                  WHERE (d.person_id, d.other_id) IN ((found.one, found.other), (found.other, found.one)))
ON CONFLICT (person_id, other_id)
DO UPDATE SET reasons = EXCLUDED.reasons, score = EXCLUDED.score, found_at = EXCLUDED.found_at
"""


class Pair(NamedTuple):
    """Two records that may be one person's."""

    one: UUID
    other: UUID
    reasons: int
    score: int


def begin(workspace_id: int, *, by: str, now: datetime) -> bool:
    """Have a workspace searched by a job; return False where that is under way already."""
    from tillit.people.tasks import find_duplicates  # noqa: PLC0415  tasks import this module

    known, made = DuplicateSearch.objects.get_or_create(workspace_id=workspace_id, defaults={"begun_at": now, "by": by})
    if not made and known.state == DuplicateSearch.State.RUNNING and known.begun_at > now - STALLED_AFTER:
        return False
    again = {"state": DuplicateSearch.State.RUNNING, "begun_at": now, "by": by}
    DuplicateSearch.objects.filter(pk=workspace_id).update(**again)
    find_duplicates.defer(workspace_id=workspace_id)
    return True


def run(workspace_id: int) -> None:
    """Search a workspace as `begin` asked; a search that fails says so, and leaves the pairs of the one before."""
    known = DuplicateSearch.objects.get(pk=workspace_id)
    try:
        search(workspace_id, by=known.by, now=timezone.now())
    except Exception:
        DuplicateSearch.objects.filter(pk=workspace_id).update(state=DuplicateSearch.State.FAILED)
        raise


def search(workspace_id: int, *, by: str, now: datetime) -> Counter[str]:
    """Find the pairs of a workspace anew, and keep the best; return how many there are."""
    with processing(workspace_id, ADMINISTER, by=by, act="duplicate.find") as activity:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '128MB'")  # the groups of two million fit in it
        pairs = nsmallest(KEPT, _pairs(workspace_id), key=lambda pair: (-pair.score, pair.one))
        counts = Counter(pairs=_keep(activity, pairs, now=now))
        activity.count(**counts)
    done = {"state": DuplicateSearch.State.DONE, "done_at": now, "counts": dict(counts)}
    DuplicateSearch.objects.update_or_create(
        workspace_id=workspace_id, defaults=done, create_defaults={**done, "begun_at": now, "by": by}
    )
    return counts


def _pairs(workspace_id: int) -> Iterator[Pair]:
    """The pairs that share a key, weighed by their names."""
    values: dict[str, Any] = {
        "most": MOST,
        "most_named": MOST_OF_A_NAME,
        "functions": list(ROLES),
        "public": sorted({*PROVIDERS, *REAL}),
    }
    phones, fields = _phone_fields(workspace_id)
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS)
        cursor.execute(_OF_GROUPS.format(reason=int(Reason.PHONE), groups=phones), {**values, **fields})
        cursor.execute(_OF_GROUPS.format(reason=int(Reason.LOCAL_PART), groups=_LOCAL_PARTS), values)
        cursor.execute(_AT_DOMAINS, values)
        cursor.execute(_WORDS)
        cursor.execute("ANALYZE colleague, named")
        cursor.execute(_OF_GROUPS.format(reason=int(Reason.DOMAIN), groups=_NAMES), values)
        cursor.execute(_WORDS_OF)
        words: dict[UUID, list[str]] = dict(cursor.fetchall())
        cursor.execute(_FOUND)
        while rows := cursor.fetchmany(5000):
            yield from (pair for row in rows if (pair := _weighed(row, words)).score)
        cursor.execute("DROP TABLE pair, colleague, named")


def _weighed(row: tuple[UUID, UUID, int], words: dict[UUID, list[str]]) -> Pair:
    one, other, reasons = row
    return Pair(one, other, *weigh(reasons, words.get(one, ()), words.get(other, ())))


def _phone_fields(workspace_id: int) -> tuple[str, dict[str, Any]]:
    """SQL of everybody's telephone numbers by number, with its parameters."""
    known = list(Field.objects.filter(workspace_id=workspace_id, type=Field.Type.PHONE).in_use())
    values: dict[str, Any] = {}
    for number, field in enumerate(known):
        values |= {f"field{number}": field.name, f"category{number}": field.category}
    return _PHONES.format(fields="".join(_PHONE_FIELD.format(n=number) for number in range(len(known)))), values


def _keep(activity: OpenActivity, pairs: list[Pair], *, now: datetime) -> int:
    """Replace the pairs of the search before; return how many there are now."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_likeness")
        cursor.execute(
            _KEEP,
            {
                "workspace": activity.workspace_id,
                "now": now,
                "ones": [pair.one for pair in pairs],
                "others": [pair.other for pair in pairs],
                "reasons": [pair.reasons for pair in pairs],
                "scores": [pair.score for pair in pairs],
            },
        )
        return int(cursor.rowcount)

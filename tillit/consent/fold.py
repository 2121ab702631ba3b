"""A person's choices folded anew into the integers of the person row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from tillit.consent.models import Choice
from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import SYSTEM, processing
from tillit.policy.fold import Choice as Decided
from tillit.policy.fold import ChoiceState, fold

MANAGE = "preferences.manage"
BATCH = 2000

# Whose granted bit rests on a grant that has lapsed. `choice_expiry` finds the few choices that can lapse at all.
_LAPSED = """
SELECT DISTINCT c.person_id FROM consent_choice c
  JOIN people_person p ON p.id = c.person_id
  JOIN unnest(%s::text[], %s::int[]) AS places (purpose, bit) ON places.purpose = c.purpose
 WHERE c.expires_at <= %s AND c.state = 'granted' AND p.id > %s AND (p.granted >> places.bit) & 1 = 1
   AND NOT EXISTS (SELECT FROM consent_choice later
                    WHERE later.person_id = c.person_id AND later.purpose = c.purpose AND later.id > c.id)
 ORDER BY c.person_id LIMIT %s
"""


def bits_of(workspace_id: int) -> dict[str, int]:
    """Return the bit of every purpose that any version of a workspace's policy ever had."""
    return dict(PurposeRule.objects.filter(version__workspace_id=workspace_id).values_list("purpose", "bit"))


def folded(
    rows: Iterable[tuple[str, str, datetime | None]], bits: Mapping[str, int], *, now: datetime
) -> tuple[int, int]:
    """Return the granted and refused integers of choices given oldest first as (purpose, state, expiry)."""
    decided = (Decided(bits[purpose], ChoiceState(state), expires) for purpose, state, expires in rows)
    return fold(decided, now=now)


def refold_lapsed(workspace_id: int, *, now: datetime) -> int:
    """Fold anew every person whose consent lapsed by `now`; return how many. A lapsed grant is neither yes nor no.

    The choices stay as they are. Source: GDPR art 5(1)(e), 7(1); the period is the policy's `consent_lasts`.
    """
    count, last = 0, UUID(int=0)
    while batch := _lapse_batch(workspace_id, after=last, now=now):
        count, last = count + len(batch), batch[-1]
    return count


def _lapse_batch(workspace_id: int, *, after: UUID, now: datetime) -> list[UUID]:
    bits = bits_of(workspace_id)
    with processing(workspace_id, MANAGE, by=SYSTEM, act="choice.lapse") as activity, connection.cursor() as cursor:
        cursor.execute(_LAPSED, [list(bits), list(bits.values()), now, after, BATCH])
        people = lock([row[0] for row in cursor.fetchall()])
        refold(workspace_id, people, now=now)
        activity.count(lapsed=len(people))
    return people


def lock(person_ids: Iterable[UUID]) -> list[UUID]:
    """Lock the persons that the context shows, in one order, so that two choices of one person fold one by one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM people_person WHERE id = ANY (%s) ORDER BY id FOR UPDATE", [list(person_ids)])
        return [row[0] for row in cursor.fetchall()]


def refold(workspace_id: int, person_ids: list[UUID], *, now: datetime) -> None:
    """Write the integers that persons' choices give at `now`, inside the caller's context and lock."""
    bits = bits_of(workspace_id)
    rows: dict[UUID, list[tuple[str, str, datetime | None]]] = {person: [] for person in person_ids}
    choices = Choice.objects.filter(person_id__in=person_ids).order_by("id")
    for person, *row in choices.values_list("person_id", "purpose", "state", "expires_at"):
        rows[person].append((row[0], row[1], row[2]))
    values = [(*folded(history, bits, now=now), person) for person, history in rows.items()]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE people_person SET granted = %s, refused = %s WHERE id = %s", values)

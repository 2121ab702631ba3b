"""A person's choices folded anew into the integers of the person row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from tillit.consent.lineage import choices_of
from tillit.consent.models import Choice
from tillit.ledger.processing import SYSTEM, processing
from tillit.ledger.versions import bits_at, places
from tillit.policy.fold import Choice as Decided
from tillit.policy.fold import ChoiceState, Folded, fold
from tillit.policy.rules import Place

MANAGE = "preferences.manage"
BATCH = 2000

# Whose granted bit rests on a grant that has lapsed, at any bit that the purpose ever had: the one that counts may be
# older than the latest. `choice_expiry` finds the few choices that can lapse at all.
# What lies under the id of a record that went into another's may lapse for that one.
_LAPSED = """
SELECT DISTINCT p.id FROM consent_choice c
  LEFT JOIN people_merge g ON g.gone_id = c.person_id AND g.split_id IS NULL
  JOIN people_person p ON p.id = COALESCE(g.person_id, c.person_id)
  JOIN unnest(%s::text[], %s::bigint[]) AS places (purpose, bits) ON places.purpose = c.purpose
 WHERE c.expires_at <= %s AND c.state = 'granted' AND p.id > %s AND p.granted & places.bits <> 0
   AND NOT EXISTS (SELECT FROM consent_voidedchoice v WHERE v.choice_id = c.id)
   AND NOT EXISTS (SELECT FROM consent_choice later
                    WHERE later.person_id = c.person_id AND later.purpose = c.purpose AND later.id > c.id
                      AND NOT EXISTS (SELECT FROM consent_voidedchoice v WHERE v.choice_id = later.id))
 ORDER BY p.id LIMIT %s
"""


class History(NamedTuple):
    """One choice as it is stored: of which version's purpose, what was decided, and when a grant lapses."""

    version_id: int
    purpose: str
    state: str
    expires: datetime | None = None


def decided(
    rows: Iterable[History], known: Mapping[str, Place], bits: Mapping[tuple[int, str], int]
) -> Iterator[Decided]:
    """The choices with the bit that their purpose had in their version, and all the bits it ever had."""
    for version_id, purpose, state, expires in rows:
        place = known[purpose]
        bit = bits.get((version_id, purpose), place.bit)
        yield Decided(bit, ChoiceState(state), expires, place.refused_bits)


def refold_lapsed(workspace_id: int, *, now: datetime) -> int:
    """Fold anew every person whose consent lapsed by `now`; return how many. A lapsed grant is neither yes nor no.

    The choices stay as they are. Source: GDPR art 5(1)(e), 7(1); the period is the policy's `consent_lasts`.
    """
    count, last = 0, UUID(int=0)
    while batch := _lapse_batch(workspace_id, after=last, now=now):
        count, last = count + len(batch), batch[-1]
    return count


def _lapse_batch(workspace_id: int, *, after: UUID, now: datetime) -> list[UUID]:
    known = places(workspace_id)
    bits = [place.refused_bits for place in known.values()]
    with processing(workspace_id, MANAGE, by=SYSTEM, act="choice.lapse") as activity, connection.cursor() as cursor:
        cursor.execute(_LAPSED, [list(known), bits, now, after, BATCH])
        people = lock([row[0] for row in cursor.fetchall()])
        refold(workspace_id, people, now=now)
        activity.count(lapsed=len(people))
    return people


def lock(person_ids: Iterable[UUID]) -> list[UUID]:
    """Lock the persons that the context shows, in one order, so that two choices of one person fold one by one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM people_person WHERE id = ANY (%s) ORDER BY id FOR UPDATE", [list(person_ids)])
        return [row[0] for row in cursor.fetchall()]


def fold_all(workspace_id: int, people: Iterable[Iterable[Choice]], *, now: datetime) -> list[Folded]:
    """Return the integers that choices give at `now`, for each of several persons' choices, oldest first."""
    known, bits = places(workspace_id), bits_at(workspace_id)
    rows = [
        [History(each.policy_version_id, each.purpose, each.state, each.expires_at) for each in choices]
        for choices in people
    ]
    return [fold(decided(each, known, bits), now=now) for each in rows]


def refold(workspace_id: int, person_ids: list[UUID], *, now: datetime) -> None:
    """Write the integers that persons' choices give at `now`, inside the caller's context and lock."""
    lineage = choices_of(person_ids).counting()
    folded = fold_all(workspace_id, lineage.values(), now=now)
    values = [(*integers, person) for person, integers in zip(lineage, folded, strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE people_person SET granted = %s, refused = %s WHERE id = %s", values)

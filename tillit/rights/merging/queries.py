"""What merging two records would make of them, and which merges a person has behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from tillit.consent.fold import fold_all
from tillit.consent.lineage import Joining, choices_of, counting
from tillit.ledger.versions import in_force
from tillit.people import queries as people
from tillit.people.models import Identity, MailingList, Merge, MergeTrace, Person
from tillit.people.queries import Record
from tillit.policy.decide import decide
from tillit.policy.document import Purpose
from tillit.policy.outcomes import Reason
from tillit.policy.rules import PersonState
from tillit.rights.merging.standing import PLACE, Row, filling, joined_person, joined_place

_LAST = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class ValueLine:
    """A field of both records; `fills` where the kept one has none and gains the other's."""

    category: str
    label: str
    name: str
    kept: object
    gone: object
    fills: bool


@dataclass(frozen=True, slots=True)
class ListLine:
    """A list on which one of both is or was, and how the merged record will stand on it."""

    list: MailingList
    kept: str
    gone: str
    after: str


@dataclass(frozen=True, slots=True)
class PurposeLine:
    """A purpose, and whether it is permitted for each of two records and for both together."""

    id: str
    purpose: Purpose
    kept: bool
    gone: bool
    after: bool

    @property
    def alike(self) -> bool:
        return self.kept == self.gone == self.after


@dataclass(frozen=True, slots=True)
class Preview:
    """Two records side by side, and what they make together. Nothing has been changed.

    `mailed` is the address that mail goes to when they are merged.
    """

    kept: Record
    gone: Record
    mailed: str
    standing: Row
    values: list[ValueLine]
    lists: list[ListLine]
    purposes: list[PurposeLine]


class _Joined(NamedTuple):
    """A merge that has not been made."""

    id: UUID
    kept_id: UUID
    gone_id: UUID


def preview(workspace_id: int, kept_id: UUID, gone_id: UUID, *, now: datetime) -> Preview | None:
    """Say what merging would make of two records, in the caller's context; None unless it shows both."""
    kept, gone = people.record(workspace_id, kept_id), people.record(workspace_id, gone_id)
    if kept is None or gone is None or kept_id == gone_id:
        return None
    here, there = ({name: getattr(each.person, name) for name in PLACE} for each in (kept, gone))
    used = _mailed(kept, gone)
    standing = joined_person(here, there, mailed=None if used is None else here if used in kept.identities else there)
    return Preview(
        kept=kept,
        gone=gone,
        mailed=used.value or "" if used else "",
        standing=standing,
        values=list(_values(kept, gone)),
        lists=list(_lists(kept, gone, now=now)),
        purposes=list(_purposes(workspace_id, kept.person, gone.person, standing, now=now)),
    )


def _mailed(kept: Record, gone: Record) -> Identity | None:
    """The address that mail goes to: the one that was known first."""
    both = (each for each in (*kept.identities, *gone.identities) if each.kind == Identity.Kind.EMAIL and each.value)
    return min(both, key=lambda each: (each.created_at, bytes(each.key)), default=None)


def _values(kept: Record, gone: Record) -> Iterator[ValueLine]:
    both = [
        {(known.category, name): (label, value) for known in each.known for label, name, value in known.values}
        for each in (kept, gone)
    ]
    has, gets = ({key: value for key, (_label, value) in each.items()} for each in both)
    fills = set(filling(has, gets))
    for key in dict.fromkeys([*both[0], *both[1]]):
        label = (both[0].get(key) or both[1][key])[0]
        mine, theirs = (each[key][1] if key in each else None for each in both)
        yield ValueLine(key[0], label, key[1], mine, theirs, key in fills)


def _lists(kept: Record, gone: Record, *, now: datetime) -> Iterator[ListLine]:
    mine, theirs = ({each.list.pk: each for each in record.standings} for record in (kept, gone))
    for number in dict.fromkeys([*mine, *theirs]):
        here, there = mine.get(number), theirs.get(number)
        rows = [{"state": each.subscription.state} if each else None for each in (here, there)]
        after = joined_place(rows[0], rows[1], now=now.isoformat()) if rows[1] else rows[0]
        before, other, joined = (row["state"] if row else "" for row in (*rows, after))
        known = mine[number].list if number in mine else theirs[number].list
        yield ListLine(known, before, other, joined)


def _purposes(workspace_id: int, kept: Person, gone: Person, standing: Row, *, now: datetime) -> Iterator[PurposeLine]:
    version, lineage = in_force(workspace_id), choices_of([kept.pk, gone.pk])
    joined: list[Joining] = [*lineage.merges, _Joined(_LAST, kept.pk, gone.pk)]
    [folded] = fold_all(workspace_id, [counting(kept.pk, lineage.choices, joined)], now=now)
    states = [PersonState(each.region, each.roles, each.flags, each.granted, each.refused) for each in (kept, gone)]
    states.append(PersonState(standing["region"], standing["roles"], standing["flags"], *folded))
    for name, rule in version.rules.items():
        decisions = [decide(rule, state) for state in states]
        if any(decision.reason != Reason.NOT_FOR_THIS_ROLE for decision in decisions):
            yield PurposeLine(name, version.document.purposes[name], *(each.permitted for each in decisions))


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A record that went into a person's, with the addresses and numbers it brought; `last` can be split now."""

    merge: Merge
    brought: list[str]
    last: bool


def merges_of(person_id: UUID) -> list[MergeLine]:
    """Return the merges that stand and of which a person is the record kept, newest first; in the caller's context."""
    found = list(Merge.objects.standing().filter(kept_id=person_id, person_id=person_id).order_by("-id"))
    if not found:
        return []
    traces = MergeTrace.objects.filter(merge_id__in=[each.pk for each in found], part=Identity._meta.db_table)
    keys = {trace.merge_id: {bytes.fromhex(key[2:]) for (key,) in trace.moved} for trace in traces}
    held = {bytes(each.key): each.value for each in Identity.objects.filter(person_id=person_id)}
    return [
        MergeLine(each, sorted(held[key] for key in keys.get(each.pk, set()) & held.keys()), last=not number)
        for number, each in enumerate(found)
    ]


def merge_between(one: UUID, other: UUID) -> Merge | None:
    """Return the merge that stands between two records, whichever was kept."""
    pair = Q(kept_id=one, gone_id=other) | Q(kept_id=other, gone_id=one)
    found: Merge | None = Merge.objects.standing().filter(pair).first()
    return found

"""Whose choices count for a person: their own, and those of records that went into theirs (decision 0015).

Each record's choices speak for it until the merge; there a no of either outweighs a yes of the other, and what is
chosen afterwards counts on top. Pure but for `choices_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from tillit.consent.models import Choice
from tillit.people.merges import every_id
from tillit.people.models import Merge

_END = datetime.max.replace(tzinfo=UTC)


class Decision(Protocol):
    """What is read in a choice."""

    @property
    def id(self) -> UUID: ...
    @property
    def person_id(self) -> UUID: ...
    @property
    def purpose(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def policy_version_id(self) -> int: ...
    @property
    def expires_at(self) -> datetime | None: ...


class Joining(Protocol):
    """What is read in a merge."""

    @property
    def id(self) -> UUID: ...
    @property
    def kept_id(self) -> UUID: ...
    @property
    def gone_id(self) -> UUID: ...


D = TypeVar("D", bound=Decision)


@dataclass(frozen=True, slots=True)
class Lineage:
    """The choices of persons under every id that they have or had, and the merges that brought those together."""

    owner: Mapping[UUID, UUID]  # each id → the person
    choices: Sequence[Choice]
    merges: Sequence[Merge]

    def counting(self) -> dict[UUID, list[Choice]]:
        """Map each person to the choices that decide: all of them where nothing was merged, else one a purpose."""
        found: dict[UUID, list[Choice]] = {person: [] for person in self.owner.values()}
        for choice in self.choices:
            found[self.owner[choice.person_id]].append(choice)
        for person in {self.owner[merge.kept_id] for merge in self.merges}:
            found[person] = counting(person, found[person], self.merges)
        return found


def choices_of(person_ids: Collection[UUID], *, voided: bool = False) -> Lineage:
    """Read the choices of persons under every id, oldest first, without those taken back unless `voided`.

    Runs in the caller's context; persons whom it does not show are left out.
    """
    owner = every_id(person_ids)
    rows = Choice.objects.under(owner, voided=voided).order_by("id")
    merged = len(owner) > len(set(owner.values()))
    merges = Merge.objects.standing().filter(gone_id__in=list(owner)).order_by("id") if merged else []
    return Lineage(owner, list(rows), list(merges))


def counting(person_id: UUID, choices: Iterable[D], merges: Iterable[Joining]) -> list[D]:
    """Return the choices that decide for a person, oldest first.

    Without a merge these are all its own, of which the latest of a purpose wins; with one, a single choice a purpose.
    """
    made, into = list(choices), list(merges)
    if not into:
        return [each for each in made if each.person_id == person_id]
    return sorted(deciding(person_id, made, into).values(), key=lambda choice: choice.id)


def deciding(person_id: UUID, choices: Iterable[D], merges: Iterable[Joining]) -> dict[str, D]:
    """Return purpose → the choice that decides about it, for one record with all that went into it."""
    made, into = list(choices), list(merges)
    events: list[tuple[UUID, D | None, UUID]] = [
        (each.id, each, person_id) for each in made if each.person_id == person_id
    ]
    events += [(each.id, None, each.gone_id) for each in into if each.kept_id == person_id]
    found: dict[str, D] = {}
    for _moment, choice, gone_id in sorted(events, key=lambda event: event[0]):
        if choice is not None:
            found[choice.purpose] = choice
            continue
        for purpose, theirs in deciding(gone_id, made, into).items():
            found[purpose] = stricter(found[purpose], theirs) if purpose in found else theirs
    return found


def stricter(one: D, other: D) -> D:
    """Return which of two records' choices about a purpose counts for both.

    A no outweighs a yes. Of two of a kind the later counts; of two that say yes, that of the later version of the
    policy, and then the one that lapses last.
    """
    if refuses(one) != refuses(other):
        return one if refuses(one) else other
    if refuses(one):
        return max(one, other, key=lambda choice: choice.id)
    return max(one, other, key=lambda choice: (choice.policy_version_id, choice.expires_at or _END, choice.id))


def refuses(choice: Decision) -> bool:
    """Whether a choice says no: refused, withdrawn or objected."""
    return choice.state != Choice.State.GRANTED

"""Choices folded to the two integers a rule reads: which purposes are granted, which refused."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tillit.policy.rules import MAX_PURPOSES


class ChoiceState(StrEnum):
    """What a person decided about a purpose. Source: GDPR art 4(11), 7(3), 21."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"


class Choice(NamedTuple):
    """One choice: the bit its purpose had then, what was decided, and when a grant lapses (None: never).

    ``bits`` are all the bits that the purpose ever had, if it had more than that one.
    """

    bit: int
    state: ChoiceState
    expires: datetime | None = None
    bits: int = 0


class Folded(NamedTuple):
    """The two columns of the person row: bit sets over purposes. No bit is ever in both."""

    granted: int
    refused: int


def fold(choices: Iterable[Choice], *, now: datetime | None = None) -> Folded:
    """Fold choices, oldest first, to the granted and refused bits: the latest of a purpose wins.

    A grant sets its granted bit and clears refused; refusal, withdrawal and objection do the
    reverse. A choice speaks for every bit that its purpose ever had; a grant counts at the bit of its
    time, so that it says nothing once consent is asked for anew. A grant that has lapsed by ``now``
    leaves both clear, so that consent is asked for anew.
    Raises ValueError on a bit outside 0 to 61, or when a grant can lapse and ``now`` is not given.
    """
    granted = refused = 0
    for bit, state, expires, bits in choices:
        if not 0 <= bit < MAX_PURPOSES:
            raise ValueError(f"{bit} is no purpose's bit")
        place = 1 << bit
        granted &= ~(bits | place)
        refused &= ~(bits | place)
        if state is not ChoiceState.GRANTED:
            refused |= place
        elif not _lapsed(expires, now=now):
            granted |= place
    return Folded(granted, refused)


def _lapsed(expires: datetime | None, *, now: datetime | None) -> bool:
    if expires is None:
        return False
    if now is None:
        raise ValueError("a choice has an expiry, so folding needs to know what time it is")
    return expires <= now

"""How much two records speak for being one person's. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import IntFlag


class Reason(IntFlag):
    """What two records share. The numbers are stored and never change."""

    PHONE = 1
    DOMAIN = 2  # the domain of an organisation's mail, and a name that is alike
    LOCAL_PART = 4  # of addresses at two domains
    NAME = 8  # a name that is alike, beside another reason


MIN_WORDS = 2  # of a name that tells somebody from others


def alike(one: Collection[str], other: Collection[str]) -> bool:
    """Say whether the words of two names may be one person's.

    They share a word, and each word of the shorter is in the longer, begins one of it, or goes on from one. `a berg`
    and `anna berg` are alike, `anna berg` and `anders berg` are not, nor is a single word like anything.
    """
    shorter, longer = sorted((set(one), set(other)), key=len)
    if len(shorter) < MIN_WORDS or not any(len(word) > 1 for word in shorter & longer):
        return False
    return _within(shorter, longer) and (len(shorter) < len(longer) or _within(longer, shorter))


def _within(words: Collection[str], known: Collection[str]) -> bool:
    return all(any(each.startswith(word) or word.startswith(each) for each in known) for word in words)


def weigh(reasons: int, one: Collection[str], other: Collection[str]) -> tuple[int, int]:
    """Return what speaks for two records being one person's, and how much; 0 for not enough.

    `reasons` are those of their keys, and the words those of their names. A shared telephone or local part alone counts
    for little where the names are of different people: of a family, or of two who have the same initials.
    """
    named, same = bool(one and other), alike(one, other)
    points = 0
    if reasons & Reason.PHONE:
        points += 6 if same else 2 if named else 4
    if reasons & Reason.DOMAIN and same:
        points += 6 if set(one) == set(other) else 4
    if reasons & Reason.LOCAL_PART:
        points += 5 if same else 0 if named else 3
    return int(reasons | Reason.NAME if same else reasons & ~Reason.DOMAIN), points

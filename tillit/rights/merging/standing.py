"""What two records make together where they differ, and what each gets back: pure functions over rows as JSON.

The strictest wins in both directions. Of what was changed since the merge, what narrows counts for both records, since
it cannot be told whose it was; the rest stays with the kept one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from tillit.people.models import Person

Row = Mapping[str, Any]
K = TypeVar("K")
PLACE = ("region", "roles", "flags", "language")
ON, OFF = "subscribed", "unsubscribed"
UNREACHABLE = Person.UNREACHABLE


def joined_person(kept: Row, gone: Row, *, mailed: Row | None) -> dict[str, Any]:
    """Return region, roles, flags and language of two records together; `mailed` is the one whose address mail goes to.

    Of two regions the known one; of two known ones that differ neither, which is decided as the strictest. That an
    address bounces says nothing of another one's.
    """
    regions = {kept["region"], gone["region"]} - {0}
    flags = kept["flags"] | gone["flags"]
    if mailed is not None:
        flags = flags & ~UNREACHABLE | mailed["flags"] & UNREACHABLE
    return {
        "region": regions.pop() if len(regions) == 1 else 0,
        "roles": kept["roles"] | gone["roles"],
        "flags": flags,
        "language": kept["language"] or gone["language"],
    }


def parted_person(kept: Row, gone: Row, after: Row, now: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the kept and the gone record get back, given how the merge left them and how they stand."""
    came, went = now["flags"] & ~after["flags"], after["flags"] & ~now["flags"]
    new_roles = now["roles"] & ~after["roles"]
    mine = {
        "region": kept["region"] if now["region"] == after["region"] else now["region"],
        "roles": (kept["roles"] & now["roles"] | new_roles) or kept["roles"],
        "flags": kept["flags"] & ~went | came,
        "language": kept["language"] if now["language"] == after["language"] else now["language"],
    }
    theirs = {name: gone[name] for name in PLACE} | {"flags": gone["flags"] | came}
    return mine, theirs


def joined_place(kept: Row | None, gone: Row, *, now: str) -> Row:
    """Return a place on a list of two records together: having left outweighs being on it, that awaiting a word.

    Where both had left, it is since now: what undoes an older act then finds that something came after it.
    """
    if kept is None:
        return gone
    states = (kept["state"], gone["state"])
    if states == (OFF, OFF):
        return {**kept, "since": now}
    if OFF in states:
        return kept if kept["state"] == OFF else gone
    return kept if kept["state"] == ON else gone


def parted_place(kept: Row | None, gone: Row, after: Row, now: Row | None) -> tuple[Row | None, Row | None]:
    """Return the places on a list that the kept and the gone record get back.

    Where the place was taken away since, as by undoing what had given it, neither gets it back.
    """
    if now is None:
        return tuple(each if each and each["state"] == OFF else None for each in (kept, gone))  # type: ignore[return-value]
    if _same(now, after):
        return kept, gone
    left = now["state"] == OFF
    theirs = {**gone, "state": OFF, "since": now["since"]} if left and gone["state"] != OFF else gone
    if kept is not None and kept["state"] == OFF and not left:
        return kept, theirs
    return now, theirs


def filling(kept: Mapping[K, Any], gone: Mapping[K, Any]) -> list[K]:
    """Return the fields that a record gains: those the other fills and it does not."""
    return [name for name, value in gone.items() if not _empty(value) and _empty(kept.get(name))]


def parted_values(kept: Row, after: Row, now: Row) -> tuple[list[str], list[str]]:
    """Return the fields that the kept record gets back as they were, and those that it gives back.

    What was set or emptied since stays as it is.
    """
    untouched = [name for name, value in now.items() if name in after and after[name] == value]
    back = [name for name in untouched if name in kept and kept[name] != now[name]]
    return back, [name for name in untouched if name not in kept]


def _empty(value: Any) -> bool:
    return value is None or value == ""


def _same(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] for name in ("state", "since", "source_id"))

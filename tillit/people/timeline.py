"""What happened with one person, newest first: a registry in which every package tells its part.

A package registers a teller in its `AppConfig.ready`. A teller runs in the caller's context, so the purpose decides
what it finds, and returns the newest `limit` of its moments before a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened.

    `kind` groups moments for the reader (`mail`, `choice` …) and names the icon; `title` and `detail` are in the
    reader's language. `by` is an actor's text as the ledger has it, `about` an object (`campaign:7`), which may have
    a page.
    """

    at: datetime
    kind: str
    title: str
    detail: str = ""
    by: str = ""
    about: str = ""


class Teller(Protocol):
    """Tells what one package knows to have happened."""

    def __call__(self, workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterable[Moment]: ...


@dataclass(frozen=True, slots=True)
class Told:
    """Some moments, newest first, and the time before which there are more, None for none."""

    moments: list[Moment]
    older: datetime | None


_TELLERS: dict[str, tuple[tuple[str, ...], Teller]] = {}


def register(name: str, teller: Teller, *, kinds: tuple[str, ...]) -> None:
    """Have a package's moments told, which are of these kinds. Registering a name again replaces its teller."""
    _TELLERS[name] = (kinds, teller)


def kinds() -> list[str]:
    """The kinds of moments that there can be."""
    return list(dict.fromkeys(kind for known, _ in _TELLERS.values() for kind in known))


def tell(workspace_id: int, person_id: UUID, *, before: datetime, limit: int, kind: str = "") -> Told:
    """Return a person's newest moments before a time, of one kind or of all; in the caller's context.

    Moments of the same time stay together, so that a page that begins where another ended leaves none out.
    """
    found: list[Moment] = []
    full = False
    for known, teller in _TELLERS.values():
        if kind and kind not in known:
            continue
        told = list(teller(workspace_id, person_id, before=before, limit=limit + 1))
        full |= len(told) > limit
        found += [moment for moment in told if not kind or moment.kind == kind]
    found.sort(key=lambda moment: moment.at, reverse=True)
    if len(found) <= limit:
        return Told(found, found[-1].at if full and found else None)
    last = found[limit - 1].at
    page = list(takewhile(lambda moment: moment.at >= last, found))
    return Told(page, last if len(page) < len(found) or full else None)

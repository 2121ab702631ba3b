"""The timeline of one person as the console shows it: moments with actors, and names of what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tillit.campaigns.models import Campaign
from tillit.console.activities import PAGES, act_in_words, actors_in_words, purpose_titles
from tillit.console.navigation import address_if_any
from tillit.ledger import queries as ledger
from tillit.people import timeline
from tillit.people.merges import ids_of
from tillit.people.timeline import Moment

PER_PAGE = 40
#: Acts that are told as what they changed, and looks, which would crowd out what changes something.
TOLD_OTHERWISE = (
    *("person.read", "person.held", "policy.explain", "people.identify", "request.identify", "person.change"),
    *("person.rectify", "person.restrict", "person.lift-restriction", "note.add", "choice.record"),
    *("person.merge", "person.split", "duplicate.read"),
)
KINDS: dict[str, tuple[str | Promise, str]] = {
    "mail": (gettext_lazy("Mail"), "mail"),
    "choice": (gettext_lazy("Choices"), "shield-check"),
    "list": (gettext_lazy("Lists"), "list-details"),
    "edit": (gettext_lazy("Corrections"), "edit"),
    "note": (gettext_lazy("Notes"), "message"),
    "merge": (gettext_lazy("Merges"), "users"),
    "came": (gettext_lazy("Sources"), "database-import"),
    "act": (gettext_lazy("Acts"), "activity"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A moment as people read it."""

    moment: Moment
    icon: str
    actor: str
    object_name: str
    object_href: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of a timeline; `older` begins the next."""

    rows: list[Line]
    older: datetime | None


def acts(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """What the ledger has of a person alone, but for looks and what is told as the change that it made."""
    told = ledger.activities(workspace_id).filter(subject_id__in=ids_of(person_id), at__lt=before)
    rows = told.exclude(act__in=TOLD_OTHERWISE)
    for row in rows[:limit]:
        about = row.object_ref or f"activity:{row.pk}"
        yield Moment(at=row.at, kind="act", title=act_in_words(row.act), by=row.actor, about=about)


def lines(
    workspace_id: int, person_id: UUID, *, before: datetime | None = None, kind: str = "", limit: int = PER_PAGE
) -> Lines:
    """Return a person's newest moments in words, in the caller's context of administration."""
    start = before or timezone.now() + timedelta(seconds=1)
    told = timeline.tell(workspace_id, person_id, before=start, limit=limit, kind=kind)
    actors = actors_in_words({moment.by for moment in told.moments if moment.by})
    names = _names(workspace_id, told.moments)
    rows = [
        Line(
            moment,
            KINDS.get(moment.kind, ("", "point"))[1],
            actors.get(moment.by, ""),
            names.get(moment.about, ""),
            _href(workspace_id, moment.about),
        )
        for moment in told.moments
    ]
    return Lines(rows, told.older)


def kinds() -> list[tuple[str, str | Promise]]:
    """The kinds of moments that there can be, as links say them; one that nobody gave words is told by its name."""
    return [(kind, KINDS[kind][0] if kind in KINDS else kind) for kind in sorted(timeline.kinds(), key=_place)]


def _place(kind: str) -> int:
    return [*KINDS].index(kind) if kind in KINDS else len(KINDS)


def read_before(text: str) -> datetime | None:
    """The time in an address, None for one that is none."""
    try:
        found = parse_datetime(text.replace(" ", "+")) if text else None
    except ValueError:
        return None
    return found if found and timezone.is_aware(found) else None


def _names(workspace_id: int, moments: list[Moment]) -> dict[str, str]:
    """What campaigns and purposes are called that moments are about."""
    numbers = {moment.about.partition(":")[2] for moment in moments if moment.about.startswith("campaign:")}
    known: dict[Any, str] = {}
    if numbers:
        found = Campaign.objects.filter(workspace_id=workspace_id, pk__in=numbers).values_list("pk", "name")
        known = {f"campaign:{pk}": name for pk, name in found}
    if any(moment.about.startswith("purpose:") for moment in moments):
        known |= {f"purpose:{name}": title for name, title in purpose_titles(workspace_id).items()}
    return known


def _href(workspace_id: int, about: str) -> str:
    kind, _colon, name = about.partition(":")
    if kind == "activity":
        return address_if_any("activity", workspace_id, name)
    return address_if_any(PAGES[kind], workspace_id, name) if kind in PAGES and name.isdigit() else ""

"""The ledger: every act of processing, and whether it is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.activities import purpose_titles, tell
from tillit.console.export import csv_file
from tillit.console.figures import Chart, Series
from tillit.console.listing import Listing
from tillit.console.pages import PageRequest, page
from tillit.ledger import queries
from tillit.ledger.models import Activity

DAYS = 30
EXPORTED = 50_000


@page(role=Role.VIEWER)
def ledger(request: PageRequest) -> HttpResponse:
    """List activities, newest first, of one purpose or outcome if asked; and how far they are sealed."""
    workspace_id = request.workspace.id
    purpose, outcome = request.GET.get("purpose", ""), request.GET.get("outcome", "")
    found = queries.activities(workspace_id)
    if purpose:
        found = found.filter(purpose=purpose)
    if outcome in Activity.Outcome.values:
        found = found.filter(outcome=outcome)
    listing = Listing(
        request,
        found,
        sorts={"newest": "-id"},
        tie="id",
        search=lambda rows, text: rows.filter(act__istartswith=text) | rows.filter(object_ref__istartswith=text),
        keeps=("purpose", "outcome"),
    )
    if request.GET.get("format") == "csv":
        return csv_file("ledger.csv", HEADER, _rows(listing))
    told = {
        "listing": listing,
        "told": tell(workspace_id, listing.rows),
        "purposes": sorted(purpose_titles(workspace_id).items(), key=lambda pair: pair[1].casefold()),
        "outcomes": Activity.Outcome.choices,
        "purpose": purpose,
        "outcome": outcome,
        "sealing": queries.sealing(),
        "chart": None if listing.filtered or "after" in request.GET else activities_by_day(workspace_id),
    }
    return render(request, "console/ledger/index.html", told)


@page(role=Role.VIEWER)
def activity(request: PageRequest, activity_id: UUID) -> HttpResponse:
    """Show one activity with everything that was recorded, and its place in a seal."""
    found = get_object_or_404(queries.activities(request.workspace.id), pk=activity_id)
    (told,) = tell(request.workspace.id, [found])
    return render(request, "console/ledger/activity.html", {"told": told, "leaf": queries.seal_of(found.id)})


def activities_by_day(workspace_id: int) -> Chart:
    """Activities done and refused on each of the last days."""
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    days = [start.date() + timedelta(days=each) for each in range(DAYS)]
    found = queries.outcomes_by_day(workspace_id, since=start)
    return Chart(
        id="activities-by-day",
        title=_("Activities by day"),
        labels=[date_format(day, "MONTH_DAY_FORMAT") for day in days],
        series=[
            Series(_("Done"), [found.get(day, {}).get("done", 0) for day in days]),
            Series(_("Refused"), [found.get(day, {}).get("refused", 0) for day in days]),
        ],
        stacked=True,
    )


HEADER = (
    *("at", "id", "purpose", "act", "outcome", "actor", "recipient", "about"),
    *("subject", "categories", "counts", "version"),
)


def _rows(listing: Listing) -> Iterator[tuple[Any, ...]]:
    for row in listing.whole[:EXPORTED].iterator():
        counts = " ".join(f"{name}={number}" for name, number in row.counts.items())
        yield (
            *(row.at, row.id, row.purpose, row.act, row.outcome, row.actor, row.recipient, row.object_ref),
            *(row.subject_id or "", " ".join(row.categories), counts, row.policy_version_id or ""),
        )


urlpatterns = [
    path("ledger", ledger, name="ledger"),
    path("ledger/<uuid:activity_id>", activity, name="activity"),
]

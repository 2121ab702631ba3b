"""The first page of a workspace: what there is, what runs, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tillit.accounts.models import Role, Workspace
from tillit.campaigns.models import Campaign
from tillit.console.activities import tell
from tillit.console.context import LAST_WORKSPACE
from tillit.console.figures import Chart, Series
from tillit.console.navigation import address_if_any
from tillit.console.pages import PageRequest, page
from tillit.ledger import queries, versions
from tillit.ledger.processing import processing, user_actor
from tillit.people.models import Import
from tillit.people.reach import Reach, reach

ACT = "overview.read"
MARKETING = "marketing.email"
DAYS = 30
RECENT = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first things to do in a workspace."""

    title: str
    text: str
    done: bool
    action: str
    href: str


@page(role=Role.VIEWER)
def overview(request: PageRequest) -> HttpResponse:
    """Figures of the workspace, what runs, and what was done lately. The people are counted by `people_figures`."""
    workspace = request.workspace
    if request.session.get(LAST_WORKSPACE) != workspace.id:
        request.session[LAST_WORKSPACE] = workspace.id
    campaigns = list(workspace.campaigns.all()[:5])
    lists = workspace.lists.filter(archived_at=None).count()
    recent = queries.activities(workspace.id).exclude(act=ACT)[:RECENT]
    told = {
        "campaigns": campaigns,
        "lists": lists,
        "sending": sum(each.state in {Campaign.State.SENDING, Campaign.State.PREPARING} for each in campaigns),
        "imports": list(workspace.imports.filter(state__in=[Import.State.QUEUED, Import.State.RUNNING])[:5]),
        "recent": tell(workspace.id, recent),
        "chart": mail_by_day(workspace),
        "steps": steps(workspace, lists=lists, campaigns=campaigns),
        "hrefs": {route: address_if_any(route, workspace.id) for route in ("people", "lists", "imports", "campaigns")},
    }
    return render(request, "console/overview/index.html", told)


@page(role=Role.VIEWER)
def people_figures(request: PageRequest) -> HttpResponse:
    """The cards that count people: a fragment, since counting ten million takes seconds."""
    told = {
        "reach": people_reach(request.workspace, by=user_actor(request.user.id)),
        "href": address_if_any("people", request.workspace.id),
    }
    return render(request, "console/overview/people.html", told)


def people_reach(workspace: Workspace, *, by: str) -> Reach | None:
    """How many people there are, and how many the policy permits for marketing mail; None before there is a policy."""
    try:
        rule = versions.in_force(workspace.id).rules.get(MARKETING)
    except versions.NoPolicy:
        return None
    if rule is None:
        return None
    with processing(workspace.id, "audience.administer", by=by, act=ACT):
        return reach(rule)


def mail_by_day(workspace: Workspace) -> Chart | None:
    """Mails handed over and failed on each of the last days, from the ledger; None when there were none."""
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    found = queries.counts_by_day(workspace.id, act="message.outcome", names=("sent", "failed"), since=since)
    if not found:
        return None
    return Chart(
        id="mail-by-day",
        title=_("Mail by day"),
        labels=[date_format(day, "MONTH_DAY_FORMAT") for day in days],
        series=[
            Series(_("Handed over"), [found.get(day, {}).get("sent", 0) for day in days]),
            Series(_("Failed"), [found.get(day, {}).get("failed", 0) for day in days]),
        ],
        stacked=True,
    )


def steps(workspace: Workspace, *, lists: int, campaigns: list[Campaign]) -> list[Step]:
    """What to do first; empty once a campaign has been sent."""
    if any(each.state == Campaign.State.DONE for each in campaigns):
        return []
    policy = queries.version_numbers(workspace.id)
    imported = workspace.imports.filter(state=Import.State.DONE).exists()
    return [
        Step(
            _("Publish the privacy policy"),
            _("It decides, inside the database, what may be done with each person’s information."),
            bool(policy),
            _("To the policy"),
            address_if_any("policy", workspace.id),
        ),
        Step(
            _("Make a list"),
            _("A list says what its people get, and how one joins it."),
            bool(lists),
            _("New list"),
            address_if_any("new_list", workspace.id),
        ),
        Step(
            _("Bring in people"),
            _("From a file, with its source and the consent you can prove."),
            imported,
            _("Import a file"),
            address_if_any("new_import", workspace.id),
        ),
        Step(
            _("Send a campaign"),
            _("To the people of your lists whom the policy permits; the rest are left out, and you see why."),
            bool(campaigns),
            _("New campaign"),
            address_if_any("new_campaign", workspace.id),
        ),
    ]


urlpatterns = [
    path("", overview, name="overview"),
    path("figures", people_figures, name="people_figures"),
]

"""Sending a campaign: the review before it, how far it is, its report, and what can be done meanwhile."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRefresh

from tillit.accounts import queries as accounts
from tillit.accounts.models import Role
from tillit.campaigns import actions, preview, queries, readiness, report
from tillit.campaigns.audience import LABELS, Audience
from tillit.campaigns.models import Campaign
from tillit.campaigns.slots import ContentErrors
from tillit.console.export import csv_file
from tillit.console.figures import Chart, Series
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, shows_pictures, verb
from tillit.console.views.campaigns import one
from tillit.delivery.queries import senders_at_work
from tillit.delivery.wire import Status
from tillit.ledger.processing import user_actor

State = Campaign.State
RUNNING = (State.PREPARING, State.SENDING)


@page(role=Role.EDITOR)
@shows_pictures
def review_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Everything that should be looked at before sending, in one place."""
    campaign = one(request, campaign_id)
    if campaign.state != State.DRAFT:
        return redirect(address("campaign", request.workspace.id, campaign.pk))
    by = user_actor(request.user.id)
    lists = [each.pk for each in campaign.lists.all()]
    reached, checks = readiness.checks(campaign, by=by)
    told = {
        "campaign": campaign,
        "checks": checks,
        "ready": not any(check.blocks for check in checks),
        "audience": reached,
        "lists": lists,
        "refused": next((check.text for check in checks if check.key == "segment" and check.blocks), None),
        "narrowed": campaign.segment_id or campaign.without_id,
        "preview": _shown(campaign, lists, by=by),
        "users": accounts.members(request.workspace.id),
    }
    return render(request, "console/campaigns/review.html", told)


def _shown(campaign: Campaign, lists: list[int], *, by: str) -> preview.Preview | None:
    try:
        return preview.preview(campaign, None, lists=lists, by=by)
    except ContentErrors:
        return None


@verb(role=Role.EDITOR)
def test_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Send the mail once, as a test, to a user of the workspace."""
    campaign = one(request, campaign_id)
    to = get_object_or_404(accounts.members(request.workspace.id), pk=_number(request.POST.get("to"))).user
    try:
        outcome = preview.send_test(campaign, to, by=request.user)
    except ContentErrors as errors:
        messages.error(request, str(errors.problems[0]))
    else:
        told = {"email": to.email, "text": outcome.text}
        if outcome.status is Status.ACCEPTED:
            messages.success(request, _("The test went to %(email)s.") % told)
        else:
            messages.error(request, _("The test to %(email)s was not taken: %(text)s") % told)
    return redirect(address("review_campaign", request.workspace.id, campaign.pk))


@verb(role=Role.EDITOR)
def send_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Begin to send."""
    campaign = one(request, campaign_id)
    actions.send(campaign, by=user_actor(request.user.id), now=timezone.now())
    messages.success(request, _("The campaign is on its way. You can leave this page."))
    return _back(request, campaign)


@page(role=Role.VIEWER)
@shows_pictures
def campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """How far a campaign is, and its report. A draft leads to the editor."""
    found = one(request, campaign_id)
    if found.state == State.DRAFT:
        return redirect(address("edit_campaign", request.workspace.id, found.pk))
    by = user_actor(request.user.id)
    told = {**_progress(found), **_report(found, by=by)}
    return render(request, "console/campaigns/report.html", told)


@page(role=Role.VIEWER)
def campaign_progress(request: PageRequest, campaign_id: int) -> HttpResponse:
    """How far a campaign is, asked every other second; the whole page comes anew when it has ended."""
    found = one(request, campaign_id)
    if request.GET.get("state") != found.state:
        return HttpResponseClientRefresh()
    return render(request, "console/campaigns/progress.html", _progress(found))


@page(role=Role.VIEWER)
@shows_pictures
def campaign_text(request: PageRequest, campaign_id: int) -> HttpResponse:
    """The text of a campaign that is no draft any more, as it was sent."""
    found = one(request, campaign_id)
    lists = [each.pk for each in found.lists.all()]
    shown = _shown(found, lists, by=user_actor(request.user.id))
    return render(request, "console/campaigns/text.html", {"campaign": found, "preview": shown})


def _progress(campaign: Campaign) -> dict[str, object]:
    advance = queries.advance(campaign)
    return {
        "campaign": campaign,
        "advance": advance,
        "running": campaign.state in RUNNING,
        "rate": round(advance.counts.per_second) if campaign.state == State.SENDING else 0,
        "time_left": _time_left(advance.left_s) if campaign.state == State.SENDING else "",
        "trouble": campaign.audience.get("trouble", ""),
        "senders": senders_at_work() if campaign.state == State.SENDING else [],
    }


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return _("about a minute left")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("about %(number)d minutes left") % {"number": minutes}
    return _("about %(number)d hours left") % {"number": round(minutes / 60)}


def _report(campaign: Campaign, *, by: str) -> dict[str, object]:
    found = report.recent(campaign, by=by)
    return {
        "report": found,
        "withheld": Audience(0, found.deliveries.withheld).bars(),
        "labels": LABELS,
        "chart": _chart(campaign, found),
    }


def _chart(campaign: Campaign, found: report.Report) -> Chart | None:
    assert campaign.prepared_at is not None  # no draft comes here
    here = timezone.get_current_timezone()
    points = report.series(
        found.interactions, since=campaign.prepared_at.astimezone(here), now=timezone.now().astimezone(here)
    )
    if not points:
        return None
    by_hours = len(points) < 2 or points[1][0] - points[0][0] < timedelta(days=1)
    return Chart(
        id="interactions",
        title=_("Opens and clicks by hour") if by_hours else _("Opens and clicks by day"),
        labels=[date_format(at, "D H:i" if by_hours else "MONTH_DAY_FORMAT") for at, _opens, _clicks in points],
        series=[
            Series(_("Opens"), [opens for _at, opens, _clicks in points]),
            Series(_("Clicks"), [clicks for _at, _opens, clicks in points]),
        ],
    )


@page(role=Role.VIEWER)
def campaign_export(request: PageRequest, campaign_id: int) -> HttpResponse:
    """The report as a file: totals, answers of the relay, and every link."""
    found = one(request, campaign_id)
    told = report.report(found, by=user_actor(request.user.id))
    return csv_file(f"campaign-{found.pk}.csv", ["what", "which", "total", "people"], report.export_rows(told))


@verb(role=Role.EDITOR)
def pause_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Stop before the next batch."""
    found = one(request, campaign_id)
    actions.pause(found)
    messages.success(request, _("The campaign is paused. Mails under way are still finished."))
    return _back(request, found)


@verb(role=Role.EDITOR)
def resume_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Go on."""
    found = one(request, campaign_id)
    actions.resume(found)
    messages.success(request, _("The campaign goes on."))
    return _back(request, found)


@verb(role=Role.EDITOR)
def cancel_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """End it before everybody got it."""
    found = one(request, campaign_id)
    number = actions.cancel(found, by=user_actor(request.user.id), now=timezone.now())
    text = ngettext(
        "The campaign was cancelled; %(number)d mail was not sent.",
        "The campaign was cancelled; %(number)d mails were not sent.",
        number,
    )
    messages.success(request, text % {"number": number})
    return _back(request, found)


@verb(role=Role.EDITOR)
def count_as_sent(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Count the messages in doubt as sent."""
    found = one(request, campaign_id)
    number = actions.settle_doubt(found, again=False, by=user_actor(request.user.id))
    text = ngettext("%(number)d mail counts as sent.", "%(number)d mails count as sent.", number)
    messages.success(request, text % {"number": number})
    return _back(request, found)


@verb(role=Role.EDITOR)
def send_again(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Send the messages in doubt again; some people may get the mail twice."""
    found = one(request, campaign_id)
    number = actions.settle_doubt(found, again=True, by=user_actor(request.user.id))
    text = ngettext("%(number)d mail is sent again.", "%(number)d mails are sent again.", number)
    messages.success(request, text % {"number": number})
    return _back(request, found)


def _back(request: PageRequest, campaign: Campaign) -> HttpResponse:
    return redirect(address("campaign", request.workspace.id, campaign.pk))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


urlpatterns = [
    path("campaigns/<int:campaign_id>", campaign, name="campaign"),
    path("campaigns/<int:campaign_id>/progress", campaign_progress, name="campaign_progress"),
    path("campaigns/<int:campaign_id>/text", campaign_text, name="campaign_text"),
    path("campaigns/<int:campaign_id>/export", campaign_export, name="campaign_export"),
    path("campaigns/<int:campaign_id>/review", review_campaign, name="review_campaign"),
    path("campaigns/<int:campaign_id>/test", test_campaign, name="test_campaign"),
    path("campaigns/<int:campaign_id>/send", send_campaign, name="send_campaign"),
    path("campaigns/<int:campaign_id>/pause", pause_campaign, name="pause_campaign"),
    path("campaigns/<int:campaign_id>/resume", resume_campaign, name="resume_campaign"),
    path("campaigns/<int:campaign_id>/cancel", cancel_campaign, name="cancel_campaign"),
    path("campaigns/<int:campaign_id>/doubt/count", count_as_sent, name="count_as_sent"),
    path("campaigns/<int:campaign_id>/doubt/again", send_again, name="send_again"),
]

"""Leaving by the link in a mail, or by the button that the mail program shows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from tillit.campaigns.models import Campaign
from tillit.consent import subscriptions
from tillit.consent.marketing import Stopped, stop_marketing
from tillit.consent.models import Choice
from tillit.edge.tokens import Kind
from tillit.people.models import MailingList
from tillit.public.pages import Visit, language_of, show, token_page

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # Source: RFC 8058 section 3.2
UNSUBSCRIBE = (Kind.UNSUBSCRIBE,)


@token_page("GET", "POST", kinds=UNSUBSCRIBE, lets_old_in=True)
def unsubscribe(request: HttpRequest, visit: Visit) -> HttpResponse:
    """GET asks, so that a scanner that opens links changes nothing; POST leaves the lists and answers 200 at once.

    An old link still works: nobody is refused for finding a mail late. Source: RFC 8058 sections 3.1, 3.2 and 4.
    """
    lists = lists_of(visit)
    if request.method != "POST":
        return show(request, "unsubscribe", visit=visit, lists=_named(visit, lists))
    name, value = ONE_CLICK
    left = subscriptions.unsubscribe(
        visit.workspace.pk,
        visit.person_id,
        lists,
        now=timezone.now(),
        about=about(visit),
        one_click=request.POST.get(name) == value,
    )
    return show(request, "unsubscribed", visit=visit, left=_named(visit, left), all_lists=lists is None)


@token_page("POST", kinds=UNSUBSCRIBE)
def undo(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Put the person back on the lists that they left a moment ago."""
    asked = [int(text) for text in request.POST.getlist("list")[:100] if text.isdecimal() and len(text) < 10]
    back = subscriptions.undo(visit.workspace.pk, visit.person_id, asked, now=timezone.now())
    return show(request, "undone", visit=visit, home=_home(visit), back=_named(visit, back))


@token_page("POST", kinds=UNSUBSCRIBE, lets_old_in=True)
def stop(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Stop all marketing, on every channel and every list. Source: GDPR art 21(3); CLAUSES E9."""
    stopped = stop_marketing(
        visit.workspace.pk, visit.person_id, method=Choice.Method.ONE_CLICK, now=timezone.now(), about=about(visit)
    )
    return stopped_page(request, visit, stopped, home=_home(visit))


def stopped_page(request: HttpRequest, visit: Visit, stopped: Stopped, *, home: str) -> HttpResponse:
    """The page that says what stopping all marketing changed."""
    language, purposes = language_of(request), visit.version.document.purposes
    said = [(purposes[name].title.said(language), visit.receipt(receipt)) for name, receipt in stopped.receipts.items()]
    return show(request, "stopped", visit=visit, home=home, purposes=said, left=_named(visit, stopped.lists))


def lists_of(visit: Visit) -> list[int] | None:
    """The lists that a link is about: those of its campaign, that of a welcome, or else all (None)."""
    if not visit.token.campaign:
        return [visit.token.argument] if visit.token.argument else None
    campaign = Campaign.objects.filter(pk=visit.token.campaign, workspace=visit.workspace).first()
    return (list(campaign.lists.order_by("pk").values_list("pk", flat=True)) or None) if campaign else None


def about(visit: Visit) -> str:
    """How the ledger names what a link is about."""
    return f"campaign:{visit.token.campaign}" if visit.token.campaign else ""


def _named(visit: Visit, lists: list[int] | None) -> list[MailingList]:
    return list(MailingList.objects.filter(workspace=visit.workspace, pk__in=lists or []).order_by("name"))


def _home(visit: Visit) -> str:
    return reverse("public:unsubscribe", args=[visit.text])

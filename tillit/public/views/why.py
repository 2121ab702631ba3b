"""Why did I get this mail?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from tillit.campaigns.letter import subject_for_nobody
from tillit.campaigns.models import Campaign
from tillit.consent import notices
from tillit.consent.actions import choose
from tillit.consent.models import Choice
from tillit.edge.tokens import Kind
from tillit.ledger.processing import person_actor
from tillit.public.pages import Visit, gone, language_of, show, token_page
from tillit.public.views.unsubscribe import about, lists_of
from tillit.public.words import masked
from tillit.rights.queries import Why, why

WHY = (Kind.WHY,)
MARKETING = "marketing.email"


@token_page("GET", kinds=WHY)
def show_why(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Say for what, on which ground, from which list and source, under which policy, and when."""
    return _page(request, visit)


@token_page("POST", kinds=WHY)
def object_to_measurement(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Refuse that opens and clicks are counted; the mail itself goes on. Source: GDPR art 21(1); CLAUSES C9."""
    found = _find(visit)
    line = found.measured if found else None
    if found is None or line is None or not line.on:
        return _page(request, visit, objected=True)
    language, now = language_of(request, found.known.person.language), timezone.now()
    shown = notices.purpose_notice(visit.version.document, line.purpose, language)
    notice = notices.keep(shown, language=language, now=now)
    choose(
        visit.workspace.pk,
        visit.person_id,
        {line.id: line.refusal},
        method=Choice.Method.PREFERENCES,
        now=now,
        notices={line.id: notice},
        about=about(visit),
    )
    return _page(request, visit, objected=True)


def _find(visit: Visit) -> Why | None:
    campaign = _campaign(visit)
    return why(
        visit.workspace.pk,
        visit.person_id,
        campaign_id=visit.token.campaign,
        purpose=campaign.purpose if campaign else MARKETING,
        lists=lists_of(visit),
        by=person_actor(visit.person_id),
    )


def _page(request: HttpRequest, visit: Visit, *, objected: bool = False) -> HttpResponse:
    found = _find(visit)
    if found is None:
        return gone(request, visit)
    campaign = _campaign(visit)
    return show(
        request,
        "why",
        visit=visit,
        person_language=found.known.person.language,
        home=reverse("public:why", args=[visit.text]),
        why=found,
        subject=subject_for_nobody(campaign) if campaign else "",
        address=masked(found.known.address),
        region=found.known.person.region,
        objected=objected,
    )


def _campaign(visit: Visit) -> Campaign | None:
    return Campaign.objects.filter(pk=visit.token.campaign, workspace=visit.workspace).first()

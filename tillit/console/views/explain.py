"""What was permitted for a person, now or at any past moment, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from tillit.accounts.models import Role
from tillit.console.navigation import address, address_if_any
from tillit.console.pages import PageRequest, page
from tillit.console.person_page import ADMINISTER
from tillit.governance.explain import Explanation, NoMoment, Past, Period, moment_of, past_of
from tillit.governance.explain_words import as_json, doubt, events_in_words, promises, short, steps, title_of
from tillit.ledger.processing import processing, user_actor
from tillit.people import queries
from tillit.people.search import name_of

SHORTEST_SHARE = 1.5  # percent of the picture that a period gets at least, so that none is too narrow to be seen


@dataclass(frozen=True, slots=True)
class Line:
    """One purpose as it stood at the moment, for the table of all."""

    id: str
    title: str
    permitted: bool
    why: str
    clause: str
    href: str


@dataclass(frozen=True, slots=True)
class Span:
    """One period, in words; `share` is its width in the picture, in percent."""

    start: datetime
    end: datetime | None
    permitted: bool
    why: str
    because: str
    share: float
    shown: bool


@page(role=Role.VIEWER)
def explain(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Every purpose at a moment, or one with the chain that leads to its answer; `?format=json` for programs."""
    workspace_id, by = request.workspace.id, user_actor(request.user.id)
    purpose, now = request.GET.get("purpose", "")[:63], timezone.now()
    at, wrong = request.GET.get("at", ""), ""
    try:
        moment = moment_of(at, now=now)
    except NoMoment as error:
        moment, wrong = now, str(error)
    past = past_of(workspace_id, person_id, by=by, purpose=purpose)
    if past is None:
        raise Http404
    status = 422 if wrong else 200
    if request.GET.get("format") == "json":
        return JsonResponse({"error": wrong} if wrong else _json(past, purpose, moment, now=now), status=status)
    told = {
        "person_id": person_id,
        "name": _name(request, person_id, by=by),
        "moment": moment,
        "past": bool(at) and not wrong,
        "typed": at if wrong else timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M"),
        "wrong": wrong,
        "recorded": past.history.person.created_at,
        "kept_since": past.history.kept_since,
        "purpose": purpose,
        "json": f"?{urlencode({**_query(purpose, at if not wrong else ''), 'format': 'json'})}",
        **(_one(request, past, purpose, moment, now=now) if purpose else _all(past, person_id, moment, at)),
    }
    return render(request, "console/people/explain.html", told, status=status)


def _json(past: Past, purpose: str, moment: datetime, *, now: datetime) -> dict[str, Any]:
    if purpose:
        return as_json(past.at(purpose, moment), past.periods(purpose, until=now))
    return {
        "person": str(past.person_id),
        "at": moment.isoformat(),
        "purposes": [as_json(past.at(name, moment), []) for name in past.purposes_at(moment)],
    }


def _name(request: PageRequest, person_id: UUID, *, by: str) -> str:
    with processing(request.workspace.id, ADMINISTER, by=by, act="person.read", subject=person_id):
        record = queries.record(request.workspace.id, person_id)
    return (name_of(record.values) or record.address) if record else ""


def _all(past: Past, person_id: UUID, moment: datetime, at: str) -> dict[str, Any]:
    """Every purpose of the policy of the moment: those permitted, and those not."""
    here = address("explain", past.workspace_id, person_id)
    lines = []
    for name in past.purposes_at(moment):
        found = past.at(name, moment)
        clause = found.decision.clause if found.decision else ""
        href = f"{here}?{urlencode(_query(name, at))}"
        lines.append(Line(name, title_of(found), found.permitted, short(found), clause, href))
    first = past.at("", moment)
    return {"lines": sorted(lines, key=lambda line: not line.permitted), "explanation": first, "doubt": doubt(first)}


def _one(request: PageRequest, past: Past, purpose: str, moment: datetime, *, now: datetime) -> dict[str, Any]:
    found = past.at(purpose, moment)
    here = address("explain", past.workspace_id, past.person_id)
    at = request.GET.get("at", "")
    return {
        "explanation": found,
        "title": title_of(found),
        "chain": steps(found),
        "doubt": doubt(found),
        "clauses": promises(found),
        "spans": _spans(past.periods(purpose, until=now), moment, now=now),
        "policy_href": _policy_href(found),
        "every": f"{here}?{urlencode({'at': at})}" if at else here,
    }


def _policy_href(found: Explanation) -> str:
    return address_if_any("policy_version", found.workspace_id, found.version.number) if found.version else ""


def _spans(periods: list[Period], moment: datetime, *, now: datetime) -> list[Span]:
    """The periods with their share of the time since the person was recorded."""
    whole = max((now - periods[0].start).total_seconds(), 1.0) if periods else 1.0
    spans = []
    for each in periods:
        end = each.end or now
        spans.append(
            Span(
                start=each.start,
                end=each.end,
                permitted=each.permitted,
                why=short(each.explanation),
                because=events_in_words(each),
                share=max(100 * (end - each.start).total_seconds() / whole, SHORTEST_SHARE),
                shown=each.start <= moment and (each.end is None or moment < each.end),
            )
        )
    return spans


def _query(purpose: str, at: str) -> dict[str, str]:
    return {name: value for name, value in (("purpose", purpose), ("at", at)) if value}


urlpatterns = [path("people/<uuid:person_id>/explain", explain, name="explain")]

"""A copy of everything, and erasure: asked for in the preference centre, done by a link that was mailed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation

from tillit.consent.marketing import stop_marketing
from tillit.consent.models import Choice
from tillit.edge.tokens import Kind
from tillit.ledger.processing import person_actor
from tillit.public.pages import Visit, language_of, show, token_page
from tillit.public.views.preferences import again
from tillit.public.views.unsubscribe import stopped_page
from tillit.rights import actions
from tillit.rights.files import as_json, as_zip
from tillit.rights.models import Request
from tillit.rights.words import erasure_in_words

ROWS_SHOWN = 20


@token_page("POST", kinds=(Kind.PREFERENCES,))
def ask_copy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Take up a request for a copy, and mail the link to it. Source: GDPR art 15."""
    return _asked(request, visit, Request.Kind.ACCESS)


@token_page("POST", kinds=(Kind.PREFERENCES,))
def ask_erase(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Take up a request for erasure, and mail the link that does it. Source: GDPR art 17."""
    return _asked(request, visit, Request.Kind.ERASURE)


def _asked(request: HttpRequest, visit: Visit, kind: str) -> HttpResponse:
    made = actions.ask(visit.workspace.pk, visit.person_id, kind, now=timezone.now())
    return again(request, visit, [], asked=made)


@token_page("GET", "POST", kinds=(Kind.COPY,))
def copy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """GET asks, so that a scanner of mail sees nothing; POST shows everything, or gives it as a file."""
    if request.method != "POST":
        return show(request, "copy_ask", visit=visit)
    made = actions.access(
        visit.workspace.pk,
        visit.person_id,
        by=person_actor(visit.person_id),
        now=timezone.now(),
        language=language_of(request),
    )
    match request.POST.get("format"):
        case "json":
            return _file(as_json(made.content).encode(), "application/json; charset=utf-8", "my-information.json")
        case "csv":
            return _file(as_zip(made.tables, made.content), "application/zip", "my-information.zip")
    return show(
        request,
        "copy",
        visit=visit,
        home=reverse("public:copy", args=[visit.text]),
        copy=made,
        tables=[table for table in made.tables if table.rows],
        rows_shown=ROWS_SHOWN,
    )


@token_page("GET", "POST", kinds=(Kind.ERASE,))
def erase(request: HttpRequest, visit: Visit) -> HttpResponse:
    """GET says what will be erased and what stays; POST does it. There is no undoing."""
    if request.method != "POST":
        return show(request, "erase_ask", visit=visit)
    done = actions.erase(visit.workspace.pk, visit.person_id, by=person_actor(visit.person_id), now=timezone.now())
    with translation.override(language_of(request)):
        lines = erasure_in_words(done.counts) if done else []
    return show(request, "erased", visit=visit, home=reverse("public:erase", args=[visit.text]), done=done, lines=lines)


@token_page("POST", kinds=(Kind.ERASE,))
def stop_instead(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Stop all marketing and erase nothing: the no is remembered."""
    stopped = stop_marketing(visit.workspace.pk, visit.person_id, method=Choice.Method.PREFERENCES, now=timezone.now())
    return stopped_page(request, visit, stopped, home=reverse("public:erase", args=[visit.text]))


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

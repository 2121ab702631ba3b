"""Sources: where information comes from, and what warrants that it might be passed on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.import_forms import SourceForm
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page
from tillit.governance.attachments import media_type
from tillit.ledger.processing import user_actor
from tillit.people import lists as keeping
from tillit.people import queries
from tillit.people.models import Evidence


@page(role=Role.VIEWER)
def sources(request: PageRequest) -> HttpResponse:
    """List sources with their warranties."""
    listing = Listing(
        request,
        queries.sources(request.workspace.id),
        sorts={"name": "name", "newest": "-id"},
        search=lambda found, text: found.filter(name__icontains=text) | found.filter(warranty__icontains=text),
    )
    return render(request, "console/imports/sources.html", {"listing": listing, "today": timezone.localdate()})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_source(request: PageRequest) -> HttpResponse:
    """Write down a source."""
    form = SourceForm(request.workspace.id, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        keeping.make_source(request.workspace.id, **form.told(), by=user_actor(request.user.id))
        messages.success(request, _("The source was saved."))
        return redirect(_back(request))
    return _form(request, form, _("New source"))


@page(role=Role.EDITOR, methods=("GET", "POST"))
def edit_source(request: PageRequest, source_id: int) -> HttpResponse:
    """Change a source, or renew its warranty."""
    found = get_object_or_404(queries.sources(request.workspace.id), pk=source_id)
    form = SourceForm(request.workspace.id, request.POST or None, request.FILES or None, instance=found)
    if request.method == "POST" and form.is_valid():
        keeping.change_source(found, **form.told(), by=user_actor(request.user.id))
        messages.success(request, _("The source was saved."))
        return redirect(_back(request))
    return _form(request, form, _("Change the source"))


@page(role=Role.VIEWER)
def source_evidence(request: PageRequest, source_id: int) -> HttpResponse:
    """Give the file that proves a warranty to keep, never to be shown inside the console."""
    found = get_object_or_404(Evidence, source__pk=source_id, source__workspace=request.workspace)
    content = bytes(found.content)
    response = HttpResponse(content, content_type=media_type(content), headers={"X-Content-Type-Options": "nosniff"})
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Content-Disposition"] = content_disposition_header(True, found.source.evidence_name) or "attachment"
    return response


def _form(request: PageRequest, form: SourceForm, heading: str) -> HttpResponse:
    told: dict[str, Any] = {"form": form, "heading": heading}
    return render(request, "console/imports/source.html", told, status=422 if form.errors else 200)


def _back(request: PageRequest) -> str:
    wanted = request.GET.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return address("sources", request.workspace.id)


urlpatterns = [
    path("imports/sources", sources, name="sources"),
    path("imports/sources/new", new_source, name="new_source"),
    path("imports/sources/<int:source_id>", edit_source, name="edit_source"),
    path("imports/sources/<int:source_id>/evidence", source_evidence, name="source_evidence"),
]

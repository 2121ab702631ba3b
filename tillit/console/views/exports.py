"""Taking people out as files: what they hold, how far they are, what was taken out before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console import export_forms as asking
from tillit.console.activities import actors_in_words, purpose_titles
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.downloads import download
from tillit.ledger.processing import Refused, user_actor
from tillit.ledger.versions import in_force
from tillit.people import queries
from tillit.people.exporting import files, start
from tillit.people.exporting.run import run_export
from tillit.people.exporting.writers import KINDS
from tillit.people.models import Export, Segment

State = Export.State


@page(role=Role.VIEWER)
def exports(request: PageRequest) -> HttpResponse:
    """What was taken out, newest first."""
    listing = Listing(request, Export.objects.filter(workspace=request.workspace), sorts={"newest": "-id"})
    rows = _shown(request, *listing.rows) if listing.rows else []
    return render(request, "console/exports/index.html", {"listing": listing, "rows": rows})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_export(request: PageRequest) -> HttpResponseBase:
    """Choose purpose, recipient, format and columns. A small file comes at once, a large one is written by a job."""
    workspace_id, now = request.workspace.id, timezone.now()
    order = asking.order_of(request.POST if request.method == "POST" else request.GET, workspace_id, now=now)
    _check(request, order.selection)
    if request.method == "POST":
        return _export(request, order, now=now)
    told: dict[str, Any] = {"order": order, "choices": asking.choices(workspace_id, order, now=now)}
    told["whom"] = asking.Names.of(workspace_id).whom(order.selection.kept())
    try:
        offer = start.offer(workspace_id, asking.without_columns(order), by=_by(request))
    except Refused as refused:
        told["refused"] = refused
    else:
        told |= {"offer": offer, "chosen": [each.name for each in offer.columns]}
    return render(request, "console/exports/new.html", told)


def _export(request: PageRequest, order: start.Order, *, now: datetime) -> HttpResponseBase:
    workspace_id, by = request.workspace.id, _by(request)
    small = start.offer(workspace_id, order, by=by).small
    made = start.start(workspace_id, order, by=by, now=now, defer=not small)
    if small:
        made = run_export(made.pk)
        if made.state == State.DONE:
            return _file(request, made, keep=False)
    return redirect(address("export", workspace_id, made.pk))


@page(role=Role.VIEWER)
def export(request: PageRequest, export_id: int) -> HttpResponse:
    """One export: its progress while it runs, its file when it is done."""
    return render(request, "console/exports/export.html", _shown(request, _export_of(request, export_id))[0])


@page(role=Role.VIEWER)
def export_progress(request: PageRequest, export_id: int) -> HttpResponse:
    """How far an export is: a fragment that asks again while it runs."""
    return render(request, "console/exports/_progress.html", _shown(request, _export_of(request, export_id))[0])


@page(role=Role.EDITOR)
def download_export(request: PageRequest, export_id: int) -> HttpResponseBase:
    """The file of an export, until it expires; each download is recorded."""
    made = _export_of(request, export_id)
    start.open_again(made, by=_by(request), now=timezone.now())
    return _file(request, made, keep=True)


def _file(request: PageRequest, made: Export, *, keep: bool) -> HttpResponseBase:
    found = files.path_of(made)
    if found is None:
        raise Http404
    file = found.open("rb")
    if not keep:
        files.remove(made)  # the open file stays readable
    name = f"people-{made.pk}.{made.format}"
    return download(request, file, name=name, kind=KINDS[made.format], size_bytes=made.size_bytes)


@verb(role=Role.EDITOR)
def stop_export(request: PageRequest, export_id: int) -> HttpResponse:
    """Stop an export; its file is not kept."""
    made = _export_of(request, export_id)
    if start.stop(made, now=timezone.now()):
        messages.success(request, _("The export was stopped. Nothing of its file is kept."))
    return redirect(address("export", request.workspace.id, made.pk))


@verb(role=Role.EDITOR)
def delete_export(request: PageRequest, export_id: int) -> HttpResponse:
    """Delete the file before its time is over."""
    files.remove(_export_of(request, export_id))
    messages.success(request, _("The file was deleted. What it held stays in the history."))
    return redirect(address("exports", request.workspace.id))


def _shown(request: PageRequest, *made: Export) -> list[dict[str, Any]]:
    """What the pages say of exports, in a constant number of queries."""
    workspace_id = request.workspace.id
    names, titles = asking.Names.of(workspace_id), purpose_titles(workspace_id)
    users, policy = actors_in_words({each.started_by for each in made}), in_force(workspace_id)
    return [
        {
            "export": each,
            "running": each.state in {State.QUEUED, State.RUNNING},
            "whom": names.whom(each.selection),
            "purpose": titles.get(each.purpose, each.purpose),
            "recipient": asking.recipient_name(policy, each.recipient) if each.recipient else "",
            "by": users.get(each.started_by, ""),
            "file": each.state == State.DONE and files.path_of(each) is not None,
        }
        for each in made
    ]


def _check(request: PageRequest, selection: Any) -> None:
    """404 for a list or a segment of another workspace."""
    if selection.list_id is not None:
        get_object_or_404(queries.every_list(request.workspace.id), pk=selection.list_id)
    if selection.segment_id is not None:
        get_object_or_404(Segment, workspace=request.workspace, pk=selection.segment_id)


def _export_of(request: PageRequest, export_id: int) -> Export:
    return get_object_or_404(Export, workspace=request.workspace, pk=export_id)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


urlpatterns = [
    path("exports", exports, name="exports"),
    path("people/export", new_export, name="new_export"),
    path("exports/<int:export_id>", export, name="export"),
    path("exports/<int:export_id>/progress", export_progress, name="export_progress"),
    path("exports/<int:export_id>/download", download_export, name="download_export"),
    path("exports/<int:export_id>/stop", stop_export, name="stop_export"),
    path("exports/<int:export_id>/delete", delete_export, name="delete_export"),
]

"""Undoing an import: what it would do, and doing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.import_figures import stays
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.ledger.processing import user_actor
from tillit.people import queries
from tillit.people.importing import undo
from tillit.people.importing.undo import CannotUndo
from tillit.people.models import Import


@page(role=Role.EDITOR, methods=("GET", "POST"))
def undo_import(request: PageRequest, import_id: int) -> HttpResponse:
    """Say what undoing an import would do, and undo it."""
    item, by, now = _import(request, import_id), user_actor(request.user.id), timezone.now()
    try:
        if request.method == "POST":
            undo.begin(item, by=by, now=now)
            return _to(request, item)
        found = undo.preview(item, by=by, now=now)
    except CannotUndo as refusal:
        messages.error(request, str(refusal))
        return _to(request, item)
    told = {"import": item, "preview": found, "stays": stays(found.staying), "until": undo.until(item)}
    return render(request, "console/imports/undo.html", told)


@verb(role=Role.EDITOR)
def resume_undo(request: PageRequest, import_id: int) -> HttpResponse:
    """Go on with undoing an import where it broke off."""
    item = get_object_or_404(queries.imports(request.workspace.id), pk=import_id, state=Import.State.UNDOING)
    undo.go_on(item)
    messages.success(request, _("Undoing goes on where it ended."))
    return _to(request, item)


def _import(request: PageRequest, import_id: int) -> Import:
    found = queries.imports(request.workspace.id).exclude(state__in=[Import.State.READING, Import.State.DRAFT])
    return get_object_or_404(found, pk=import_id)


def _to(request: PageRequest, item: Import) -> HttpResponse:
    return redirect(address("import", request.workspace.id, item.pk))


urlpatterns = [
    path("imports/<int:import_id>/undo", undo_import, name="undo_import"),
    path("imports/<int:import_id>/undo/resume", resume_undo, name="resume_undo"),
]

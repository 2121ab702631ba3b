"""Seeing what an import would change before it changes anything."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from tillit.accounts.models import Role
from tillit.console.import_figures import figures, sample_rows
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page
from tillit.people import queries
from tillit.people.importing import trial
from tillit.people.models import Import

UNDER_WAY = (trial.QUEUED, trial.RUNNING)


@page(role=Role.EDITOR)
def import_trial(request: PageRequest, import_id: int) -> HttpResponse:
    """What an import would change."""
    item = _draft(request, import_id)
    if item is None:
        return redirect(address("import", request.workspace.id, import_id))
    return render(request, "console/imports/trial.html", _told(request, item))


@page(role=Role.EDITOR)
def trial_progress(request: PageRequest, import_id: int) -> HttpResponse:
    """How far the trial is, and what it found: a fragment that asks again while it runs."""
    item = _draft(request, import_id)
    if item is None:
        return HttpResponse(headers={"HX-Redirect": address("import", request.workspace.id, import_id)})
    return render(request, "console/imports/_trial.html", _told(request, item))


def _draft(request: PageRequest, import_id: int) -> Import | None:
    """The import, None once it is more than a draft or when it was not tried."""
    item = get_object_or_404(queries.imports(request.workspace.id), pk=import_id)
    return item if item.state == Import.State.DRAFT and item.trial else None


def _told(request: PageRequest, item: Import) -> dict[str, Any]:
    found = item.trial or {}
    labels = {each.name: each.said() for each in queries.fields(request.workspace.id)}
    told = figures(found["counts"])
    over = sorted(found["fields"].items(), key=lambda pair: -pair[1][0])
    return {
        "import": item,
        "trial": found,
        "running": found["state"] in UNDER_WAY,
        "figures": told,
        "unchanged": told.known - found["counts"].get("changed", 0),
        "fields": [(labels.get(name, name), number, replaced) for name, (number, replaced) in over],
        "sample": sample_rows(trial.sample_of(item), labels) if found["state"] == trial.DONE else [],
        "left_out": [column["name"] for column in item.options["columns"] if not column["target"]],
    }


urlpatterns = [
    path("imports/<int:import_id>/trial", import_trial, name="import_trial"),
    path("imports/<int:import_id>/trial/progress", trial_progress, name="trial_progress"),
]

"""The first page of a workspace."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from tillit.accounts.models import Role
from tillit.console.context import LAST_WORKSPACE
from tillit.console.pages import PageRequest, page


@page(role=Role.VIEWER)
def overview(request: PageRequest) -> HttpResponse:
    """Figures of the workspace, what runs, and what was done lately."""
    if request.session.get(LAST_WORKSPACE) != request.workspace.id:
        request.session[LAST_WORKSPACE] = request.workspace.id
    return render(request, "console/overview.html")


urlpatterns = [path("", overview, name="overview")]

"""Records that may be of one person: suggested, compared side by side, merged, called different, split."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.consent.actions import NobodyThere
from tillit.console.merging_page import REASONS, found_for, side_by_side, split_in_words, suggested_rows
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.ledger.processing import processing, user_actor
from tillit.people import queries
from tillit.people.duplicates import finding
from tillit.people.duplicates.likeness import Reason
from tillit.people.duplicates.queries import searched, suggested_for, suggestions
from tillit.people.merges import present_id
from tillit.people.models import DuplicateSearch
from tillit.people.search import name_of
from tillit.rights.merging import actions
from tillit.rights.merging.queries import preview

ADMINISTER = "audience.administer"


@page(role=Role.VIEWER)
def duplicates(request: PageRequest) -> HttpResponse:
    """The pairs that the last search found, the likeliest first."""
    reason, number = _reason(request), _number(request)
    with processing(request.workspace.id, ADMINISTER, by=_by(request), act="duplicate.read") as activity:
        found = suggestions(page=number, reason=reason)
        activity.count(pairs=len(found.pairs))
    told = {
        **_search(request),
        "pairs": suggested_rows(found.pairs),
        "reasons": [(int(each), words) for each, words in REASONS.items()],
        "reason": reason,
        "number": number,
        "next": number + 1 if found.more else None,
    }
    return render(request, "console/duplicates/index.html", told)


@page(role=Role.VIEWER)
def duplicates_progress(request: PageRequest) -> HttpResponse:
    """How far the search is, as a fragment that asks again while it runs."""
    return render(request, "console/duplicates/_search.html", {**_search(request), "asked": True})


@verb(role=Role.EDITOR)
def find_duplicates(request: PageRequest) -> HttpResponse:
    """Search the workspace for duplicates."""
    if not finding.begin(request.workspace.id, by=_by(request), now=timezone.now()):
        messages.info(request, _("A search is under way already."))
    return redirect(address("duplicates", request.workspace.id))


@page(role=Role.EDITOR)
def choose_duplicate(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Choose the record that one is to be merged with: a suggested one, or one that is looked for."""
    text = request.GET.get("q", "").strip()
    with processing(
        request.workspace.id, ADMINISTER, by=_by(request), act="duplicate.read", subject=person_id
    ) as activity:
        record = queries.record(request.workspace.id, person_id)
        if record is None:
            raise Http404
        found = found_for(request.workspace.id, person_id, text)
        told = {
            "record": record,
            "name": name_of(record.values) or record.address or str(person_id),
            "text": text,
            "found": found,
            "pairs": suggested_rows(suggested_for(person_id)),
        }
        activity.count(persons=len(found))
    return render(request, "console/duplicates/choose.html", told)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def merge(request: PageRequest, person_id: UUID, other_id: UUID) -> HttpResponse:
    """Compare two records side by side, and merge them into the first."""
    now = timezone.now()
    if request.method == "POST":
        return _merge(request, person_id, other_id)
    with processing(request.workspace.id, ADMINISTER, by=_by(request), act="duplicate.read", subject=person_id):
        found = preview(request.workspace.id, person_id, other_id, now=now)
    if found is None:
        kept, gone = (present_id(request.workspace.id, each) for each in (person_id, other_id))
        if kept == gone != person_id or kept == gone != other_id:
            return redirect(address("person", request.workspace.id, kept))
        raise Http404
    return render(request, "console/duplicates/merge.html", side_by_side(found))


def _merge(request: PageRequest, person_id: UUID, other_id: UUID) -> HttpResponse:
    try:
        actions.merge(request.workspace.id, person_id, other_id, by=_by(request), now=timezone.now())
    except NobodyThere as nobody:
        raise Http404 from nobody
    messages.success(request, _("The two records are one now. It can be undone at any time: split them below."))
    return redirect(address("person", request.workspace.id, person_id))


@verb(role=Role.EDITOR)
def differ(request: PageRequest, person_id: UUID, other_id: UUID) -> HttpResponse:
    """Remember that two records are different people."""
    try:
        actions.call_different(request.workspace.id, person_id, other_id, by=_by(request), now=timezone.now())
    except NobodyThere as nobody:
        raise Http404 from nobody
    messages.success(request, _("They are remembered as two people, and are not suggested again."))
    return redirect(address("duplicates", request.workspace.id))


@verb(role=Role.EDITOR)
def split(request: PageRequest, person_id: UUID, merge_id: UUID) -> HttpResponse:
    """Split a record off that was merged into a person's."""
    try:
        parted = actions.split(request.workspace.id, merge_id, by=_by(request), now=timezone.now())
    except NobodyThere as nobody:
        raise Http404 from nobody
    messages.success(request, split_in_words(request.workspace.id, parted))
    return redirect(address("person", request.workspace.id, parted.gone_id))


def _search(request: PageRequest) -> dict[str, Any]:
    """How far the search of the workspace is."""
    search = searched(request.workspace.id)
    state = search.state if search else ""
    overdue = bool(search and search.begun_at < timezone.now() - finding.STALLED_AFTER)
    running = state == DuplicateSearch.State.RUNNING
    return {
        "search": search,
        "running": running and not overdue,
        "failed": state == DuplicateSearch.State.FAILED or (running and overdue),
    }


def _reason(request: PageRequest) -> int:
    text = request.GET.get("why", "")
    return int(text) if text.isdigit() and int(text) in {int(each) for each in Reason} else 0


def _number(request: PageRequest) -> int:
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isdigit() and len(text) < 6 else 1


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


urlpatterns = [
    path("people/duplicates", duplicates, name="duplicates"),
    path("people/duplicates/progress", duplicates_progress, name="duplicates_progress"),
    path("people/duplicates/find", find_duplicates, name="find_duplicates"),
    path("people/<uuid:person_id>/merge", choose_duplicate, name="choose_duplicate"),
    path("people/<uuid:person_id>/merge/<uuid:other_id>", merge, name="merge_persons"),
    path("people/<uuid:person_id>/differ/<uuid:other_id>", differ, name="differ"),
    path("people/<uuid:person_id>/merges/<uuid:merge_id>/split", split, name="split_persons"),
]

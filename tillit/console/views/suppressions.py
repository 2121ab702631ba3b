"""Suppression: what nothing is sent to, here and in the whole installation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tillit.accounts.models import Role
from tillit.accounts.roles import allows
from tillit.console.activities import actors_in_words
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.suppression_forms import CheckForm, LiftForm, ListForm, ReasonForm, SuppressForm
from tillit.downloads import download
from tillit.ledger.processing import processing, user_actor
from tillit.people import queries
from tillit.people.models import Identity, LiftedSuppression, Suppression
from tillit.people.suppression import actions, files
from tillit.people.suppression.actions import Why
from tillit.people.suppression.keys import DOMAIN, EMAIL
from tillit.people.suppression.known import covering, of
from tillit.people.suppression.lifted import COMPLAINED, Leave, lifted_from, lifted_of

ADMINISTER = "audience.administer"
LIFTED_SHOWN = 20


@page(role=Role.VIEWER)
def suppressions(request: PageRequest) -> HttpResponse:
    """What is suppressed in this workspace; for operators also what is in the whole installation."""
    return _index(request, CheckForm())


@verb(role=Role.VIEWER)
def check_suppression(request: PageRequest) -> HttpResponse:
    """Say whether an address is suppressed, by what and why. Asked by POST, so that no address stands in a log."""
    form = CheckForm(request.POST)
    if not form.is_valid():
        return _index(request, form, status=422)
    kind, value = form.cleaned_data["asked"]
    whole = value if kind != DOMAIN else f"@{value}"
    found, before = covering(request.workspace.id, whole), _before(lifted_from(request.workspace.id, whole))
    return _index(request, form, asked=form.data["asked"].strip(), found=found, before=before)


def _index(request: PageRequest, form: CheckForm, *, status: int = 200, **more: Any) -> HttpResponse:
    everywhere = request.user.is_operator and request.GET.get("where") == "everywhere"
    listing = Listing(
        request,
        of(None if everywhere else request.workspace.id),
        sorts={"newest": "-id"},
        search=lambda found, text: found.filter(domain__icontains=text) | found.filter(note__icontains=text),
        keeps=("where",),
    )
    told = {"listing": listing, "everywhere": everywhere, "form": form, "operator": request.user.is_operator, **more}
    if allows(request.membership, Role.EDITOR):
        told["lifted"] = _before(lifted_of(None if everywhere else request.workspace.id)[:LIFTED_SHOWN])
    return render(request, "console/suppressions/index.html", told, status=status)


def _before(rows: Iterable[LiftedSuppression]) -> list[tuple[LiftedSuppression, str]]:
    """What was lifted, each with who did it."""
    known = list(rows)
    actors = actors_in_words({each.lifted_by for each in known})
    return [(each, actors[each.lifted_by]) for each in known]


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_suppression(request: PageRequest) -> HttpResponse:
    """Suppress addresses and domains. Where that would silence people, it is said before it is done."""
    form = SuppressForm(request.user, request.POST or None)
    concerned = 0
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data["what"]
        if any(kind == DOMAIN for kind, _value in told):
            concerned = actions.affected(request.workspace.id, told, by=_by(request))
        if not concerned or request.POST.get("sure") == str(concerned):
            done = actions.suppress(_where(request, form), told, _why(request, form))
            _tell(request, done)
            return _back(request, form)
    told_page = {"form": form, "concerned": concerned}
    status = 422 if form.errors or concerned else 200
    return render(request, "console/suppressions/new.html", told_page, status=status)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def import_suppressions(request: PageRequest) -> HttpResponse:
    """Bring in a list."""
    form = ListForm(request.user, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        parts = form.cleaned_data["file"].chunks()
        report = files.bring(_where(request, form), parts, _why(request, form))
        _tell(request, report.done)
        if report.known:
            told = ngettext("%(number)d was suppressed already.", "%(number)d were suppressed already.", report.known)
            messages.info(request, told % {"number": report.known})
        _tell_refused(request, report)
        return _back(request, form)
    return render(request, "console/suppressions/import.html", {"form": form}, status=422 if form.errors else 200)


def _tell(request: PageRequest, done: actions.Done) -> None:
    added = ngettext("%(number)d entry was added.", "%(number)d entries were added.", done.entries)
    silent = ngettext("%(number)d person gets no more mail.", "%(number)d people get no more mail.", done.people)
    messages.success(request, f"{added % {'number': done.entries}} {silent % {'number': done.people}}")


def _tell_refused(request: PageRequest, report: files.Report) -> None:
    words = {
        "unreadable": _("%(number)d lines were left out: neither an address nor a domain. The first: %(lines)s."),
        "foreign": _("%(number)d lines were left out: keys of another installation. The first: %(lines)s."),
    }
    lines = ", ".join(map(str, report.lines))
    for why, number in report.refused.items():
        messages.warning(request, words[why] % {"number": number, "lines": lines})


@page(role=Role.EDITOR)
def export_suppressions(request: PageRequest) -> HttpResponseBase:
    """The list as a file: domains in clear, addresses as keys that only this installation knows again."""
    everywhere = request.user.is_operator and request.GET.get("where") == "everywhere"
    workspace_id = None if everywhere else request.workspace.id
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    for line in files.take(workspace_id, by=_by(request), recorded_in=request.workspace.id):
        file.write(line.encode())
    size = file.tell()
    file.seek(0)
    return download(request, file, name="suppressions.csv", kind="text/csv; charset=utf-8", size_bytes=size)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def lift_suppression(request: PageRequest, suppression_id: int) -> HttpResponse:
    """Lift one suppression, with a reason where a person wanted it; the installation's by operators alone."""
    found = get_object_or_404(Suppression, pk=suppression_id)
    if found.workspace_id != request.workspace.id and not (found.workspace_id is None and request.user.is_operator):
        raise Http404
    administers = found.workspace_id is None or allows(request.membership, Role.OWNER)
    form = LiftForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        because = form.cleaned_data["because"]
        leave = Leave(by=_by(request), now=timezone.now(), because=because, administers=administers)
        done = actions.lift(found.workspace_id, [found.pk], leave)
        freed = ngettext("%(number)d person can get mail again.", "%(number)d people can get mail again.", done.people)
        messages.success(request, f"{_('The suppression was lifted.')} {freed % {'number': done.people}}")
        where = "" if found.workspace_id else "?where=everywhere"
        return redirect(address("suppressions", request.workspace.id) + where)
    told = {"form": form, "found": found, "allowed": administers or found.reason not in COMPLAINED}
    return render(request, "console/suppressions/lift.html", told, status=422 if form.errors else 200)


@verb(role=Role.EDITOR)
def suppress_person(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Suppress every email address of a person, who asked for it."""
    workspace_id = request.workspace.id
    with processing(workspace_id, ADMINISTER, by=_by(request), act="person.read", subject=person_id):
        found = queries.record(workspace_id, person_id)
    if found is None:
        raise Http404
    told = [(str(EMAIL), each.value) for each in found.identities if each.kind == Identity.Kind.EMAIL and each.value]
    why = Why(reason=Suppression.Reason.ASKED, by=_by(request), now=timezone.now())
    _tell(request, actions.suppress(workspace_id, told, why))
    return redirect(address("person", workspace_id, person_id))


def _where(request: PageRequest, form: ReasonForm) -> int | None:
    return None if form.everywhere_chosen else request.workspace.id


def _why(request: PageRequest, form: ReasonForm) -> Why:
    given = form.cleaned_data
    return Why(reason=given["reason"], note=given["note"], by=_by(request), now=timezone.now())


def _back(request: PageRequest, form: ReasonForm) -> Any:
    where = "?where=everywhere" if form.everywhere_chosen else ""
    return redirect(address("suppressions", request.workspace.id) + where)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


urlpatterns = [
    path("suppressions", suppressions, name="suppressions"),
    path("suppressions/check", check_suppression, name="check_suppression"),
    path("suppressions/new", new_suppression, name="new_suppression"),
    path("suppressions/import", import_suppressions, name="import_suppressions"),
    path("suppressions/export", export_suppressions, name="export_suppressions"),
    path("suppressions/<int:suppression_id>/lift", lift_suppression, name="lift_suppression"),
    path("people/<uuid:person_id>/suppress", suppress_person, name="suppress_person"),
]

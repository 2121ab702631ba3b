"""People: found, shown, added and corrected."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.accounts.roles import allows
from tillit.consent.actions import NoProof, choose_for
from tillit.consent.models import Choice
from tillit.consent.receipts import receipt
from tillit.console.bulk_page import filter_links
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.people_forms import PersonForm, ValuesForm
from tillit.console.people_listing import REGIONS, STATES, PeopleListing
from tillit.console.person_held import held
from tillit.console.person_page import person_page
from tillit.console.person_timeline import kinds, lines, read_before
from tillit.env import env
from tillit.ledger.processing import processing, user_actor
from tillit.ledger.versions import in_force
from tillit.people import lists, notes, queries, records
from tillit.people.actions import Erased
from tillit.people.identity import InvalidIdentifier
from tillit.people.merges import present_id
from tillit.people.models import MailingList, Source
from tillit.people.queries import Record
from tillit.people.search import name_of
from tillit.people.segments.queries import segments

ADMINISTER = "audience.administer"


@page(role=Role.VIEWER)
def people(request: PageRequest) -> HttpResponse:
    """List people, newest first; find them by address, name, list, standing and region."""
    version = in_force(request.workspace.id)
    with processing(request.workspace.id, ADMINISTER, by=_by(request), act="people.read") as activity:
        listing = PeopleListing(request, request.workspace.id, version)
        activity.count(persons=len(listing.rows))
    told = {
        "listing": listing,
        "lists": queries.lists(request.workspace.id),
        "segments": segments(request.workspace.id),
        "states": STATES,
        "regions": REGIONS.items(),
        "filters": filter_links(request.workspace.id, request.GET.urlencode()),
        "choosing": allows(request.membership, Role.EDITOR),
    }
    return render(request, "console/people/index.html", told)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_person(request: PageRequest) -> HttpResponse:
    """Add one person by hand."""
    form = PersonForm(request.workspace.id, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person_id = records.add(request.workspace.id, **form.cleaned(), by=_by(request), now=timezone.now())
        except InvalidIdentifier:
            form.add_error("email", _("This is not an email address."))
        except records.UnreadableValue as unreadable:
            form.refuse(unreadable)
        except Erased as erased:
            form.add_error("email", erased.reason)
        else:
            messages.success(request, _("The person was added."))
            return redirect(address("person", request.workspace.id, person_id))
    return render(request, "console/people/new.html", {"form": form}, status=422 if form.errors else 200)


@page(role=Role.VIEWER)
def person(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Everything that is held of one person, and what may be done with it."""
    told = person_page(request, person_id, by=_by(request))
    if told is None:
        if (now_id := present_id(request.workspace.id, person_id)) != person_id:
            return _to(request, now_id)
        raise Http404
    return render(request, "console/people/person.html", told)


@page(role=Role.VIEWER)
def timeline(request: PageRequest, person_id: UUID) -> HttpResponse:
    """What happened with one person, newest first."""
    kind, before = request.GET.get("kind", ""), read_before(request.GET.get("before", ""))
    with processing(request.workspace.id, ADMINISTER, by=_by(request), act="person.read", subject=person_id):
        told = _heading(request, person_id)
        told |= {"timeline": lines(request.workspace.id, person_id, before=before, kind=kind)}
    return render(request, "console/people/timeline.html", {**told, "kind": kind, "kinds": kinds()})


@page(role=Role.VIEWER)
def person_held(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Everything held of one person, table by table."""
    by = _by(request)
    with processing(request.workspace.id, ADMINISTER, by=by, act="person.held", subject=person_id) as activity:
        told = _heading(request, person_id)
        tables, hidden = held(activity, person_id)
    return render(request, "console/people/held.html", {**told, "tables": tables, "hidden": hidden})


def _heading(request: PageRequest, person_id: UUID) -> dict[str, Any]:
    """The person and what to call them, in the open context; 404 for nobody."""
    found = queries.record(request.workspace.id, person_id)
    if found is None:
        raise Http404
    return {"record": found, "name": name_of(found.values) or found.address or str(person_id)}


@verb(role=Role.EDITOR)
def add_note(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Write a note about a person."""
    _record(request, person_id)
    try:
        notes.add(request.workspace.id, person_id, request.POST.get("text", ""), by=_by(request))
    except notes.EmptyNote:
        messages.error(request, _("Write something, in at most 4,000 characters."))
    else:
        messages.success(request, _("The note was saved."))
    return _to(request, person_id)


@verb(role=Role.EDITOR)
def remove_note(request: PageRequest, person_id: UUID, note_id: UUID) -> HttpResponse:
    """Delete a note."""
    _record(request, person_id)
    notes.remove(request.workspace.id, person_id, note_id, by=_by(request))
    messages.success(request, _("The note was deleted."))
    return _to(request, person_id)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def edit_person(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Correct what is known of a person, and where they are."""
    found = _record(request, person_id, act="person.read")
    form = ValuesForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            origin, by = form.origin(), _by(request)
            records.change_values(request.workspace.id, person_id, form.changed_values(), by=by, origin=origin)
        except records.UnreadableValue as unreadable:
            form.refuse(unreadable)
        else:
            if form.place_changed:
                place = form.place()
                records.change_place(request.workspace.id, person_id, **place, by=by, origin=origin)
            messages.success(request, _("The changes were saved."))
            return _to(request, person_id)
    told = {"form": form, "record": found}
    return render(request, "console/people/edit.html", told, status=422 if form.errors else 200)


@verb(role=Role.EDITOR)
def restrict(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Restrict processing to storage."""
    _record(request, person_id)
    records.restrict(request.workspace.id, person_id, by=_by(request))
    messages.success(request, _("Processing is restricted: the information is stored and not used."))
    return _to(request, person_id)


@verb(role=Role.EDITOR)
def lift_restriction(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Lift a restriction."""
    _record(request, person_id)
    records.lift_restriction(request.workspace.id, person_id, by=_by(request))
    messages.success(request, _("The restriction was lifted."))
    return _to(request, person_id)


@verb(role=Role.EDITOR)
def join_list(request: PageRequest, person_id: UUID, list_id: int) -> HttpResponse:
    """Put a person on a list."""
    _record(request, person_id)
    mailing_list = _list(request, list_id)
    if lists.put_on_list(mailing_list, [person_id], by=_by(request), now=timezone.now()):
        messages.success(request, _("The person is now on “%(list)s”.") % {"list": mailing_list})
    else:
        text = _(
            "The person is not put on “%(list)s”: they left it, have yet to confirm it, are suppressed, or have their"
            " processing restricted. Only they can join it: send them the preference link."
        )
        messages.warning(request, text % {"list": mailing_list})
    return _to(request, person_id)


@verb(role=Role.EDITOR)
def leave_list(request: PageRequest, person_id: UUID, list_id: int) -> HttpResponse:
    """Take a person off a list."""
    _record(request, person_id)
    mailing_list = _list(request, list_id)
    lists.take_off_list(mailing_list, [person_id], by=_by(request), now=timezone.now())
    messages.success(request, _("The person is no longer on “%(list)s”.") % {"list": mailing_list})
    return _to(request, person_id)


@verb(role=Role.EDITOR)
def record_choice(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Record what a person said about a purpose, on their request."""
    _record(request, person_id)
    purpose, state = request.POST.get("purpose", ""), request.POST.get("state", "")
    if state not in Choice.State.values or purpose not in in_force(request.workspace.id).rules:
        raise Http404
    workspace_id, number = request.workspace.id, request.POST.get("source", "")
    source = Source.objects.filter(workspace_id=workspace_id, pk=int(number)).first() if number.isdecimal() else None
    by, now, obtained = _by(request), timezone.now(), request.POST.get("obtained", "")
    try:
        choose_for(workspace_id, person_id, purpose, state, by=by, now=now, source=source, obtained=obtained)
    except NoProof as refused:
        messages.error(request, str(refused))
        return _to(request, person_id)
    messages.success(request, _("The choice was recorded. It holds from the next query on."))
    return _to(request, person_id)


@page(role=Role.VIEWER)
def choice_receipt(request: PageRequest, person_id: UUID, choice_id: UUID) -> HttpResponse:
    """The receipt of a choice, as a file."""
    language = get_language() or "en"
    workspace_id = request.workspace.id
    made = receipt(workspace_id, person_id, choice_id, keys=env().keys, by=_by(request), language=language)
    if made is None:
        raise Http404
    response = HttpResponse(json.dumps(made, ensure_ascii=False, indent=2), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="receipt-{choice_id}.json"'
    return response


def _record(request: PageRequest, person_id: UUID, *, act: str = "") -> Record:
    """The person, looked up in the workspace; 404 for anybody else's."""
    with processing(request.workspace.id, ADMINISTER, by=_by(request), act=act or "person.read", subject=person_id):
        found = queries.record(request.workspace.id, person_id)
    if found is None:
        raise Http404
    return found


def _list(request: PageRequest, list_id: int) -> MailingList:
    return get_object_or_404(queries.lists(request.workspace.id), pk=list_id)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


def _to(request: PageRequest, person_id: UUID) -> Any:
    return redirect(address("person", request.workspace.id, person_id))


urlpatterns = [
    path("people", people, name="people"),
    path("people/new", new_person, name="new_person"),
    path("people/<uuid:person_id>", person, name="person"),
    path("people/<uuid:person_id>/timeline", timeline, name="person_timeline"),
    path("people/<uuid:person_id>/held", person_held, name="person_held"),
    path("people/<uuid:person_id>/notes", add_note, name="add_note"),
    path("people/<uuid:person_id>/notes/<uuid:note_id>/delete", remove_note, name="remove_note"),
    path("people/<uuid:person_id>/edit", edit_person, name="edit_person"),
    path("people/<uuid:person_id>/restrict", restrict, name="restrict_person"),
    path("people/<uuid:person_id>/lift-restriction", lift_restriction, name="lift_restriction"),
    path("people/<uuid:person_id>/choices", record_choice, name="record_choice"),
    path("people/<uuid:person_id>/choices/<uuid:choice_id>", choice_receipt, name="choice_receipt"),
    path("people/<uuid:person_id>/lists/<int:list_id>/join", join_list, name="join_list"),
    path("people/<uuid:person_id>/lists/<int:list_id>/leave", leave_list, name="leave_list"),
]

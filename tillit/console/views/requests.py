"""Requests: who exercises a right, until when it must be answered, and the answer itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.export import csv_file
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.ledger.processing import processing, user_actor
from tillit.people.identity import InvalidIdentifier
from tillit.rights import actions, queries
from tillit.rights.files import as_json, as_zip
from tillit.rights.models import Request
from tillit.rights.words import copy_in_words, erasure_in_words

SOON = timedelta(days=7)
WORDS: dict[str, Callable[[Mapping[str, int]], list[str]]] = {
    Request.Kind.ACCESS: copy_in_words,
    Request.Kind.ERASURE: erasure_in_words,
}
HEADER = ("id", "kind", "state", "received", "due", "fulfilled", "person")


class NewRequest(forms.Form):
    """A request that came in writing: from whom, for what, and when it came."""

    email = forms.EmailField(
        label=gettext_lazy("The person’s email address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What they ask for"),
        choices=[
            (Request.Kind.ACCESS, gettext_lazy("A copy of what is held about them")),
            (Request.Kind.ERASURE, gettext_lazy("Erasure")),
        ],
        initial=Request.Kind.ACCESS,
        widget=forms.RadioSelect,
    )
    received = forms.DateField(
        label=gettext_lazy("Received on"),
        help_text=gettext_lazy("The day it reached you, not the day you opened it: the clock runs from then."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_received(self) -> Any:
        received = self.cleaned_data["received"]
        if received > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return received


@page(role=Role.VIEWER)
def requests(request: PageRequest) -> HttpResponse:
    """List requests, the most urgent first; find those of an address."""
    with processing(request.workspace.id, queries.FULFIL, by=_by(request), act="requests.read") as activity:
        found = queries.requests(request.workspace.id)
        if request.GET.get("open"):
            found = found.exclude(state=Request.State.FULFILLED)
        listing = Listing(
            request,
            found,
            sorts={"newest": "-received_at", "due": "due_at"},
            tie="id",
            search=lambda rows, text: rows.filter(person_id__in=_people(request.workspace.id, text)),
            keeps=("open",),
        )
        if request.GET.get("format") == "csv":
            rows = [_row(each) for each in listing.whole]
            activity.count(requests=len(rows))
            return csv_file("requests.csv", HEADER, rows)
        known = queries.addresses(each.person_id for each in listing.rows)
        activity.count(requests=len(listing.rows))
    lines = [(each, known.get(each.person_id), _urgency(each)) for each in listing.rows]
    return render(request, "console/requests/index.html", {"listing": listing, "lines": lines})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_request(request: PageRequest) -> HttpResponse:
    """Take up a request that came by letter, mail or telephone."""
    form = NewRequest(request.POST or None, initial={"received": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            person_id = queries.person_with(request.workspace.id, form.cleaned_data["email"], by=_by(request))
        except InvalidIdentifier:
            form.add_error("email", _("This is not an email address."))
        else:
            if person_id is None:
                form.add_error(
                    "email", _("Nothing is held under this address. Tell the person so: that is the answer.")
                )
            else:
                made = actions.receive(
                    request.workspace.id,
                    person_id,
                    form.cleaned_data["kind"],
                    received_at=_moment(form.cleaned_data["received"]),
                    by=_by(request),
                )
                messages.success(request, _("The request was taken up."))
                return redirect(address("request", request.workspace.id, made.pk))
    return render(request, "console/requests/new.html", {"form": form}, status=422 if form.errors else 200)


@page(role=Role.VIEWER)
def one_request(request: PageRequest, request_id: UUID) -> HttpResponse:
    """Show one request: its clock, and what was done."""
    found, known = _find(request, request_id)
    return render(
        request,
        "console/requests/request.html",
        {
            "found": found,
            "address": known,
            "urgency": _urgency(found),
            "lines": WORDS[found.kind](found.counts),
        },
    )


@verb(role=Role.EDITOR)
def copy(request: PageRequest, request_id: UUID) -> HttpResponse:
    """Make the copy for the person, as the file to send them; the request is closed with what it holds."""
    found, _known = _find(request, request_id, kind=Request.Kind.ACCESS)
    made = actions.access(
        request.workspace.id, found.person_id, by=_by(request), now=timezone.now(), language=get_language() or "en"
    )
    packed = request.POST.get("format") == "csv"
    content = as_zip(made.tables, made.content) if packed else as_json(made.content).encode()
    response = HttpResponse(content, content_type="application/zip" if packed else "application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="copy-{found.pk}.{"zip" if packed else "json"}"'
    return response


@verb(role=Role.EDITOR)
def mail_link(request: PageRequest, request_id: UUID) -> HttpResponse:
    """Mail the person the link with which they get the answer themselves."""
    found, _known = _find(request, request_id)
    asked = actions.ask(request.workspace.id, found.person_id, found.kind, now=timezone.now(), by=_by(request))
    if asked.mailed:
        messages.success(request, _("The link is on its way to the person. It works for two days."))
    else:
        messages.warning(request, _("Mail does not reach this person. Answer them another way."))
    return redirect(address("request", request.workspace.id, found.pk))


@verb(role=Role.EDITOR)
def erase(request: PageRequest, request_id: UUID) -> HttpResponse:
    """Erase the person who asked for it."""
    found, _known = _find(request, request_id, kind=Request.Kind.ERASURE)
    done = actions.erase(request.workspace.id, found.person_id, by=_by(request), now=timezone.now())
    if done:
        messages.success(request, _("The person was erased. Tell them so; their address is no longer here."))
    else:
        messages.warning(request, _("Nobody was there to erase: it had been done before."))
    return redirect(address("request", request.workspace.id, found.pk))


def _find(request: PageRequest, request_id: UUID, *, kind: str | None = None) -> tuple[Request, str | None]:
    """A request of this workspace with the person's address, None when they are erased. Raises Http404."""
    with processing(request.workspace.id, queries.FULFIL, by=_by(request), act="request.read") as activity:
        found = queries.requests(request.workspace.id).filter(pk=request_id).first()
        if found is None or (kind and found.kind != kind):
            raise Http404
        activity.subject_id = found.person_id
        return found, queries.addresses([found.person_id]).get(found.person_id)


def _people(workspace_id: int, text: str) -> list[UUID]:
    """Whose address the text is; an address is looked up by its keyed hash, so only a whole one finds somebody."""
    try:
        found = queries.key_holder(workspace_id, text)
    except InvalidIdentifier:
        return []
    return [found] if found else []


def _urgency(found: Request) -> str:
    """``late``, ``soon`` or nothing."""
    if found.state == Request.State.FULFILLED:
        return ""
    left = found.due_at - timezone.now()
    return "late" if left < timedelta() else "soon" if left < SOON else ""


def _row(each: Request) -> tuple[Any, ...]:
    return each.pk, each.kind, each.state, each.received_at, each.due_at, each.fulfilled_at or "", each.person_id


def _moment(day: Any) -> datetime:
    """Now, for a request of today; the end of an earlier day, so that it never counts as later than it was."""
    now = timezone.localtime()
    return now if day == now.date() else datetime.combine(day, time(12), tzinfo=now.tzinfo)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.pk)


urlpatterns = [
    path("requests", requests, name="requests"),
    path("requests/new", new_request, name="new_request"),
    path("requests/<uuid:request_id>", one_request, name="request"),
    path("requests/<uuid:request_id>/copy", copy, name="request_copy"),
    path("requests/<uuid:request_id>/link", mail_link, name="request_link"),
    path("requests/<uuid:request_id>/erase", erase, name="request_erase"),
]

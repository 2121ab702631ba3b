"""Distribution lists: made, changed, put away; who is on them, and how they grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.list_figures import RANGES, Growth, growth
from tillit.console.list_forms import ListForm, WelcomeForm
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.people_listing import REGIONS, PeopleListing
from tillit.ledger.processing import processing, user_actor
from tillit.ledger.versions import in_force
from tillit.people import lists as keeping
from tillit.people import queries
from tillit.people.models import MailingList, Subscription
from tillit.people.patience import TooSlow
from tillit.people.queries import ListFigures

ADMINISTER = "audience.administer"


@page(role=Role.VIEWER)
def lists(request: PageRequest) -> HttpResponse:
    """The lists with the number of people in each standing."""
    archived = request.GET.get("show") == "archived"
    listing = Listing(
        request,
        queries.lists(request.workspace.id, archived=archived),
        sorts={"name": "name", "newest": "-id"},
        search=lambda found, text: found.filter(name__icontains=text),
        keeps=("show",),
    )
    with processing(request.workspace.id, ADMINISTER, by=_by(request), act="list.read"):
        figures, counting = _figures(request, listing.rows)
    told = {"listing": listing, "figures": figures, "counting": counting, "archived": archived}
    return render(request, "console/lists/index.html", told)


@page(role=Role.VIEWER)
def mailing_list(request: PageRequest, list_id: int) -> HttpResponse:
    """One list: its people, how many stand how, and how it grew."""
    found = _list(request, list_id)
    with processing(request.workspace.id, ADMINISTER, by=_by(request), act="list.read", about=f"list:{found.pk}"):
        (figures,), counting = _figures(request, [found])
        listing = PeopleListing(request, request.workspace.id, in_force(request.workspace.id), list_id=found.pk)
        rows = listing.rows
        grown = None if counting else _growth(request, found, listing)
    told = {
        "list": found,
        "figures": figures,
        "counting": counting,
        "listing": listing,
        "rows": rows,
        "growth": grown,
        "ranges": RANGES,
        "states": [("", _("Everybody")), *Subscription.State.choices],
        "regions": REGIONS.items(),
    }
    return render(request, "console/lists/list.html", told)


def _growth(request: PageRequest, found: MailingList, listing: PeopleListing) -> Growth | None:
    """How the list grew, on the first page of everybody on it."""
    if listing.filtered or "after" in request.GET or "before" in request.GET:
        return None
    try:
        return growth(found, wanted=request.GET.get("range", ""), today=timezone.localdate())
    except TooSlow:
        return None


def _figures(request: PageRequest, found: Sequence[MailingList]) -> tuple[list[ListFigures], str]:
    """The lists with their figures, and the address that counts them, which the page asks for once it is shown.

    Counting reads everybody on a list: of a million people, that would be most of the time the page takes. Where it is
    a matter of a moment it is done at once, and there is no such address.
    """
    if "counted" not in request.GET and not queries.counted_soon(found):
        asked = request.GET.copy()
        asked["counted"] = "1"
        return [ListFigures(each) for each in found], f"{request.path}?{asked.urlencode()}"
    try:
        return queries.figures(found), ""
    except TooSlow:
        return [ListFigures(each) for each in found], ""


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_list(request: PageRequest) -> HttpResponse:
    """Make a list."""
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = keeping.make_list(request.workspace.id, **form.told(), by=_by(request))
        except keeping.NameTaken:
            form.taken()
        else:
            messages.success(request, _("The list was made."))
            return redirect(address("list", request.workspace.id, made.pk))
    return _form(request, form, {"heading": _("New list")})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def edit_list(request: PageRequest, list_id: int) -> HttpResponse:
    """Change a list."""
    found = _list(request, list_id)
    form = ListForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.change_list(found, **form.told(), by=_by(request))
        except keeping.NameTaken:
            form.taken()
        else:
            messages.success(request, _("The changes were saved."))
            return redirect(address("list", request.workspace.id, list_id))
    return _form(request, form, {"heading": _("Change the list"), "list": _list(request, list_id)})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def welcome(request: PageRequest, list_id: int) -> HttpResponse:
    """The mail that welcomes whoever joins by their own act, with a preview of what is written."""
    found = _list(request, list_id)
    form = WelcomeForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        keeping.change_list(found, name=found.name, welcome=form.told(), by=_by(request))
        messages.success(request, _("The changes were saved."))
        return redirect(address("list_welcome", request.workspace.id, list_id))
    told = {"list": found, "form": form, "previews": form.previews()}
    return render(request, "console/lists/welcome.html", told, status=422 if form.errors else 200)


@verb(role=Role.EDITOR)
def archive(request: PageRequest, list_id: int) -> HttpResponse:
    """Put a list away."""
    keeping.archive(_list(request, list_id), by=_by(request), now=timezone.now())
    messages.success(request, _("The list was put away. Its people stay as they are, and it can be taken up again."))
    return redirect(address("lists", request.workspace.id))


@verb(role=Role.EDITOR)
def restore(request: PageRequest, list_id: int) -> HttpResponse:
    """Take a list into use again."""
    keeping.restore(_list(request, list_id), by=_by(request))
    messages.success(request, _("The list is in use again."))
    return redirect(address("list", request.workspace.id, list_id))


def _form(request: PageRequest, form: ListForm, told: dict[str, Any]) -> HttpResponse:
    return render(request, "console/lists/form.html", {"form": form, **told}, status=422 if form.errors else 200)


def _list(request: PageRequest, list_id: int) -> MailingList:
    return get_object_or_404(queries.every_list(request.workspace.id), pk=list_id)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


urlpatterns = [
    path("lists", lists, name="lists"),
    path("lists/new", new_list, name="new_list"),
    path("lists/<int:list_id>", mailing_list, name="list"),
    path("lists/<int:list_id>/edit", edit_list, name="edit_list"),
    path("lists/<int:list_id>/welcome", welcome, name="list_welcome"),
    path("lists/<int:list_id>/archive", archive, name="archive_list"),
    path("lists/<int:list_id>/restore", restore, name="restore_list"),
]

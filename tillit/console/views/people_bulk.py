"""Acts on many people: chosen, previewed, begun, watched, undone; and filters that are kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.accounts.roles import allows
from tillit.console.activities import actors_in_words
from tillit.console.bulk_page import chosen, foreseen, in_words, outcomes, what, what_of, whom
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, role_too_low, verb
from tillit.console.people_listing import PeopleListing
from tillit.ledger.processing import user_actor
from tillit.ledger.versions import in_force
from tillit.people import queries
from tillit.people.bulk import actions, filters
from tillit.people.lists import NameTaken
from tillit.people.models import BulkAct
from tillit.people.records import ADMINISTER, UnreadableValue
from tillit.people.selection import Selection
from tillit.people.values import wanted as wanted_value

#: What can be done, and the least role that may: whoever takes something away for good, or a protection, is an owner.
VERBS = {
    **dict.fromkeys(("list.add", "list.remove", "field.set", "person.restrict"), Role.EDITOR),
    **dict.fromkeys(("person.lift", "person.erase"), Role.OWNER),
}


@page(role=Role.EDITOR, methods=("GET", "POST"))
def bulk(request: PageRequest) -> HttpResponse:
    """Choose what to do to the people an address means; see what it would do; begin it."""
    workspace_id, by = request.workspace.id, user_actor(request.user.id)
    selection, listing = _selection(request)
    if request.GET.get("chosen") and not selection.ids:
        messages.warning(request, _("Tick somebody first."))
        return redirect(address("people", workspace_id) + listing.href())
    name, arguments = request.GET.get("verb", ""), _arguments(request)
    told: dict[str, Any] = {
        "whom": whom(workspace_id, selection),
        "lists": queries.lists(workspace_id),
        "fields": queries.fields(workspace_id).filter(category__in=in_force(workspace_id).rules[ADMINISTER].categories),
        "carried": [(key, value) for key, values in request.GET.lists() if key not in _OWN for value in values],
        "given": {"verb": name, **arguments},
        "back": listing.href(),
        "export": urlencode([("id", each) for each in selection.ids] or listing.carried),
    }
    if name in VERBS:
        if not allows(request.membership, VERBS[name]):
            return role_too_low(request, VERBS[name])
        try:
            meant, sure = actions.meant_by(workspace_id, name, arguments), True
            counted = actions.preview(workspace_id, selection, meant, by=by)
            if request.method == "POST":
                sure = not actions.one_by_one(name) or _number(request.POST.get("sure")) == counted.change
                if sure:
                    act = actions.begin(workspace_id, selection, name, arguments, by=by)
                    return redirect(address("bulk_act", workspace_id, act.pk))
            told |= {"preview": counted, "what": what_of(workspace_id, name, arguments), "unsure": not sure}
            told |= {"outcomes": foreseen(counted, name), "for_good": actions.one_by_one(name) is not None}
        except UnreadableValue as unreadable:
            expected = wanted_value(unreadable.field) or unreadable.field.get_type_display()
            told["error"] = _("This is no value of “%(field)s”: %(wanted)s.") % {
                "field": unreadable.field.said(),
                "wanted": expected,
            }
    wrong = "error" in told or told.get("unsure")
    return render(request, "console/people/bulk.html", told, status=422 if wrong else 200)


def _number(text: str | None) -> int | None:
    """A number as somebody types it, with spaces, points or commas between the thousands."""
    digits = "".join((text or "").replace(".", "").replace(",", "").split())
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


#: Parameters of the act; the others say whom it is about.
_OWN = ("verb", "to", "field", "text", "only_empty", "after", "before")


def _selection(request: PageRequest) -> tuple[Selection, PeopleListing]:
    listing = PeopleListing(request, request.workspace.id, in_force(request.workspace.id))
    if ids := chosen(request.GET):
        return Selection(ids=ids), listing
    return Selection.of(listing.wanted.kept()), listing


def _arguments(request: PageRequest) -> dict[str, Any]:
    given, name = request.GET, request.GET.get("verb", "")
    if name == "field.set":
        told = {"field": given.get("field", "")[:63], "text": given.get("text", "")[:2000]}
        return {**told, "only_empty": bool(given.get("only_empty"))}
    if name.startswith("person."):
        return {}
    number = given.get("to", "")
    return {"list": int(number) if number.isdecimal() and len(number) < 10 else 0}


@page(role=Role.VIEWER)
def bulk_acts(request: PageRequest) -> HttpResponse:
    """The acts on many people, newest first."""
    found = BulkAct.objects.filter(workspace_id=request.workspace.id)
    listing = Listing(request, found, sorts={"newest": "-id"})
    actors = actors_in_words({act.by for act in listing})
    rows = [(act, what(act), actors[act.by]) for act in listing]
    return render(request, "console/people/bulk_acts.html", {"listing": listing, "rows": rows})


@page(role=Role.VIEWER)
def bulk_act(request: PageRequest, act_id: int) -> HttpResponse:
    """How far an act on many people is, and what came of it."""
    return render(request, "console/people/bulk_act.html", _told(request, act_id))


@page(role=Role.VIEWER)
def bulk_progress(request: PageRequest, act_id: int) -> HttpResponse:
    """The moving part of the page."""
    return render(request, "console/people/_bulk_progress.html", _told(request, act_id))


def _told(request: PageRequest, act_id: int) -> dict[str, Any]:
    act, now = _act(request, act_id), timezone.now()
    return {
        "act": act,
        "what": what(act),
        "whom": in_words(request.workspace.id, act.selection),
        "actor": actors_in_words({act.by})[act.by],
        "outcomes": outcomes(act.counts),
        "undoable": actions.can_undo(act, now=now),
        "resumable": act.state in {BulkAct.State.STOPPED, BulkAct.State.FAILED}
        and act.done < act.total
        and allows(request.membership, VERBS[act.verb]),
        "until": act.created_at + actions.UNDO_FOR,
        "left": act.counts.get("change", 0) if act.state == BulkAct.State.UNDOING else act.total - act.done,
    }


@verb(role=Role.EDITOR)
def stop_bulk(request: PageRequest, act_id: int) -> HttpResponse:
    """Stop after the people it is at."""
    act = _act(request, act_id)
    if actions.stop(act):
        undone = actions.one_by_one(act.verb) is None
        stopped = _("The act was stopped. What is done can be undone, or gone on with.")
        messages.success(request, stopped if undone else _("The act was stopped. What is done cannot be undone."))
    return redirect(address("bulk_act", request.workspace.id, act_id))


@verb(role=Role.EDITOR)
def resume_bulk(request: PageRequest, act_id: int) -> HttpResponse:
    """Go on where it ended; whoever may not begin such an act does not go on with one that was stopped either."""
    act = _act(request, act_id)
    if not allows(request.membership, VERBS[act.verb]):
        return role_too_low(request, VERBS[act.verb])
    actions.go_on(act, now=timezone.now())
    return redirect(address("bulk_act", request.workspace.id, act_id))


@verb(role=Role.EDITOR)
def undo_bulk(request: PageRequest, act_id: int) -> HttpResponse:
    """Set back what still is as the act left it."""
    actions.undo(_act(request, act_id), now=timezone.now(), by=user_actor(request.user.id))
    return redirect(address("bulk_act", request.workspace.id, act_id))


def _act(request: PageRequest, act_id: int) -> BulkAct:
    return get_object_or_404(BulkAct.objects.filter(workspace_id=request.workspace.id), pk=act_id)


@verb(role=Role.EDITOR)
def save_filter(request: PageRequest) -> HttpResponse:
    """Keep the filters of the people's page under a name."""
    selection, listing = _selection(request)
    try:
        kept = filters.save(
            request.workspace.id, selection, name=request.POST.get("name", ""), by=user_actor(request.user.id)
        )
    except filters.NothingToKeep:
        messages.error(request, _("Choose a list, a state or a region, and give the filter a name."))
    except NameTaken:
        messages.error(request, _("Another filter has this name."))
    else:
        messages.success(request, _("The filter “%(name)s” was kept.") % {"name": kept})
    return redirect(address("people", request.workspace.id) + listing.href())


@verb(role=Role.EDITOR)
def remove_filter(request: PageRequest, filter_id: int) -> HttpResponse:
    """Forget a filter."""
    filters.remove(get_object_or_404(filters.saved(request.workspace.id), pk=filter_id), by=user_actor(request.user.id))
    messages.success(request, _("The filter was forgotten."))
    return redirect(address("people", request.workspace.id))


urlpatterns = [
    path("people/bulk", bulk, name="bulk"),
    path("people/bulk/acts", bulk_acts, name="bulk_acts"),
    path("people/bulk/acts/<int:act_id>", bulk_act, name="bulk_act"),
    path("people/bulk/acts/<int:act_id>/progress", bulk_progress, name="bulk_progress"),
    path("people/bulk/acts/<int:act_id>/stop", stop_bulk, name="stop_bulk"),
    path("people/bulk/acts/<int:act_id>/resume", resume_bulk, name="resume_bulk"),
    path("people/bulk/acts/<int:act_id>/undo", undo_bulk, name="undo_bulk"),
    path("people/filters", save_filter, name="save_filter"),
    path("people/filters/<int:filter_id>/delete", remove_filter, name="remove_filter"),
]

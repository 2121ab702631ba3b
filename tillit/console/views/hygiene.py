"""List hygiene: what is wrong with the addresses of a list, who they are, and what is done about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tillit.accounts.models import Role
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.ledger.processing import processing, user_actor
from tillit.people import queries
from tillit.people.hygiene import looking, mending
from tillit.people.hygiene.domains import suggestion
from tillit.people.models import ListCheck, ListMending, MailingList
from tillit.people.patience import TooSlow, patience
from tillit.people.search import details

ADMINISTER = "audience.administer"
State = ListMending.State


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind is called, what it means, and the icon it has."""

    title: str | Promise
    text: str | Promise
    icon: str


KINDS = {
    "bouncing": Words(
        gettext_lazy("Bouncing"),
        gettext_lazy(
            "Mail to them was refused for good. Nothing is sent to them, and they weigh on the list’s figures."
        ),
        "mail-x",
    ),
    "dormant": Words(
        gettext_lazy("Dormant"),
        gettext_lazy(
            "They got three mails or more in half a year and opened none. Whoever objects to being measured is not"
            " among them: nobody can know."
        ),
        "moon",
    ),
    "role": Words(
        gettext_lazy("Role addresses"),
        gettext_lazy("Addresses of a function, such as info@: several people read them, and none of them said yes."),
        "users-group",
    ),
    "disposable": Words(
        gettext_lazy("Disposable"),
        gettext_lazy("Addresses from services that give them out for a short while. Soon nobody reads them."),
        "clock",
    ),
    "typo": Words(
        gettext_lazy("Mistyped"),
        gettext_lazy(
            "Addresses whose domain is one slip away from a large provider’s, or whose ending does not exist."
        ),
        "edit",
    ),
}


@page(role=Role.VIEWER)
def hygiene(request: PageRequest, list_id: int) -> HttpResponse:
    """What was found when the list was last looked through, and what was done about it."""
    return render(request, "console/hygiene/index.html", _told(_list(request, list_id)))


@page(role=Role.VIEWER)
def hygiene_progress(request: PageRequest, list_id: int) -> HttpResponse:
    """The same as a fragment that asks again while something runs."""
    return render(request, "console/hygiene/_found.html", _told(_list(request, list_id)))


def _told(found: MailingList) -> dict[str, Any]:
    check = ListCheck.objects.filter(list=found).first()
    acts = list(ListMending.objects.filter(list=found).order_by("-id")[:20])
    running = [each for each in acts if each.state in {State.QUEUED, State.RUNNING, State.UNDOING}]
    oldest = timezone.now() - mending.UNDO_WITHIN
    numbers = check.found if check else {}
    return {
        "list": found,
        "check": check,
        "numbers": [(kind, words, numbers.get(kind, 0)) for kind, words in KINDS.items()] if numbers else [],
        "typos": numbers.get("typos", []),
        "disposable": numbers.get("disposable_domains", []),
        "acts": [(act, KINDS[act.kind].title, act.state == State.DONE and act.at >= oldest) for act in acts],
        "running": bool(running) or bool(check and check.state == ListCheck.State.RUNNING),
    }


@verb(role=Role.EDITOR)
def look_through(request: PageRequest, list_id: int) -> HttpResponse:
    """Look through the list."""
    looking.begin(_list(request, list_id), by=_by(request), now=timezone.now())
    return redirect(address("hygiene", request.workspace.id, list_id))


@page(role=Role.VIEWER)
def hygiene_kind(request: PageRequest, list_id: int, kind: str) -> HttpResponse:
    """The people of one kind, and what can be done about all of them."""
    found = _list(request, list_id)
    if kind not in KINDS:
        raise Http404
    try:
        with processing(request.workspace.id, ADMINISTER, by=_by(request), act="people.read", about=f"list:{found.pk}"):
            with patience():
                ids, number = looking.page(found.pk, kind, after=_after(request), now=timezone.now())
            people = details(ids[: looking.PER_PAGE])
    except TooSlow:
        messages.warning(request, _("Finding them took too long, and was stopped. Look through the list first."))
        return redirect(address("hygiene", request.workspace.id, found.pk))
    told = {
        "list": found,
        "kind": kind,
        "words": KINDS[kind],
        "people": [(person, _meant(person.address) if kind == "typo" else "") for person in people],
        "number": number,
        "next": ids[looking.PER_PAGE - 1] if len(ids) > looking.PER_PAGE else None,
    }
    return render(request, "console/hygiene/kind.html", told)


def _meant(text: str) -> str:
    local, _at, domain = text.rpartition("@")
    meant = suggestion(domain)
    return f"{local}@{meant}" if meant else ""


def _after(request: PageRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return None


@verb(role=Role.EDITOR)
def hygiene_remove(request: PageRequest, list_id: int, kind: str) -> HttpResponse:
    """Take everybody of a kind off the list."""
    found = _list(request, list_id)
    if kind not in KINDS:
        raise Http404
    done = mending.remove(found, kind, by=_by(request), now=timezone.now(), total=_expected(found, kind))
    return _answer(request, found, done)


@verb(role=Role.EDITOR)
def hygiene_mend(request: PageRequest, list_id: int) -> HttpResponse:
    """Mend the addresses of one mistyped domain."""
    found, domain = _list(request, list_id), request.POST.get("domain", "").strip().lower()[:253]
    done = mending.mend(found, domain, by=_by(request), now=timezone.now(), total=_expected(found, "typo", domain))
    return _answer(request, found, done)


@verb(role=Role.EDITOR)
def hygiene_undo(request: PageRequest, list_id: int, mending_id: int) -> HttpResponse:
    """Undo an act."""
    found = _list(request, list_id)
    act = get_object_or_404(ListMending, list=found, pk=mending_id)
    return _answer(request, found, mending.undo(act, by=_by(request), now=timezone.now()))


def _expected(found: MailingList, kind: str, domain: str = "") -> int:
    """How many people the last look found of a kind; many where nobody has looked, so that a job does it."""
    check = ListCheck.objects.filter(list=found).first()
    if check is None:
        return mending.SMALL + 1
    if domain:
        return next((number for name, _meant, number in check.found.get("typos", []) if name == domain), 0)
    return int(check.found.get(kind, 0))


def _answer(request: PageRequest, found: MailingList, act: ListMending) -> HttpResponse:
    if act.state in {State.DONE, State.UNDONE}:
        messages.success(request, _said(act))
        looking.begin(found, by=_by(request), now=timezone.now())
    return redirect(address("hygiene", request.workspace.id, found.pk))


def _said(act: ListMending) -> str:
    counts = act.counts
    if act.state == State.UNDONE:
        back = counts.get("put_back", 0)
        return ngettext("%(number)s was put back.", "%(number)s were put back.", back) % {"number": back}
    if act.act == ListMending.Act.REMOVE:
        off = counts.get("removed", 0)
        said = ngettext("%(number)s person was taken off.", "%(number)s people were taken off.", off)
        return said % {"number": off}
    mended, left = counts.get("mended", 0), counts.get("taken", 0) + counts.get("barred", 0)
    said = ngettext("%(number)s address was mended.", "%(number)s addresses were mended.", mended) % {"number": mended}
    if left:
        more = ngettext(
            "%(number)s stays: the right address is another person’s, was erased or is suppressed.",
            "%(number)s stay: the right addresses are other people’s, were erased or are suppressed.",
            left,
        )
        said = f"{said} {more % {'number': left}}"
    return said


def _list(request: PageRequest, list_id: int) -> MailingList:
    return get_object_or_404(queries.every_list(request.workspace.id), pk=list_id)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


urlpatterns = [
    path("lists/<int:list_id>/hygiene", hygiene, name="hygiene"),
    path("lists/<int:list_id>/hygiene/progress", hygiene_progress, name="hygiene_progress"),
    path("lists/<int:list_id>/hygiene/look", look_through, name="hygiene_look"),
    path("lists/<int:list_id>/hygiene/mend", hygiene_mend, name="hygiene_mend"),
    path("lists/<int:list_id>/hygiene/acts/<int:mending_id>/undo", hygiene_undo, name="hygiene_undo"),
    path("lists/<int:list_id>/hygiene/<slug:kind>", hygiene_kind, name="hygiene_kind"),
    path("lists/<int:list_id>/hygiene/<slug:kind>/remove", hygiene_remove, name="hygiene_remove"),
]

"""The preference centre: what a person permits, which lists they are on, and the way to their rights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.consent import notices
from tillit.consent.actions import choose, save_preferences
from tillit.consent.marketing import stop_marketing
from tillit.consent.models import Choice
from tillit.consent.queries import Preferences, PurposeLine, preferences
from tillit.consent.signal import HEADER, objections
from tillit.edge.tokens import Kind
from tillit.ledger.processing import person_actor
from tillit.policy.fold import ChoiceState
from tillit.public.pages import Visit, gone, language_of, show, token_page
from tillit.public.words import masked
from tillit.rights.rectify import correct_names, name_fields, set_language

PREFERENCES = (Kind.PREFERENCES,)
ON = "on"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was saved, as the page tells it; a choice has its receipt."""

    what: str
    state: str | Promise
    receipt: str = ""


@token_page("GET", "POST", kinds=PREFERENCES)
def centre(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the preference centre; POST saves what was changed on it."""
    known = _read(visit)
    if known is None:
        return gone(request, visit)
    if request.method != "POST":
        said = _heed_signal(request, visit, known)
        return again(request, visit, said, signalled=True) if said else _page(request, visit, known)
    changed = {line.id: line for line in known.choosable if _changed(request, f"purpose.{line.id}", line.on)}
    unread = set() if _read_in_force(request, known) else {name for name, line in changed.items() if not line.on}
    heeded = {name: line for name, line in changed.items() if name not in unread}
    changes = list(_save(request, visit, known, heeded))
    return again(request, visit, changes, saved=True, unread=bool(unread))


@token_page("POST", kinds=PREFERENCES)
def stop(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Stop all marketing and leave every list."""
    stopped = stop_marketing(visit.workspace.pk, visit.person_id, method=Choice.Method.PREFERENCES, now=timezone.now())
    language = language_of(request)
    changes = [
        Change(visit.version.document.purposes[purpose].title.said(language), _("off"), visit.receipt(receipt))
        for purpose, receipt in stopped.receipts.items()
    ]
    return again(request, visit, changes, stopped=True)


@token_page("POST", kinds=PREFERENCES)
def names(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Correct the person's names. Source: GDPR art 16; CLAUSES E8."""
    fields = {field.name: field.said() for field in name_fields(visit.workspace.pk)}
    given = {name: request.POST[f"name.{name}"] for name in fields if f"name.{name}" in request.POST}
    changed = correct_names(visit.workspace.pk, visit.person_id, given)
    return again(request, visit, [Change(fields[name], _("corrected")) for name in changed], saved=True)


@token_page("POST", kinds=PREFERENCES)
def language(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Write to the person in another language from now on."""
    chosen = request.POST.get("language", "")
    known = dict(settings.LANGUAGES)
    if chosen not in known:
        return again(request, visit, [], saved=True)
    set_language(visit.workspace.pk, visit.person_id, chosen)
    return again(request, visit, [Change(str(known[chosen]), _("your language"))], saved=True)


def _heed_signal(request: HttpRequest, visit: Visit, known: Preferences) -> list[Change]:
    """Record what a browser that sends Global Privacy Control says no to; nothing when it was said before."""
    decisions = objections(known) if request.headers.get(HEADER) == "1" else {}
    if not decisions:
        return []
    method, now = Choice.Method.SIGNAL, timezone.now()
    receipts = choose(visit.workspace.pk, visit.person_id, decisions, method=method, now=now)
    document, tongue = known.version.document, language_of(request, known.person.language)
    return [
        Change(document.purposes[name].title.said(tongue), _("off"), visit.receipt(receipt))
        for name, receipt in receipts.items()
    ]


def _read(visit: Visit) -> Preferences | None:
    return preferences(visit.workspace.pk, visit.person_id, by=person_actor(visit.person_id))


def again(request: HttpRequest, visit: Visit, changes: list[Change], **more: Any) -> HttpResponse:
    """The preference centre as it stands after something was done, with what was done on top."""
    known = _read(visit)
    return gone(request, visit) if known is None else _page(request, visit, known, changes=changes, **more)


def _page(request: HttpRequest, visit: Visit, known: Preferences, **more: Any) -> HttpResponse:
    fields = [(field, known.names.get(field.name, "")) for field in name_fields(visit.workspace.pk)]
    return show(
        request,
        "preferences",
        visit=visit,
        person_language=known.person.language,
        home=reverse("public:preferences", args=[visit.text]),
        known=known,
        address=masked(known.address),
        fields=fields,
        all_languages=settings.LANGUAGES,
        **more,
    )


def _read_in_force(request: HttpRequest, known: Preferences) -> bool:
    """Whether the page that was sent showed the policy in force: a yes to other words is none.

    A no needs nothing to be read. Source: GDPR art 4(11), 7(1).
    """
    return request.POST.get("policy", "") == str(known.version.number)


def _save(request: HttpRequest, visit: Visit, known: Preferences, changed: dict[str, PurposeLine]) -> Iterator[Change]:
    """Save what the person changed: what the form says now, against what it said when they opened it.

    What somebody else changed meanwhile is left alone, and a form sent twice changes nothing the second time.
    """
    now, tongue = timezone.now(), language_of(request, known.person.language)
    lists = {line.list.pk: line for line in known.lists if _changed(request, f"list.{line.list.pk}", line.on)}
    saved = save_preferences(
        visit.workspace.pk,
        visit.person_id,
        decisions={name: _decision(line) for name, line in changed.items()},
        notices={name: _notice(known, line, tongue) for name, line in changed.items()},
        join=[number for number, line in lists.items() if not line.on],
        leave=[number for number, line in lists.items() if line.on],
        now=now,
    )
    for name, receipt in saved.receipts.items():
        state = _("off") if changed[name].on else _("on")
        yield Change(changed[name].purpose.title.said(tongue), state, visit.receipt(receipt))
    for number in saved.lists:
        yield Change(lists[number].list.title(tongue), _("left") if lists[number].on else _("joined"))


def _changed(request: HttpRequest, name: str, on: bool) -> bool:
    was, wanted = request.POST.get(f"was.{name}"), request.POST.get(name) == ON
    return was in ("0", "1") and wanted not in {was == "1", on}


def _decision(line: PurposeLine) -> ChoiceState:
    return line.refusal if line.on else ChoiceState.GRANTED


def _notice(known: Preferences, line: PurposeLine, language: str) -> str:
    shown = notices.purpose_notice(known.version.document, line.purpose, language)
    return notices.keep(shown, language=language, now=timezone.now())

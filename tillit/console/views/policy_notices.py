"""Telling people of a change: which notices there are, the mail and whom it concerns, how far it is, stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from tillit.accounts.models import Role
from tillit.accounts.roles import allows
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.policy_page import language, number_in
from tillit.delivery.models import Message
from tillit.delivery.queries import senders_at_work
from tillit.governance import notice_queries, notices, previews
from tillit.governance.banner import AFTER
from tillit.governance.compared import grouped, since_before
from tillit.governance.models import ChangeNotice
from tillit.ledger.models import PolicyVersion
from tillit.ledger.processing import user_actor
from tillit.ledger.versions import version
from tillit.policy.regions import Region
from tillit.policy.statement_words import Words

State = ChangeNotice.State
RUNNING = (State.QUEUED, State.RUNNING)


class WordsForm(forms.Form):
    """What the officer adds to the mail, in each language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, _name in settings.LANGUAGES:
            self.fields[code] = forms.CharField(
                label=get_language_info(code)["name_local"].capitalize(),
                required=False,
                max_length=notices.MAX_WORDS,
                widget=forms.Textarea(attrs={"rows": 4, "lang": code}),
            )
        self.fields[settings.LANGUAGES[-1][0]].help_text = gettext_lazy(
            "Plain text, above what the change means for the reader. You may leave it out."
        )


@page(role=Role.VIEWER)
def policy_notices(request: PageRequest) -> HttpResponse:
    """The notices of the workspace, and the versions that nobody was told of yet."""
    listing = Listing(request, notice_queries.notices(request.workspace.pk), sorts={"newest": "-id"})
    told = {
        "listing": listing,
        "rows": [(notice, notices.waiting(notice)) for notice in listing],
        "untold": notice_queries.untold(request.workspace.pk, now=timezone.now()),
        "now": timezone.now(),
    }
    return render(request, "console/policy/notices.html", told)


@verb(role=Role.EDITOR)
def new_policy_notice(request: PageRequest) -> HttpResponse:
    """Begin a notice of a version."""
    rows = PolicyVersion.objects.filter(workspace=request.workspace)
    row = get_object_or_404(rows.only("pk"), number=number_in(request.POST.get("version")))
    made = notices.draft(version(row.pk), by=request.user.pk, now=timezone.now())
    return redirect(address("policy_notice", request.workspace.pk, made.pk))


@page(role=Role.VIEWER, methods=("GET", "POST"))
def policy_notice(request: PageRequest, notice_id: int) -> HttpResponse:
    """A notice: whom it concerns and what it says before it begins; how far it is, and what came of it, after."""
    notice = _one(request, notice_id)
    form = WordsForm(request.POST or None, initial=notice.words)
    if request.method == "POST":
        if not allows(request.membership, Role.EDITOR):
            return HttpResponse(status=403)
        if form.is_valid():
            notices.write(notice, form.cleaned_data)
            messages.success(request, _("Your words were saved."))
            return _to(request, notice)
    by, told_of = user_actor(request.user.pk), version(notice.version_id)
    told: dict[str, Any] = {
        **_progress(notice),
        "form": form,
        "told": told_of,
        "groups": grouped(since_before(told_of).material, language()),
        "withdrawn": hasattr(notice.version, "withdrawal"),
        "short": told_of.effective_at - timezone.now() < notices.REASONABLE - timedelta(days=1),
        "until": told_of.effective_at + AFTER,
        "now": timezone.now(),
        "languages": settings.LANGUAGES,
    }
    if notice.state == State.DRAFT:
        told["concerned"] = notices.count(told_of, by=by)
    else:
        told["outcomes"] = _outcomes(notice, by=by)
    return render(request, "console/policy/notice.html", told, status=422 if form.errors else 200)


def _outcomes(notice: ChangeNotice, *, by: str) -> list[tuple[str, str, int]]:
    """(state, its words, number) of the notice's mails."""
    labels = dict(Message.State.choices)
    found = notices.outcomes(notice, by=by)
    return [(state, str(labels[state]), found[state]) for state in Message.State.values if state in found]


@page(role=Role.VIEWER)
def policy_notice_progress(request: PageRequest, notice_id: int) -> HttpResponse:
    """How far a notice is, asked every other second; the whole page comes anew when it has moved on."""
    notice = _one(request, notice_id)
    told = _progress(notice)
    if request.GET.get("at") != told["at"]:
        return HttpResponseClientRefresh()
    return render(request, "console/policy/_notice_progress.html", told)


def _progress(notice: ChangeNotice) -> dict[str, Any]:
    waiting = notices.waiting(notice)
    queueing, sending = notice.state in RUNNING, waiting > 0
    return {
        "notice": notice,
        "waiting": waiting,
        "sent": max(0, notice.done - waiting),
        "running": queueing or sending,
        "queueing": queueing,
        "at": f"{notice.state}-{int(sending)}",
        "senders": senders_at_work() if sending else [],
    }


@verb(role=Role.EDITOR)
def start_policy_notice(request: PageRequest, notice_id: int) -> HttpResponse:
    """Begin to tell people, or go on."""
    notice = _one(request, notice_id)
    notices.start(notice, by=request.user.pk, now=timezone.now())
    messages.success(request, _("People are being told. You can leave this page."))
    return _to(request, notice)


@verb(role=Role.EDITOR)
def stop_policy_notice(request: PageRequest, notice_id: int) -> HttpResponse:
    """Stop, and withhold what waits."""
    notice = _one(request, notice_id)
    number = notices.stop(notice, by=user_actor(request.user.pk), now=timezone.now())
    text = ngettext(
        "The notice was stopped; %(number)d mail was held back.",
        "The notice was stopped; %(number)d mails were held back.",
        number,
    )
    messages.success(request, text % {"number": number})
    return _to(request, notice)


@page(role=Role.EDITOR)
def policy_notice_people(request: PageRequest, notice_id: int) -> HttpResponse:
    """People whom the notice concerns, to preview the mail as."""
    notice = _one(request, notice_id)
    words = Words(language())
    found = previews.candidates(notice, request.GET.get("q", "")[:200], by=user_actor(request.user.pk))
    people = [(each, words.region(Region(each.region)) if each.region in list(Region) else "") for each in found]
    return render(request, "console/policy/_notice_people.html", {"notice": notice, "people": people})


@page(role=Role.EDITOR)
def policy_notice_preview(request: PageRequest, notice_id: int) -> HttpResponse:
    """The mail as one of them would get it."""
    notice = _one(request, notice_id)
    person = _person(request.GET.get("person", ""))
    found = (
        previews.preview(
            notice,
            request.workspace,
            person,
            language=request.GET.get("in", ""),
            by=user_actor(request.user.pk),
            now=timezone.now(),
        )
        if person
        else None
    )
    told = {"mail": found[0] if found else None, "tongue": found[1] if found else ""}
    return render(request, "console/policy/_notice_preview.html", told)


def _person(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _one(request: PageRequest, notice_id: int) -> ChangeNotice:
    found: ChangeNotice = get_object_or_404(notice_queries.notices(request.workspace.pk), pk=notice_id)
    return found


def _to(request: PageRequest, notice: ChangeNotice) -> HttpResponse:
    return redirect(address("policy_notice", request.workspace.pk, notice.pk))


urlpatterns = [
    path("policy/notices", policy_notices, name="policy_notices"),
    path("policy/notices/new", new_policy_notice, name="new_policy_notice"),
    path("policy/notices/<int:notice_id>", policy_notice, name="policy_notice"),
    path("policy/notices/<int:notice_id>/progress", policy_notice_progress, name="policy_notice_progress"),
    path("policy/notices/<int:notice_id>/start", start_policy_notice, name="start_policy_notice"),
    path("policy/notices/<int:notice_id>/stop", stop_policy_notice, name="stop_policy_notice"),
    path("policy/notices/<int:notice_id>/people", policy_notice_people, name="policy_notice_people"),
    path("policy/notices/<int:notice_id>/preview", policy_notice_preview, name="policy_notice_preview"),
]

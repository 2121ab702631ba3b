"""The YAML of a draft: checked while one writes, saved, and brought together with what others saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.policy_markdown import rendered
from tillit.console.policy_page import chosen_ours, draft_or_404, draft_page, number_in, show_clash
from tillit.governance import draft_queries, drafts
from tillit.governance.models import Draft
from tillit.policy import edit
from tillit.policy.problems import Lines, PolicyErrors, Problem


@page(role=Role.VIEWER)
def policy_draft(request: PageRequest, draft_id: int) -> HttpResponse:
    """The YAML of a draft, with what is wrong by line."""
    return _yaml(request, draft_or_404(request, draft_id))


def _yaml(
    request: PageRequest,
    draft: Draft,
    *,
    text: str | None = None,
    checked: draft_queries.Checked | None = None,
    began: int = 0,
    unsaved: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with the draft's text, or with one that is not kept and what a check of it found."""
    told = draft_page(request, draft, tab="yaml")
    if text is not None:
        told |= {"text": text, "checked": checked or _checked(request, text)}
    told |= {"began": began or draft.revision, "problems": _problems(told["checked"].found), "unsaved": unsaved}
    return render(request, "console/policy/yaml.html", told, status=status)


@verb(role=Role.EDITOR)
def save_draft(request: PageRequest, draft_id: int) -> HttpResponse:
    """Keep the YAML. A text with errors can be kept; it cannot be published."""
    draft = draft_or_404(request, draft_id)
    text, began = request.POST.get("text", ""), number_in(request.POST.get("began")) or draft.revision
    if "check" in request.POST:
        return _yaml(request, draft, text=edit.normalised(text), checked=_shown(request, text), began=began)
    return save(request, draft, text, began=began, to=address("policy_draft", request.workspace.pk, draft.pk))


def _shown(request: PageRequest, text: str) -> draft_queries.Checked:
    """What is wrong with a text that is not kept; one that is too large is not read."""
    try:
        return _checked(request, drafts.acceptable(text))
    except PolicyErrors as errors:
        return draft_queries.Checked(tuple(errors.problems), None, None, Lines())


def save(request: PageRequest, draft: Draft, text: str, *, began: int, to: str, about: str = "") -> HttpResponse:
    """Keep a text and go on, or show what stands in the way: it cannot be kept, or somebody changed the same thing."""
    try:
        saved = drafts.save(draft, text, began=began, by=request.user, now=timezone.now(), about=about)
    except drafts.Clash as clash:
        action = address("settle_policy_draft", request.workspace.pk, draft.pk)
        return show_clash(request, draft, clash, action=action, began=began)
    except PolicyErrors as errors:
        unread = draft_queries.Checked(tuple(errors.problems), None, None, Lines())
        return _yaml(request, draft, text=text, checked=unread, began=began, unsaved=errors.problems[0], status=422)
    except drafts.NoSuchRevision as missing:
        raise Http404 from missing
    _say(request, saved)
    return redirect(to)


def _say(request: PageRequest, saved: drafts.Saved) -> None:
    if not saved.changed:
        messages.info(request, _("Nothing was changed."))
    elif saved.merged:
        messages.success(request, _("Saved, together with what somebody else changed meanwhile."))
    else:
        messages.success(request, _("Saved."))


@verb(role=Role.EDITOR)
def settle(request: PageRequest, draft_id: int) -> HttpResponse:
    """Save after somebody chose between two changes of the same things."""
    draft = draft_or_404(request, draft_id)
    began = number_in(request.POST.get("began"))
    try:
        saved = drafts.settle(
            draft,
            request.POST.get("text", ""),
            began=began,
            take_ours=chosen_ours(request),
            seen=number_in(request.POST.get("seen")),
            by=request.user,
            now=timezone.now(),
        )
    except drafts.Clash as clash:
        return show_clash(request, draft, clash, action=request.path, began=began)
    except drafts.NoSuchRevision as missing:
        raise Http404 from missing
    _say(request, saved)
    return redirect(address("policy_draft_summary", request.workspace.pk, draft.pk))


@verb(role=Role.VIEWER)
def check(request: PageRequest, draft_id: int) -> HttpResponse:
    """What is wrong with a text, by line, without keeping it."""
    draft_or_404(request, draft_id)
    text = request.POST.get("text", "")
    return JsonResponse({"problems": _problems(_shown(request, text).found)})


@verb(role=Role.VIEWER)
def preview(request: PageRequest, draft_id: int) -> HttpResponse:
    """A text of the statement as people will read it, with its references in words."""
    draft = draft_or_404(request, draft_id)
    checked = _checked(request, drafts.text_of(draft))
    text = request.POST.get("text", "")[:20_000]
    return HttpResponse(rendered(text, checked.document, request.POST.get("language", "en")[:10]))


def _checked(request: PageRequest, text: str) -> draft_queries.Checked:
    return draft_queries.problems_of(request.workspace.pk, text, today=timezone.localdate())


def _problems(found: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {"line": each.line, "path": each.path, "message": each.message, "mend": each.mend, "level": each.level}
        for each in found
    ]


urlpatterns = [
    path("policy/drafts/<int:draft_id>", policy_draft, name="policy_draft"),
    path("policy/drafts/<int:draft_id>/save", save_draft, name="save_policy_draft"),
    path("policy/drafts/<int:draft_id>/check", check, name="check_policy_draft"),
    path("policy/drafts/<int:draft_id>/preview", preview, name="preview_policy_text"),
    path("policy/drafts/<int:draft_id>/settle", settle, name="settle_policy_draft"),
]

"""What changes between two versions, or with a draft: in plain words, and for how many people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page
from tillit.console.policy_change_page import Link, in_draft, in_version, page_of
from tillit.console.policy_page import draft_or_404, draft_page, language, number_in
from tillit.governance import drafts, impact
from tillit.governance.compared import before, between, differences
from tillit.governance.concerned import Rules
from tillit.governance.models import Draft
from tillit.ledger.models import PolicyVersion
from tillit.ledger.processing import user_actor
from tillit.ledger.versions import NoPolicy, Version, in_force, version
from tillit.policy.diff import Changes
from tillit.policy.problems import PolicyErrors


@dataclass(frozen=True, slots=True)
class Compared:
    """Two policies compared: what differs, their rules, where a change is shown, and a name for what was counted."""

    changes: Changes
    rules: Callable[[], Rules]
    link: Link
    key: str
    counts_href: str
    asked: frozenset[str] | None = None


# -- versions ---------------------------------------------------------------------------------------------------------
@page(role=Role.VIEWER)
def policy_changes(request: PageRequest, number: int) -> HttpResponse:
    """What a version changes against the one before it, or against any other."""
    new, old = _versions(request, number)
    found = _between(request, old, new)
    shown = {
        "new": new,
        "old": old,
        "others": PolicyVersion.objects.filter(workspace=request.workspace)
        .exclude(pk=new.id)
        .order_by("-number")
        .only("number", "effective_at"),
        "told": page_of(found.changes, language(), link=found.link, counts_href=found.counts_href, chosen=found.asked),
        "now": timezone.now(),
    }
    return render(request, "console/policy/changes.html", shown)


@page(role=Role.VIEWER)
def policy_change_counts(request: PageRequest, number: int) -> HttpResponse:
    """The same with the number of people; counted against who is here today."""
    new, old = _versions(request, number)
    return _counted(request, _between(request, old, new))


def _versions(request: PageRequest, number: int) -> tuple[Version, Version | None]:
    """The version of an address, and the one it is compared with: that of ``against``, else the one before it."""
    new = _version(request, number)
    if new is None:
        raise Http404
    against = number_in(request.GET.get("against"))
    if not against:
        return new, before(new)
    old = _version(request, against)
    if old is None or old.id == new.id:
        raise Http404
    return new, old


def _version(request: PageRequest, number: int) -> Version | None:
    rows = PolicyVersion.objects.filter(workspace=request.workspace, number=number)
    found = rows.values_list("pk", flat=True).first()
    return None if found is None else version(found)


def _between(request: PageRequest, old: Version | None, new: Version) -> Compared:
    against = f"?against={old.number}" if old else ""
    natural = old == before(new)
    return Compared(
        changes=between(old, new),
        rules=lambda: Rules(old.rules if old else {}, new.rules),
        link=in_version(new),
        key=f"{old.digest if old else ''} {new.digest}",
        counts_href=address("policy_change_counts", request.workspace.pk, new.number) + against,
        asked=frozenset(new.asks_again) if natural else None,
    )


# -- drafts -----------------------------------------------------------------------------------------------------------
@page(role=Role.VIEWER)
def policy_draft_changes(request: PageRequest, draft_id: int) -> HttpResponse:
    """What a draft would change, were it published now."""
    draft = draft_or_404(request, draft_id)
    shown = draft_page(request, draft, tab="changes")
    found = compared_draft(request, draft)
    if found is not None:
        shown["told"] = page_of(found.changes, language(), link=found.link, counts_href=found.counts_href)
    return render(request, "console/policy/draft_changes.html", shown)


@page(role=Role.VIEWER)
def policy_draft_change_counts(request: PageRequest, draft_id: int) -> HttpResponse:
    """The same with the number of people, counted once a minute."""
    found = compared_draft(request, draft_or_404(request, draft_id))
    if found is None:
        raise Http404
    return _counted(request, found)


def compared_draft(request: PageRequest, draft: Draft) -> Compared | None:
    """Compare a draft with the version in force; None where its text cannot be read as a policy."""
    text = drafts.text_of(draft)
    try:
        current = in_force(request.workspace.pk)
    except NoPolicy:
        current = None
    try:
        changes = differences(current.text if current else None, text)
    except PolicyErrors:
        return None
    return Compared(
        changes=changes,
        rules=lambda: impact.rules_between(request.workspace.pk, current, changes),
        link=in_draft(draft, changes),
        key=f"draft {draft.pk}.{draft.revision} {current.digest if current else ''}",
        counts_href=address("policy_draft_change_counts", request.workspace.pk, draft.pk),
    )


def _counted(request: PageRequest, found: Compared) -> HttpResponse:
    """The fragment with its numbers; a whole page for who comes without a script."""
    counted = impact.remembered(
        request.workspace.pk,
        found.changes,
        found.rules(),
        key=found.key,
        by=user_actor(request.user.pk),
        now=timezone.now(),
        asked=found.asked,
    )
    told = page_of(found.changes, language(), link=found.link, impact=counted, chosen=found.asked)
    whole = "console/policy/counted.html"
    template = "console/policy/_changes.html" if getattr(request, "htmx", False) else whole
    return render(request, template, {"told": told, "title": _("What changes, and for whom")})


urlpatterns = [
    path("policy/versions/<int:number>/changes", policy_changes, name="policy_changes"),
    path("policy/versions/<int:number>/changes/counts", policy_change_counts, name="policy_change_counts"),
    path("policy/drafts/<int:draft_id>/changes", policy_draft_changes, name="policy_draft_changes"),
    path("policy/drafts/<int:draft_id>/changes/counts", policy_draft_change_counts, name="policy_draft_change_counts"),
]

"""The policy in force, every version there was, and what today asks to be looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, path, resolve
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.accounts.names import names_of
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.policy_sections import SECTIONS, Section
from tillit.governance import assessments, draft_queries, notice_queries
from tillit.ledger import actions
from tillit.ledger.models import PolicyVersion
from tillit.ledger.versions import NoPolicy, Version, in_force, scheduled, version
from tillit.policy.check import due as run_out
from tillit.policy.problems import Problem
from tillit.policy.reading import read_tree

#: The sections whose entries the overview counts.
COUNTED = ("purposes", "categories", "recipients", "trackers")


@page(role=Role.VIEWER)
def policy(request: PageRequest) -> HttpResponse:
    """The version in force, the one that waits, the drafts, and what must be looked at today."""
    workspace_id, now = request.workspace.pk, timezone.now()
    drafts = list(draft_queries.open_drafts(workspace_id)[:6])
    told: dict[str, Any] = {"drafts": drafts, "waiting": scheduled(workspace_id, now=now), "now": now}
    try:
        current = in_force(workspace_id)
    except NoPolicy:
        return render(request, "console/policy/overview.html", told)
    row = PolicyVersion.objects.get(pk=current.id)
    told |= {
        "current": current,
        "row": row,
        "names": names_of([row.published_by, row.reviewed_by, *(draft.changed_by for draft in drafts)]),
        "figures": [(SECTIONS[name], len(getattr(current.document, name))) for name in COUNTED],
        "written_in": current.document.languages,
        "due": due(current),
        "reviews": assessments.due(workspace_id, timezone.localdate()),
        "public": public_pages(workspace_id),
        "untold": notice_queries.untold(workspace_id, now=now),
    }
    return render(request, "console/policy/overview.html", told)


def due(current: Version) -> list[tuple[Problem, Section | None]]:
    """What the day asks to be looked at in a version: what ran out, and which reviews are due; with its section."""
    found = run_out(current.document, today=timezone.localdate())
    return [(each, SECTIONS.get(each.path.partition("/")[0])) for each in found]


def public_pages(workspace_id: int) -> list[tuple[str, str]]:
    """What the public reads of the policy, as far as this installation shows it: title and address."""
    pages = [(_("Statement"), f"/privacy/{workspace_id}"), (_("Cookie statement"), f"/cookies/{workspace_id}")]
    return [(title, href) for title, href in pages if _exists(href)]


def _exists(href: str) -> bool:
    try:
        resolve(href)
    except Resolver404:
        return False
    return True


@page(role=Role.VIEWER)
def versions(request: PageRequest) -> HttpResponse:
    """Every version, newest first, also those that were withdrawn."""
    found = PolicyVersion.objects.filter(workspace=request.workspace).select_related("withdrawal").defer("document")
    listing = Listing(request, found.order_by("-number"), sorts={"newest": "-number"}, tie="number")
    told = {
        "listing": listing,
        "names": names_of(each for row in listing for each in (row.published_by, row.reviewed_by)),
        "current_id": _current_id(request),
        "now": timezone.now(),
    }
    return render(request, "console/policy/versions.html", told)


@page(role=Role.VIEWER)
def one_version(request: PageRequest, number: int) -> HttpResponse:
    """One version as it was published: who, when, why, and its text."""
    row = _row(request, number)
    shown = version(row.pk)
    counted = [(SECTIONS[name], len(getattr(shown.document, name))) for name in COUNTED]
    told = {
        "row": row,
        "shown": shown,
        "figures": counted,
        "names": names_of([row.published_by, row.reviewed_by]),
        "asked_again": [_purpose_title(shown, purpose) for purpose in row.asks_again],
        "current_id": _current_id(request),
        "now": timezone.now(),
        "lines": row.document.splitlines(),
        "sections": [(section.title, _line(row.document, section)) for section in SECTIONS.values()],
        "previous": PolicyVersion.objects.filter(workspace=request.workspace, number=number - 1).exists(),
    }
    return render(request, "console/policy/version.html", told)


def _line(text: str, section: Section) -> int:
    """The line on which a section begins; 0 if the text has none."""
    return dict(read_tree(text)[1].items()).get((section.name,), 0)


def _purpose_title(shown: Version, purpose: str) -> str:
    known = shown.document.purposes.get(purpose)
    return known.title.said(get_language() or "en") if known else purpose


@page(role=Role.VIEWER)
def file(request: PageRequest, number: int) -> HttpResponse:
    """The text of a version as a file, exactly as it was published."""
    row = _row(request, number)
    answer = HttpResponse(row.document, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="policy-{request.workspace.pk}-v{number}.yaml"'
    return answer


@verb(role=Role.OWNER)
def withdraw(request: PageRequest) -> HttpResponse:
    """Take back the version that waits to take effect."""
    taken = actions.withdraw(request.workspace.pk, by=request.user.pk, now=timezone.now())
    messages.success(
        request, _("Version %(number)d was withdrawn. It will not take effect.") % {"number": taken.number}
    )
    return redirect(address("policy", request.workspace.pk))


def _row(request: PageRequest, number: int) -> PolicyVersion:
    return get_object_or_404(
        PolicyVersion.objects.select_related("withdrawal"), workspace=request.workspace, number=number
    )


def _current_id(request: PageRequest) -> int | None:
    try:
        return in_force(request.workspace.pk).id
    except NoPolicy:
        return None


urlpatterns = [
    path("policy", policy, name="policy"),
    path("policy/versions", versions, name="policy_versions"),
    path("policy/versions/<int:number>", one_version, name="policy_version"),
    path("policy/versions/<int:number>/file", file, name="policy_file"),
    path("policy/withdraw", withdraw, name="withdraw_policy"),
]

"""Drafts of the policy: begun, reviewed, published, or put away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.accounts.names import names_of
from tillit.accounts.roles import allows
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.policy_change_page import asked_again, page_of
from tillit.console.policy_forms import NOTICE, NewDraft, Publication
from tillit.console.policy_page import (
    changes_of,
    chosen_ours,
    draft_or_404,
    draft_page,
    language,
    number_in,
    show_clash,
)
from tillit.console.views.policy_changes import Compared, compared_draft
from tillit.governance import draft_queries, drafts, notices, review
from tillit.governance.compared import Told, differences, grouped
from tillit.governance.models import Draft
from tillit.ledger.processing import Refused
from tillit.ledger.versions import NoPolicy, Version, in_force
from tillit.policy import templates


@page(role=Role.VIEWER)
def policy_drafts(request: PageRequest) -> HttpResponse:
    """The drafts that are worked on, or those that were closed."""
    closed = request.GET.get("show") == "closed"
    found = draft_queries.drafts(request.workspace.pk)
    listing = Listing(
        request,
        found.exclude(state__in=drafts.WRITABLE) if closed else found.filter(state__in=drafts.WRITABLE),
        sorts={"newest": "-changed_at", "name": "name"},
        search=lambda rows, text: rows.filter(name__icontains=text),
        keeps=("show",),
    )
    names = names_of(each for draft in listing for each in (draft.made_by, draft.changed_by))
    return render(request, "console/policy/drafts.html", {"listing": listing, "names": names, "closed": closed})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_draft(request: PageRequest) -> HttpResponse:
    """Begin a draft: from the version in force, a template, or a file."""
    current = _current(request)
    form = NewDraft(request.POST or None, request.FILES or None, current=current, initial=_company(request))
    if request.method == "POST" and form.is_valid():
        text, about = _beginning(form, current)
        made = drafts.start(
            request.workspace, text, name=form.cleaned_data["name"], by=request.user, now=timezone.now(), about=about
        )
        messages.success(request, _("The draft was begun. It binds nobody until it is published."))
        if draft_queries.problems_of(request.workspace.pk, drafts.text_of(made)).tree is None:
            return redirect(address("policy_draft", request.workspace.pk, made.pk))
        return redirect(address("policy_section", request.workspace.pk, made.pk, "purposes"))
    return render(request, "console/policy/new.html", {"form": form}, status=422 if form.errors else 200)


def _beginning(form: NewDraft, current: Version | None) -> tuple[str, str]:
    """The text a draft begins with, and what is said of it."""
    cleaned = form.cleaned_data
    if cleaned["origin"] == "file":
        return cleaned["text"], _("From the file %(name)s") % {"name": cleaned["file"].name[:120]}
    if cleaned["origin"] == "current" and current is not None:
        return current.text, _("From version %(number)d") % {"number": current.number}
    name = form.template or templates.REFERENCE
    text = templates.filled(name, form.facts) if name in templates.TEMPLATES else templates.text(name)
    return text, _("From the template %(name)s") % {"name": name}


def _company(request: PageRequest) -> dict[str, str]:
    """What is known of the company already."""
    return {"company": request.workspace.name, "address": " ".join(request.workspace.postal_address.split())}


def _current(request: PageRequest) -> Version | None:
    try:
        return in_force(request.workspace.pk)
    except NoPolicy:
        return None


@page(role=Role.VIEWER)
def draft_summary(request: PageRequest, draft_id: int) -> HttpResponse:
    """Where a draft stands: what it changes, what is wrong with it, what was said in review, and every revision."""
    draft = draft_or_404(request, draft_id)
    told = draft_page(request, draft, tab="summary")
    rows = list(draft_queries.revisions(draft)[:100])
    people = [row.by for row in rows] + [draft.made_by, draft.changed_by, draft.submitted_by, draft.reviewed_by]
    told |= {
        "told": _in_words(draft, told),
        "changes": changes_of(draft, told["checked"].tree, language()),
        "revisions": rows,
        "names": names_of(people),
        "review_steps": _steps(request, draft),
        "publishes_alone": draft.state != Draft.State.APPROVED and review.may_publish_alone(draft, by=request.user),
        "may_approve": allows(request.membership, Role.OWNER) and draft.changed_by != request.user.pk,
    }
    return render(request, "console/policy/draft.html", told)


def _in_words(draft: Draft, told: dict[str, Any]) -> tuple[Told, ...]:
    """What a draft changes in plain sentences; nothing while it contradicts itself."""
    if told["checked"].document is None or told["checked"].errors:
        return ()
    return grouped(differences(draft.based_on.document if draft.based_on else None, told["text"]), language())


def _steps(request: PageRequest, draft: Draft) -> list[tuple[str, bool]]:
    """The way of a draft, and how far it has come."""
    submitted = draft.state in (Draft.State.IN_REVIEW, Draft.State.APPROVED, Draft.State.PUBLISHED)
    approved = draft.state == Draft.State.APPROVED or (draft.version is not None and draft.reviewed_by is not None)
    steps = [(_("Written"), submitted), (_("Approved by a second person"), approved)]
    return [*steps, (_("Published"), draft.state == Draft.State.PUBLISHED)]


@verb(role=Role.EDITOR)
def submit(request: PageRequest, draft_id: int) -> HttpResponse:
    """Ask for a review."""
    draft = draft_or_404(request, draft_id)
    review.submit(draft, by=request.user, now=timezone.now())
    messages.success(request, _("The draft is in review. An owner other than its last author can approve it."))
    return _back(request, draft)


@verb(role=Role.OWNER)
def approve(request: PageRequest, draft_id: int) -> HttpResponse:
    """Approve a draft that somebody else wrote."""
    draft = draft_or_404(request, draft_id)
    review.approve(draft, seen=_seen(request), comment=_comment(request), by=request.user, now=timezone.now())
    messages.success(request, _("The draft is approved. It can be published as it is now."))
    return _back(request, draft)


@verb(role=Role.OWNER)
def send_back(request: PageRequest, draft_id: int) -> HttpResponse:
    """Return a draft with what is to change."""
    draft = draft_or_404(request, draft_id)
    comment = _comment(request)
    if not comment:
        messages.error(request, _("Say what is to change, so that the author knows."))
    else:
        review.send_back(draft, seen=_seen(request), comment=comment, by=request.user, now=timezone.now())
        messages.success(request, _("The draft was returned."))
    return _back(request, draft)


@verb(role=Role.EDITOR)
def discard(request: PageRequest, draft_id: int) -> HttpResponse:
    """Close a draft without publishing it."""
    draft = draft_or_404(request, draft_id)
    drafts.discard(draft, by=request.user, now=timezone.now())
    messages.success(request, _("The draft was discarded. Its revisions stay readable under the closed drafts."))
    return redirect(address("policy_drafts", request.workspace.pk))


@verb(role=Role.EDITOR)
def undo(request: PageRequest, draft_id: int) -> HttpResponse:
    """Go back to an earlier revision."""
    draft = draft_or_404(request, draft_id)
    number = number_in(request.POST.get("number"))
    if draft_queries.revisions(draft).filter(number=number).first() is None:
        messages.error(request, _("There is no such revision."))
    else:
        saved = drafts.undo(draft, number, by=request.user, now=timezone.now())
        told = {"number": number, "now": saved.draft.revision}
        messages.success(
            request,
            _("Revision %(number)d was made anew as revision %(now)d.") % told
            if saved.changed
            else _("The draft says that already."),
        )
    return _back(request, draft)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def update(request: PageRequest, draft_id: int) -> HttpResponse:
    """Bring a draft up to the version that came in force meanwhile."""
    draft = draft_or_404(request, draft_id)
    if request.method != "POST":
        return _back(request, draft)
    taken = chosen_ours(request) if "settle" in request.POST else None
    try:
        saved = drafts.update(draft, by=request.user, now=timezone.now(), take_ours=taken)
    except drafts.Clash as clash:
        return show_clash(request, draft, clash, action=address("update_policy_draft", request.workspace.pk, draft.pk))
    if saved.changed:
        messages.success(request, _("The draft now has what the version in force changed. Read it through once more."))
    return _back(request, draft)


@page(role=Role.OWNER, methods=("GET", "POST"))
def publish(request: PageRequest, draft_id: int) -> HttpResponse:
    """Read once more what changes and for whom, and publish: now, or on a day."""
    draft = draft_or_404(request, draft_id)
    if draft.version is not None:
        return redirect(address("policy_version", request.workspace.pk, draft.version.number))
    found = compared_draft(request, draft)
    needed = notices.needed(found.changes, None, timezone.now()) if found else None
    beginning = {
        "at": _first_of_day(timezone.localtime() + NOTICE),
        "when": "later" if needed and needed.any else "now",
    }
    form = Publication(request.POST or None, initial=beginning)
    if request.method == "POST" and form.is_valid() and _said_why(form, found):
        version = review.publish(
            draft,
            seen=_seen(request),
            by=request.user,
            now=timezone.now(),
            effective_at=form.moment,
            ask_again=asked_again(found.changes, _wanted(request)) if found else (),
            note=_note(form),
        )
        messages.success(request, _published(version.number, form.moment))
        return redirect(address("policy", request.workspace.pk))
    told = draft_page(request, draft, tab="publish")
    told |= {
        "form": form,
        "names": names_of([draft.reviewed_by, draft.changed_by]),
        "needed": needed,
        "alone": draft.state != Draft.State.APPROVED and review.may_publish_alone(draft, by=request.user),
        "zone": timezone.get_current_timezone_name(),
        "hindrance": _hindrance(request, draft, told),
    }
    if found:
        chosen = frozenset(asked_again(found.changes, _wanted(request))) if request.method == "POST" else None
        told["told"] = page_of(found.changes, language(), link=found.link, counts_href=found.counts_href, chosen=chosen)
    return render(request, "console/policy/publish.html", told, status=422 if form.errors else 200)


def _said_why(form: Publication, found: Compared | None) -> bool:
    """Whether a change that people must be told of before leaves them time, or the officer said why it does not."""
    if found is None or form.cleaned_data["reason"].strip():
        return True
    if not notices.needed(found.changes, form.moment, timezone.now()).reason_required:
        return True
    form.add_error(
        "reason", _("People must be told before such a change. Choose a later day, or say why they are not.")
    )
    return False


def _note(form: Publication) -> str:
    reason = form.cleaned_data["reason"].strip() if form.moment is None else ""
    note: str = form.cleaned_data["note"]
    return notices.without_notice(note, reason) if reason else note


def _wanted(request: PageRequest) -> frozenset[str]:
    """The purposes that the officer wants to ask for anew."""
    return frozenset(request.POST.getlist("ask_again")[:100])


def _hindrance(request: PageRequest, draft: Draft, told: dict[str, Any]) -> Refused | None:
    """Why the draft cannot be published now, as the page says before anybody tries."""
    if told["outdated"]:
        return review.NotUpToDate()
    if told["checked"].errors:
        return review.HasErrors(len(told["checked"].errors))
    if draft.state not in drafts.WRITABLE:
        return drafts.DraftClosed(draft)
    if draft.state != Draft.State.APPROVED and not review.may_publish_alone(draft, by=request.user):
        return review.NotApproved()
    return None


def _published(number: int, moment: datetime | None) -> str:
    if moment is None:
        return _("Version %(number)d is in force. The next query of everything already obeys it.") % {"number": number}
    return _("Version %(number)d is published and takes effect by itself when its time comes.") % {"number": number}


def _first_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _comment(request: PageRequest) -> str:
    return request.POST.get("comment", "").replace("\x00", "").strip()[:4000]


def _seen(request: PageRequest) -> int:
    return number_in(request.POST.get("seen"))


def _back(request: PageRequest, draft: Draft) -> HttpResponse:
    return redirect(address("policy_draft_summary", request.workspace.pk, draft.pk))


urlpatterns = [
    path("policy/drafts", policy_drafts, name="policy_drafts"),
    path("policy/drafts/new", new_draft, name="new_policy_draft"),
    path("policy/drafts/<int:draft_id>/summary", draft_summary, name="policy_draft_summary"),
    path("policy/drafts/<int:draft_id>/submit", submit, name="submit_policy_draft"),
    path("policy/drafts/<int:draft_id>/approve", approve, name="approve_policy_draft"),
    path("policy/drafts/<int:draft_id>/return", send_back, name="return_policy_draft"),
    path("policy/drafts/<int:draft_id>/discard", discard, name="discard_policy_draft"),
    path("policy/drafts/<int:draft_id>/undo", undo, name="undo_policy_draft"),
    path("policy/drafts/<int:draft_id>/update", update, name="update_policy_draft"),
    path("policy/drafts/<int:draft_id>/publish", publish, name="publish_policy_draft"),
]

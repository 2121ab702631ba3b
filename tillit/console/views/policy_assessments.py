"""Assessments: what was weighed, what is due for review, and what nobody has written yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.accounts.models import Role, User
from tillit.console.activities import tell
from tillit.console.assessment_forms import AssessmentForm, initial_of
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.governance import assessments as keeping
from tillit.governance.attachments import media_type
from tillit.governance.models import Assessment
from tillit.governance.parts import LEVELS, PARTS, has_risks, risks
from tillit.ledger import versions
from tillit.ledger.processing import user_actor
from tillit.policy.impact import Needed
from tillit.policy.register_words import RegisterWords

A_YEAR = timedelta(days=365)
HISTORY = 20


@page(role=Role.VIEWER)
def assessments(request: PageRequest) -> HttpResponse:
    """List assessments, of one kind or those due if asked, and those that are missing."""
    today = timezone.localdate()
    listing = Listing(
        request,
        _narrowed(request, keeping.of(request.workspace.id)),
        sorts={"title": "title", "kind": "kind", "conducted": "-conducted_on", "newest": "-id"},
        tie="id",
        search=lambda found, text: found.filter(title__icontains=text) | found.filter(purposes__contains=[text]),
        keeps=("kind", "due"),
    )
    titles = _titles(request)
    told = {
        "listing": listing,
        "rows": [(each, keeping.state(each, day=today), _named(each.purposes, titles)) for each in listing.rows],
        "states": _states(),
        "kinds": Assessment.Kind.choices,
        "kind": request.GET.get("kind", ""),
        "due": request.GET.get("due", ""),
        "missing": [] if "after" in request.GET or "before" in request.GET else _missing(request, titles),
    }
    return render(request, "console/policy/assessments.html", told)


@page(role=Role.VIEWER)
def assessment(request: PageRequest, assessment_id: int) -> HttpResponse:
    """Show one assessment so that it prints well, with what was done with it."""
    found = _find(request, assessment_id)
    state = keeping.state(found, day=timezone.localdate())
    ids = [each for each in (found.changed_by, found.approved_by) if each is not None]
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=ids)}
    told = {
        "assessment": found,
        "state": state,
        "said": _states()[state],
        "parts": [(part, found.parts.get(part.name, "")) for part in PARTS[found.kind]],
        "risks": [
            (each, LEVELS[each.likelihood], LEVELS[each.severity], LEVELS.get(each.left, "")) for each in risks(found)
        ],
        "has_risks": has_risks(found.kind),
        "purposes": _named(found.purposes, _titles(request)),
        "changed_by": names.get(found.changed_by or 0, _("a former user")),
        "approved_by": names.get(found.approved_by or 0, _("a former user")),
        "history": tell(request.workspace.id, keeping.history(found)[:HISTORY]),
    }
    return render(request, "console/policy/assessment.html", told)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_assessment(request: PageRequest) -> HttpResponse:
    """Write an assessment of a kind, begun from the policy's own words if a purpose is named."""
    kind = request.GET.get("kind", "")
    if kind not in PARTS:
        return render(request, "console/policy/assessment_kinds.html", {"kinds": _kinds()})
    form = AssessmentForm(
        kind,
        request.POST or None,
        request.FILES or None,
        purposes=list(_titles(request).items()),
        initial=_beginning(request, kind),
    )
    if request.method == "POST" and form.is_valid():
        made = keeping.write(request.workspace.id, form.content(), by=request.user.pk, now=timezone.now())
        messages.success(request, _("The assessment was saved."))
        return redirect(address("assessment", request.workspace.id, made.pk))
    return _form(request, form, None)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def edit_assessment(request: PageRequest, assessment_id: int) -> HttpResponse:
    """Change an assessment; it waits for approval again."""
    found = _find(request, assessment_id)
    form = AssessmentForm(
        found.kind,
        request.POST or None,
        request.FILES or None,
        purposes=list(_titles(request).items()),
        initial=initial_of(found),
        has_file=bool(found.file_name),
    )
    if request.method == "POST" and form.is_valid():
        try:
            keeping.change(
                found, form.content(), seen=form.seen_at() or found.changed_at, by=request.user.pk, now=timezone.now()
            )
        except keeping.ChangedMeanwhile:
            form.add_error(
                None, _("Somebody else changed it meanwhile. Compare with their text, then save yours again.")
            )
            again = request.POST.copy()
            again["seen"] = found.changed_at.isoformat()
            form.data = again
        else:
            messages.success(request, _("The assessment was saved."))
            return redirect(address("assessment", request.workspace.id, found.pk))
    return _form(request, form, found)


@verb(role=Role.OWNER)
def approve(request: PageRequest, assessment_id: int) -> HttpResponse:
    """Let the outcome stand with the owner's name."""
    found = _find(request, assessment_id)
    keeping.approve(found, by=request.user.pk, now=timezone.now())
    messages.success(request, _("The outcome was approved."))
    return redirect(address("assessment", request.workspace.id, found.pk))


@verb(role=Role.OWNER)
def remove(request: PageRequest, assessment_id: int) -> HttpResponse:
    """Delete an assessment."""
    keeping.remove(_find(request, assessment_id), by=request.user.pk, now=timezone.now())
    messages.success(request, _("The assessment was deleted. The ledger keeps that it was there."))
    return redirect(address("assessments", request.workspace.id))


@page(role=Role.VIEWER)
def attached(request: PageRequest, assessment_id: int) -> HttpResponse:
    """Give the attached file to keep, never to be shown inside the console."""
    found = _find(request, assessment_id)
    if not found.file_name or found.file is None:
        raise Http404
    content = bytes(found.file)
    response = HttpResponse(content, content_type=media_type(content), headers={"X-Content-Type-Options": "nosniff"})
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Content-Disposition"] = content_disposition_header(True, found.file_name) or "attachment"
    return response


def _find(request: PageRequest, assessment_id: int) -> Assessment:
    return get_object_or_404(Assessment, pk=assessment_id, workspace=request.workspace)


def _narrowed(request: PageRequest, found: QuerySet[Assessment]) -> QuerySet[Assessment]:
    if request.GET.get("kind") in PARTS:
        found = found.filter(kind=request.GET["kind"])
    if request.GET.get("due"):
        found = found.filter(review_by__lte=timezone.localdate() + keeping.SOON)
    return found


def _titles(request: PageRequest) -> dict[str, str]:
    """The purposes of the policy in force by id; none without a policy."""
    try:
        document = versions.in_force(request.workspace.id).document
    except versions.NoPolicy:
        return {}
    language = get_language() or "en"
    return {name: purpose.title.said(language) for name, purpose in document.purposes.items()}


def _named(purposes: list[str], titles: dict[str, str]) -> list[str]:
    return [titles.get(name, name) for name in purposes]


def _missing(request: PageRequest, titles: dict[str, str]) -> list[dict[str, Any]]:
    """What nobody has written, with why it is needed and where to write it."""
    try:
        version = versions.in_force(request.workspace.id)
    except versions.NoPolicy:
        return []
    words = RegisterWords(get_language() or "en")
    found = keeping.missing(version, day=timezone.localdate(), by=user_actor(request.user.pk))
    names = {name: recipient.name for name, recipient in version.document.recipients.items()}
    return [
        {
            "purpose": titles[each.purpose],
            "id": each.purpose,
            "kind": words.need(each.kind),
            "why": _why(each, words, names),
            "href": f"{address('new_assessment', request.workspace.id)}?"
            + urlencode({"kind": str(each.kind), "purpose": each.purpose}),
        }
        for each in found
    ]


def _why(needed: Needed, words: RegisterWords, names: dict[str, str]) -> str:
    if needed.criteria:
        return ", ".join(words.criterion(each) for each in needed.criteria)
    if needed.recipients:
        return ", ".join(names[each] for each in needed.recipients)
    return str(_("it rests on a legitimate interest"))


def _beginning(request: PageRequest, kind: str) -> dict[str, Any]:
    """What a new assessment begins with: today, a review in a year, and the policy's words about the purpose."""
    today = timezone.localdate()
    initial: dict[str, Any] = {"conducted_on": today, "review_by": today + A_YEAR}
    purpose = request.GET.get("purpose", "")
    if not purpose:
        return initial
    try:
        version = versions.in_force(request.workspace.id)
    except versions.NoPolicy:
        return initial
    begun = keeping.beginning(version, kind=kind, purpose=purpose, language=get_language() or "en")
    return {**initial, **begun}


def _form(request: PageRequest, form: AssessmentForm, found: Assessment | None) -> HttpResponse:
    told = {"form": form, "found": found, "kind": Assessment.Kind(form.kind).label}
    return render(request, "console/policy/assessment_form.html", told, status=422 if form.errors else 200)


def _kinds() -> list[tuple[str, str, str]]:
    said = {
        Assessment.Kind.LEGITIMATE_INTEREST: _("For a purpose that rests on a legitimate interest (GDPR 6(1)(f))."),
        Assessment.Kind.IMPACT: _("For a purpose that may be a high risk for people (GDPR 35)."),
        Assessment.Kind.TRANSFER: _("For a transfer that standard clauses or binding rules protect (GDPR 46)."),
    }
    return [(str(kind), str(kind.label), said[kind]) for kind in Assessment.Kind]


def _states() -> dict[str, str]:
    return {
        "open": _("Not concluded"),
        "concluded": _("To be approved"),
        "approved": _("Approved"),
        "due": _("Review soon"),
        "overdue": _("Review overdue"),
    }


urlpatterns = [
    path("policy/assessments", assessments, name="assessments"),
    path("policy/assessments/new", new_assessment, name="new_assessment"),
    path("policy/assessments/<int:assessment_id>", assessment, name="assessment"),
    path("policy/assessments/<int:assessment_id>/edit", edit_assessment, name="edit_assessment"),
    path("policy/assessments/<int:assessment_id>/approve", approve, name="approve_assessment"),
    path("policy/assessments/<int:assessment_id>/remove", remove, name="remove_assessment"),
    path("policy/assessments/<int:assessment_id>/file", attached, name="assessment_file"),
]

"""Assessments: of legitimate interests, of risks and of transfers, kept beside the policy with a review date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tillit.accounts.models import Workspace
from tillit.governance.models import Assessment
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing, user_actor
from tillit.ledger.versions import Version
from tillit.people.models import Person
from tillit.policy.impact import LARGE, Needed, needs
from tillit.policy.references import said
from tillit.policy.register_words import RegisterWords

#: A review that comes up within this time is due: long enough to do it beside other work.
SOON = timedelta(days=30)

#: The same content sent again within this time is the same assessment: a button pressed twice.
TWICE = timedelta(minutes=10)

PURPOSE = "account.operate"
ADMINISTER = "audience.administer"


class ChangedMeanwhile(Exception):
    """Somebody else changed the assessment since the form was opened."""


class NotConcluded(Refused):
    """An assessment without an outcome cannot be approved."""

    def __init__(self) -> None:
        super().__init__(_("It has no outcome yet. Conclude it first, then approve it."), clause="D1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that was found to be what it says: its name and content."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What somebody writes: `parts` are Markdown texts by part and the list `risks`; `file` replaces the old one."""

    kind: str
    title: str
    purposes: tuple[str, ...]
    parts: Mapping[str, Any]
    outcome: str
    conducted_on: date
    review_by: date | None
    file: Attached | None = None
    drop_file: bool = False

    @property
    def columns(self) -> dict[str, Any]:
        """The model's fields but the file."""
        return {
            "kind": self.kind,
            "title": self.title,
            "purposes": list(self.purposes),
            "parts": dict(self.parts),
            "outcome": self.outcome,
            "conducted_on": self.conducted_on,
            "review_by": self.review_by,
        }


# Reads.


def of(workspace_id: int) -> QuerySet[Assessment]:
    """The assessments of a workspace without their texts and files, which lists do not need."""
    return Assessment.objects.filter(workspace_id=workspace_id).defer("file", "parts")


def state(assessment: Assessment, *, day: date) -> str:
    """Say where an assessment stands: ``open``, ``overdue``, ``due``, ``approved`` or ``concluded``."""
    if assessment.outcome == Assessment.Outcome.OPEN:
        return "open"
    if assessment.review_by and assessment.review_by < day:
        return "overdue"
    if assessment.review_by and assessment.review_by <= day + SOON:
        return "due"
    return "approved" if assessment.approved_at else "concluded"


def due(workspace_id: int, today: date) -> list[Assessment]:
    """Return the assessments whose review has come up or comes up within SOON, the most urgent first."""
    found = of(workspace_id).filter(review_by__lte=today + SOON)
    return list(found.order_by("review_by", "id"))


def history(assessment: Assessment) -> QuerySet[Activity]:
    """What was done with an assessment, newest first, from the ledger."""
    found = Activity.objects.filter(workspace_id=assessment.workspace_id, object_ref=_ref(assessment))
    return found.order_by("-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An assessment as the register names it."""

    id: int
    kind: str
    title: str
    purposes: tuple[str, ...]
    outcome: str
    conducted_on: date
    review_by: date | None
    state: str
    named: str

    def progress(self, words: RegisterWords) -> str:
        """Say how far it is."""
        return words.term(f"state_{self.state}")

    @property
    def values(self) -> dict[str, Any]:
        """The values of the register's JSON."""
        return {
            "kind": self.kind,
            "title": self.title,
            "purposes": self.purposes,
            "state": self.state,
            "outcome": self.outcome,
            "conducted_on": self.conducted_on.isoformat(),
            "review_by": self.review_by.isoformat() if self.review_by else None,
        }


def told(workspace_id: int, *, day: date) -> Iterator[Told]:
    """Yield the assessments of a workspace as they stand on a day; those conducted later are left out."""
    for each in of(workspace_id).filter(conducted_on__lte=day).order_by("kind", "title", "id"):
        yield Told(
            id=each.pk,
            kind=each.kind,
            title=each.title,
            purposes=tuple(each.purposes),
            outcome=each.outcome,
            conducted_on=each.conducted_on,
            review_by=each.review_by,
            state=state(each, day=day),
            named=f"{each.title} ({each.conducted_on}, {_ref(each)})",
        )


# What is missing.


def needed(version: Version, *, day: date, by: str) -> Iterator[Needed]:
    """Yield the assessments that the purposes of a version need, which depends on how many people there are."""
    with processing(version.workspace_id, ADMINISTER, by=by, act="assessment.weigh") as activity:
        persons = Person.objects.all()[:LARGE].count()
        activity.count(persons=persons)
    yield from needs(version.document, version.rules, persons=persons, day=day)


def missing(version: Version, *, day: date, by: str) -> list[Needed]:
    """Return the assessments that the purposes of a version need and nobody has written."""
    kinds = of(version.workspace_id).values_list("kind", "purposes")
    written = {(kind, purpose) for kind, purposes in kinds for purpose in purposes}
    return [each for each in needed(version, day=day, by=by) if (str(each.kind), each.purpose) not in written]


def beginning(version: Version, *, kind: str, purpose: str, language: str) -> dict[str, Any]:
    """Return what an assessment of a purpose can begin with, from the policy: title, purposes and parts."""
    found = version.document.purposes.get(purpose)
    if found is None:
        return {"kind": kind}
    balancing = said(version.document, found.balancing, language) if found.balancing else ""
    description = said(version.document, found.description, language)
    parts: dict[str, dict[str, str]] = {
        Assessment.Kind.LEGITIMATE_INTEREST: {"purpose": description, "balancing": balancing},
        Assessment.Kind.IMPACT: {"description": description, "necessity": balancing},
        Assessment.Kind.TRANSFER: {"transfer": description},
    }
    return {
        "kind": kind,
        "title": found.title.said(language)[:160],
        "purposes": [purpose],
        **{f"part_{name}": text for name, text in parts.get(kind, {}).items() if text},
    }


# Writes.


@transaction.atomic
def write(workspace_id: int, content: Content, *, by: int, now: datetime) -> Assessment:
    """Keep a new assessment, and return it; the same content sent twice is kept once."""
    Workspace.objects.select_for_update().get(pk=workspace_id)  # so that of two requests at once one waits
    same = of(workspace_id).filter(**content.columns, made_by=by, changed_at__gte=now - TWICE).first()
    if same is not None:
        return same
    made = Assessment(workspace_id=workspace_id, **content.columns, made_by=by, changed_by=by, changed_at=now)
    _put_file(made, content)
    made.save()
    _record(made, "assessment.make", by=by, now=now)
    return made


@transaction.atomic
def change(assessment: Assessment, content: Content, *, seen: datetime, by: int, now: datetime) -> Assessment:
    """Keep what somebody changed; what was approved waits for approval again. A save that changes nothing does nothing.

    `seen` is the `changed_at` that the form was opened with. Raises ChangedMeanwhile when it is another by now.
    """
    locked = Assessment.objects.select_for_update().get(pk=assessment.pk, workspace=assessment.workspace_id)
    before = {name: getattr(locked, name) for name in content.columns}
    if before == content.columns and content.file is None and not (content.drop_file and locked.file_name):
        return locked
    if locked.changed_at != seen:
        raise ChangedMeanwhile
    for name, value in content.columns.items():
        setattr(locked, name, value)
    _put_file(locked, content)
    locked.changed_by, locked.changed_at = by, now
    locked.approved_by = locked.approved_at = None
    locked.save()
    _record(locked, "assessment.change", by=by, now=now)
    return locked


@transaction.atomic
def approve(assessment: Assessment, *, by: int, now: datetime) -> Assessment:
    """Let the outcome stand with somebody's name. Raises NotConcluded."""
    locked = Assessment.objects.select_for_update().get(pk=assessment.pk, workspace=assessment.workspace_id)
    if locked.outcome == Assessment.Outcome.OPEN:
        raise NotConcluded
    if locked.approved_at is None:
        locked.approved_by, locked.approved_at = by, now
        locked.save(update_fields=["approved_by", "approved_at"])
        _record(locked, "assessment.approve", by=by, now=now)
    return locked


@transaction.atomic
def remove(assessment: Assessment, *, by: int, now: datetime) -> None:
    """Delete an assessment with its file; the ledger keeps that it was there."""
    _record(assessment, "assessment.remove", by=by, now=now)
    assessment.delete()


def _put_file(assessment: Assessment, content: Content) -> None:
    if content.file is not None:
        assessment.file_name, assessment.file = content.file.name, content.file.content
    elif content.drop_file:
        assessment.file_name, assessment.file = "", None


def _ref(assessment: Assessment) -> str:
    return f"assessment:{assessment.pk}"


def _record(assessment: Assessment, act: str, *, by: int, now: datetime) -> None:
    """Write the act to the ledger; no personal table is touched, so it needs no processing context."""
    Activity.objects.create(
        workspace_id=assessment.workspace_id,
        purpose=PURPOSE,
        act=act,
        actor=user_actor(by),
        object_ref=_ref(assessment),
        at=now,
    )

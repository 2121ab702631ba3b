"""From a finished draft to a version in force: submitted, approved by a second person, published."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tillit.accounts import queries as accounts
from tillit.accounts.models import User
from tillit.governance.compared import differences
from tillit.governance.draft_queries import problems_of
from tillit.governance.drafts import current_id, lock, record, text_of
from tillit.governance.models import Draft
from tillit.ledger.actions import Overtaken
from tillit.ledger.actions import publish as publish_version
from tillit.ledger.models import PolicyVersion
from tillit.ledger.processing import Refused
from tillit.ledger.versions import in_force
from tillit.policy.diff import asks
from tillit.policy.load import digest, load


class HasErrors(Refused):
    """The draft contradicts itself, or cannot be read."""

    def __init__(self, number: int) -> None:
        said = _("The draft still has errors (%(number)d). They stand in the editor, each with how to mend it.")
        super().__init__(said % {"number": number}, clause="J1")


class NotSubmitted(Refused):
    """Nobody submitted the draft for review."""

    def __init__(self) -> None:
        super().__init__(_("The draft is not in review. Whoever wrote it submits it first."), clause="J1")


class OwnReview(Refused):
    """Who wrote the last revision would review it."""

    def __init__(self) -> None:
        said = _("You wrote the last revision. A second person approves it, so that nobody changes the policy alone.")
        super().__init__(said, clause="J1")


class NotApproved(Refused):
    """Nobody approved the draft as it now is."""

    def __init__(self) -> None:
        said = _("A second person has not approved the draft as it is now. Submit it, and let an owner read it.")
        super().__init__(said, clause="J1")


class ChangedSince(Refused):
    """The draft is not what the reader saw."""

    def __init__(self) -> None:
        said = _("The draft was changed after you opened it. Read it again, and decide then.")
        super().__init__(said, clause="J1")


class NotUpToDate(Refused):
    """Another version came in force since the draft was begun."""

    def __init__(self) -> None:
        said = _("Another version came in force since this draft was begun. Bring the draft up to date first.")
        super().__init__(said, clause="J2")


class NothingNew(Refused):
    """The draft says what the version in force says."""

    def __init__(self) -> None:
        said = _("The draft says the same as the version in force, so there is nothing to publish.")
        super().__init__(said, clause="J2")


@transaction.atomic
def submit(draft: Draft, *, by: User, now: datetime) -> Draft:
    """Ask a second person to review a draft. Raises HasErrors, NotUpToDate and DraftClosed."""
    locked = lock(draft)
    if locked.state != Draft.State.OPEN:
        return locked
    _require_publishable(locked)
    locked.state, locked.review = Draft.State.IN_REVIEW, ""
    locked.submitted_by, locked.submitted_at = by.pk, now
    locked.reviewed_by = locked.reviewed_at = None
    locked.save()
    record(locked, "draft.submit", by=by, now=now)
    return locked


@transaction.atomic
def approve(draft: Draft, *, seen: int, comment: str, by: User, now: datetime) -> Draft:
    """Say yes to a draft as it stands in revision `seen`. Raises OwnReview, NotSubmitted, ChangedSince, HasErrors."""
    locked = _in_review(draft, seen=seen, by=by)
    _require_publishable(locked)
    _reviewed(locked, Draft.State.APPROVED, comment=comment, by=by, now=now)
    record(locked, "draft.approve", by=by, now=now)
    return locked


@transaction.atomic
def send_back(draft: Draft, *, seen: int, comment: str, by: User, now: datetime) -> Draft:
    """Give a draft back to be worked on, with what is to be changed. Raises NotSubmitted, ChangedSince, DraftClosed."""
    locked = lock(draft)
    if locked.state not in (Draft.State.IN_REVIEW, Draft.State.APPROVED):
        raise NotSubmitted
    if locked.revision != seen:
        raise ChangedSince
    _reviewed(locked, Draft.State.OPEN, comment=comment, by=by, now=now)
    record(locked, "draft.return", by=by, now=now)
    return locked


@transaction.atomic
def publish(
    draft: Draft,
    *,
    seen: int,
    by: User,
    now: datetime,
    effective_at: datetime | None = None,
    ask_again: Collection[str] = (),
    note: str = "",
) -> PolicyVersion:
    """Make a draft the workspace's policy, now or from a moment on, and close it: both or neither.

    Consent that the change leaves behind is asked for anew, whether `ask_again` names it or not.

    A draft that is published already gives its version, so a button pressed twice publishes once. The only owner of a
    workspace may publish what they wrote; then the version has no reviewer. Raises NotApproved, ChangedSince,
    NotUpToDate, NothingNew, HasErrors, DraftClosed, and as `ledger.actions.publish` does.
    """
    published = Draft.objects.select_for_update(of=("self",)).select_related("version").get(pk=draft.pk).version
    if published is not None:
        return published
    locked = lock(draft)
    if locked.revision != seen:
        raise ChangedSince
    approved = locked.state == Draft.State.APPROVED
    if not approved and not may_publish_alone(locked, by=by):
        raise NotApproved
    _require_publishable(locked)
    text = text_of(locked)
    must, _may = asked_anew(locked, text)
    asked = {*must, *ask_again}
    _require_publishable(locked, ask_again=asked)
    if not asked and locked.based_on_id and digest(load(text)) == in_force(locked.workspace_id).digest:
        raise NothingNew
    try:
        version = publish_version(
            locked.workspace_id,
            text,
            by=by.pk,
            now=now,
            effective_at=effective_at,
            ask_again=asked,
            reviewed_by=locked.reviewed_by if approved else None,
            note=note,
            based_on=locked.based_on_id,
        )
    except Overtaken:  # by another draft, while this one waited for it
        raise NotUpToDate from None
    locked.state, locked.version, locked.changed_at = Draft.State.PUBLISHED, version, now
    locked.save(update_fields=["state", "version", "changed_at"])
    record(locked, "draft.publish" if approved else "draft.publish-alone", by=by, now=now)
    return version


def may_publish_alone(draft: Draft, *, by: User) -> bool:
    """Whether there is no second person: `by` is the workspace's only owner, and wrote the last revision."""
    owners = set(accounts.owners(draft.workspace_id).values_list("user_id", flat=True))
    return owners == {by.pk} and draft.changed_by == by.pk


def _in_review(draft: Draft, *, seen: int, by: User) -> Draft:
    locked = lock(draft)
    if locked.state != Draft.State.IN_REVIEW:
        raise NotSubmitted
    if locked.changed_by == by.pk:
        raise OwnReview
    if locked.revision != seen:
        raise ChangedSince
    return locked


def _reviewed(draft: Draft, state: str, *, comment: str, by: User, now: datetime) -> None:
    draft.state, draft.review = state, comment
    draft.reviewed_by, draft.reviewed_at = by.pk, now
    draft.save()


def asked_anew(draft: Draft, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The purposes whose consent must be asked for anew if this text is published, and those where the officer decides.

    Raises PolicyErrors for a text that does not hold together.
    """
    return asks(differences(draft.based_on.document if draft.based_on else None, text))


def _require_publishable(draft: Draft, *, ask_again: Collection[str] = ()) -> None:
    if draft.based_on_id != current_id(draft.workspace_id):
        raise NotUpToDate
    errors = problems_of(draft.workspace_id, text_of(draft), ask_again=ask_again).errors
    if errors:
        raise HasErrors(len(errors))

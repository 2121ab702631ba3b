"""Writing a policy: a draft is begun, saved revision by revision, brought up to date, and put away.

Every save names the revision it began from. What somebody else saved meanwhile is merged in; where both changed the
same thing, nothing is decided here: `Clash` carries both.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tillit.accounts.models import User, Workspace
from tillit.governance.models import Draft, DraftRevision
from tillit.ledger.models import Activity, PolicyVersion
from tillit.ledger.processing import Refused, user_actor
from tillit.ledger.versions import NoPolicy, in_force
from tillit.policy.edit import CannotEdit, normalised
from tillit.policy.merge import Conflict, Merged, merge, resolve
from tillit.policy.problems import PolicyErrors, Problem
from tillit.policy.reading import read_text

PURPOSE = "account.operate"

#: The states in which a draft can be changed. Changing one that is in review or approved opens it again.
WRITABLE = (Draft.State.OPEN, Draft.State.IN_REVIEW, Draft.State.APPROVED)


class DraftClosed(Refused):
    """The draft was published or discarded."""

    def __init__(self, draft: Draft) -> None:
        said = _("This draft was closed: %(state)s. Start a new one to change the policy.")
        super().__init__(said % {"state": str(draft.get_state_display()).lower()}, clause="J1")


class NoSuchRevision(LookupError):
    """The draft has no revision of this number."""


@dataclass(frozen=True, slots=True)
class Both:
    """Two versions of one text, with what they began from: what somebody needs to choose between them."""

    base: str
    ours: str
    theirs: str
    conflict: Conflict


class Clash(Exception):
    """Two people changed the same thing. `both` holds both; nothing was saved. `revision` is what theirs stands in."""

    def __init__(self, both: Both, *, revision: int) -> None:
        super().__init__("two changes of one thing")
        self.both, self.revision = both, revision


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft after a save. `merged` says that somebody else's changes are in it, `changed` whether anything is new."""

    draft: Draft
    changed: bool
    merged: bool = False


def acceptable(text: str) -> str:
    """Give a text as it can be kept: our line breaks, no byte order mark. It may be a broken policy.

    Raises PolicyErrors for more than 1 MB, or a character that no text has.
    """
    kept = normalised(read_text(text))
    at = kept.find("\x00")
    if at >= 0:
        line = kept.count("\n", 0, at) + 1
        raise PolicyErrors([Problem(line, "", _("There is a character that no text has (NUL)."), _("Delete it."))])
    return kept


@transaction.atomic
def start(workspace: Workspace, text: str, *, name: str, by: User, now: datetime, about: str = "") -> Draft:
    """Begin a draft with a text; it is measured against the version in force, if there is one.

    Raises PolicyErrors as `acceptable` does.
    """
    kept = acceptable(text)
    draft = Draft.objects.create(
        workspace=workspace,
        name=name,
        based_on_id=current_id(workspace.pk),
        made_by=by.pk,
        made_at=now,
        changed_by=by.pk,
        changed_at=now,
    )
    _revise(draft, kept, number=1, by=by, now=now, about=about)
    record(draft, "draft.start", by=by, now=now)
    return draft


@transaction.atomic
def save(draft: Draft, text: str, *, began: int, by: User, now: datetime, about: str = "") -> Saved:
    """Keep a text as the newest revision of a draft; `began` is the revision it was made from.

    Saving opens a draft that is in review or approved again. A text that changes nothing makes no revision. Raises
    Clash, DraftClosed, NoSuchRevision, and PolicyErrors as `acceptable` does.
    """
    kept = acceptable(text)
    locked = lock(draft)
    newest = text_of(locked)
    merged = False
    if began != locked.revision:
        kept, merged = _merged(locked, kept, began=began, newest=newest)
    if kept == newest:
        return Saved(locked, changed=False)
    _change(locked, kept, by=by, now=now, about=about)
    return Saved(locked, changed=True, merged=merged)


def _merged(draft: Draft, ours: str, *, began: int, newest: str) -> tuple[str, bool]:
    base = text_of(draft, began)
    outcome = merge(base, ours=ours, theirs=newest)
    if isinstance(outcome, Conflict):
        raise Clash(Both(base, ours, newest, outcome), revision=draft.revision)
    return outcome.text, outcome.text != ours


@transaction.atomic
def settle(
    draft: Draft, ours: str, *, began: int, take_ours: Collection[str], seen: int, by: User, now: datetime
) -> Saved:
    """Save a text after somebody chose, place by place, between it and revision `seen` of the draft.

    Raises Clash again if the draft changed since they chose, and as `save` does.
    """
    kept = acceptable(ours)
    locked = lock(draft)
    base, theirs = text_of(locked, began), text_of(locked, seen)
    outcome = merge(base, ours=kept, theirs=theirs)
    if isinstance(outcome, Conflict):
        kept = _resolved(outcome, base, ours=kept, theirs=theirs, take_ours=take_ours)
    elif isinstance(outcome, Merged):
        kept = outcome.text
    return save(locked, kept, began=seen, by=by, now=now, about=_("Chose between two changes"))


def _resolved(conflict: Conflict, base: str, *, ours: str, theirs: str, take_ours: Collection[str]) -> str:
    """The chosen text; where it cannot be put together, the one with both versions between marks, to mend by hand."""
    try:
        return resolve(conflict, base, ours=ours, theirs=theirs, take_ours=take_ours)
    except (CannotEdit, PolicyErrors):
        return conflict.text_with_both


@transaction.atomic
def undo(draft: Draft, number: int, *, by: User, now: datetime) -> Saved:
    """Go back to an earlier revision, as a new one: nothing that came after it is lost. Raises as `save` does."""
    locked = lock(draft)
    text = text_of(locked, number)
    if text == text_of(locked):
        return Saved(locked, changed=False)
    _change(locked, text, by=by, now=now, about=_("Back to revision %(number)s") % {"number": number})
    return Saved(locked, changed=True)


@transaction.atomic
def update(draft: Draft, *, by: User, now: datetime, take_ours: Collection[str] | None = None) -> Saved:
    """Bring into a draft what the version in force changed since the draft was begun.

    With `take_ours`, where both changed the same thing the named places stay the draft's, the others become the
    version's; without it, that raises Clash. Raises DraftClosed.
    """
    locked = lock(draft)
    version_id = current_id(locked.workspace_id)
    if version_id is None or version_id == locked.based_on_id:
        return Saved(locked, changed=False)
    version = PolicyVersion.objects.get(pk=version_id)
    text = _brought_up(locked, version, take_ours=take_ours)
    locked.based_on = version
    _change(locked, text, by=by, now=now, about=_("Brought up to version %(number)s") % {"number": version.number})
    return Saved(locked, changed=True, merged=True)


def _brought_up(draft: Draft, version: PolicyVersion, *, take_ours: Collection[str] | None) -> str:
    ours = text_of(draft)
    if draft.based_on is None:  # begun when there was no policy: there is nothing that both began from
        return ours
    base, theirs = normalised(draft.based_on.document), normalised(version.document)
    outcome = merge(base, ours=ours, theirs=theirs)
    if isinstance(outcome, Merged):
        return outcome.text
    if take_ours is None:
        raise Clash(Both(base, ours, theirs, outcome), revision=draft.revision)
    return _resolved(outcome, base, ours=ours, theirs=theirs, take_ours=take_ours)


@transaction.atomic
def discard(draft: Draft, *, by: User, now: datetime) -> None:
    """Close a draft without publishing it; its revisions stay readable. Raises DraftClosed."""
    locked = lock(draft)
    locked.state, locked.changed_at = Draft.State.DISCARDED, now
    locked.save(update_fields=["state", "changed_at"])
    record(locked, "draft.discard", by=by, now=now)


def lock(draft: Draft) -> Draft:
    """Take a draft for this transaction alone. Raises DraftClosed when it can no longer be changed."""
    locked = Draft.objects.select_for_update(of=("self",)).select_related("based_on").get(pk=draft.pk)
    if locked.state not in WRITABLE:
        raise DraftClosed(locked)
    return locked


def text_of(draft: Draft, number: int | None = None) -> str:
    """The text of a draft, or of one of its revisions. Raises NoSuchRevision."""
    found = DraftRevision.objects.filter(draft=draft, number=number or draft.revision).values_list("text", flat=True)
    text = found.first()
    if text is None:
        raise NoSuchRevision(f"draft {draft.pk} has no revision {number}")
    return text


def current_id(workspace_id: int) -> int | None:
    """The id of the version in force, or None."""
    try:
        return in_force(workspace_id).id
    except NoPolicy:
        return None


def record(draft: Draft, act: str, *, by: User, now: datetime) -> None:
    """Write an act on a draft to the ledger; no personal table is touched, so it needs no processing context."""
    Activity.objects.create(
        workspace_id=draft.workspace_id,
        purpose=PURPOSE,
        act=act,
        actor=user_actor(by.pk),
        object_ref=f"policy_draft:{draft.pk}",
        counts={"revision": draft.revision},
        at=now,
    )


def _change(draft: Draft, text: str, *, by: User, now: datetime, about: str) -> None:
    """Make the next revision, and open the draft again: what was reviewed is not what it says now."""
    draft.revision += 1
    draft.state = Draft.State.OPEN
    draft.changed_by, draft.changed_at = by.pk, now
    draft.reviewed_by = draft.reviewed_at = draft.submitted_by = draft.submitted_at = None
    draft.review = ""
    draft.save()
    _revise(draft, text, number=draft.revision, by=by, now=now, about=about)
    record(draft, "draft.save", by=by, now=now)


def _revise(draft: Draft, text: str, *, number: int, by: User, now: datetime, about: str) -> None:
    DraftRevision.objects.create(draft=draft, number=number, text=text, by=by.pk, at=now, about=about[:200])

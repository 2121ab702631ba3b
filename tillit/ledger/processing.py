"""The processing context: the only door to personal tables.

A query outside a context finds no row; inside, row-level security shows what the purpose in force permits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import connection, transaction
from django.utils import timezone

from tillit.ledger.models import Activity
from tillit.ledger.refused import Refused
from tillit.ledger.versions import version
from tillit.policy.disclosure import NotDisclosable, disclosed

__all__ = [
    "SYSTEM",
    "OpenActivity",
    "Refused",
    "WrongContext",
    "key_actor",
    "person_actor",
    "processing",
    "user_actor",
]

_PURPOSE = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
SYSTEM = "system"
_USER = "user:"


class WrongContext(Exception):
    """A processing context was opened inside one of another workspace or purpose. A bug, never a user's fault."""


@dataclass(slots=True)
class OpenActivity:
    """The activity of an open context. Count what was done; it is written when the context closes."""

    id: UUID
    workspace_id: int
    purpose: str
    actor: str
    act: str
    recipient: str
    policy_version_id: int
    categories: list[str]
    at: datetime
    subject_id: UUID | None = None
    object_ref: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, **counts: int) -> None:
        """Add to the counts, e.g. ``activity.count(persons=3)``."""
        self.counts.update(counts)


def user_actor(user_id: int) -> str:
    """The actor text of a console user."""
    return f"{_USER}{user_id}"


def key_actor(key_id: int) -> str:
    """The actor text of a program that uses an API key."""
    return f"key:{key_id}"


def person_actor(person_id: UUID) -> str:
    """The actor text of a person who acts for themselves."""
    return f"person:{person_id}"


@contextmanager
def processing(
    workspace_id: int,
    purpose: str,
    *,
    by: str,
    act: str,
    recipient: str = "",
    subject: UUID | None = None,
    about: str = "",
) -> Iterator[OpenActivity]:
    """Open a transaction under one purpose of one workspace, and record it as one activity.

    `act` names what is done (``campaign.prepare``), `about` the object (``campaign:7``), `subject` the one person
    concerned, if it is one. A context inside another of the same workspace and purpose joins its transaction; any
    other nesting raises WrongContext. Raises Refused, and records it, when the policy in force has no such purpose, and
    when data would go to a `recipient` that it does not let have it today; a user of the workspace is
    none. Source: CLAUSES C8, F1, H1.
    """
    before = _settings()
    if before is not None and before != (str(workspace_id), purpose):
        raise WrongContext(f"{purpose} of workspace {workspace_id} inside {before[1]} of workspace {before[0]}")
    try:
        with transaction.atomic():
            version_id, categories = _enter(workspace_id, purpose)
            if recipient and not recipient.startswith(_USER):
                categories = _received(version_id, purpose, recipient)
            activity = OpenActivity(
                uuid_utils.uuid7(),
                workspace_id,
                purpose,
                by,
                act,
                recipient,
                version_id,
                categories,
                timezone.now(),
                subject,
                about,
            )
            yield activity
            _write(activity)
            if before is None and connection.savepoint_ids:
                _set("", "")  # the settings would outlive a savepoint; a commit drops them by itself
    except Refused:
        if before is None:
            _record_refusal(workspace_id, purpose, by=by, act=act, recipient=recipient, subject=subject, about=about)
        raise


def _settings() -> tuple[str, str] | None:
    """The workspace and purpose of the open context, or None outside one."""
    if not connection.in_atomic_block:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('tillit.workspace', true), current_setting('tillit.purpose', true)")
        workspace, purpose = cursor.fetchone()
    return (workspace, purpose) if workspace else None


def _set(workspace: int | str, purpose: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL tillit.workspace = '{workspace}'; SET LOCAL tillit.purpose = '{purpose}'")


def _enter(workspace_id: int, purpose: str) -> tuple[int, list[str]]:
    if not _PURPOSE.fullmatch(purpose):
        raise Refused(f"“{purpose}” is not the name of a purpose.", rule=purpose)
    _set(int(workspace_id), purpose)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.version_id, r.categories FROM ledger_binding f"
            " JOIN ledger_purposerule r ON r.version_id = f.version_id WHERE f.workspace_id = %s AND r.purpose = %s",
            [workspace_id, purpose],
        )
        row: tuple[int, list[str]] | None = cursor.fetchone()
    if row is None:
        raise Refused(f"The policy in force has no purpose “{purpose}”, so nothing may be done for it.", rule=purpose)
    return row


def _received(version_id: int, purpose: str, recipient: str) -> list[str]:
    """The categories that a recipient gets under a purpose today. Raises Refused."""
    try:
        return sorted(disclosed(version(version_id).document, purpose, recipient, today=timezone.localdate()))
    except NotDisclosable as refusal:
        raise Refused(refusal.reason, rule=purpose, clause=refusal.clause) from refusal


def _write(activity: OpenActivity) -> None:
    Activity.objects.bulk_create([_row(activity)])


def _row(activity: OpenActivity, **more: Any) -> Activity:
    return Activity(
        id=activity.id,
        workspace_id=activity.workspace_id,
        purpose=activity.purpose,
        act=activity.act,
        actor=activity.actor,
        recipient=activity.recipient,
        subject_id=activity.subject_id,
        object_ref=activity.object_ref,
        categories=activity.categories,
        counts=dict(activity.counts),
        policy_version_id=activity.policy_version_id,
        at=activity.at,
        **more,
    )


def _record_refusal(
    workspace_id: int, purpose: str, *, by: str, act: str, recipient: str, subject: UUID | None, about: str
) -> None:
    """Write the refused act; in a transaction of its own, since that of the act has been rolled back."""
    Activity.objects.create(
        workspace_id=workspace_id,
        purpose=purpose[:63],
        act=act,
        actor=by,
        recipient=recipient[:80],
        outcome=Activity.Outcome.REFUSED,
        subject_id=subject,
        object_ref=about,
        at=timezone.now(),
    )

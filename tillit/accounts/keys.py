"""API keys: made once, shown once, and each use of one counted."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Q, QuerySet

from tillit.accounts.models import ApiKey, Role, User, Workspace
from tillit.ledger.models import Activity
from tillit.ledger.processing import user_actor

PURPOSE = "account.operate"
PER_MINUTE = 600  # requests of one key, ten a second: beyond that a bulk import is the better way
WINDOW = timedelta(minutes=1)
SECRET_BYTES = 32
_FORM = re.compile(r"tillit_[A-Za-z0-9_-]{43}")
_SHOWN = 14  # of the text: enough to tell keys apart, 42 of 256 bits


@dataclass(frozen=True, slots=True)
class Used:
    """A key that was just used, with how many requests it has left until the window ends."""

    key: ApiKey
    limit: int
    left: int
    ends_in_s: int

    @property
    def spent(self) -> bool:
        return self.left < 0


@transaction.atomic
def make_key(
    workspace: Workspace,
    *,
    name: str,
    role: Role,
    purposes: Sequence[str],
    by: User,
    now: datetime,
    recipient: str = "",
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key; return it with its text, which nobody can read again."""
    text = f"tillit_{secrets.token_urlsafe(SECRET_BYTES)}"
    made = ApiKey.objects.create(
        workspace=workspace,
        name=name,
        prefix=text[:_SHOWN],
        digest=_digest(text),
        role=role,
        purposes=sorted(purposes),
        recipient=recipient,
        made_by=by.pk,
        created_at=now,
        expires_at=expires_at,
    )
    _record(made, "key.make", by=by, now=now)
    return made, text


@transaction.atomic
def revoke_key(key: ApiKey, *, by: User, now: datetime) -> bool:
    """Let a key open nothing from the next request on; return whether it still did. What it did stays in the ledger."""
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    if revoked:
        _record(key, "key.revoke", by=by, now=now)
    return bool(revoked)


def keys(workspace_id: int) -> QuerySet[ApiKey]:
    """The keys of a workspace, also those that open nothing any more, newest first."""
    return ApiKey.objects.filter(workspace_id=workspace_id).order_by("-id")


# One statement finds the key, counts the request and says when it was last used, and makes one limit for all
# processes. The row's columns are in no index but its digest's, which stays, so the update is made in place.
_USE = """
UPDATE accounts_apikey SET last_used_at = %(now)s, window_at = %(window)s,
       used = CASE WHEN window_at = %(window)s THEN used + 1 ELSE 1 END
WHERE digest = %(digest)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
RETURNING *
"""


def use_key(text: str, *, now: datetime) -> Used | None:
    """Count a request of the key with this text; None when it opens nothing.

    The text has 256 random bits, so a plain hash keeps it as safe as a slow one would. Windows are whole minutes.
    """
    if not _FORM.fullmatch(text):
        return None
    start = now.replace(second=0, microsecond=0)
    found = list(ApiKey.objects.raw(_USE, {"now": now, "window": start, "digest": _digest(text)}))
    if not found:
        return None
    ends_in_s = max(1, round((start + WINDOW - now).total_seconds()))
    return Used(found[0], PER_MINUTE, PER_MINUTE - found[0].used, ends_in_s)


def open_key(key_id: int, *, now: datetime) -> ApiKey | None:
    """Return a key that still opens something, without counting a request of it."""
    valid = Q(expires_at=None) | Q(expires_at__gt=now)
    return ApiKey.objects.filter(valid, pk=key_id, revoked_at=None).first()


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _record(key: ApiKey, act: str, *, by: User, now: datetime) -> None:
    """Write the act to the ledger; no personal table is touched, so it needs no processing context."""
    Activity.objects.create(
        workspace_id=key.workspace_id,
        purpose=PURPOSE,
        act=act,
        actor=user_actor(by.pk),
        object_ref=f"key:{key.pk}",
        at=now,
    )

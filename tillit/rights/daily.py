"""What is put in order once a day, in every workspace that has a policy."""

from __future__ import annotations

from datetime import datetime, timedelta

from tillit.consent.fold import refold_lapsed
from tillit.ledger.models import PolicyInForce
from tillit.ledger.processing import SYSTEM, processing
from tillit.rights.actions import FULFIL, erase
from tillit.rights.models import Request
from tillit.rights.signup import forget_unconfirmed

ERASED_WITHIN = timedelta(days=7)


def tidy(*, now: datetime) -> None:
    """Let consents lapse, forget unconfirmed sign-ups, and erase again who was erased lately."""
    for workspace_id in PolicyInForce.objects.order_by("workspace").values_list("workspace", flat=True):
        refold_lapsed(workspace_id, now=now)
        forget_unconfirmed(workspace_id, now=now)
        erase_again(workspace_id, since=now - ERASED_WITHIN, now=now)


def erase_again(workspace_id: int, *, since: datetime, now: datetime) -> int:
    """Repeat the erasures since a moment; return how many.

    A transaction that ran beside an erasure may have left a row after it. The same call makes a restored backup safe:
    with `since` before the backup was taken, whoever was erased later is erased from it. Source: CLAUSES I2.
    """
    with processing(workspace_id, FULFIL, by=SYSTEM, act="erasure.repeat") as activity:
        done = Request.objects.filter(kind=Request.Kind.ERASURE, fulfilled_at__gte=since)
        people = list(done.order_by("id").values_list("person_id", flat=True))
        activity.count(persons=len(people))
    for person_id in people:
        erase(workspace_id, person_id, by=SYSTEM, now=now)
    return len(people)

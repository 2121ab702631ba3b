"""Keeping endpoints, and telling again what was told before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tillit.ledger.models import Activity
from tillit.ledger.processing import SYSTEM, user_actor
from tillit.outbound import place
from tillit.webhooks.events import TEST
from tillit.webhooks.feeding import last_seal
from tillit.webhooks.models import Delivery, Endpoint

PURPOSE = "account.operate"
State = Delivery.State


def endpoints(workspace_id: int) -> QuerySet[Endpoint]:
    """The endpoints of a workspace, newest first."""
    return Endpoint.objects.filter(workspace_id=workspace_id).order_by("-id")


def make_endpoint(workspace_id: int, *, url: str, name: str, events: Sequence[str], by: int, now: datetime) -> Endpoint:
    """Let an address be told of what happens from now on. Raises Forbidden and Unreachable."""
    place(url)
    with transaction.atomic():
        made = Endpoint.objects.create(
            workspace_id=workspace_id,
            url=url,
            name=name,
            events=sorted(events),
            seal_number=last_seal(),
            created_by=by,
            created_at=now,
        )
        _record(made, "webhook.make", by=by, now=now)
    return made


def change_endpoint(endpoint: Endpoint, *, url: str, name: str, events: Sequence[str], by: int, now: datetime) -> None:
    """Change where is told, and what. Raises Forbidden and Unreachable."""
    place(url)
    with transaction.atomic():
        endpoint.url, endpoint.name, endpoint.events = url, name, sorted(events)
        endpoint.save(update_fields=["url", "name", "events"])
        _record(endpoint, "webhook.change", by=by, now=now)


@transaction.atomic
def rotate(endpoint: Endpoint, *, by: int, now: datetime) -> None:
    """Give an endpoint another secret; the one before signs as well for a day."""
    endpoint.secret_number += 1
    endpoint.rotated_at = now
    endpoint.save(update_fields=["secret_number", "rotated_at"])
    _record(endpoint, "webhook.rotate", by=by, now=now)


@transaction.atomic
def disable(endpoint: Endpoint, *, why: str, by: int | None, now: datetime) -> None:
    """Tell an endpoint nothing more. What waits, waits."""
    endpoint.disabled_at, endpoint.disabled_why = now, why[:200]
    endpoint.save(update_fields=["disabled_at", "disabled_why"])
    _record(endpoint, "webhook.disable", by=by, now=now)


@transaction.atomic
def enable(endpoint: Endpoint, *, by: int, now: datetime) -> None:
    """Tell an endpoint again, also what happened meanwhile; what waits is due at once."""
    endpoint.disabled_at, endpoint.disabled_why, endpoint.failing_since = None, "", None
    endpoint.save(update_fields=["disabled_at", "disabled_why", "failing_since"])
    endpoint.deliveries.filter(state=State.WAITING).update(next_at=now)
    _record(endpoint, "webhook.enable", by=by, now=now)


@transaction.atomic
def delete_endpoint(endpoint: Endpoint, *, by: int, now: datetime) -> None:
    """Forget an endpoint, with what it was told."""
    _record(endpoint, "webhook.delete", by=by, now=now)
    endpoint.delete()


def replay(endpoint: Endpoint, deliveries: QuerySet[Delivery], *, now: datetime) -> int:
    """Tell some deliveries again, under their own ids, by which a receiver knows them; return how many."""
    mine = deliveries.filter(endpoint=endpoint).exclude(state=State.WAITING)
    return mine.update(state=State.WAITING, attempts=0, next_at=now)


@transaction.atomic
def send_test(endpoint: Endpoint, *, by: int, now: datetime) -> Delivery:
    """Queue a message that says nothing but that it is a test; return it."""
    row = _record(endpoint, "webhook.test", by=by, now=now)
    return Delivery.objects.create(endpoint=endpoint, event=TEST, activity_id=row.pk, next_at=now)


def _record(endpoint: Endpoint, act: str, *, by: int | None, now: datetime) -> Activity:
    """Write the act to the ledger; no personal table is touched, so it needs no processing context."""
    return Activity.objects.create(
        workspace_id=endpoint.workspace_id,
        purpose=PURPOSE,
        act=act,
        actor=SYSTEM if by is None else user_actor(by),
        object_ref=f"webhook:{endpoint.pk}",
        at=now,
    )

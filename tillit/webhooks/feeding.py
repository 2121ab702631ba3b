"""From the ledger to the endpoints: what each is to be told, found past the last seal that it was told of.

Seals give the ledger's rows an order in which none appears behind the reader: a row's own id is made before its
transaction ends, so a reader of ids would miss what ends late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from tillit.ledger.models import Activity, Seal
from tillit.webhooks.events import acts_of, events_of
from tillit.webhooks.models import Delivery, Endpoint

KEPT = timedelta(days=30)
AT_ONCE = 2000  # deliveries made in one transaction


def last_seal() -> int:
    """The number of the newest seal, 0 before the first: from there on a new endpoint is told."""
    return Seal.objects.order_by("-number").values_list("number", flat=True).first() or 0


def feed(*, now: datetime) -> list[int]:
    """Queue what every endpoint is to be told; return the endpoints that have something due."""
    newest = last_seal()
    for endpoint_id in Endpoint.objects.filter(disabled_at=None, seal_number__lt=newest).values_list("pk", flat=True):
        _feed_one(endpoint_id, newest, now=now)
    due = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=now, endpoint__disabled_at=None).order_by()
    return sorted(due.values_list("endpoint_id", flat=True).distinct())


_SEALED = """
SELECT a.id, a.act FROM ledger_leaf l JOIN ledger_activity a ON a.id = l.record_id
WHERE l.seal_number > %s AND l.seal_number <= %s AND a.workspace_id = %s AND a.act = ANY (%s) AND a.outcome = 'done'
ORDER BY l.seal_number, l.position
"""


@transaction.atomic
def _feed_one(endpoint_id: int, newest: int, *, now: datetime) -> None:
    """Queue what was sealed since the endpoint was last fed, once, also when two workers do it."""
    endpoint = Endpoint.objects.select_for_update().filter(pk=endpoint_id, disabled_at=None).first()
    if endpoint is None or endpoint.seal_number >= newest:
        return
    with connection.cursor() as cursor:
        acts = acts_of(endpoint.events)
        cursor.execute(_SEALED, [endpoint.seal_number, newest, endpoint.workspace_id, acts])
        found: list[tuple[UUID, str]] = cursor.fetchall()
    Delivery.objects.bulk_create(
        [
            Delivery(endpoint=endpoint, event=event, activity_id=activity_id, next_at=now)
            for activity_id, act in found
            for event in events_of(act, endpoint.events)
        ],
        batch_size=AT_ONCE,
        ignore_conflicts=True,
    )
    endpoint.seal_number = newest
    endpoint.save(update_fields=["seal_number"])


def clean(*, now: datetime) -> int:
    """Forget deliveries that ended long ago; return how many."""
    ended = Delivery.objects.exclude(state=Delivery.State.WAITING)
    return ended.filter(tried_at__lt=now - KEPT).delete()[0]


def activity_of(delivery: Delivery) -> Activity | None:
    """The row of the ledger that a delivery tells of."""
    return Activity.objects.filter(pk=delivery.activity_id).first()

"""Jobs of webhooks."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from tillit.webhooks import delivering, feeding


@app.periodic(cron="* * * * *")
@app.task(name="webhooks.feed", queueing_lock="webhooks.feed")
def feed(timestamp: int) -> None:
    """Queue what endpoints are to be told, and let each be told by a job of its own."""
    for endpoint_id in feeding.feed(now=timezone.now()):
        tell_later(endpoint_id)


@app.task(name="webhooks.deliver")
def deliver(*, endpoint_id: int) -> None:
    """Tell one endpoint what is due: a slow one keeps no other waiting."""
    delivering.deliver(endpoint_id)


@app.periodic(cron="41 3 * * *")
@app.task(name="webhooks.clean", queueing_lock="webhooks.clean")
def clean(timestamp: int) -> None:
    """Forget deliveries that ended long ago."""
    feeding.clean(now=timezone.now())


def tell_later(endpoint_id: int) -> None:
    """Queue the telling of an endpoint, unless it is queued already."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        deliver.configure(queueing_lock=f"webhooks.deliver.{endpoint_id}").defer(endpoint_id=endpoint_id)

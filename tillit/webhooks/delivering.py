"""Telling an endpoint: signed, tried again for three days, and given up when it fails for five.

Source: Standard Webhooks 1.0 (retries, 410 Gone, no redirections).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.outbound import Forbidden, Unreachable, ask
from tillit.webhooks.actions import disable
from tillit.webhooks.events import payload
from tillit.webhooks.feeding import activity_of
from tillit.webhooks.models import Delivery, Endpoint
from tillit.webhooks.signing import headers

TIMEOUT_S = 15.0
WORKS_FOR_S = 50.0  # the next minute's job goes on
AT_ONCE = 5
LEASE = timedelta(minutes=2)  # of what a worker took and may die over: longer than AT_ONCE time-outs
GIVEN_UP_AFTER = timedelta(days=5)
#: How long after each failed attempt the next is made; after the last there is none.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600, 840, 1200, 1440))
State = Delivery.State


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered: a status, or why there is none."""

    status: int | None
    error: str
    took_ms: int

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def deliver(endpoint_id: int, *, clock: Callable[[], datetime] = timezone.now) -> int:
    """Tell an endpoint what is due, oldest first, for up to a minute; return how many messages were sent."""
    ends, sent = time.monotonic() + WORKS_FOR_S, 0
    while time.monotonic() < ends:
        taken = _take(endpoint_id, now=clock())
        for delivery in taken:
            reached = _send(delivery, now=clock())
            sent += 1
            if not reached:
                return sent  # the rest would wait for the same silence
        if len(taken) < AT_ONCE:
            break
    return sent


@transaction.atomic
def _take(endpoint_id: int, *, now: datetime) -> list[Delivery]:
    """Take some of what is due, so that no other worker sends it meanwhile."""
    due = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("endpoint")
    mine = due.filter(endpoint=endpoint_id, endpoint__disabled_at=None, state=State.WAITING, next_at__lte=now)
    taken = list(mine.order_by("id")[:AT_ONCE])
    Delivery.objects.filter(pk__in=[each.pk for each in taken]).update(next_at=now + LEASE)
    return taken


def _send(delivery: Delivery, *, now: datetime) -> bool:
    """Send one message and write down what came of it; say whether the endpoint answered and shall be told more."""
    endpoint = delivery.endpoint
    answer = _ask(delivery, now=now)
    delivery.attempts += 1
    delivery.tried_at, delivery.status = now, answer.status
    delivery.error, delivery.took_ms = answer.error[:200], answer.took_ms
    if answer.good:
        delivery.state = State.DELIVERED
    elif delivery.attempts > len(WAITS):
        delivery.state = State.FAILED
    else:
        delivery.next_at = now + WAITS[delivery.attempts - 1]
    delivery.save(update_fields=["attempts", "tried_at", "status", "error", "took_ms", "state", "next_at"])
    _judge(endpoint, answer, now=now)
    return answer.status is not None and endpoint.disabled_at is None


def _ask(delivery: Delivery, *, now: datetime) -> Answer:
    activity = activity_of(delivery)
    if activity is None:
        return Answer(None, _("The row of the ledger is gone."), 0)
    body = json.dumps(payload(delivery.event, activity), ensure_ascii=False, separators=(",", ":")).encode()
    said = {
        "Content-Type": "application/json",
        **headers(delivery.endpoint, str(delivery.pk), body, now=now),
    }
    started = time.perf_counter()
    try:
        with ask("POST", delivery.endpoint.url, body=body, headers=said, within_s=TIMEOUT_S) as answer:
            status, error = answer.status, "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
    except (Forbidden, Unreachable) as wrong:
        status, error = None, str(wrong)
    return Answer(status, error, round((time.perf_counter() - started) * 1000))


def _judge(endpoint: Endpoint, answer: Answer, *, now: datetime) -> None:
    """Remember since when an endpoint fails, and give it up in the end, or at once when it says that it is gone."""
    if answer.good:
        if endpoint.failing_since:
            endpoint.failing_since = None
            endpoint.save(update_fields=["failing_since"])
        return
    if not endpoint.failing_since:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    if answer.status == 410:
        disable(endpoint, why=_("It answered that it is gone (410)."), by=None, now=now)
    elif now - endpoint.failing_since > GIVEN_UP_AFTER:
        disable(endpoint, why=_("Nothing reached it for five days."), by=None, now=now)

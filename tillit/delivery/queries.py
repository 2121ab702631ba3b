"""Reads about sending that concern nobody's data: batches and senders."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from tillit.delivery.models import Sender
from tillit.delivery.named import rows

ALIVE_S = 60  # a sender tells every 15 seconds, or more often, that it lives
RATE_OVER_S = 30


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has gone, summed from its batches. `per_second` is over the last half minute."""

    counts: Counter[str]
    under_way: int
    per_second: float
    began: datetime | None

    @property
    def settled(self) -> int:
        """Messages that will not be touched again by themselves."""
        return self.counts["sent"] + self.counts["failed"] + self.counts["unknown"]


def progress(campaign_id: int) -> Progress:
    """Sum the batches of a campaign. Reads no message, so a page may ask every second."""
    ((sent, deferred, failed, unknown, under_way, recent, began),) = rows(
        "SELECT sum((counts ->> 'sent')::int), sum((counts ->> 'deferred')::int), sum((counts ->> 'failed')::int),"
        " sum((counts ->> 'unknown')::int), sum(size) FILTER (WHERE finished_at IS NULL),"
        " sum((counts ->> 'sent')::int) FILTER (WHERE finished_at > now() - %(over)s * interval '1 second')"
        " / least(%(over)s, greatest(1, extract(epoch FROM now() - min(claimed_at))))::float, min(claimed_at)"
        " FROM delivery_batch WHERE campaign_id = %(campaign)s",
        {"campaign": campaign_id, "over": RATE_OVER_S},
    )
    counts = Counter({"sent": sent or 0, "deferred": deferred or 0, "failed": failed or 0, "unknown": unknown or 0})
    return Progress(counts, under_way or 0, recent or 0.0, began)


def senders_at_work() -> list[Sender]:
    """The senders that were heard of lately."""
    return list(
        Sender.objects.extra(  # the database's clock, as for the leases
            where=["seen_at > now() - %s * interval '1 second'"], params=[ALIVE_S]
        ).order_by("name")
    )

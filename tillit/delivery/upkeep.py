"""What the delivery tables need from time to time."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

MONTHS_AHEAD = 4
KEEP_BATCHES_DAYS = 30


def make_partitions(*, now: datetime) -> int:
    """Make the missing partitions of this month and the next three; return how many tables were made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tillit_make_partitions(%s, %s)", [now, MONTHS_AHEAD])
        return cursor.fetchone()[0]


def drop_batches() -> int:
    """Delete batches finished a month ago: reports are made from the messages, progress is over; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM delivery_batch WHERE finished_at < now() - %s * interval '1 day'", [KEEP_BATCHES_DAYS]
        )
        return cursor.rowcount

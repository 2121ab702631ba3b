"""Leases of batches: what a sender holds, and what becomes of it when the sender is gone.

The clock is the database's, so that senders on several machines need not agree on the time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from django.db import connection, transaction

from tillit.delivery.models import Sender, Waiting
from tillit.delivery.named import rows
from tillit.ledger.processing import SYSTEM, processing

OPERATE = "delivery.operate"
MAX_ATTEMPTS = 10
FORGOTTEN_AFTER_S = 3600  # a sender that was not heard of for an hour is no longer shown


def start(batch_id: int, *, lease_s: float) -> bool:
    """Mark a batch of one's own as begun, before its first byte leaves; False when its lease ran out.

    May be said again, when the answer was lost.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_batch SET started_at = now(), lease_until = now() + %s * interval '1 second'"
            " WHERE id = %s AND finished_at IS NULL AND lease_until > now()",
            [lease_s, batch_id],
        )
        return cursor.rowcount == 1


def renew(sender: str, batch_ids: Sequence[int], *, lease_s: float, trouble: str) -> None:
    """Tell that a sender lives, and keep the leases of what it holds."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO delivery_sender (name, started_at, seen_at, trouble) VALUES (%s, now(), now(), %s)"
            " ON CONFLICT (name) DO UPDATE SET seen_at = now(), trouble = EXCLUDED.trouble",
            [sender, trouble[:200]],
        )
        cursor.execute(
            "UPDATE delivery_batch SET lease_until = now() + %s * interval '1 second'"
            " WHERE id = ANY (%s) AND finished_at IS NULL",
            [lease_s, list(batch_ids)],
        )


def leave(sender: str) -> None:
    """Take a sender off the list, and those that were not heard of for long."""
    Sender.objects.filter(name=sender).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM delivery_sender WHERE seen_at < now() - %s * interval '1 second'", [FORGOTTEN_AFTER_S]
        )


def release(batch_id: int, workspace_id: int) -> int:
    """Put a batch of one's own that was not begun back into the queue; return how many messages."""
    return _settle(batch_id, workspace_id, expired=False)["queued"]


def expire() -> Counter[str]:
    """Settle the batches whose lease ran out: their sender died or hangs. Return how many messages became what.

    Not begun, a batch goes back to the queue. Begun, its messages are in doubt: a campaign's become `unknown` and are
    never sent again by themselves; service messages are sent again with the same Message-ID.
    """
    found = rows(
        "SELECT id, workspace_id FROM delivery_batch WHERE finished_at IS NULL AND lease_until < now() ORDER BY id", {}
    )
    became: Counter[str] = Counter()
    for batch_id, workspace_id in found:
        became += _settle(batch_id, workspace_id, expired=True)
    return became


def _settle(batch_id: int, workspace_id: int, *, expired: bool) -> Counter[str]:
    with transaction.atomic():
        batch = _lock(batch_id, expired=expired)
        if batch is None:
            return Counter()
        campaign_id, started = batch
        with processing(workspace_id, OPERATE, by=SYSTEM, act="message.release", about=f"batch:{batch_id}") as activity:
            became = (
                _requeue_service(batch_id, started=started)
                if campaign_id is None
                else _give_up(batch_id, campaign_id, started=started)
            )
            activity.count(**became)
        finish(batch_id, became)
    return became


def _lock(batch_id: int, *, expired: bool) -> tuple[int | None, bool] | None:
    """The batch's campaign and whether it was begun; None when another sender settled it or renewed its lease."""
    found = rows(
        "SELECT campaign_id, started_at IS NOT NULL FROM delivery_batch WHERE id = %(id)s AND finished_at IS NULL"
        " AND (NOT %(expired)s OR lease_until < now()) FOR UPDATE SKIP LOCKED",
        {"id": batch_id, "expired": expired},
    )
    return found[0] if found else None


def _give_up(batch_id: int, campaign_id: int, *, started: bool) -> Counter[str]:
    """Take the messages still claimed to another state; those in doubt keep their batch, to be traced."""
    change = (
        "state = 'unknown', reply = 'the sender ended before the relay answered', done_at = now()"
        if started
        else "state = 'queued', attempts = m.attempts - 1, batch_id = NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE delivery_message m SET {change} WHERE m.campaign_id = %s AND m.batch_id = %s"
            " AND m.state = 'claimed'",
            [campaign_id, batch_id],
        )
        return Counter({"unknown" if started else "queued": cursor.rowcount})


def _requeue_service(batch_id: int, *, started: bool) -> Counter[str]:
    """Queue service messages again. One in doubt for the tenth time may be what ends the senders: it stays in doubt."""
    found = rows(
        "WITH back AS (UPDATE delivery_waiting SET batch_id = NULL WHERE batch_id = %(batch)s RETURNING id),"
        " settled AS (UPDATE delivery_message m"
        " SET state = CASE WHEN m.attempts < %(most)s THEN 'queued' ELSE 'unknown' END,"
        " attempts = m.attempts - %(less)s FROM back WHERE m.id = back.id RETURNING m.id, m.state)"
        " SELECT id, state FROM settled",
        {"batch": batch_id, "most": MAX_ATTEMPTS, "less": int(not started)},
    )
    Waiting.objects.filter(id__in=[message_id for message_id, state in found if state == "unknown"]).delete()
    return Counter(state for _, state in found)


def finish(batch_id: int, counts: Counter[str]) -> None:
    """Close a batch with what became of its messages. Told again with nothing new, it stays as it was closed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_batch SET finished_at = now(), counts = %s::jsonb"
            " WHERE id = %s AND (finished_at IS NULL OR %s)",
            [json.dumps(counts), batch_id, bool(counts)],
        )

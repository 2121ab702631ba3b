"""What became of a batch: recorded in one statement, under the purpose `delivery.operate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from tillit.delivery.leases import OPERATE, finish
from tillit.delivery.models import Message
from tillit.delivery.named import named, rows
from tillit.delivery.streams import Load
from tillit.delivery.wire import Outcome, Stage, Status
from tillit.ledger.processing import SYSTEM, OpenActivity, processing
from tillit.people.models import Person

HERE = Path(__file__).parent
State = Message.State

# Pauses after the first, second … deferral. The relay keeps a queue of its own: what it defers is us, by greylisting
# (minutes) or by a limit (an hour or a day). Together 26 hours, then the message has failed.
# Source: RFC 5321 §4.5.4.1 asks senders for retries over days with growing pauses; a newsletter is stale by then.
PAUSES_S = (300, 900, 2700, 7200, 14400, 28800, 39600)
# Up to here no mail is to blame: the message goes back to the queue, and the attempt is not counted.
BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.HELLO, Stage.TLS, Stage.LOGIN})
# Permanent address errors of RFC 3463 §3.2 that are the sender's address or the relay's own, not the recipient's.
_NOT_THE_RECIPIENT = frozenset({"5.1.7", "5.1.8", "5.1.9"})
MAX_REPLY_CHARS = 200


class Fate(NamedTuple):
    """One message's outcome as it is stored. `hard` says that the address does not exist."""

    state: str
    code: int | None
    reply: str
    hard: bool


def fate(outcome: Outcome, *, service: bool) -> Fate:
    """Decide what an outcome means for a message.

    In doubt, a campaign's message stays so: it is never sent twice. A service message is sent again with the same
    Message-ID, by which the recipient's mail program knows it.
    """
    reply = outcome.text.replace("\0", "")[:MAX_REPLY_CHARS]
    if outcome.status is Status.ACCEPTED:
        state = State.HANDED_OVER
    elif outcome.status is Status.DEFERRED:
        state = State.QUEUED if outcome.stage in BEFORE_MAIL else State.DEFERRED
    elif outcome.status is Status.REFUSED:
        state = State.FAILED
    else:
        state = State.DEFERRED if service else State.UNKNOWN
    return Fate(str(state), outcome.code, reply, is_hard(outcome))


def is_hard(outcome: Outcome) -> bool:
    """Whether the relay says that the address does not exist. Source: RFC 3463 §3.2 (X.1.x, addressing status)."""
    enhanced = outcome.enhanced or ""
    return outcome.status is Status.REFUSED and enhanced.startswith("5.1.") and enhanced not in _NOT_THE_RECIPIENT


def record(load: Load, outcomes: Sequence[Outcome]) -> Counter[str]:
    """Record the outcomes of a batch, in the order of its mails, and close it; return how many are in which state.

    People whose address does not exist are marked unreachable. A batch whose lease ran out meanwhile is recorded all
    the same: what its sender knows is better than doubt.
    """
    service = load.stream is None
    pairs = [*zip(load.ids, outcomes, strict=True), *load.unwritable]
    fates = {message_id: fate(outcome, service=service) for message_id, outcome in pairs}
    about = "service" if load.stream is None else f"campaign:{load.stream.campaign_id}"
    with processing(load.workspace_id, OPERATE, by=SYSTEM, act="message.outcome", about=about) as activity:
        counts: Counter[str] = Counter()
        for state, number, gone in _settle(load.batch_id, fates):
            counts[state] = number
            _mark_unreachable(activity, gone)
        if service:
            _leave_queue(load.batch_id)
        finish(load.batch_id, counts)
        activity.count(**counts)
    return counts


def _settle(batch_id: int, fates: dict[UUID, Fate]) -> list[tuple[str, int, list[UUID]]]:
    columns = list(zip(*fates.values(), strict=True))
    return rows(  # type: ignore[return-value]
        named(HERE, "outcomes"),
        {
            "batch": batch_id,
            "ids": list(fates),
            "first": min(fates),
            "last": max(fates),
            **dict(zip(("states", "codes", "replies", "hard"), map(list, columns), strict=True)),
            "retries": len(PAUSES_S),
            "pauses_s": list(PAUSES_S),
        },
    )


def _mark_unreachable(activity: OpenActivity, person_ids: list[UUID]) -> None:
    if not person_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_person SET flags = flags | %s WHERE id = ANY (%s)", [Person.UNREACHABLE, person_ids]
        )
        activity.count(unreachable=cursor.rowcount)


def _leave_queue(batch_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM delivery_waiting w USING delivery_message m WHERE w.batch_id = %s AND m.id = w.id"
            " AND m.state NOT IN ('queued', 'deferred')",
            [batch_id],
        )
        cursor.execute(
            "UPDATE delivery_waiting w SET batch_id = NULL, not_before = m.not_before FROM delivery_message m"
            " WHERE w.batch_id = %s AND m.id = w.id",
            [batch_id],
        )

"""What is left when nothing more may be claimed: withheld, each message with its reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from tillit.delivery.leases import OPERATE
from tillit.delivery.named import named, rows
from tillit.delivery.reasons import NO_PURPOSE, has_address, why_not
from tillit.delivery.streams import Stream
from tillit.ledger.processing import SYSTEM, OpenActivity, processing
from tillit.ledger.versions import version

HERE = Path(__file__).parent


class Left(NamedTuple):
    """What a stream still holds: messages not settled, and the seconds until the next is due if all are deferred."""

    open: int
    waits_s: float | None


class _NothingWithheld(Exception):
    """Leaves the context, which then records no activity."""

    def __init__(self, left: Left) -> None:
        self.left = left


def withhold(stream: Stream) -> tuple[Counter[str], Left]:
    """Withhold the messages of a campaign that may not be sent, and say what is left of it.

    Whoever may be written to keeps a place in the queue, however long another sender locks it.
    """
    campaign = {"campaign": stream.campaign_id, "first": stream.ids[0], "last": stream.ids[1]}
    try:
        with processing(
            stream.workspace_id, OPERATE, by=SYSTEM, act="message.withhold", about=f"campaign:{stream.campaign_id}"
        ) as activity:
            withheld = _withhold(activity, "withhold_campaign", stream.purpose, lists=list(stream.lists), **campaign)
            left = Left(*rows(named(HERE, "left"), campaign)[0])
            if not withheld:
                raise _NothingWithheld(left)
    except _NothingWithheld as nothing:
        return Counter(), nothing.left
    return withheld, left


def withhold_service(workspace_id: int, purpose: str) -> Counter[str]:
    """Withhold the service messages of one purpose that may not be sent."""
    with processing(workspace_id, OPERATE, by=SYSTEM, act="message.withhold", about="service") as activity:
        return _withhold(activity, "withhold_service", purpose, workspace=workspace_id)


def _withhold(activity: OpenActivity, statement: str, purpose: str, **parameters: object) -> Counter[str]:
    rule = version(activity.policy_version_id).rules.get(purpose)
    reason = why_not("p", rule) if rule else f"'{NO_PURPOSE}'"
    sql = named(HERE, statement).format(has_address=has_address("p"), why_not=reason)
    withheld = Counter(dict(rows(sql, {**parameters, "purpose": purpose})))
    activity.count(**{f"withheld_{reason}": number for reason, number in withheld.items()})
    return withheld


def cancel(workspace_id: int, campaign_id: int, *, by: str, reason: str) -> int:
    """Withhold everything of a campaign that was not claimed yet; return how many messages."""
    about = f"campaign:{campaign_id}"
    with (
        processing(workspace_id, OPERATE, by=by, act="message.withhold", about=about) as activity,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE delivery_message m SET state = 'withheld', reply = %s, not_before = NULL, done_at = now()"
            " WHERE m.campaign_id = %s AND m.state IN ('queued', 'deferred')",
            [reason, campaign_id],
        )
        activity.count(**{f"withheld_{reason}": cursor.rowcount})
        return cursor.rowcount

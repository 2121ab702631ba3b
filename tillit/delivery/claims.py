"""Claiming a batch: the decision about every person is made again in the statement that takes the messages.

Who objected or unsubscribed a second ago is not in the batch. Several senders claim side by side: a message that
another one is taking is skipped, never waited for, and never taken twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tillit.accounts.models import Workspace
from tillit.delivery.models import Batch, Waiting
from tillit.delivery.named import named, rows
from tillit.delivery.reasons import permitted
from tillit.delivery.service import Parts, ServiceMail, composer
from tillit.delivery.streams import MEASURE, Addressed, Load, Stream
from tillit.delivery.wire import Mail, Outcome, Stage, Status
from tillit.delivery.writing import Envelope
from tillit.ledger.processing import SYSTEM, OpenActivity, processing
from tillit.ledger.versions import version

logger = logging.getLogger(__name__)
HERE = Path(__file__).parent
ACT = "message.claim"


class NothingToClaim(Exception):
    """No message of the stream may be sent now. Leaves the context, which then records no activity."""


def claim_stream(
    stream: Stream, *, sender: str, size: int, lease_s: float, after: UUID, envelope: Envelope, recipient: str = ""
) -> Load:
    """Claim up to `size` messages of a campaign after an id, and write their mails. Raises NothingToClaim.

    `recipient` is the relay's name in the policy. Raises Refused when the policy in force has no such purpose any more,
    or lets nothing go to the relay today.
    """
    about = f"campaign:{stream.campaign_id}"
    with processing(
        stream.workspace_id, stream.purpose, by=SYSTEM, act=ACT, recipient=recipient, about=about
    ) as activity:
        _by_index()
        batch_id = _next_batch_id()
        found = rows(
            _campaign_sql(stream, activity.policy_version_id),
            {
                "campaign": stream.campaign_id,
                "lists": list(stream.lists),
                "version": activity.policy_version_id,
                "after": after,
                "last": stream.ids[1],
                "size": size,
                "batch": batch_id,
                **{f"{part}{n}": pair[at] for n, pair in enumerate(stream.fields) for at, part in enumerate("cf")},
            },
        )
        if not found:
            raise NothingToClaim
        _keep_batch(batch_id, activity, stream.campaign_id, sender=sender, size=len(found), lease_s=lease_s)
        activity.count(persons=len(found))
    load = Load(batch_id=batch_id, workspace_id=stream.workspace_id, stream=stream)
    for row in found:
        to = Addressed(*row)
        _add(load, to.message_id, to.address, partial(stream.write, to), envelope, written=stream.stuffed)
    return load


def _campaign_sql(stream: Stream, version_id: int) -> str:
    """The statement with the rule of measurement as literals, and one join for each category of the fields it needs."""
    categories = sorted({category for category, _ in stream.fields})
    alias = {category: f"t{n}" for n, category in enumerate(categories)}
    first = {category: n for n, (category, _) in reversed(list(enumerate(stream.fields)))}
    joins = [
        f"LEFT JOIN people_traits {name} ON {name}.person_id = taken.person_id"
        f" AND {name}.category = %(c{first[category]})s"
        for category, name in alias.items()
    ]
    values = [f"{alias[category]}.values ->> %(f{n})s" for n, (category, _) in enumerate(stream.fields)]
    return named(HERE, "claim_campaign").format(
        measured=permitted("p", version(version_id).rules.get(MEASURE)),
        joins="\n".join(joins),
        values=", ".join(values),
    )


def claim_service(
    workspace: Workspace, purpose: str, *, sender: str, size: int, lease_s: float, envelope: Envelope
) -> Load:
    """Claim the oldest service messages of one purpose and write them inside its context. Raises NothingToClaim."""
    with processing(workspace.pk, purpose, by=SYSTEM, act=ACT, about="service") as activity:
        _by_index()
        batch_id = _next_batch_id()
        found = rows(
            named(HERE, "claim_service"),
            {
                "workspace": workspace.pk,
                "purpose": purpose,
                "size": size,
                "batch": batch_id,
                "version": activity.policy_version_id,
            },
        )
        if not found:
            raise NothingToClaim
        _keep_batch(batch_id, activity, None, sender=sender, size=len(found), lease_s=lease_s)
        activity.count(persons=len(found))
        load = Load(batch_id=batch_id, workspace_id=workspace.pk, stream=None)
        for row in found:
            _add_service(load, workspace, row, envelope)
    return load


def _add_service(load: Load, workspace: Workspace, row: tuple[Any, ...], envelope: Envelope) -> None:
    message_id, person_id, address, language, template, arguments, names = row
    mail = ServiceMail(
        workspace=workspace,
        person_id=person_id,
        message_id=message_id,
        address=address,
        language=language or workspace.language,
        names=json.loads(names),
        arguments=json.loads(arguments),
    )

    def write() -> bytes:
        with transaction.atomic():  # a composer that fails in the database does not end the batch
            parts: Parts = composer(template)(mail)
        return envelope.service(mail, parts)

    _add(load, message_id, address, write, envelope, written=True)


def _add(
    load: Load, message_id: UUID, address: str, write: Callable[[], bytes], envelope: Envelope, *, written: bool
) -> None:
    """Write one mail. One that cannot be written fails alone, and does not hold up those behind it.

    `written` says that a template wrote it, so that it needs no stuffing.
    """
    try:
        mail = Mail(envelope.bounces_to(message_id), address, envelope.signed(write()), stuffed=written)
    except Exception as error:
        logger.warning("message %s cannot be written: %s", message_id, type(error).__name__)
        text = f"the mail could not be written: {type(error).__name__}"
        load.unwritable.append((message_id, Outcome(Status.REFUSED, None, None, text, Stage.MAIL)))
    else:
        load.ids.append(message_id)
        load.mails.append(mail)


def queued_service() -> list[tuple[int, str]]:
    """Return workspace and purpose of the service messages that are due, oldest first; reads no one's data."""
    found = rows(
        "SELECT workspace_id, purpose FROM delivery_waiting"
        " WHERE batch_id IS NULL AND (not_before IS NULL OR not_before <= now())"
        " GROUP BY workspace_id, purpose ORDER BY min(id::text)",
        {},
    )
    return [(workspace_id, purpose) for workspace_id, purpose in found]


def service_left() -> bool:
    """Whether any service message waits or is being sent."""
    return Waiting.objects.exists()


def _by_index() -> None:
    """Bind the planner to indexes for this transaction.

    Statistics know nothing of a campaign prepared a second ago, and a hash join over everybody for 500 of them is slow.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off;"
            "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
        )


def _next_batch_id() -> int:
    ((batch_id,),) = rows("SELECT nextval(pg_get_serial_sequence('delivery_batch', 'id'))", {})
    return batch_id


def _keep_batch(
    batch_id: int, activity: OpenActivity, campaign_id: int | None, *, sender: str, size: int, lease_s: float
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Batch._meta.db_table}"
            " (id, workspace_id, campaign_id, sender, size, claimed_at, lease_until, counts)"
            " VALUES (%s, %s, %s, %s, %s, now(), now() + %s * interval '1 second', '{}')",
            [batch_id, activity.workspace_id, campaign_id, sender, size, lease_s],
        )

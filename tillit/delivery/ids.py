"""A campaign's message ids: the same for the same campaign and person, and in the order of time."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def message_id(prepared_at: datetime, campaign_id: int, person_id: UUID) -> UUID:
    """Return the id of a campaign's message to a person: what `tillit_message_id` returns in SQL.

    A UUIDv7 whose time is the campaign's preparation and whose rest is cut from SHA-256 of campaign and person, so the
    primary key says "once per campaign and person". Source: RFC 9562 §5.7.
    """
    digest = hashlib.sha256(struct.pack(">q", campaign_id) + person_id.bytes).hexdigest()
    variant = "89ab"[int(digest[3], 16) & 3]
    return UUID(f"{_milliseconds(prepared_at):012x}7{digest[:3]}{variant}{digest[4:19]}")


def id_range(prepared_at: datetime) -> tuple[UUID, UUID]:
    """Return bounds, both inclusive, of the ids of all campaigns prepared within one millisecond."""
    first = _milliseconds(prepared_at) << 80
    return UUID(int=first), UUID(int=first | (1 << 80) - 1)


def made_at(message_id: UUID) -> datetime:
    """When a message was queued, which its id tells. Source: RFC 9562 section 5.7."""
    return datetime.fromtimestamp((message_id.int >> 80) / 1000, tz=UTC)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND

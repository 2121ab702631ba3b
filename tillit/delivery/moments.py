"""What this package tells of a person: the mails to them, and what they did with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from tillit.delivery.models import Event, Message
from tillit.people.timeline import Moment

_MILLISECONDS = 1000


def mails(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """The mails, as of when each was made: the time is in its id. Source: RFC 9562 section 5.7."""
    first = UUID(int=int(before.timestamp() * _MILLISECONDS) << 80)
    for each in Message.objects.filter(person_id=person_id, id__lt=first).order_by("-id")[:limit]:
        at = datetime.fromtimestamp((each.id.int >> 80) / _MILLISECONDS, tz=UTC)
        about = f"campaign:{each.campaign_id}" if each.campaign_id else f"purpose:{each.purpose}"
        yield Moment(at=at, kind="mail", title=each.get_state_display(), detail=each.reply, about=about)


def events(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """What the person opened and clicked, where they permit that it is measured."""
    for each in Event.objects.filter(person_id=person_id, at__lt=before).order_by("-at", "-id")[:limit]:
        about = f"campaign:{each.campaign_id}"
        client = " · ".join(part for part in (each.client, each.machine) if part)
        yield Moment(at=each.at, kind="mail", title=each.get_kind_display(), detail=client, about=about)

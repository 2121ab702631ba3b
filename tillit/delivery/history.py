"""What was sent to one person, and what they did with it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tillit.delivery.models import Event, Message

SHOWN = 20


def history(person_id: UUID, *, limit: int = SHOWN) -> tuple[Sequence[Message], Sequence[Event]]:
    """Return the latest messages to a person and their latest opens and clicks, in the caller's context."""
    messages = Message.objects.filter(person_id=person_id).order_by("-id")[:limit]
    events = Event.objects.filter(person_id=person_id).order_by("-id")[:limit]
    return list(messages), list(events)

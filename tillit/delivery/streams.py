"""What a sender sends from: streams of messages, which the packages above delivery bring.

A package that has some registers a source in its module `mails.py`: `register_source(running)`, where `running()`
returns the streams that are being sent now, in the order in which they take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.utils.module_loading import autodiscover_modules

from tillit.delivery.ids import id_range
from tillit.delivery.wire import Mail, Outcome

# A campaign's mails are measured where this purpose is permitted for the person (clause C9).
MEASURE = "measurement.email"


class Addressed(NamedTuple):
    """One claimed message of a stream: what its mail is written from. `values` are in the order of `Stream.fields`."""

    message_id: UUID
    person_id: UUID
    address: str
    language: str
    measured: bool
    values: Sequence[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The messages of one campaign, and how they become mails.

    `fields` are (category, field) pairs. `write` returns the whole message and may raise where it cannot be written;
    `stuffed` says that it comes as `compose.Template.write` makes it. `active` tells whether the stream may still be
    sent; `withheld` is told how many messages were withheld; `finished` is called when nothing of it is left.
    """

    workspace_id: int
    campaign_id: int
    purpose: str
    prepared_at: datetime
    lists: tuple[int, ...]
    fields: tuple[tuple[str, str], ...]
    write: Callable[[Addressed], bytes]
    stuffed: bool = False
    active: Callable[[], bool]
    withheld: Callable[[int], None]
    finished: Callable[[], None]

    @property
    def ids(self) -> tuple[UUID, UUID]:
        """Bounds, both inclusive, of the ids of its messages."""
        return id_range(self.prepared_at)


@dataclass(slots=True, kw_only=True)
class Load:
    """One claimed batch, written and ready to be sent. `unwritable` are those that cannot become a mail."""

    batch_id: int
    workspace_id: int
    stream: Stream | None  # None: service messages
    ids: list[UUID] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    unwritable: list[tuple[UUID, Outcome]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.ids) + len(self.unwritable)


Source = Callable[[], Sequence[Stream]]
_sources: list[Source] = []


def register_source(source: Source) -> None:
    """Make a source of streams known to the senders of this process."""
    if source not in _sources:
        _sources.append(source)


def running() -> list[Stream]:
    """Return the streams that are being sent now."""
    _discover()
    return [stream for source in _sources for stream in source()]


@cache
def _discover() -> None:
    autodiscover_modules("mails")

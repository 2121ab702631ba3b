"""Where a person was and what they were at any moment, as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db.migrations.recorder import MigrationRecorder

from tillit.people.models import PastStanding, Person


@dataclass(frozen=True, slots=True)
class Standing:
    """What decided about a person at a moment; not `certain` before changes were kept."""

    region: int
    roles: int
    flags: int
    certain: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """A person's standing over time: how it is now, and each earlier one with the moment until which it held."""

    person: Person
    past: Sequence[PastStanding]
    kept_since: datetime

    def at(self, moment: datetime) -> Standing | None:
        """Return the standing at a moment, None before the person was recorded."""
        if moment < self.person.created_at:
            return None
        row = next((each for each in self.past if moment < each.until), self.person)
        return Standing(row.region, row.roles, row.flags, certain=moment >= self.kept_since)

    @property
    def changes(self) -> list[datetime]:
        """The moments at which the standing changed, oldest first, beginning with when the person was recorded."""
        return [self.person.created_at, *(each.until for each in self.past)]


def history(person_id: UUID) -> History | None:
    """Return a person's standing over time, None when the context shows nobody; runs in the caller's context."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        return None
    return History(person, list(PastStanding.objects.filter(person_id=person_id).order_by("id")), kept_since())


@lru_cache(maxsize=1)
def kept_since() -> datetime:
    """The moment since which changes of standing are kept: when this installation got the table."""
    recorded = MigrationRecorder.Migration.objects.get(app="people", name="0005_paststanding")
    return recorded.applied

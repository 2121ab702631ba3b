"""Where segments are used. A package that uses them says so here, so that none is deleted from under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tillit.people.models import Segment


@dataclass(frozen=True, slots=True)
class Use:
    """Something that uses a segment: the route of its page and its number there, and its name.

    `binding` keeps the segment from being deleted: a campaign that was sent is not.
    """

    route: str
    number: int
    name: str
    binding: bool = True


Uses = Callable[[Segment], Iterator[Use]]
_users: list[Uses] = []


def add_uses(uses: Uses) -> None:
    """Let a package say where it uses a segment."""
    _users.append(uses)


def uses_of(segment: Segment) -> list[Use]:
    """Everything that uses a segment."""
    return [use for uses in _users for use in uses(segment)]

"""A set of people, said so that it can be kept and found again: the filters of a page, or chosen persons.

The SQL it becomes runs in the caller's processing context, whose purpose decides who is in it at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self
from uuid import UUID

from tillit.people import matching
from tillit.people.models import Person, Subscription
from tillit.people.segments.queries import compiled_here

STATES = tuple(Subscription.State.values)
RESTRICTED, UNREACHABLE, SUPPRESSED = "restricted", "unreachable", "suppressed"
#: Which flags each of those states means: whoever is suppressed cannot be reached either.
FLAGS = {
    RESTRICTED: Person.RESTRICTED,
    UNREACHABLE: Person.UNREACHABLE | Person.SUPPRESSED,
    SUPPRESSED: Person.SUPPRESSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is looked for; every part narrows it, and nothing said is everybody.

    `state` is a standing on the list (or on any), or `restricted`, `unreachable` or `suppressed`; `ids` are persons
    chosen by hand; who is in a segment is asked when the SQL is made.
    """

    text: str = ""
    list_id: int | None = None
    state: str = ""
    region: int | None = None
    segment_id: int | None = None
    ids: tuple[UUID, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether nothing in particular is looked for."""
        return not (self.text or self.list_id or self.state or self.segment_id or self.ids) and self.region is None

    def kept(self) -> dict[str, Any]:
        """What was said, as JSON keeps it. The text may name a person: keep it where the person's rights reach it."""
        said = {each.name: getattr(self, each.name) for each in fields(Selection)}
        nothing = (None, "", ())  # a region may be 0: not known
        return {
            name: [str(one) for one in value] if name == "ids" else value
            for name, value in said.items()
            if value not in nothing
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The selection that `kept()` wrote down."""
        return cls(**{**kept, "ids": tuple(UUID(one) for one in kept.get("ids", ()))})


def conditions(wanted: Selection) -> Iterator[str]:
    """The SQL conditions on a person `p` that a selection means, with `parameters()`; all of them hold.

    Raises Refused when the purpose of the caller's context may not know what a segment asks about.
    """
    if wanted.text:
        yield f"p.id IN ({matching.statement(wanted.text)})"
    yield from filters(wanted)


def filters(wanted: Selection, *, near: str = "") -> Iterator[str]:
    """The conditions without the one of the text, for a query that begins with whom the text means.

    `near` is SQL of the ids of people beyond whom nobody need be looked at.
    """
    if wanted.ids:
        yield "p.id = ANY (%(ids)s)"
    if wanted.region is not None:
        yield "p.region = %(region)s"
    if wanted.state in FLAGS:
        # the first part is what the index `person_flags` holds
        yield f"p.flags <> 0 AND p.flags & {FLAGS[wanted.state]} <> 0"
    elif wanted.state and wanted.list_id is None:
        yield "EXISTS (SELECT FROM people_subscription s WHERE s.person_id = p.id AND s.state = %(state)s)"
    if wanted.segment_id is not None:
        yield compiled_here(wanted.segment_id).condition("p", near=near)


def parameters(workspace_id: int, wanted: Selection) -> dict[str, Any]:
    """The parameters of `conditions()`."""
    told: dict[str, Any] = {"list": wanted.list_id, "state": wanted.state, "region": wanted.region}
    if wanted.ids:
        told["ids"] = list(wanted.ids)
    if wanted.text:
        told |= matching.parameters(workspace_id, wanted.text)
    if wanted.segment_id is not None:
        told |= compiled_here(wanted.segment_id, workspace_id=workspace_id).parameters
    return told


def statement(workspace_id: int, wanted: Selection) -> tuple[str, dict[str, Any]]:
    """Return SQL, and its parameters, that gives the id of everybody in a selection once, in no order."""
    where = " AND ".join(conditions(wanted)) or "true"
    return everybody(where, wanted), parameters(workspace_id, wanted)


def everybody(where: str, wanted: Selection) -> str:
    """The SQL of the ids of everybody, or of everybody on the list, for whom a condition on `p` holds; in no order."""
    if wanted.list_id is None:
        return f"SELECT p.id FROM people_person p WHERE {where}"
    standing = " AND s.state = %(state)s" if wanted.state in STATES else ""
    return (
        "SELECT p.id FROM people_subscription s JOIN people_person p ON p.id = s.person_id"
        f" WHERE s.list_id = %(list)s{standing} AND {where}"
    )

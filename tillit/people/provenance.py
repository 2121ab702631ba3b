"""Where each value about a person comes from: the correction that wrote it, else the source of its category."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from tillit.people.models import Edit
from tillit.people.queries import Known

PLACE = {"region": "contact", "language": "preferences"}
_EDITS = 500  # the latest corrections; beyond them a value is told by its category's source


def edits_of(person_id: UUID) -> list[Edit]:
    """The latest corrections of a person, newest first; in the caller's context."""
    return list(Edit.objects.filter(person_id=person_id).order_by("-at", "-id")[:_EDITS])


def written_by(edits: Iterable[Edit], known: Iterable[Known]) -> dict[tuple[str, str], Edit]:
    """Map category and field to the correction that wrote the value there is now; a value that came since has none."""
    now = {(each.category, name): value for each in known for _, name, value in each.values}
    found: dict[tuple[str, str], Edit] = {}
    for edit in edits:
        for name, value in edit.after.items():
            place = (edit.category, name)
            if place not in found and (name in PLACE or (place in now and now[place] == value)):
                found[place] = edit
    return found

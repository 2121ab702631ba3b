"""Notes that colleagues keep about a person. The person reads them in their copy, and an erasure takes them."""

from __future__ import annotations

from uuid import UUID

from tillit.ledger.processing import processing
from tillit.people.models import Note
from tillit.people.records import ADMINISTER, NobodyHere, lock

MAX_CHARS = 4000


class EmptyNote(ValueError):
    """A note says something, in at most 4,000 characters."""


def add(workspace_id: int, person_id: UUID, text: str, *, by: str) -> Note:
    """Write a note about a person. Raises EmptyNote and NobodyHere."""
    tidy = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not tidy or len(tidy) > MAX_CHARS:
        raise EmptyNote(EmptyNote.__doc__)
    with processing(workspace_id, ADMINISTER, by=by, act="note.add", subject=person_id) as activity:
        lock(person_id)
        note = Note(workspace_id=workspace_id, person_id=person_id, text=tidy, by=by, at=activity.at)
        Note.objects.bulk_create([note])
    return note


def remove(workspace_id: int, person_id: UUID, note_id: UUID, *, by: str) -> None:
    """Delete a note for good. Raises NobodyHere when it is not there."""
    with processing(workspace_id, ADMINISTER, by=by, act="note.remove", subject=person_id):
        if not Note.objects.filter(pk=note_id, person_id=person_id).delete()[0]:
            raise NobodyHere(NobodyHere.__doc__ or "")

"""Which ids a person has: their own, and those of records that went into theirs."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from tillit.people.models import Merge, Person


def present_id(workspace_id: int, person_id: UUID) -> UUID:
    """Return the id under which a person is found now: that of the record that theirs went into, or the same.

    Needs no context, since it says nothing about anybody: the database follows the merge with its owner's rights. It is
    for whoever comes by an old id, such as that of a link in a mail.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tillit_present_id(%s, %s)", [workspace_id, person_id])
        found: UUID = cursor.fetchone()[0]
    return found


def every_id(person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Map each id that persons have or had to the one they are found under; those whom the context does not show
    are left out.

    What was written append-only lies under the id of its day (decision 0015): a read of it asks for all of these.
    """
    found = {person: person for person in Person.objects.filter(pk__in=person_ids).values_list("pk", flat=True)}
    gone = Merge.objects.standing().filter(person_id__in=list(found))
    return found | dict(gone.values_list("gone_id", "person_id"))


def ids_of(person_id: UUID) -> list[UUID]:
    """Every id that one person has or had, their own first; none when the context does not show them."""
    return list(every_id([person_id]))

"""Which ids a person has: their own, and those of records that went into theirs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection, models

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


# What merges keep of rows that tell how to undo an import or an act on many, where both records had one.
_FORGET = """
UPDATE people_mergetrace t SET gone = COALESCE((
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(t.gone)
    WHERE NOT (value ->> %(column)s)::bigint = ANY (%(numbers)s)), '{}')
WHERE t.part = %(table)s AND EXISTS (
    SELECT FROM jsonb_each(t.gone) WHERE (value ->> %(column)s)::bigint = ANY (%(numbers)s))
"""


def forget_kept(model: type[models.Model], column: str, numbers: Collection[int]) -> None:
    """Remove what merges keep of a table's rows about some imports or acts, which nobody can undo any more.

    In the caller's context, which shows every category.
    """
    told: dict[str, Any] = {"table": model._meta.db_table, "column": column, "numbers": list(numbers)}
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, told)

"""Erasing what a retired field held: a batch of people a transaction, so that it can be broken off anywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from tillit.ledger.processing import SYSTEM, processing
from tillit.people.models import Field, Person

# Every category can be read under it, also one that staff may no longer see: what is erased must be found.
PURPOSE = "rights.fulfil"
BATCH = 10_000
_NOBODY = "00000000-0000-0000-0000-000000000000"

_TOTAL = "SELECT count(*) FROM people_traits WHERE workspace_id = %s AND category = %s"
# Whose processing is restricted keeps what is stored: they may need it for a claim. Source: GDPR art 18(1), (2).
_ERASE = f"""
WITH batch AS (
    SELECT t.person_id, t."values" ? %(name)s::text AS has FROM people_traits t
    WHERE t.category = %(category)s AND t.person_id > %(after)s ORDER BY t.person_id LIMIT %(limit)s
), erased AS (
    UPDATE people_traits t SET "values" = t."values" - %(name)s::text, updated_at = %(now)s
    FROM batch b JOIN people_person p ON p.id = b.person_id
    WHERE b.has AND t.person_id = b.person_id AND t.category = %(category)s AND p.flags & {Person.RESTRICTED} = 0
    RETURNING t.person_id
)
SELECT (SELECT max(person_id::text) FROM batch), (SELECT count(*) FROM batch),
       (SELECT count(*) FROM batch WHERE has), (SELECT count(*) FROM erased)
"""


def erase_nothing_yet(*, by: str, now: datetime) -> dict[str, Any]:
    """How far an erasure is that has not begun."""
    return {"by": by, "after": _NOBODY, "done": 0, "total": 0, "erased": 0, "kept": 0, "moved_at": now.isoformat()}


def erase_batch(field_id: int) -> bool:
    """Erase the next people's values of a retired field; return whether there are more. Safe beside another worker."""
    field = Field.objects.get(pk=field_id)
    if field.retired_at is None or field.erased_at is not None:
        return False
    by = field.erasing.get("by") or SYSTEM
    about = f"field:{field.pk}"
    with processing(field.workspace_id, PURPOSE, by=by, act="field.erase", about=about) as activity:
        field = Field.objects.select_for_update().get(pk=field_id)
        if field.erased_at is not None:
            return False
        now, told = timezone.now(), field.erasing
        last, read, had, erased = _erase(field, now=now)
        told["done"] += read
        told["erased"] += erased
        told["kept"] += had - erased
        told["moved_at"] = now.isoformat()
        told["after"] = last or told["after"]
        field.erased_at = None if read == BATCH else now
        if field.erased_at:
            _forget_traces(field)
        field.save(update_fields=["erasing", "erased_at"])
        activity.count(erased=erased, kept=had - erased)
    return field.erased_at is None


# Corrections by hand, and what imports, acts on many and merges keep so that they can be undone.
_TRACES = (
    """
UPDATE people_edit e SET "before" = e."before" - %(name)s::text, "after" = e."after" - %(name)s::text
FROM people_person p WHERE p.id = e.person_id AND e.category = %(category)s AND {free}
  AND (e."before" ? %(name)s::text OR e."after" ? %(name)s::text)
""",
    """
UPDATE people_importtrace i SET "after" = i."after" - %(name)s::text,
    "before" = i."before" #- ARRAY['values', %(name)s::text]
FROM people_person p WHERE p.id = i.person_id AND i.category = %(category)s AND i.part = 'values' AND {free}
  AND (i."after" ? %(name)s::text OR i."before"->'values' ? %(name)s::text)
""",
    """
UPDATE people_bulkchange c SET "before" = NULL
FROM people_person p, people_bulkact a WHERE p.id = c.person_id AND c.category = %(category)s AND {free}
  AND a.id = c.act_id AND a.verb = 'field.set' AND a.arguments->>'field' = %(name)s AND c."before" IS NOT NULL
""",
    """
UPDATE people_mergetrace m SET kept = m.kept #- ARRAY['values', %(name)s::text],
    gone = m.gone #- ARRAY['values', %(name)s::text], "after" = m."after" #- ARRAY['values', %(name)s::text]
FROM people_person p WHERE p.id = m.person_id AND m.category = %(category)s AND m.part = 'people_traits' AND {free}
  AND (m.gone->'values' ? %(name)s::text OR m.kept->'values' ? %(name)s::text OR m."after"->'values' ? %(name)s::text)
""",
    # Whole traces of an import or an act on many that both records had: one that goes cannot be undone for a split one.
    """
UPDATE people_mergetrace m SET gone = '{{}}' FROM people_person p
WHERE p.id = m.person_id AND m.category = %(category)s AND m.part IN ('people_importtrace', 'people_bulkchange')
  AND {free} AND m.gone <> '{{}}'
""",
)


def _forget_traces(field: Field) -> None:
    """Erase what else says that the field once held something. An undo then finds the value changed, and leaves it."""
    with connection.cursor() as cursor:
        for statement in _TRACES:
            free = f"p.flags & {Person.RESTRICTED} = 0"
            cursor.execute(statement.format(free=free), {"name": field.name, "category": field.category})


def _erase(field: Field, *, now: datetime) -> tuple[str | None, int, int, int]:
    """Erase one batch; return its last person, how many were read, had a value, and lost it."""
    with connection.cursor() as cursor:
        if not field.erasing["total"]:
            cursor.execute(_TOTAL, [field.workspace_id, field.category])
            field.erasing["total"] = cursor.fetchone()[0]
        values: dict[str, Any] = {
            "name": field.name,
            "category": field.category,
            "after": field.erasing["after"],
            "limit": BATCH,
            "now": now,
        }
        cursor.execute(_ERASE, values)
        last, read, had, erased = cursor.fetchone()
        return last, read, had, erased

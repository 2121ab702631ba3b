"""What would fall due now under another retention, counted from what the tables declare."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, models

from tillit.ledger.rls import personal_models
from tillit.policy.dates import add_months
from tillit.policy.declarations import Declares
from tillit.policy.keeping import Retention, Trigger
from tillit.policy.values import Period

#: The fields that say when a row came to be, in the order in which one is looked for; else its UUIDv7 does.
#: A table with neither is not counted: its rows follow from others (words of names) or are kept for 30 days (traces).
_MADE = ("at", "since", "created_at", "updated_at", "until")
#: Tables whose rows are a contact with the person: what was sent, what was done with it, what was chosen.
_CONTACTS = ("delivery_message", "delivery_event", "consent_choice")


@dataclass(frozen=True, slots=True)
class Due:
    """How much would fall due: rows, or people where the period counts from the last contact. None: cannot be told."""

    number: int | None
    people: bool = False


def due(category: str, old: Retention, new: Retention, *, seen: Collection[str], now: datetime) -> Due:
    """Count what is not due under the old rule and would be under the new one, in the caller's context.

    `seen` are the categories that the context shows. What counts from another event than the collection or the last
    contact cannot be counted here: no row says when that was.
    """
    if category not in seen or new.after not in (Trigger.COLLECTED, Trigger.LAST_CONTACT):
        return Due(None)
    count = _silent if new.after is Trigger.LAST_CONTACT else _rows
    before = count(category, _start(now, old.keep)) if old.after is new.after else 0
    return Due(max(0, count(category, _start(now, new.keep)) - before), people=new.after is Trigger.LAST_CONTACT)


def _start(now: datetime, period: Period) -> datetime:
    return add_months(now, -period.months) - timedelta(days=period.days)


def _rows(category: str, until: datetime) -> int:
    """Rows of a category that were made before a moment."""
    return sum(_older(model, declares, category, until) for model, declares in _holding(category))


def _holding(category: str) -> Iterator[tuple[type[models.Model], Declares]]:
    for model, declares in personal_models():
        if declares.erase != "keep" and (declares.category_column or declares.category == category):
            yield model, declares


def _older(model: type[models.Model], declares: Declares, category: str, until: datetime) -> int:
    names = [field.name for field in model._meta.concrete_fields]
    made = next((name for name in _MADE if name in names), None)
    if not made and not isinstance(model._meta.pk, models.UUIDField):
        return 0
    found = model._default_manager.filter(**({f"{made}__lt": until} if made else {"pk__lt": _first_id(until)}))
    if declares.category_column:
        found = found.filter(**{declares.category_column: category})
    return found.count()


def _first_id(moment: datetime) -> UUID:
    """The lowest UUIDv7 of a moment. Source: RFC 9562 section 5.7."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _silent(_category: str, until: datetime) -> int:
    """People with whom there was no contact since a moment: none was sent anything, did anything or chose anything."""
    quiet = " ".join(
        f"AND NOT EXISTS (SELECT FROM {table} c WHERE c.person_id = p.id AND c.id >= %(id)s)" for table in _CONTACTS
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM people_person p WHERE p.created_at < %(until)s {quiet}",
            {"until": until, "id": _first_id(until)},
        )
        return int(cursor.fetchone()[0])

"""Staff's acts about one person: adding, correcting, restricting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from tillit.ledger.processing import OpenActivity, Refused, processing
from tillit.people.actions import add_person, set_subscription, set_traits
from tillit.people.importing.start import check_source
from tillit.people.models import Edit, Field, MailingList, Person, Source, Subscription, Traits
from tillit.people.values import read as read_value

ADMINISTER, FULFIL = "audience.administer", "rights.fulfil"


class NobodyHere(Refused):
    """There is no such person in this workspace: they were erased, or never were."""


class UnreadableValue(ValueError):
    """A value is not of its field's type; `field` names it."""

    def __init__(self, field: Field) -> None:
        super().__init__(f"not a {field.type}")
        self.field = field


def add(
    workspace_id: int,
    *,
    email: str,
    source: Source,
    by: str,
    now: datetime,
    region: int = 0,
    language: str = "",
    values: Mapping[str, str] | None = None,
    lists: tuple[MailingList, ...] = (),
) -> UUID:
    """Add a person, or what is new about one who is there; return their id.

    `values` maps field names to texts. Raises InvalidIdentifier, UnreadableValue, Erased for somebody who was erased,
    and Refused for a source without a valid warranty and for somebody whose processing is restricted.
    Source: clauses A3, B4; GDPR art 18(2).
    """
    with processing(workspace_id, ADMINISTER, by=by, act="person.add") as activity:
        check_source(source, now=now)
        given = {name: text for name, text in (values or {}).items() if text.strip()}
        traits: dict[str, dict[str, Any]] = {}
        for field, value in _typed(workspace_id, given):
            traits.setdefault(_may_keep(activity, field).category, {})[field.name] = value
        person_id = add_person(activity, email=email, region=region, language=language, source=source)
        activity.subject_id = person_id
        if lock(person_id).restricted:
            said = _("The processing of this person is restricted, so nothing is added. Lift the restriction first.")
            raise Refused(said, rule=ADMINISTER, clause="E2")
        for category, held in traits.items():
            set_traits(activity, person_id, category=category, values=held, source=source)
        for mailing_list in lists:
            state = Subscription.State.SUBSCRIBED
            set_subscription(activity, [person_id], mailing_list, state, now=now, source=source)
        return person_id


@dataclass(frozen=True, slots=True)
class Origin:
    """On whose word something is corrected: the person's own, a source's, or nobody's that was said."""

    word: str = Edit.Word.UNSAID
    source: Source | None = None


def change_values(
    workspace_id: int, person_id: UUID, values: Mapping[str, str], *, by: str, origin: Origin | None = None
) -> int:
    """Set fields of a person to texts read by each field's type; an empty text removes one. Return how many changed.

    Each category that changes gets a row that says what was there before, by whom and on whose word it was changed.
    Raises UnreadableValue and NobodyHere, and Refused for a source without a valid warranty.
    """
    origin = origin or Origin()
    with processing(workspace_id, ADMINISTER, by=by, act="person.change", subject=person_id) as activity:
        lock(person_id)
        if origin.source:
            check_source(origin.source, now=activity.at)
        by_category: dict[str, dict[str, Any]] = {}
        for field, value in _typed(workspace_id, values):
            by_category.setdefault(_may_keep(activity, field).category, {})[field.name] = value
        changed = sum(_change(activity, person_id, category, given, origin) for category, given in by_category.items())
        activity.count(categories=changed)
        return changed


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction changes in one category; a value that is None was not there, or is not any more."""

    category: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def note_edit(activity: OpenActivity, person_id: UUID, change: Change, origin: Origin) -> None:
    """Write down what a correction changed, by whom and on whose word."""
    Edit.objects.bulk_create(
        [
            Edit(
                workspace_id=activity.workspace_id,
                person_id=person_id,
                category=change.category,
                before=dict(change.before),
                after=dict(change.after),
                word=origin.word,
                source_id=origin.source.pk if origin.source else None,
                by=activity.actor,
                at=activity.at,
            )
        ]
    )


def _may_keep(activity: OpenActivity, field: Field) -> Field:
    """Return a field whose values staff may keep. Raises Refused for one that only files of another purpose bring."""
    if field.category not in activity.categories:
        said = _("“%(field)s” is of the category %(category)s, which staff may not change.")
        told = {"field": field.said(), "category": field.category}
        raise Refused(said % told, rule=activity.purpose, clause="A6")
    return field


def _typed(workspace_id: int, values: Mapping[str, str]) -> list[tuple[Field, Any]]:
    """Read texts by the types of their fields; None for an empty one. Raises UnreadableValue."""
    read: list[tuple[Field, Any]] = []
    for field in Field.objects.filter(workspace_id=workspace_id, name__in=list(values)).in_use():
        text = values[field.name].strip()
        value = read_value(field, text) if text else None
        if text and value is None:
            raise UnreadableValue(field)
        read.append((field, value))
    return read


_MERGE = """
INSERT INTO people_traits (person_id, category, workspace_id, "values", updated_at)
VALUES (%(person)s, %(category)s, %(workspace)s, %(sets)s::jsonb, %(now)s)
ON CONFLICT (person_id, category) DO UPDATE
SET "values" = (people_traits."values" || EXCLUDED."values") - %(drops)s::text[], updated_at = EXCLUDED.updated_at
"""


def _change(activity: OpenActivity, person_id: UUID, category: str, given: Mapping[str, Any], origin: Origin) -> bool:
    """Write one category's values; say whether that changed anything. What is left of a source stays the source's."""
    row = Traits.objects.filter(person_id=person_id, category=category).first()
    known = row.values if row else {}
    after = {name: value for name, value in given.items() if known.get(name) != value}
    if not after:
        return False
    values: dict[str, Any] = {
        "person": person_id,
        "category": category,
        "workspace": activity.workspace_id,
        "sets": json.dumps({name: value for name, value in after.items() if value is not None}),
        "drops": [name for name, value in after.items() if value is None],
        "now": activity.at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MERGE, values)
    before = {name: known.get(name) for name in after}
    note_edit(activity, person_id, Change(category, before, after), origin)
    return True


def change_place(
    workspace_id: int, person_id: UUID, *, region: int, language: str, by: str, origin: Origin | None = None
) -> None:
    """Set the region whose law protects a person, and the language they are written to in. Raises NobodyHere."""
    with processing(workspace_id, ADMINISTER, by=by, act="person.change", subject=person_id) as activity:
        person = lock(person_id)
        Person.objects.filter(pk=person_id).update(region=region, language=language)
        if language != person.language:
            change = Change("preferences", {"language": person.language or None}, {"language": language or None})
            note_edit(activity, person_id, change, origin or Origin())
        if region != person.region:
            change = Change("contact", {"region": person.region}, {"region": region})
            note_edit(activity, person_id, change, origin or Origin())


def restrict(workspace_id: int, person_id: UUID, *, by: str) -> None:
    """Restrict processing: a person's information is stored and nothing else, but for claims. Source: GDPR art 18."""
    _set_restricted(workspace_id, person_id, True, by=by, act="person.restrict")


def lift_restriction(workspace_id: int, person_id: UUID, *, by: str) -> None:
    """Lift a restriction; the person is to be told before. Source: GDPR art 18(3)."""
    _set_restricted(workspace_id, person_id, False, by=by, act="person.lift-restriction")


def _set_restricted(workspace_id: int, person_id: UUID, restricted: bool, *, by: str, act: str) -> None:
    flags = F("flags").bitor(Person.RESTRICTED) if restricted else F("flags").bitand(~Person.RESTRICTED)
    with processing(workspace_id, FULFIL, by=by, act=act, subject=person_id):
        lock(person_id)
        Person.objects.filter(pk=person_id).update(flags=flags)


def lock(person_id: UUID) -> Person:
    """Lock and return a person in the caller's context. Raises NobodyHere."""
    person: Person | None = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NobodyHere(NobodyHere.__doc__ or "")
    return person

"""Correcting what is known of a person, at their word. Source: GDPR art 16."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tillit.consent.actions import NobodyThere
from tillit.ledger.processing import Refused, person_actor, processing
from tillit.people.actions import set_traits
from tillit.people.models import Edit, Field, Person, Traits
from tillit.people.records import Change, Origin, note_edit

FULFIL = "rights.fulfil"
NAMES = "identity"
MAX_CHARS = 200


class NotCorrectable(Refused):
    """The field is not one that people can correct by themselves."""

    def __init__(self) -> None:
        super().__init__(_("You cannot correct this by yourself. Write to us, and somebody does it."), clause="E8")


def correct_names(workspace_id: int, person_id: UUID, values: Mapping[str, str], *, by: str | None = None) -> list[str]:
    """Write a person's names as they gave them; return the fields that changed. An empty value removes one.

    Raises NobodyThere, and NotCorrectable for a field that is no text of the category `identity`.
    """
    fields = set(name_fields(workspace_id).values_list("name", flat=True))
    if not values.keys() <= fields:
        raise NotCorrectable
    actor = by or person_actor(person_id)
    with processing(workspace_id, FULFIL, by=actor, act="person.rectify", subject=person_id) as activity:
        _found(person_id)
        row = Traits.objects.filter(person_id=person_id, category=NAMES).first()
        known = row.values if row else {}
        tidy = {name: " ".join(text.replace("\0", " ").split())[:MAX_CHARS] for name, text in values.items()}
        changed = {name: text for name, text in tidy.items() if text != str(known.get(name) or "")}
        if changed:
            set_traits(activity, person_id, category=NAMES, values=changed)
            before = {name: known.get(name) for name in changed}
            note_edit(activity, person_id, Change(NAMES, before, changed), Origin(Edit.Word.PERSON))
        activity.count(fields=len(changed))
    return sorted(changed)


def name_fields(workspace_id: int) -> QuerySet[Field]:
    """The fields of a workspace that hold a person's names."""
    return Field.objects.filter(workspace=workspace_id, category=NAMES, type=Field.Type.TEXT).in_use()


def set_language(workspace_id: int, person_id: UUID, language: str, *, by: str | None = None) -> None:
    """Write to a person in a language of theirs from now on. Raises NobodyThere."""
    actor = by or person_actor(person_id)
    with processing(workspace_id, FULFIL, by=actor, act="person.rectify", subject=person_id) as activity:
        _found(person_id)
        Person.objects.filter(pk=person_id).update(language=language)
        activity.count(fields=1)


def _found(person_id: UUID) -> None:
    if not Person.objects.select_for_update().filter(pk=person_id).exists():
        raise NobodyThere

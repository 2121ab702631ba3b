"""Where each value about a person comes from: the correction that wrote it, else the source of its category."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from tillit.people.importing.cells import phone_region, region_code
from tillit.people.models import Edit, Identity
from tillit.people.queries import Known, Record

PLACE = {"region": "contact", "language": "preferences"}
_EDITS = 500  # the latest corrections; beyond them a value is told by its category's source


def edits_of(person_id: UUID) -> list[Edit]:
    """The latest corrections of a person, newest first; in the caller's context."""
    return list(Edit.objects.filter(person_id=person_id).order_by("-at", "-id")[:_EDITS])


class Because(StrEnum):
    """What a person's region rests on."""

    UNKNOWN = "unknown"
    EDIT = "edit"
    COUNTRY = "country"
    PHONE = "phone"
    SOURCE = "source"
    RECORDED = "recorded"


def region_reason(record: Record, edits: Iterable[Edit]) -> tuple[Because, str]:
    """Return what a person's region rests on, and the country, number or source that tells it.

    What is known now is asked, in the order in which an import asks: a correction, the declared country, the telephone
    number, the country of a source. `RECORDED` is a region that nothing known now tells.
    """
    region = record.person.region
    if any("region" in edit.after and edit.after["region"] == region for edit in edits):
        return Because.EDIT, ""
    if not region:
        return Because.UNKNOWN, ""
    country = str(record.values.get("country") or "")
    if region in {region_code(country, state) for state in ("", "CA", "TX")} - {0}:
        return Because.COUNTRY, country
    for identity in record.identities:
        if identity.kind == Identity.Kind.PHONE and identity.value and phone_region(identity.value) == region:
            return Because.PHONE, identity.value
    sources = [known.source for known in record.known] + [standing.source for standing in record.standings]
    for source in sources:
        if source and source.country and region_code(source.country) == region:
            return Because.SOURCE, source.name
    return Because.RECORDED, ""


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

"""Restricting the processing of many, and lifting that. Source: GDPR art 18."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tillit.people.bulk.verbs import MEANT, NOTHING_SINCE
from tillit.people.models import Person
from tillit.people.records import FULFIL

_ON, _OFF = f"flags | {Person.RESTRICTED}::smallint", f"flags & ~{Person.RESTRICTED}::smallint"
_IS = f"p.flags & {Person.RESTRICTED} <> 0"
# Another act on many that found them restricted, or restricted them, stands for it too.
_MEANT_AGAIN = """EXISTS (SELECT FROM people_bulkchange o JOIN people_bulkact a ON a.id = o.act_id
    WHERE o.person_id = c.person_id AND o.act_id > c.act_id AND a.verb = 'person.restrict'
      AND o.verdict IN ('same', 'change'))"""


@dataclass(frozen=True, slots=True)
class Restrict:
    """Store people's information and use it for nothing else, but for claims."""

    name: ClassVar[str] = "person.restrict"
    purpose: ClassVar[str] = FULFIL
    category: ClassVar[str] = "contact"
    judge: ClassVar[str] = f"""
SELECT p.id, NULL::jsonb AS before, CASE WHEN {_IS} THEN 'same' ELSE 'change' END AS verdict
FROM people_person p WHERE true"""
    write: ClassVar[str] = f"""
UPDATE people_person p SET flags = {_ON} FROM people_bulkchange c WHERE {MEANT} AND p.id = c.person_id"""
    set_back: ClassVar[str] = f"""
UPDATE people_person p SET flags = {_OFF} FROM people_bulkchange c WHERE {MEANT} AND p.id = c.person_id AND {_IS}
AND {NOTHING_SINCE} AND NOT {_MEANT_AGAIN} RETURNING c.person_id"""

    @property
    def parameters(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class LiftRestriction:
    """Let people's information be used again; they are to be told before. Source: GDPR art 18(3)."""

    name: ClassVar[str] = "person.lift"
    purpose: ClassVar[str] = FULFIL
    category: ClassVar[str] = "contact"
    judge: ClassVar[str] = f"""
SELECT p.id, NULL::jsonb AS before, CASE WHEN {_IS} THEN 'change' ELSE 'same' END AS verdict
FROM people_person p WHERE true"""
    write: ClassVar[str] = f"""
UPDATE people_person p SET flags = {_OFF} FROM people_bulkchange c WHERE {MEANT} AND p.id = c.person_id"""
    # A restriction is put back whatever happened since: that harms nobody.
    set_back: ClassVar[str] = f"""
UPDATE people_person p SET flags = {_ON} FROM people_bulkchange c WHERE {MEANT} AND p.id = c.person_id
RETURNING c.person_id"""

    @property
    def parameters(self) -> dict[str, Any]:
        return {}

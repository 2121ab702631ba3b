"""Erasing many at once, as an act on many people."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from tillit.people.models import Person
from tillit.rights.actions import FULFIL, RestrictedMeanwhile, erase


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase each person as if they had asked for it, with its evidence.

    Whoever had processing restricted is left out: they may need what is held to claim something. So is whoever was
    joined with another record since the act began, since nobody may have chosen them. Source: GDPR art 18(1).
    """

    name: ClassVar[str] = "person.erase"
    purpose: ClassVar[str] = FULFIL
    category: ClassVar[str] = "contact"
    outcome: ClassVar[str] = "erased"
    judge: ClassVar[str] = f"""
SELECT p.id, NULL::jsonb AS before,
       CASE WHEN p.flags & {Person.RESTRICTED} <> 0 THEN 'restricted'
            WHEN EXISTS (SELECT FROM people_merge m WHERE m.kept_id = p.id AND m.at >= %(begun)s) THEN 'merged'
            ELSE 'change' END AS verdict
FROM people_person p WHERE true"""

    @property
    def parameters(self) -> dict[str, Any]:
        return {"begun": None}  # a preview looks at nobody since

    def each(self, workspace_id: int, person_id: UUID, *, by: str, now: datetime) -> None:
        with suppress(RestrictedMeanwhile):
            erase(workspace_id, person_id, by=by, now=now, spare_restricted=True)

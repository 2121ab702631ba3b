"""What this package tells of a person: their choices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.utils.translation import get_language

from tillit.consent.models import Choice
from tillit.ledger.versions import in_force
from tillit.people.merges import ids_of
from tillit.people.timeline import Moment


def choices(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """What the person decided about each purpose, and how."""
    purposes, language = in_force(workspace_id).document.purposes, get_language() or "en"
    made = Choice.objects.under(ids_of(person_id), voided=True).filter(at__lt=before)
    for each in made.order_by("-at", "-id")[:limit]:
        purpose = purposes[each.purpose].title.said(language) if each.purpose in purposes else each.purpose
        title = f"{purpose}: {each.get_state_display()}"
        yield Moment(at=each.at, kind="choice", title=title, detail=each.get_method_display())

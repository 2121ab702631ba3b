"""What this package tells of a person: their choices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.consent.models import Choice, VoidedChoice
from tillit.ledger.versions import in_force
from tillit.people.merges import ids_of
from tillit.people.timeline import Moment


def choices(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """What the person decided about each purpose, and how."""
    purposes, language = in_force(workspace_id).document.purposes, get_language() or "en"
    ids = ids_of(person_id)
    made = Choice.objects.under(ids, voided=True).filter(at__lt=before)
    voided = {each.choice_id: each for each in VoidedChoice.under(ids)}
    for each in made.order_by("-at", "-id")[:limit]:
        purpose = purposes[each.purpose].title.said(language) if each.purpose in purposes else each.purpose
        title = f"{purpose}: {each.get_state_display()}"
        detail = "; ".join([each.get_method_display(), *_taken_back(voided.get(each.pk))])
        yield Moment(at=each.at, kind="choice", title=title, detail=detail)


def _taken_back(voided: VoidedChoice | None) -> Iterator[str]:
    """That a choice counts no more, and since when."""
    if voided is None:
        return
    day = date_format(timezone.localtime(voided.at), "SHORT_DATE_FORMAT")
    if voided.about.startswith("import:"):
        yield _("counts no more since %(day)s, when the import was undone") % {"day": day}
    else:
        yield _("counts no more since %(day)s: it was recorded by mistake") % {"day": day}

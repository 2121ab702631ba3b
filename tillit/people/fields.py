"""Keeping a workspace's fields: made, changed, ordered, and retired, which erases what they held."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.ledger.versions import in_force
from tillit.people.field_erasure import erase_batch, erase_nothing_yet
from tillit.people.field_uses import uses
from tillit.people.importing import mapping
from tillit.people.importing.purposes import importable
from tillit.people.models import Field

ADMINISTER = "audience.administer"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
MAX_FIELDS = 200
STALLED_AFTER = timedelta(minutes=5)
# What a column of a file, or a merge tag, already means; "country" is a field of most workspaces beside its region.
RESERVED = frozenset({*mapping.TARGETS, "id", "person", "region", "true", "false", "none"} - {"country"})


class NameTaken(ValueError):
    """Another field of the workspace has this name, or the program uses it for something else."""


class InUse(Refused):
    """Something that is under way needs the field."""


def name_from(label: str) -> str:
    """Return a field's name made of its label: ``Shoe size`` is ``shoe_size``; "" where no letter is left."""
    plain = label.lower().translate(str.maketrans("åäöæøéèüñç", "aaoaoeeunc"))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")[:63].strip("_")


def make_field(
    workspace_id: int,
    *,
    name: str,
    labels: Mapping[str, str],
    type: str,
    category: str,
    by: str,
    choices: Sequence[str] = (),
    checks: Mapping[str, Any] | None = None,
) -> Field:
    """Make a field, the last in order. Raises NameTaken, and Refused for a category that staff may not keep.

    Source: clause A6: what is stored belongs to a declared category.
    """
    with processing(workspace_id, ADMINISTER, by=by, act="field.make") as activity:
        _check_category(workspace_id, category)
        known = Field.objects.filter(workspace_id=workspace_id)
        if name in RESERVED or any(_holds(each) for each in known.filter(name=name)):
            raise NameTaken(NameTaken.__doc__)
        if known.in_use().count() >= MAX_FIELDS:
            raise Refused(_("A workspace has %(number)s fields at most. Retire one first.") % {"number": MAX_FIELDS})
        last = known.aggregate(last=Max("place"))["last"] or 0
        made = Field.objects.create(
            workspace_id=workspace_id,
            name=name,
            label=next(iter(labels.values())),
            labels=dict(labels),
            type=type,
            category=category,
            choices=list(choices),
            checks=dict(checks or {}),
            place=last + 1,
        )
        activity.object_ref = f"field:{made.pk}"
        return made


def _holds(field: Field) -> bool:
    """Whether people may still have values under a field's name: one in use, or one whose erasure left some."""
    return field.retired_at is None or field.erased_at is None or bool(field.erasing.get("kept"))


def _check_category(workspace_id: int, category: str) -> None:
    version = in_force(workspace_id)
    kept = {*version.rules[ADMINISTER].categories, *importable(workspace_id)}
    if category not in version.document.categories or category not in kept:
        raise Refused(
            _("The policy in force does not let staff keep “%(category)s”, so no field can be of that category.")
            % {"category": category},
            rule=ADMINISTER,
            clause="A6",
        )


def change_field(
    field: Field, *, labels: Mapping[str, str], choices: Sequence[str], checks: Mapping[str, Any], by: str
) -> None:
    """Change what a field is called and what its values may be; values that are there stay as they are.

    Its name, type and category stay: texts are merged by the name, and the values lie under the category.
    """
    about = f"field:{field.pk}"
    with processing(field.workspace_id, ADMINISTER, by=by, act="field.change", about=about):
        field.label, field.labels = next(iter(labels.values())), dict(labels)
        field.choices, field.checks = list(choices), dict(checks)
        field.save(update_fields=["label", "labels", "choices", "checks"])


def move_field(field: Field, *, down: bool, by: str) -> None:
    """Move a field one place up or down; at the end it stays."""
    about = f"field:{field.pk}"
    with processing(field.workspace_id, ADMINISTER, by=by, act="field.change", about=about):
        ordered = list(Field.objects.select_for_update().filter(workspace_id=field.workspace_id).in_use())
        at = next((place for place, each in enumerate(ordered) if each.pk == field.pk), None)
        to = None if at is None else at + (1 if down else -1)
        if at is not None and to is not None and 0 <= to < len(ordered):
            ordered.insert(to, ordered.pop(at))
        for place, each in enumerate(ordered, start=1):
            each.place = place
        Field.objects.bulk_update(ordered, ["place"])


def retire_field(field: Field, *, by: str, now: datetime) -> None:
    """Take a field out of use at once, and queue the erasure of everything it held. This cannot be undone.

    Raises InUse when a campaign on its way or a running import needs it. Source: GDPR art 5(1)(c); clause I1.
    """
    needed = [use for use in uses(field) if use.stops]
    if needed:
        titles = ", ".join(f"“{use.title}”" for use in needed)
        raise InUse(_("%(what)s still needs the field. Wait until it has ended, or stop it.") % {"what": titles})
    about = f"field:{field.pk}"
    with processing(field.workspace_id, ADMINISTER, by=by, act="field.retire", about=about):
        taken = Field.objects.filter(pk=field.pk).in_use()
        if taken.update(retired_at=now, erasing=erase_nothing_yet(by=by, now=now)):
            _defer(field.pk)
    field.refresh_from_db()


def erase_rest(field: Field, *, now: datetime) -> None:
    """Go through everybody again, for those whose restriction has been lifted since."""
    with transaction.atomic():
        again = Field.objects.filter(pk=field.pk, retired_at__isnull=False, erased_at__isnull=False)
        begun = erase_nothing_yet(by=field.erasing["by"], now=now)
        if again.update(erased_at=None, erasing={**begun, "erased": field.erasing["erased"]}):
            _defer(field.pk)
    field.refresh_from_db()


def erase_values(field_id: int) -> Field:
    """Erase what a retired field held, batch by batch from where an earlier run ended; return the field."""
    while erase_batch(field_id):
        pass
    return Field.objects.get(pk=field_id)


def resume_stalled(*, now: datetime) -> int:
    """Queue erasures again whose worker died; return how many."""
    waiting = Field.objects.filter(retired_at__isnull=False, erased_at=None).order_by("pk")
    stalled = [each for each in waiting if each.erasing.get("moved_at", "") < (now - STALLED_AFTER).isoformat()]
    for each in stalled:
        _defer(each.pk)
    return len(stalled)


def _defer(field_id: int) -> None:
    from tillit.people.tasks import erase_field  # noqa: PLC0415  tasks import this module

    erase_field.defer(field_id=field_id)

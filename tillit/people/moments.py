"""What this package tells of a person: how they came, what was corrected and noted, where they were, their lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from tillit.people.models import (
    BulkAct,
    BulkChange,
    Edit,
    Field,
    MailingList,
    Merge,
    Note,
    PastStanding,
    Person,
    Source,
    Subscription,
    Traits,
)
from tillit.people.timeline import Moment, register
from tillit.people.values import shown
from tillit.policy.regions import Region

CAME, EDIT, NOTE, LIST, MERGE = "came", "edit", "note", "list", "merge"


def register_all() -> None:
    """Have this package's moments told."""
    register("people.came", came, kinds=(CAME,))
    register("people.edits", edits, kinds=(EDIT,))
    register("people.notes", notes, kinds=(NOTE,))
    register("people.standings", standings, kinds=(EDIT,))
    register("people.lists", lists, kinds=(LIST,))
    register("people.bulk", in_bulk, kinds=(LIST,))
    register("people.merges", merges, kinds=(MERGE,))


def came(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """When the person was recorded, and which source said what last."""
    person = Person.objects.filter(pk=person_id, created_at__lt=before).first()
    if person:
        yield Moment(at=person.created_at, kind=CAME, title=_("Recorded here"))
    corrected = set(Edit.objects.filter(person_id=person_id).values_list("category", "at"))
    every = Traits.objects.filter(person_id=person_id, source_id__isnull=False, updated_at__lt=before)
    rows = [row for row in every if (row.category, row.updated_at) not in corrected]
    names = dict(Source.objects.filter(pk__in={row.source_id for row in rows}).values_list("pk", "name"))
    labels = _labels(workspace_id)
    for row in sorted(rows, key=lambda row: row.updated_at, reverse=True):
        said = ", ".join(labels.get(name, name) for name in row.values)
        title = _("Information from “%(source)s”") % {"source": names.get(row.source_id, "")}
        yield Moment(at=row.updated_at, kind=CAME, title=title, detail=said, about=f"source:{row.source_id}")


def edits(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """What was corrected by hand, from what to what."""
    rows = list(Edit.objects.filter(person_id=person_id, at__lt=before).order_by("-at", "-id")[:limit])
    names = dict(Source.objects.filter(pk__in={row.source_id for row in rows}).values_list("pk", "name"))
    labels = _labels(workspace_id)
    for row in rows:
        yield Moment(
            at=row.at,
            kind=EDIT,
            title=", ".join(labels.get(name, name) for name in row.after) or _("Corrected"),
            detail="; ".join([*_changes(row), *_word(row, names)]),
            by=row.by,
        )


def _changes(row: Edit) -> Iterator[str]:
    for name, value in row.after.items():
        said = [region_code(each) if name == "region" else shown("", each) for each in (row.before.get(name), value)]
        yield " → ".join(each or "–" for each in said)


def _word(row: Edit, names: Mapping[int, str]) -> Iterator[str]:
    if row.source_id:
        yield _("said by “%(source)s”") % {"source": names.get(row.source_id, "")}
    elif row.word == Edit.Word.PERSON:
        yield _("said by the person")


def notes(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterable[Moment]:
    """What colleagues wrote down."""
    rows = Note.objects.filter(person_id=person_id, at__lt=before).order_by("-at", "-id")[:limit]
    return [Moment(at=row.at, kind=NOTE, title=_("Note"), detail=row.text, by=row.by) for row in rows]


def standings(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """When processing was restricted or the address could not be reached, and when that ended."""
    person = Person.objects.filter(pk=person_id).first()
    rows = list(PastStanding.objects.filter(person_id=person_id).order_by("id")) if person else []
    told = []
    for row, after in pairwise([*rows, person]):
        gained, lost = after.flags & ~row.flags, row.flags & ~after.flags
        for flag, begun, ended in (
            (Person.RESTRICTED, _("Processing was restricted"), _("The restriction was lifted")),
            (Person.SUPPRESSED, _("The address was suppressed"), _("The suppression was lifted")),
            (Person.UNREACHABLE, _("The address could not be reached"), _("The address can be reached again")),
        ):
            if (gained | lost) & flag and row.until < before:
                told.append(Moment(at=row.until, kind=EDIT, title=begun if gained & flag else ended))
    yield from told[: -limit - 1 : -1]


def lists(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """Since when they stand on each list as they do."""
    rows = list(Subscription.objects.filter(person_id=person_id, since__lt=before).order_by("-since")[:limit])
    known = MailingList.objects.filter(workspace_id=workspace_id).in_bulk({row.list_id for row in rows})
    for row in rows:
        if row.list_id in known:
            title = f"{known[row.list_id]}: {row.get_state_display()}"
            yield Moment(at=row.since, kind=LIST, title=title, about=f"list:{row.list_id}")


def in_bulk(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """By which acts on many they were put on lists or taken off; fields set so are told as corrections."""
    verdicts = {"change": "", "kept": "", "undone": _("undone")}
    found = BulkChange.objects.filter(person_id=person_id, at__lt=before, verdict__in=verdicts)
    rows = list(found.order_by("-at")[:limit])
    acts = BulkAct.objects.filter(workspace_id=workspace_id).in_bulk({row.act_id for row in rows})
    said = {"list.add": _("Put on a list with many others"), "list.remove": _("Taken off a list with many others")}
    for row in rows:
        act = acts.get(row.act_id)
        if act and act.verb in said:
            about = f"bulk_act:{act.pk}"
            told = verdicts[row.verdict]
            yield Moment(at=row.at, kind=LIST, title=said[act.verb], detail=told, by=act.by, about=about)


def merges(workspace_id: int, person_id: UUID, *, before: datetime, limit: int) -> Iterator[Moment]:
    """Which records were made one with this, and which were parted from it again."""
    told = []
    for each in Merge.objects.filter(Q(kept_id=person_id) | Q(gone_id=person_id) | Q(person_id=person_id)):
        about = f"person:{each.gone_id if each.gone_id != person_id else each.kept_id}"
        told.append(Moment(at=each.at, kind=MERGE, title=_("Merged with another record"), by=each.by, about=about))
        if each.split_at:
            said = _("Split from the other record")
            told.append(Moment(at=each.split_at, kind=MERGE, title=said, by=each.split_by, about=about))
    told = [moment for moment in told if moment.at < before]
    yield from sorted(told, key=lambda moment: moment.at, reverse=True)[:limit]


def region_code(value: Any) -> str:
    """How a region is called in every language."""
    return Region(value).code.upper() if value in {int(region) for region in Region} else ""


def _labels(workspace_id: int) -> dict[str, str]:
    known = {each.name: each.said() for each in Field.objects.filter(workspace_id=workspace_id).in_use()}
    return {"region": _("Region"), "language": _("Language")} | known

"""Filters that colleagues keep under a name."""

from __future__ import annotations

from django.db.models import QuerySet

from tillit.ledger.processing import processing
from tillit.people.lists import NameTaken
from tillit.people.models import SavedFilter
from tillit.people.records import ADMINISTER
from tillit.people.selection import Selection

MAX_NAME_CHARS = 80


class NothingToKeep(ValueError):
    """A filter names a list, a segment, a state or a region. What was typed is not kept: it may name a person."""


def saved(workspace_id: int) -> QuerySet[SavedFilter]:
    """The filters of a workspace, by name."""
    return SavedFilter.objects.filter(workspace_id=workspace_id).order_by("name")


def save(workspace_id: int, selection: Selection, *, name: str, by: str) -> SavedFilter:
    """Keep a selection without its text and ids. Raises NothingToKeep and NameTaken."""
    kept = {key: value for key, value in selection.kept().items() if key not in {"text", "ids"}}
    tidy = " ".join(name.split())[:MAX_NAME_CHARS]
    if not kept or not tidy:
        raise NothingToKeep(NothingToKeep.__doc__)
    if saved(workspace_id).filter(name=tidy).exists():
        raise NameTaken(NameTaken.__doc__)
    with processing(workspace_id, ADMINISTER, by=by, act="filter.save"):
        return SavedFilter.objects.create(workspace_id=workspace_id, name=tidy, selection=kept, by=by)


def remove(each: SavedFilter, *, by: str) -> None:
    """Forget a filter."""
    with processing(each.workspace_id, ADMINISTER, by=by, act="filter.remove"):
        each.delete()

"""What uses a field: named before it is retired. Later packages add their finders when they are made ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tillit.people.models import BulkAct, Field, Import, Segment
from tillit.people.segments.tree import Compare, from_json, leaves
from tillit.people.segments.vocabulary import FIELD


@dataclass(frozen=True, slots=True)
class Use:
    """Something that uses a field. `kind` and `pk` name it (`campaign`, 7); `stops` is whether it must end first."""

    kind: str
    pk: int
    title: str
    stops: bool = False


Finder = Callable[[Field], Iterable[Use]]
_FINDERS: list[Finder] = []


def finds_uses(finder: Finder) -> Finder:
    """Ask a function, too, what uses a field."""
    if finder not in _FINDERS:
        _FINDERS.append(finder)
    return finder


def uses(field: Field) -> list[Use]:
    """Everything that uses a field, what must end first at the top."""
    found = [use for finder in (_imports, _segments, _acts, *_FINDERS) for use in finder(field)]
    return sorted(found, key=lambda use: (not use.stops, use.kind, use.title))


def _imports(field: Field) -> Iterable[Use]:
    """Imports that have not ended and have a column for the field."""
    waiting = Import.objects.filter(
        workspace_id=field.workspace_id, state__in=[Import.State.DRAFT, Import.State.QUEUED, Import.State.RUNNING]
    )
    for item in waiting.order_by("pk"):
        if any(column["target"] == f"field:{field.name}" for column in item.options.get("columns", [])):
            yield Use("import", item.pk, item.file_name, stops=item.state != Import.State.DRAFT)


def _segments(field: Field) -> Iterable[Use]:
    """Segments that ask about the field: whatever uses them is refused once it is gone."""
    for segment in Segment.objects.filter(workspace_id=field.workspace_id).order_by("pk"):
        asked = leaves(from_json(segment.tree))
        if any(isinstance(leaf, Compare) and leaf.subject == FIELD + field.name for leaf in asked):
            yield Use("segment", segment.pk, segment.name)


def _acts(field: Field) -> Iterable[Use]:
    """Acts on many that set the field and have not ended."""
    state = BulkAct.State
    running = BulkAct.objects.filter(
        workspace_id=field.workspace_id,
        verb="field.set",
        arguments__field=field.name,
        state__in=[state.QUEUED, state.RUNNING, state.UNDOING],
    )
    for act in running.order_by("pk"):
        yield Use("bulk_act", act.pk, field.said(), stops=True)

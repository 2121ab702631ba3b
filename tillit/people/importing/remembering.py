"""What the columns of a file meant the last time: a register comes again every month with the same header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from tillit.people.importing.mapping import FIELD, TARGETS, Column, KnownField, fold
from tillit.people.importing.purposes import CONTACTS, PURCHASES
from tillit.people.models import Import


def signature(columns: Sequence[Column]) -> str:
    """A digest of a header: the same for the same names in the same order, however they are written."""
    return sha256("\x1f".join(fold(column.name) for column in columns).encode()).hexdigest()[:16]


def recall(
    columns: Sequence[Column],
    *,
    workspace_id: int,
    list_id: int | None,
    fields: Iterable[KnownField],
    purpose: str,
    told: bool,
) -> tuple[list[Column], Import | None]:
    """Return the columns with what they meant in the import that is most alike, and that import, or None.

    A file with the same header goes before others, one into the same list before others again. Without one, the
    columns of the same name in the list's latest import count, unless the file's tool is known (`told`). An import that
    was undone is not taken as an example.
    """
    over = (Import.State.DONE, Import.State.RUNNING, Import.State.STOPPED, Import.State.QUEUED)
    past = Import.objects.filter(workspace_id=workspace_id, state__in=over).order_by("-id")
    past = past.filter(options__purpose=purpose) if purpose != CONTACTS else past.exclude(options__purpose=PURCHASES)
    alike = past.filter(options__signature=signature(columns))
    example = alike.filter(list_id=list_id).first() or alike.first()
    if example is None and list_id is not None and not told:
        example = past.filter(list_id=list_id).first()
    if example is None:
        return list(columns), None
    meant = {fold(column["name"]): column for column in example.options.get("columns", [])}
    usable = {*TARGETS, "", *(FIELD + field.name for field in fields if field.allowed)}
    found, taken = [], set[str]()
    for column in columns:
        then = meant.get(fold(column.name))
        recalled = column if then is None or then["target"] not in usable else _as(column, then)
        if recalled.target in taken:
            recalled = replace(recalled, target="")
        taken |= {recalled.target} - {""}
        found.append(recalled)
    return found, example if found != list(columns) else None


def _as(column: Column, then: dict[str, str]) -> Column:
    return replace(column, target=then["target"], mode=then.get("mode", column.mode))

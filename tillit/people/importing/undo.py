"""Undoing an import: what it wrote and nobody has touched since is as it was before, and what was touched stays.

A transaction a chunk of the people it made, then a transaction a few thousand of those it knew, so that an undo that
breaks off goes on where it was. Imports can be undone in any order: what a later one says too stays, and that one
inherits it, so that undoing it takes back the part of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.ledger.processing import processing
from tillit.people.importing import files, silencing
from tillit.people.importing import undo_statements as sql
from tillit.people.importing.retrying import TRIES, in_the_way
from tillit.people.importing.undo_steps import (
    PURPOSE,
    Step,
    Superseded,
    Work,
    bounds,
    others,
    transaction_of,
    undo_inherited,
    undo_known,
    undo_made,
    work_of,
)
from tillit.people.models import Import, ImportChunk, ImportTrace

WITHIN = timedelta(days=30)
BATCH = 5000
#: How long a page may count for a preview; beyond it the figures come while it runs.
PREVIEW_SECONDS = 3
ENDED = (Import.State.DONE, Import.State.STOPPED, Import.State.FAILED)

Progress = Callable[[Import], None]


class CannotUndo(Exception):
    """The import cannot be undone; the text says why."""


@dataclass(slots=True)
class Preview:
    """What undoing would do: how many people go, how many stay and why, how many were known and are set back.

    `whole` is False when counting was given up; then only `made` and `known` are sure.
    """

    made: int
    known: int
    going: int = 0
    staying: dict[str, int] = field(default_factory=dict)
    later: list[Import] = field(default_factory=list)
    suppressions: int = 0
    whole: bool = True


def check(item: Import, *, now: datetime) -> None:
    """Raise CannotUndo, with the reason, unless an import can be undone now."""
    if item.state == Import.State.UNDONE:
        raise CannotUndo(_("The import is undone already."))
    if item.state not in ENDED:
        raise CannotUndo(_("The import is not over. Stop it first."))
    if not item.counts.get("rows"):
        raise CannotUndo(_("The import has brought nothing in, so there is nothing to undo."))
    if until(item) < now:
        raise CannotUndo(_("An import can be undone for 30 days. What it changed is no longer known."))
    written = ImportChunk.objects.filter(import_id=item.pk).aggregate(rows=Sum("rows"))["rows"]
    if written != item.counts["rows"]:
        raise CannotUndo(_("The import is from before imports could be undone. What it changed is not known."))


def until(item: Import) -> datetime:
    """Until when an import can be undone."""
    return (item.finished_at or item.moved_at or item.created_at) + WITHIN


def undoable(item: Import, *, now: datetime) -> bool:
    """Whether an import can be undone now."""
    try:
        check(item, now=now)
    except CannotUndo:
        return False
    return True


def preview(item: Import, *, by: str, now: datetime) -> Preview:
    """Say what undoing an import would do. Raises CannotUndo."""
    check(item, now=now)
    chunks = list(ImportChunk.objects.filter(import_id=item.pk).order_by("id"))
    work = work_of(item)
    about = f"import:{item.pk}"
    with processing(item.workspace_id, PURPOSE, by=by, act="people.import.weigh", about=about) as activity:
        traces = ImportTrace.objects.filter(import_id=item.pk)
        seen = traces.exclude(part__in=["seen", "made"])
        made = sum(chunk.new for chunk in chunks) + traces.filter(part="made").count()
        found = Preview(made, seen.values("person_id").distinct().count(), later=work.later)
        found.suppressions = silencing.made_alone(item)
        staying = _weigh(chunks, work)
        activity.count(persons=made)
    if staying is None:
        found.whole = False
        return found
    found.going = staying.pop(None, 0)
    found.staying = {str(reason): number for reason, number in staying.items()}
    return found


def _weigh(chunks: list[ImportChunk], work: Work) -> Counter[str | None] | None:
    """Count the people that an import made by the reason for which they stay; None when that takes too long."""
    counted: Counter[str | None] = Counter()
    ends = timezone.now() + timedelta(seconds=PREVIEW_SECONDS)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PREVIEW_SECONDS}s'")
            for chunk in chunks:
                if timezone.now() > ends:
                    return None
                cursor.execute(sql.count_made(others()), {**work.values, **bounds(chunk)})
                counted.update(dict(cursor.fetchall()))
            cursor.execute(sql.count_inherited(others()), work.values)
            counted.update(dict(cursor.fetchall()))
            cursor.execute("SET LOCAL statement_timeout = 0")
    except OperationalError:
        return None
    return counted


def begin(item: Import, *, by: str, now: datetime, defer: bool = True) -> None:
    """Have an import undone. Raises CannotUndo. Without `defer` the caller runs it."""
    check(item, now=now)
    total = sum(ImportChunk.objects.filter(import_id=item.pk).values_list("rows", flat=True))
    with transaction.atomic():
        undo = {"by": by, "at": now.isoformat(), "total": total, "done": 0, "counts": {}, "after": str(UUID(int=0))}
        taken = Import.objects.filter(pk=item.pk, state__in=ENDED)
        if not taken.update(state=Import.State.UNDOING, undo=undo, moved_at=now, error=""):
            raise CannotUndo(_("The import is undone already."))
        if defer:
            go_on(item)
    item.refresh_from_db()


def go_on(item: Import) -> None:
    """Queue an undo that is under way, again if it broke off."""
    from tillit.people.tasks import undo_import  # noqa: PLC0415  tasks import this module

    Import.objects.filter(pk=item.pk, state=Import.State.UNDOING).update(error="")
    undo_import.defer(import_id=item.pk)


def run_undo(import_id: int, progress: Progress | None = None, *, batch: int = BATCH) -> Import:
    """Undo an import that `begin` took, going on where an earlier run ended; return the row.

    `progress` is called after every transaction. An error is raised and leaves whole transactions; a bug is noted, for
    somebody to look at it, while what the database broke off is gone on with by `cleaning.resume_stalled`.
    """
    item = Import.objects.get(pk=import_id)
    if item.state != Import.State.UNDOING:
        return item
    told = progress or (lambda item: None)
    try:
        for _step in _steps(item, batch=batch):
            told(item)
    except Superseded:
        item.refresh_from_db()
        return item
    except OperationalError:
        raise
    except Exception:
        text = _("The program failed. Its log says why. Undoing can go on where it ended.")
        Import.objects.filter(pk=item.pk, state=Import.State.UNDOING).update(error=text)
        raise
    (files.folder() / item.path).unlink(missing_ok=True)
    files.refused_path(item.pk).unlink(missing_ok=True)
    ended = Import.objects.filter(pk=item.pk, state=Import.State.UNDOING)
    ended.update(state=Import.State.UNDONE, finished_at=timezone.now(), error="")
    item.refresh_from_db()
    return item


def _steps(item: Import, *, batch: int) -> Iterator[None]:
    """Undo a part in each step: the people of each chunk that the import made, then those it knew."""
    work = work_of(item)
    for chunk in ImportChunk.objects.filter(import_id=item.pk, undone_at=None).order_by("id"):
        _patiently(work, partial(undo_made, chunk=chunk))
        yield
    while _patiently(work, partial(undo_known, limit=batch)):
        yield
    while _patiently(work, partial(undo_inherited, limit=batch)):
        yield
    _patiently(work, _lift)
    yield


def _patiently(work: Work, part: Callable[[Step], int]) -> int:
    """Do a part in a transaction, again if other writers got in the way."""
    for attempt in range(1, TRIES + 1):
        try:
            with transaction_of(work) as step:
                return part(step)
        except OperationalError as error:
            if attempt == TRIES or not in_the_way(error):
                raise
    raise AssertionError("the last try returned or raised")


def _lift(step: Step) -> int:
    """Lift what only this import suppressed."""
    step.counts["suppressions"] = silencing.take_back(step.activity, step.work.item)
    return step.counts["suppressions"]

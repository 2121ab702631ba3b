"""Running an import: a transaction a chunk, so that a crash leaves whole chunks and the next run goes on after them."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.people.importing import cells, files, mapping
from tillit.people.importing.columns import fields_of
from tillit.people.importing.files import RefusedRows
from tillit.people.importing.forms import told_forms
from tillit.people.importing.purposes import purpose_of
from tillit.people.importing.retrying import TRIES, Gone, in_the_way
from tillit.people.importing.rows import CHUNK_ROWS, Chunk, Plan, Refusal, chunks
from tillit.people.importing.seen import Seen
from tillit.people.importing.staging import Terms, write
from tillit.people.importing.start import check_columns, check_source, columns_of, known_fields, path_of, preview
from tillit.people.importing.table import read_batches
from tillit.people.importing.writers import OutOfTurn, Turn, in_order, usual
from tillit.people.models import Import, ImportChunk

Progress = Callable[[Import], None]
BYTES_A_ROW = 60  # of files seen; only sizes the first table of seen addresses

# The planner knows nothing of fresh rows until autovacuum comes by, a minute or more later: the count of an audience of
# 200,000 was then seen to run for 19 minutes, row by row. Learning takes half a second.
ANALYZE_FROM_ROWS = 1000


class Superseded(Exception):
    """The import was stopped, or another worker took it over; what that one wrote counts."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the writers of one import share. Only the one whose turn it is touches the row and the report."""

    item: Import
    plan: Plan
    terms: Terms
    report: RefusedRows
    report_bytes: int  # before anything was written down


def run_import(
    import_id: int, progress: Progress | None = None, *, chunk_rows: int = CHUNK_ROWS, writers: int | None = None
) -> Import:
    """Bring in the people of a queued import's file, going on where an earlier run ended; return the finished row.

    `progress` is called after every chunk, before the next is committed. As many chunks are worked on at once as there
    are `writers`, by default one a core. The file is deleted when all is brought in. A source that is no longer
    valid, or columns that may no longer be imported, end it as failed, with the reason; so does a bug, which is raised.
    """
    item = Import.objects.select_related("source").get(pk=import_id)
    now = timezone.now()
    taken = Import.objects.filter(pk=import_id, state__in=[Import.State.QUEUED, Import.State.RUNNING])
    if not taken.update(state=Import.State.RUNNING, started_at=item.started_at or now, moved_at=now, error=""):
        return item
    item.refresh_from_db()
    try:
        check_source(item.source, now=now)
        _write_chunks(item, progress or (lambda item: None), chunk_rows, writers or usual())
    except Superseded:
        item.refresh_from_db()
        return item
    except (Refused, mapping.BadMapping, files.NotReadable, FileNotFoundError) as error:
        return _end(
            item,
            Import.State.FAILED,
            error=_("The file is no longer there.") if isinstance(error, OSError) else str(error),
        )
    except Exception:
        _end(item, Import.State.FAILED, error=_("The program failed. Its log says why. The import can be resumed."))
        raise
    done = _end(item, Import.State.DONE)
    if done.state != Import.State.DONE:  # it was stopped after its last chunk: to go on it reads the file
        return done
    path_of(done).unlink(missing_ok=True)
    if done.counts.get("new", 0) >= ANALYZE_FROM_ROWS:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tillit_analyze_people()")
    return done


def _end(item: Import, state: Import.State, *, error: str = "") -> Import:
    alive = Import.objects.filter(pk=item.pk, state=Import.State.RUNNING)
    alive.update(state=state, error=error[:2000], finished_at=timezone.now())
    item.refresh_from_db()
    return item


def _write_chunks(item: Import, progress: Progress, chunk_rows: int, writers: int) -> None:
    plan = plan_of(item)
    terms = Terms(item.pk, item.source_id, item.list_id, item.options.get("consent", ""))
    refused_bytes = item.options.get("refused_bytes", 0)
    report = RefusedRows(item.pk, [column.name for column in plan.columns], size_bytes=refused_bytes)
    work = Work(item, plan, terms, report, report.size())
    coming = ahead(chunks_of(item, plan, chunk_rows))
    try:
        with closing(in_order(coming, partial(_write_patiently, work), writers=writers)) as written:
            for _chunk in written:
                progress(item)
    finally:
        report.close()


def plan_of(item: Import) -> Plan:
    """What the import does with its file's columns. Raises BadMapping when the policy no longer allows it."""
    fields, columns = known_fields(item.workspace_id, purpose_of(item)), columns_of(item)
    options = item.options
    check_columns(item, columns)
    seen = preview(
        path_of(item), workspace_id=item.workspace_id, encoding=options["encoding"], delimiter=options["delimiter"]
    )
    told = {column.target for column in columns}
    if "forms" not in options:  # kept with the first chunk, so that a later run reads the rest in the same way
        kinds = {column.place: column.type for column in fields_of(columns, fields)}
        options["forms"] = told_forms(path_of(item), seen.layout, kinds, dates=options.get("dates", ""))
    return Plan(
        workspace_id=item.workspace_id,
        identity_key=settings.IDENTITY_KEY,
        layout=seen.layout,
        columns=tuple(columns),
        fields=fields_of(columns, fields, options["forms"]),
        region=cells.region_code(item.source.country),
        chooses=bool(options.get("consent")) or bool(told & {mapping.STATUS, mapping.UNSUBSCRIBED}),
    )


def chunks_of(item: Import, plan: Plan, chunk_rows: int) -> Iterator[Chunk]:
    """Yield the chunks that are not written yet. What was written is read again, for its addresses alone."""
    seen = Seen(expected=item.total_bytes // BYTES_A_ROW)
    offset, line = plan.layout.body_offset, plan.layout.body_line
    with path_of(item).open("rb") as file:
        if item.read_bytes:
            batches = read_batches(file, plan.layout, offset=offset, line=line, end=item.read_bytes)
            for chunk in chunks(batches, plan, seen, rows=chunk_rows):
                offset, line = chunk.end_offset, chunk.next_line
        yield from chunks(read_batches(file, plan.layout, offset=offset, line=line), plan, seen, rows=chunk_rows)


def ahead(iterator: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield chunks, preparing the next one while PostgreSQL works on this: a third faster on two cores."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_next, iterator)
        while (chunk := coming.result()) is not None:
            coming = pool.submit(_next, iterator)
            yield chunk


def _next(iterator: Iterator[Chunk]) -> Chunk | None:
    """Prepare the next chunk, without looking for cycles: among all the lists of cells that took a fifth of it."""
    looks = gc.isenabled()
    gc.disable()
    try:
        return next(iterator, None)
    finally:
        if looks:
            gc.enable()


def _write_patiently(work: Work, chunk: Chunk, turn: Turn) -> Chunk:
    """Write a chunk, again if other writers got in the way; return it as it was written."""
    tries = TRIES
    while True:
        fresh = replace(chunk, refusals=[*chunk.refusals], counts=Counter(chunk.counts), repeated=set(chunk.repeated))
        try:
            _write(work, fresh, turn)
        except OutOfTurn:
            turn.wait()
        except (OperationalError, Gone) as error:
            tries -= 1
            if not tries or not in_the_way(error):
                raise
            turn.wait()
            work.report.cut(work.item.options.get("refused_bytes") or work.report_bytes)
        else:
            return fresh


def _write(work: Work, chunk: Chunk, turn: Turn) -> None:
    now, item = timezone.now(), work.item
    about = f"import:{item.pk}"
    turn.begin()
    with processing(
        item.workspace_id, purpose_of(item), by=item.started_by, act="people.import", about=about
    ) as activity:
        write(activity, work.plan, work.terms, chunk, now=now)
        turn.take()
        changed = _note(work, chunk, now=now)
    for name, value in changed.items():
        setattr(item, name, value)


def _note(work: Work, chunk: Chunk, *, now: datetime) -> dict[str, Any]:
    """Write with a chunk how far the import is; return what that changes of its row. Raises Superseded."""
    item = work.item
    alive = Import.objects.filter(pk=item.pk, state=Import.State.RUNNING, read_bytes=item.read_bytes)
    if not alive.select_for_update().exists():  # the report is whose import it is
        raise Superseded(Superseded.__doc__)
    _remember(item, chunk, now=now)
    refused_bytes = work.report.write(_reported(chunk))
    changed = {
        "read_bytes": chunk.end_offset,
        "counts": dict(Counter(item.counts) + chunk.counts),
        "options": {**item.options, "refused_bytes": refused_bytes, "next_line": chunk.next_line},
        "moved_at": timezone.now(),
    }
    Import.objects.filter(pk=item.pk).update(**changed)
    return changed


def _remember(item: Import, chunk: Chunk, *, now: datetime) -> None:
    """Note between which ids the new people of a chunk are, so that they are found again when it is undone."""
    ImportChunk.objects.create(
        import_id=item.pk,
        first_id=chunk.first_id,
        last_id=chunk.last_id,
        written_at=now,
        rows=chunk.counts["rows"],
        new=chunk.counts["new"],
    )


def _reported(chunk: Chunk) -> list[Refusal]:
    """What the report gets of a chunk; nothing is listed twice, and nothing of somebody who was erased."""
    refused, erased = {refusal.line for refusal in chunk.refusals}, chunk.erased
    missed = (each for each in chunk.unread if each.line not in refused and each.address not in erased)
    return [*(_bare(each, erased) for each in chunk.refusals), *missed]


def _bare(refusal: Refusal, erased: Set[str]) -> Refusal:
    """A refused row, without its cells where one is the address of somebody who was erased."""
    named = erased and not erased.isdisjoint(cell.strip().lower() for cell in refusal.cells)
    return replace(refusal, cells=()) if named else refusal

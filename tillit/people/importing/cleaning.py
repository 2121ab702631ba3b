"""Files of imports hold personal data: each has its time, after which it is removed."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from tillit.ledger.processing import SYSTEM, processing
from tillit.people.importing import files, reading, trial, undo
from tillit.people.importing.start import STALLED_AFTER, resume
from tillit.people.jobs import waits
from tillit.people.merges import forget_kept
from tillit.people.models import Import, ImportChunk, ImportTrace

TRACES_AT_ONCE = 50_000


def clean(*, now: datetime) -> int:
    """Remove files whose time is over; return how many.

    Uploads that were never started are kept a day, those of failed imports seven, reports of refused rows thirty.
    """
    drafts = [Import.State.READING, Import.State.DRAFT]
    Import.objects.filter(state__in=drafts, created_at__lt=now - files.KEEP_DRAFT).delete()
    kept = {
        *Import.objects.filter(state__in=[*drafts, Import.State.QUEUED, Import.State.RUNNING]).values_list(
            "path", flat=True
        ),
        *Import.objects.filter(
            state__in=[Import.State.FAILED, Import.State.STOPPED], finished_at__gte=now - files.KEEP_FAILED
        ).values_list("path", flat=True),
    }
    removed = 0
    for path in sorted(each for each in files.folder().iterdir() if each.suffix in files.SUFFIXES):
        is_report = path.name.endswith("-refused.csv")
        due = is_report and files.older_than(path, files.KEEP_REFUSED, now=now)
        # An upload under way has no row yet: an hour is longer than any takes.
        table = path.with_suffix(".csv").name
        due = due or (not is_report and table not in kept and files.older_than(path, files.UPLOAD_TAKES, now=now))
        if due:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def resume_stalled(*, now: datetime) -> int:
    """Queue imports, trials and undos again that run but wrote nothing for five minutes, or whose job was lost.

    Returns how many. An import that waits behind others keeps its place.
    """
    before = now - STALLED_AFTER
    queued = Import.objects.filter(state=Import.State.QUEUED).filter(
        Q(moved_at__lt=before) | Q(moved_at=None, created_at__lt=before)
    )
    lost = [item for item in queued.order_by("id") if not waits("people.import", import_id=item.pk)]
    stalled = [*lost, *Import.objects.filter(state=Import.State.RUNNING, moved_at__lt=before).order_by("id")]
    for item in stalled:
        resume(item)
    halted = Import.objects.filter(state=Import.State.UNDOING, error="", moved_at__lt=before).order_by("id")
    for item in halted:
        undo.go_on(item)
    read = Import.objects.filter(state=Import.State.READING, moved_at__lt=before).order_by("id")
    unread = [item for item in read if not waits("people.read_import", import_id=item.pk)]
    for item in unread:
        reading.go_on(item)
    tried = Import.objects.filter(state=Import.State.DRAFT, trial__state__in=[trial.QUEUED, trial.RUNNING])
    untold = [
        item
        for item in tried.order_by("id")
        if trial.moved_at(item) < before and not waits("people.try_import", import_id=item.pk)
    ]
    for item in untold:
        trial.go_on(item)
    return len(stalled) + len(halted) + len(unread) + len(untold)


def forget_traces(*, now: datetime) -> int:
    """Remove what imports left to be undone by, where that can be no more; return how many traces."""
    over = Import.objects.exclude(state__in=[Import.State.QUEUED, Import.State.RUNNING, Import.State.UNDOING])
    traced = over.filter(pk__in=ImportChunk.objects.values("import_id")).order_by("id")
    return sum(_forget(item) for item in traced if undo.until(item) < now)


def _forget(item: Import) -> int:
    removed = 0
    while True:
        with processing(item.workspace_id, undo.PURPOSE, by=SYSTEM, act="people.import.forget") as activity:
            part = ImportTrace.objects.filter(import_id=item.pk)
            people = part.order_by("person_id").values_list("person_id", flat=True)
            last = next(iter(people[TRACES_AT_ONCE - 1 : TRACES_AT_ONCE]), None)
            some, _by_model = (part.filter(person_id__lte=last) if last else part).delete()
            activity.count(traces=some)
            if last is None:
                forget_kept(ImportTrace, "import_id", [item.pk])
        removed += some
        if last is None:
            break
    ImportChunk.objects.filter(import_id=item.pk).delete()
    return removed

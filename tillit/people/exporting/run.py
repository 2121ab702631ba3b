"""Running an export: one context, one statement, one file; nothing is left of one that did not come to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.ledger.versions import version
from tillit.people.exporting import columns as holding
from tillit.people.exporting import files, rows
from tillit.people.exporting.start import order_of, possible_columns, recipient_of
from tillit.people.exporting.writers import MAKERS
from tillit.people.models import Export

Progress = Callable[[int], None]
TELL_EVERY = 20_000
State = Export.State


class Stopped(Exception):
    """The export was stopped meanwhile."""


def run_export(export_id: int, progress: Progress | None = None) -> Export:
    """Write the file of a queued export; return the finished row.

    The policy decides at this moment who is in it. Refusals end it as failed, with the reason; so does a bug, which is
    raised. `progress` is called with the number of people written.
    """
    export = Export.objects.get(pk=export_id)
    now = timezone.now()
    taken = Export.objects.filter(pk=export_id, state=State.QUEUED)
    if not taken.update(state=State.RUNNING, started_at=now, moved_at=now):
        return export
    path, file = files.new(export.format)
    try:
        with file:
            written = _write(export, file, progress)
        return _finish(export, path, written)
    except Stopped:
        path.unlink(missing_ok=True)
        export.refresh_from_db()
        return export
    except Refused as refused:
        path.unlink(missing_ok=True)
        return _fail(export, str(refused))
    except BaseException:
        path.unlink(missing_ok=True)
        _fail(export, _("The program failed. Its log says why."))
        raise


def _write(export: Export, file: BinaryIO, progress: Progress | None) -> int:
    order = order_of(export)
    teller = _Teller(export.pk)
    about = f"export:{export.pk}"
    try:
        with processing(
            export.workspace_id,
            order.purpose,
            by=export.started_by,
            act="people.export",
            recipient=recipient_of(export),
            about=about,
        ) as activity:
            wanted = holding.chosen(order.columns, possible_columns(activity, order))
            policy = version(activity.policy_version_id)
            writer = MAKERS[export.format](file, [each.name for each in wanted])
            written = told = 0
            for some in rows.stream(export.workspace_id, order.selection, wanted, policy):
                writer.write(some)
                written += len(some)
                if written - told >= TELL_EVERY:
                    told = written
                    teller.tell(written)
                    if progress:
                        progress(written)
            writer.close()
            # What left is said by its categories, not by all that the purpose might have used.
            activity.categories = sorted({each.category for each in wanted})
            activity.count(persons=written)
        return written
    finally:
        teller.close()


class _Teller:
    """Says how far an export is on a connection of its own, since its transaction shows nothing before its end."""

    def __init__(self, export_id: int) -> None:
        self._export_id = export_id
        self._other: BaseDatabaseWrapper | None = None

    def tell(self, written: int) -> None:
        """Write the number down. Raises Stopped when the export was stopped."""
        if self._other is None:
            self._other = connection.copy()
        with self._other.cursor() as cursor:
            cursor.execute(
                "UPDATE people_export SET written = %s, moved_at = now() WHERE id = %s AND state = 'running'",
                [written, self._export_id],
            )
            if not cursor.rowcount:
                raise Stopped

    def close(self) -> None:
        if self._other is not None:
            self._other.close()


def _finish(export: Export, path: Path, written: int) -> Export:
    now = timezone.now()
    alive = Export.objects.filter(pk=export.pk, state=State.RUNNING)
    if not alive.update(
        state=State.DONE,
        written=written,
        total=written,
        path=path.name,
        size_bytes=path.stat().st_size,
        finished_at=now,
        moved_at=now,
        expires_at=now + files.KEEP,
        selection=files.impersonal(export),
    ):
        path.unlink(missing_ok=True)
    export.refresh_from_db()
    return export


def _fail(export: Export, error: str) -> Export:
    Export.objects.filter(pk=export.pk, state=State.RUNNING).update(
        state=State.FAILED, error=error[:2000], finished_at=timezone.now(), selection=files.impersonal(export)
    )
    export.refresh_from_db()
    return export

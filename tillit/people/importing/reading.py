"""Turning a large file into a table in a job, so that whoever uploads it need not wait.

The file stays until the table is there, so that a job whose worker died is done again from the beginning.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused
from tillit.people.importing import canonical, files, mapping, reception
from tillit.people.importing.drafts import Begun, save
from tillit.people.importing.files import NotReadable
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.start import columns_of, go_on_reading, path_of, read_later, settle, start
from tillit.people.models import Import

TELL_EVERY_S = 1.0
MOST_TRIES = 3  # a file that takes all of a worker's memory would end one every five minutes
State = Import.State
Progress = Callable[[int], None]


class Superseded(Exception):
    """Nobody waits for the file any more, or another worker has read it."""


def choose_sheet(draft: Import, *, sheet: str, now: datetime) -> None:
    """Read another sheet of a draft's workbook, by a job where that takes long.

    Raises NotReadable, and keeps what was read, when it cannot, and Begun when it has begun meanwhile.
    """
    before = path_of(draft)
    if reception.takes_long(files.beside(before), file_name=draft.file_name):
        read_later(draft, sheet=sheet, now=now)
        return
    _turn(draft, sheet=sheet, again=True)
    try:
        save(draft, "options", "path", "total_bytes")
    except Begun:
        files.remove(path_of(draft))
        raise
    files.remove(before)


def read(import_id: int, progress: Progress | None = None) -> None:
    """Turn the file of an import that is READING into a table; it is a draft then, or begins if it shall.

    What cannot be read ends it as failed, with the reason in the language of whoever sent it, and the file goes; of a
    workbook whose other sheet cannot be read, the first stays. `progress` is called with the rows read so far.
    """
    item = Import.objects.select_related("source").filter(pk=import_id, state=State.READING).first()
    if item is None:
        return
    told, again = item.options["reading"], "columns" in item.options
    with translation.override(told["language"]):
        try:
            with _watched(item, progress):
                _read(item, sheet=told["sheet"], again=again)
        except Superseded:
            return
        except (NotReadable, FileNotFoundError) as error:
            gone = _("The file is no longer there. Upload it again.")
            _end(item, str(error) if isinstance(error, NotReadable) else gone, again=again)
        except Exception:
            _end(item, _("The program failed. Its log says why."), again=again)
            raise


def go_on(item: Import) -> None:
    """Have a file read again whose worker died; one that ended MOST_TRIES of them is given up."""
    told = item.options["reading"]
    told["tries"] = told.get("tries", 1) + 1
    if told["tries"] > MOST_TRIES:
        with translation.override(told["language"]):
            text = _("Reading the file was begun three times and never came to its end. Save it as CSV and try again.")
            _end(item, text, again="columns" in item.options)
    elif _waiting(item).update(options=item.options):
        go_on_reading(item)


def failed(item: Import) -> bool:
    """Whether an import ended before its file could be read."""
    return item.state == State.FAILED and "columns" not in item.options


def _read(item: Import, *, sheet: str, again: bool) -> None:
    """Turn the file, and save the draft or begin it. Raises NotReadable and Superseded, and nothing is left."""
    before = path_of(item)
    _turn(item, sheet=sheet, again=again)
    item.options.pop("reading")
    try:
        with transaction.atomic():
            fields = {name: getattr(item, name) for name in ("state", "options", "path", "total_bytes")}
            if not _waiting(item).update(**fields, error="", moved_at=timezone.now()):
                raise Superseded(Superseded.__doc__)
            _begin(item)
    except BaseException:
        files.remove(path_of(item))
        raise
    files.remove(before)


def _turn(item: Import, *, sheet: str, again: bool) -> None:
    """Turn an import's file, or another sheet of its workbook, into a table that the import is told; both stay."""
    if again:
        received = reception.another_sheet(path_of(item), file_name=item.file_name, sheet=sheet)
    else:
        copy = files.fresh_path()
        os.link(path_of(item), copy)  # receiving takes its file away
        received = reception.receive_file(copy, file_name=item.file_name, sheet=sheet)
    try:
        settle(item, received)
    except BaseException:
        files.remove(received.path)
        raise


def _waiting(item: Import) -> QuerySet[Import]:
    return Import.objects.filter(pk=item.pk, state=State.READING)


@contextmanager
def _watched(item: Import, progress: Progress | None) -> Iterator[None]:
    """Write down how far reading is, once a second; that the import was removed ends it."""
    last = monotonic()

    def tell(rows: int) -> None:
        nonlocal last
        if progress:
            progress(rows)
        if monotonic() - last < TELL_EVERY_S:
            return
        last = monotonic()
        item.options["reading"]["rows"] = rows
        if not _waiting(item).update(options=item.options, moved_at=timezone.now()):
            raise Superseded(Superseded.__doc__)

    token = canonical.watcher.set(tell)
    try:
        yield
    finally:
        canonical.watcher.reset(token)


def _end(item: Import, error: str, *, again: bool) -> None:
    """End with a reason: as failed, without the file; or as the draft that it was before."""
    fresh = Import.objects.filter(pk=item.pk).first()
    if fresh is None:
        return
    options = {name: value for name, value in fresh.options.items() if name not in {"reading", "begin"}}
    told: dict[str, Any] = {"options": options, "error": error[:2000], "moved_at": timezone.now()}
    told |= {"state": State.DRAFT} if again else {"state": State.FAILED, "finished_at": timezone.now()}
    if _waiting(fresh).update(**told) and not again:
        files.remove(path_of(fresh))


def _begin(item: Import) -> None:
    """Begin an import that shall; what stands in the way is noted, and the draft waits for somebody."""
    wanted = item.options.pop("begin", None)
    if wanted is None:
        return
    try:
        columns = mapping.apply_modes(mapping.apply_map(columns_of(item), wanted["columns"]), wanted["modes"])
        modes = [column.mode for column in columns]
        start(item, [column.target for column in columns], modes, now=timezone.now())
    except (BadMapping, Refused) as error:
        Import.objects.filter(pk=item.pk, state=State.DRAFT).update(options=item.options, error=str(error)[:2000])

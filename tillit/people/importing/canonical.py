"""Writing the one form in which running, resuming and undoing know a file: a table of text in UTF-8, with commas."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from tillit.people.importing.files import COPY_BYTES, NotReadable, private

ENCODING, DELIMITER = "utf-8", ","
MAX_COLUMNS = 300
UNPACKED_TIMES = 4  # what unpacks to more than this many times the largest upload is refused
_LOOK_EVERY = 1000  # rows between two looks at the size


#: Told how many rows are written so far; an exception that it raises ends the writing.
watcher: ContextVar[Callable[[int], None] | None] = ContextVar("watcher", default=None)


def max_unpacked_bytes() -> int:
    return int(settings.MAX_UPLOAD_BYTES) * UNPACKED_TIMES


def unpacks_too_large() -> NotReadable:
    return NotReadable(
        _("Unpacked, the file is larger than %(size)s MB. Split it, or raise TILLIT_MAX_UPLOAD_MB.")
        % {"size": max_unpacked_bytes() >> 20}
    )


def too_many_columns(width: int) -> NotReadable:
    text = _(
        "The file has %(width)s columns, more than the %(limit)s that can be read. Leave out what you do not need."
    )
    return NotReadable(text % {"width": width, "limit": MAX_COLUMNS})


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> int:
    """Write rows as they are, an empty one as an empty line, so that line numbers stay; return how many hold something.

    Rows are filled up to the width of the first. Empty ones at the end are left out: spreadsheets have a million.
    """
    held = empty = width = 0
    with private(path) as raw, _text(raw) as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            if not any(row):
                empty += 1
                continue
            file.write("\n" * empty)
            width = width or len(row)
            writer.writerow([*row, *[""] * (width - len(row))])
            held, empty = held + 1, 0
            if not held % _LOOK_EVERY:
                _look(raw, held)
    return held


class GrowingTable:
    """A table whose columns turn up while its rows are written; used as a context, and whole when that is left.

    Rows go beside the file until the header is known. Raises NotReadable for too many columns or bytes.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._body = path, path.with_suffix(".body")
        self._places: dict[str, int] = {}
        self._raw = private(self._body)
        self._file = _text(self._raw)
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._narrowest: int | None = None  # of the rows with a line break inside
        self.rows = 0

    def __enter__(self) -> GrowingTable:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._file.close()
        try:
            if kind is None:
                self._join()
        finally:
            self._body.unlink(missing_ok=True)

    @property
    def columns(self) -> list[str]:
        return list(self._places)

    def expect(self, names: Iterable[str]) -> None:
        """Make columns in this order, before any row holds them."""
        for name in names:
            self._place(name)

    def add(self, cells: Mapping[str, str]) -> None:
        """Write a row; columns that are new are put after the others."""
        row = [""] * len(self._places)
        for name, text in cells.items():
            place = self._places.get(name)
            if place is None:
                place = self._place(name)
                row.append("")
            row[place] = text
        self._writer.writerow(row)
        if any("\n" in text or "\r" in text for text in cells.values()):
            self._narrowest = min(len(row), self._narrowest or len(row))
        self.rows += 1
        if not self.rows % _LOOK_EVERY:
            _look(self._raw, self.rows)

    def _place(self, name: str) -> int:
        place = self._places.setdefault(name, len(self._places))
        if place >= MAX_COLUMNS:
            raise too_many_columns(place + 1)
        return place

    def _join(self) -> None:
        with private(self.path) as raw:
            file = _text(raw)
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self._places)
            width = len(self._places)
            if self._narrowest is not None and self._narrowest < width:
                # A short row over several lines would be taken for a quotation mark that is not closed.
                with self._body.open(encoding=ENCODING, newline="") as body:
                    writer.writerows([*row, *[""] * (width - len(row))] for row in csv.reader(body))
                file.flush()
            else:
                file.flush()
                with self._body.open("rb") as packed:
                    shutil.copyfileobj(packed, raw, COPY_BYTES)
            file.detach()


def _look(raw: BinaryIO, rows: int) -> None:
    """Look whether what is written may become longer, and tell who watches."""
    if raw.tell() > max_unpacked_bytes():
        raise unpacks_too_large()
    if told := watcher.get():
        told(rows)


def _text(raw: BinaryIO) -> TextIOWrapper:
    return TextIOWrapper(raw, encoding=ENCODING, errors="replace", newline="")  # JSON can hold half a character

"""The files of imports in the data folder: received in a stream, readable by this program alone, removed in time."""

from __future__ import annotations

import csv
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.people.importing.rows import Refusal
from tillit.spreadsheets import harmless

KEEP_REFUSED = timedelta(days=30)
KEEP_FAILED = timedelta(days=7)
KEEP_DRAFT = timedelta(days=1)
UPLOAD_TAKES = timedelta(hours=1)
SUFFIXES = (
    ".csv",
    ".xlsx",
    ".json",
    ".body",
    ".part",
)  # tables, what is beside one, what a crash left of one
COPY_BYTES = 1024 * 1024
ARCHIVE, COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # a zip file, as new workbooks are, and what older ones are
EMPTY_ARCHIVE = b"PK\x05\x06"
HOLDS_TABLES = (ARCHIVE, COMPOUND, EMPTY_ARCHIVE)
_NOT_TEXT = {
    b"%PDF": gettext_lazy("The file is a PDF document, not a table."),
    b"\x1f\x8b": gettext_lazy("The file is compressed. Unpack it and try again."),
    b"\x89PNG": gettext_lazy("The file is a picture, not a table."),
    b"\xff\xd8\xff": gettext_lazy("The file is a picture, not a table."),
}


class NotReadable(ValueError):
    """The file is empty, too large, or not a table of text."""


def folder() -> Path:
    """The folder of import files; made when missing, mode 700."""
    path = Path(settings.IMPORT_FOLDER)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def keep(parts: Iterable[bytes]) -> Path:
    """Write an upload to the data folder and return its path. Raises NotReadable when it is too large or no text."""
    path = fresh_path()
    size = 0
    try:
        with private(path) as file:
            for part in parts:
                if not size:
                    refuse_other_kinds(part)
                size += len(part)
                if size > settings.MAX_UPLOAD_BYTES:
                    raise too_large()
                file.write(part)
        if not size:
            raise NotReadable(_("The file is empty."))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


@contextmanager
def kept(parts: Iterable[bytes]) -> Iterator[Path]:
    """Keep an upload for as long as nobody moves it away. Raises NotReadable as `keep`."""
    path = keep(parts)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def too_large() -> NotReadable:
    return NotReadable(
        _("The file is larger than %(size)s MB. Split it, or raise TILLIT_MAX_UPLOAD_MB.")
        % {"size": settings.MAX_UPLOAD_BYTES >> 20}
    )


def fresh_path() -> Path:
    """A name in the folder that nobody guesses and no other import has."""
    return folder() / f"{secrets.token_hex(16)}.csv"


def beside(path: Path) -> Path:
    """Where the workbook is kept that a table was made from, until the import starts."""
    return path.with_suffix(".xlsx")


def tried(path: Path) -> Path:
    """Where what an import would change is kept, until it starts."""
    return path.with_suffix(".json")


def remove(path: Path) -> None:
    """Remove a table, and what is kept beside it."""
    path.unlink(missing_ok=True)
    tried(path).unlink(missing_ok=True)
    beside(path).unlink(missing_ok=True)


def parts_of(path: Path) -> Iterable[bytes]:
    """Yield a file's bytes in parts."""
    with path.open("rb") as file:
        while part := file.read(COPY_BYTES):
            yield part


def refuse_other_kinds(beginning: bytes) -> None:
    """Raise NotReadable for what is plainly neither a table of text nor something that holds one."""
    if beginning.startswith(HOLDS_TABLES):
        return
    for mark, what in _NOT_TEXT.items():
        if beginning.startswith(mark):
            raise NotReadable(str(what))
    sample = beginning[:4096]
    control = sum(sample.count(bytes([code])) for code in (*range(1, 9), *range(14, 27)))
    if control > len(sample) // 50:
        raise NotReadable(_("The file is not text, so it cannot be read as a table."))


def private(path: Path) -> BinaryIO:
    """Open a file for writing that this program alone can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


class RefusedRows:
    """The report of refused rows: line, reason, and the row itself, so that it can be mended and imported again."""

    def __init__(self, import_id: int, columns: Sequence[str], *, size_bytes: int) -> None:
        """Open the report and drop what lies beyond `size_bytes`, which a crash left without its transaction."""
        self.path = refused_path(import_id)
        if not size_bytes:
            with private(self.path) as file:
                file.write(b"\xef\xbb\xbf")  # spreadsheets take a file without the mark for Windows-1252
        self._file = self.path.open("r+", encoding="utf-8", newline="")
        self.cut(size_bytes or 3)
        self._writer = csv.writer(self._file)
        if not size_bytes:
            self._writer.writerow(["line", "reason", *map(harmless, columns)])

    def write(self, refusals: Iterable[Refusal]) -> int:
        """Add rows; return the report's size in bytes once they are on disk."""
        for refusal in sorted(refusals, key=lambda refusal: refusal.line):
            cells = [cell.replace("\0", "\ufffd")[:2000] for cell in refusal.cells]
            self._writer.writerow([refusal.line, refusal.reason, *map(harmless, cells)])
        self._file.flush()
        os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def cut(self, size_bytes: int) -> None:
        """Take back what a transaction wrote that was rolled back."""
        self._file.flush()
        os.ftruncate(self._file.fileno(), size_bytes)
        self._file.seek(0, os.SEEK_END)

    def size(self) -> int:
        self._file.flush()
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        self._file.close()


def refused_path(import_id: int) -> Path:
    return folder() / f"{import_id}-refused.csv"


def older_than(path: Path, age: timedelta, *, now: datetime) -> bool:
    return path.stat().st_mtime < (now - age).timestamp()

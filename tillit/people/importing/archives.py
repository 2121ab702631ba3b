"""Zip files, opened with bounds on what they unpack to: as they come from campaign tools, and as workbooks are."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from tillit.people.importing.canonical import max_unpacked_bytes, unpacks_too_large
from tillit.people.importing.files import COPY_BYTES, NotReadable, private

MAX_ENTRIES = 10_000
# Deflate reaches 1032 times at most (zlib, technical details); sheets of one repeated row were seen at 130.
MAX_RATIO = 500
RATIO_FROM_BYTES = 16 * 1024 * 1024
TABLES = (".csv", ".tsv", ".tab", ".txt")
WORKBOOK = "xl/workbook.xml"
_BROKEN = (BadZipFile, struct.error, zlib.error, LZMAError, EOFError, NotImplementedError, ValueError, OSError)


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """Open an archive that is whole and within bounds. Raises NotReadable, also for what breaks while it is read.

    The declared sizes are checked, and zipfile reads no entry beyond the size it declares.
    """
    try:
        with _Bounded(FileIO(path)) as file, ZipFile(file) as archive:
            file.most_bytes = None
            _check(archive)
            yield archive
    except NotReadable:
        raise
    except _BROKEN as error:
        raise NotReadable(_("The file is broken: it cannot be unpacked. Save or download it again.")) from error


class _Bounded(BufferedReader):
    """A file of which no more is read at once than `most_bytes`: zipfile takes in the list of what is inside whole."""

    most_bytes: int | None = MAX_ENTRIES * 500

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most_bytes and size and size > self.most_bytes:
            raise _too_many_files()
        return super().read(size)


def _too_many_files() -> NotReadable:
    said = _("The archive holds more than the %(limit)s files that are looked at.")
    return NotReadable(said % {"limit": MAX_ENTRIES})


def _check(archive: ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _too_many_files()
    if any(entry.flag_bits & 1 for entry in entries):
        raise NotReadable(_("The archive is protected with a password. Save it without one and try again."))
    if sum(entry.file_size for entry in entries) > max_unpacked_bytes():
        raise unpacks_too_large()
    for entry in entries:
        if entry.file_size > RATIO_FROM_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise NotReadable(_("The file unpacks to hundreds of times its size, as no table of people does."))


def tables(archive: ZipFile) -> list[ZipInfo]:
    """The entries that are tables of text, by name; what systems put beside them is not."""
    return sorted((entry for entry in _files(archive) if _suffix(entry) in TABLES), key=lambda entry: entry.filename)


def workbooks(archive: ZipFile) -> list[ZipInfo]:
    """The entries that are workbooks."""
    return [entry for entry in _files(archive) if _suffix(entry) == ".xlsx"]


def unpack(archive: ZipFile, entry: ZipInfo, path: Path) -> None:
    """Write one entry to a file that this program alone can read."""
    with archive.open(entry) as packed, private(path) as file:
        shutil.copyfileobj(packed, file, COPY_BYTES)


def refuse_other_archives(archive: ZipFile) -> None:
    """Raise NotReadable for what looks like an archive and is a document of another program."""
    names = set(archive.namelist())
    if "xl/workbook.bin" in names or "mimetype" in names or any(name.endswith(".iwa") for name in names):
        raise NotReadable(_("This kind of workbook cannot be read. Save it as .xlsx or as CSV and try again."))
    if "[Content_Types].xml" in names and WORKBOOK not in names:
        raise NotReadable(_("The file is a document without sheets, not a table."))


def _files(archive: ZipFile) -> list[ZipInfo]:
    found = []
    for entry in archive.infolist():
        parts = PurePosixPath(entry.filename).parts
        if parts and not entry.is_dir() and parts[0] != "__MACOSX" and not parts[-1].startswith("."):
            found.append(entry)
    return found


def _suffix(entry: ZipInfo) -> str:
    return PurePosixPath(entry.filename).suffix.lower()

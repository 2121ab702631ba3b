"""What becomes of a file that is received: whatever it is, a table of text lies in the data folder afterwards.

A table of text stays as it came, so that it can be read again in another encoding, and its line numbers are the
reader's own. Workbooks, JSON and archives are written anew (`canonical`).
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import getaddresses
from io import StringIO
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZipFile, ZipInfo

from django.utils.translation import gettext as _

from tillit.people.importing import archives, canonical, files, formats, jsonlines, workbooks
from tillit.people.importing.canonical import GrowingTable
from tillit.people.importing.encodings import SAMPLE_BYTES
from tillit.people.importing.files import ARCHIVE, COMPOUND, EMPTY_ARCHIVE, NotReadable
from tillit.people.importing.formats import Row
from tillit.people.importing.names import column_names, parted_name
from tillit.people.importing.table import Layout, detect_layout, read_batches

TEXT, APART, WORKBOOK, JSON, ARCHIVED = "text", "taken apart", "workbook", "json", "archive"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # Source: MS-OFFCRYPTO §2.3.4.4
_DIRECTORY_BYTES = 1024 * 1024
AT_ONCE_BYTES = 4 * 1024 * 1024  # unpacked: a second of a workbook, less of anything else
LOOKED_AT_SHEETS, LOOKED_AT_ROWS = 10, 50


@dataclass(frozen=True, slots=True)
class Received:
    """A table of text, how it is written down where that is known, and what it was made from."""

    path: Path
    encoding: str = ""
    delimiter: str = ""
    told: dict[str, Any] = field(default_factory=dict)


def takes_long(raw: Path, *, file_name: str) -> bool:
    """Say whether turning a file into a table takes longer than somebody waits. Raises NotReadable for a broken one."""
    size = raw.stat().st_size
    with raw.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if sample.startswith((ARCHIVE, EMPTY_ARCHIVE)):
        with archives.opened(raw) as archive:
            return sum(entry.file_size for entry in archive.infolist()) > AT_ONCE_BYTES
    if size <= AT_ONCE_BYTES or sample.startswith(COMPOUND):
        return False
    if _is_json(sample):
        return True
    layout, rows = detect_layout(sample)
    return bool(rows) and layout.has_header and formats.adjuster(column_names(rows[0]), file_name) is not None


def receive_file(raw: Path, *, file_name: str, sheet: str = "") -> Received:
    """Turn a file that was kept into a table; `raw` is that table afterwards, or gone. Raises NotReadable.

    `sheet` names the sheet of a workbook; without, it is the first with addresses, or with anything.
    """
    try:
        received = _plain(_received(raw, file_name=file_name, sheet=sheet), file_name=file_name)
    except BaseException:
        raw.unlink(missing_ok=True)
        raise
    if received.path != raw:
        raw.unlink(missing_ok=True)
    return received


def _plain(received: Received, *, file_name: str) -> Received:
    """Take apart what the tool that wrote a table put together, in a table of its own; most need none."""
    with received.path.open("rb") as file:
        layout, rows = detect_layout(file.read(SAMPLE_BYTES), encoding=received.encoding, delimiter=received.delimiter)
    if received.told["kind"] == ARCHIVED or len(rows) < 2 or not layout.has_header:
        return received
    if formats.adjuster(column_names(rows[0]), file_name) is None:
        return received
    with _fresh_table() as table:
        for row in rows_of(received.path, file_name=file_name, layout=layout, header=rows[0]):
            table.add(row)
    kept = files.beside(received.path)
    if kept.exists():
        kept.rename(files.beside(table.path))
    received.path.unlink()
    told = {**received.told, "kind": APART} if received.told["kind"] == TEXT else received.told
    return Received(table.path, canonical.ENCODING, canonical.DELIMITER, told)


@contextmanager
def _fresh_table() -> Iterator[GrowingTable]:
    """A table that grows, gone when it does not become whole, or when nothing is in it."""
    path = files.fresh_path()
    try:
        with GrowingTable(path) as table:
            yield table
        if not table.rows:
            raise NotReadable(_("The file has no rows."))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _received(raw: Path, *, file_name: str, sheet: str) -> Received:
    with raw.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if sample.startswith((ARCHIVE, EMPTY_ARCHIVE)):
        with archives.opened(raw) as archive:
            archives.refuse_other_archives(archive)
            if archives.WORKBOOK in archive.NameToInfo:
                return _from_workbook(raw, archive, sheet=sheet)
            return _from_archive(archive)
    if sample.startswith(COMPOUND):
        _refuse_compound(raw)
    if _is_json(sample):
        return _from_json(raw)
    return Received(raw, told={"kind": TEXT})


def _refuse_compound(raw: Path) -> None:
    """Older workbooks and encrypted ones come in one kind of file, with the names of its parts inside."""
    size = raw.stat().st_size
    with raw.open("rb") as file:
        seen = file.read(_DIRECTORY_BYTES)
        file.seek(max(0, size - _DIRECTORY_BYTES))
        seen += file.read()
    if _ENCRYPTED in seen:
        raise NotReadable(_("The workbook is protected with a password. Save it without one and try again."))
    raise NotReadable(_("This is a workbook of an older kind (.xls). Save it as .xlsx or as CSV and try again."))


def _is_json(sample: bytes) -> bool:
    beginning = sample.removeprefix(b"\xef\xbb\xbf").lstrip()
    return beginning.startswith(b"{") or (beginning.startswith(b"[") and beginning[1:].lstrip()[:1] == b"{")


# -- workbooks --------------------------------------------------------------------------------------------------------


def _from_workbook(raw: Path, archive: ZipFile, *, sheet: str) -> Received:
    book = workbooks.read_book(archive)
    names = [each.name for each in book.sheets]
    chosen = next((each for each in book.sheets if each.name == sheet), None)
    if sheet and chosen is None:
        raise NotReadable(
            _("The workbook has no sheet “%(sheet)s”. It has: %(sheets)s.")
            % {"sheet": sheet, "sheets": ", ".join(names[:20])}
        )
    path = files.fresh_path()
    try:
        with workbooks.Strings(archive) as strings:
            chosen = chosen or _likeliest_sheet(archive, book, strings)
            rows = workbooks.below_titles(workbooks.rows(archive, book, chosen, strings))
            if not canonical.write_rows(path, rows):
                raise NotReadable(_("The sheet “%(sheet)s” is empty.") % {"sheet": chosen.name})
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    told: dict[str, Any] = {"kind": WORKBOOK, "sheet": chosen.name, "sheets": names}
    if len(names) > 1:  # kept until the import starts, so that another sheet can be chosen
        raw.rename(files.beside(path))
    return Received(path, canonical.ENCODING, canonical.DELIMITER, told)


def _likeliest_sheet(archive: ZipFile, book: workbooks.Book, strings: workbooks.Strings) -> workbooks.Sheet:
    """The first sheet with an address among its first rows, else the first with anything, else the first."""
    if len(book.sheets) == 1:
        return book.sheets[0]
    filled = None
    for sheet in book.sheets[:LOOKED_AT_SHEETS]:
        beginning = [row for row in islice(workbooks.rows(archive, book, sheet, strings), LOOKED_AT_ROWS) if row]
        if any("@" in cell for row in beginning for cell in row):
            return sheet
        filled = filled or (sheet if beginning else None)
    return filled or book.sheets[0]


def another_sheet(path: Path, *, file_name: str, sheet: str) -> Received:
    """Read another sheet of the workbook that is kept beside a table, into a table of its own; the old one stays."""
    copy = files.fresh_path()
    os.link(files.beside(path), copy)  # it moves beside the new table
    try:
        with archives.opened(copy) as archive:
            received = _from_workbook(copy, archive, sheet=sheet)
        return _plain(received, file_name=file_name)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


# -- JSON -------------------------------------------------------------------------------------------------------------


def _from_json(raw: Path) -> Received:
    with _fresh_table() as table:
        for cells in jsonlines.people(raw):
            table.add(cells)
    return Received(table.path, canonical.ENCODING, canonical.DELIMITER, {"kind": JSON})


# -- archives ---------------------------------------------------------------------------------------------------------


def _from_archive(archive: ZipFile) -> Received:
    """Join the tables of an archive into one; a workbook is read where it is the only one and there is no table."""
    tables, books = archives.tables(archive), archives.workbooks(archive)
    part = files.fresh_path().with_suffix(".part")
    try:
        if not tables and len(books) == 1:
            archives.unpack(archive, books[0], part)
            with archives.opened(part) as inner:
                return _from_workbook(part, inner, sheet="")
        if not tables:
            raise NotReadable(_("The archive holds no table: neither CSV nor one workbook."))
        known = [entry for entry in tables if _is_recognised(archive, entry)]
        chosen = known or tables  # a tool's archive holds tables of other things too
        with _fresh_table() as whole:
            for entry in chosen:
                archives.unpack(archive, entry, part)
                for row in _member_rows(part, file_name=entry.filename):
                    whole.add(row)
    finally:
        part.unlink(missing_ok=True)
    told = {"kind": ARCHIVED, "members": [PurePosixPath(entry.filename).name for entry in chosen]}
    return Received(whole.path, canonical.ENCODING, canonical.DELIMITER, told)


def _is_recognised(archive: ZipFile, entry: ZipInfo) -> bool:
    with archive.open(entry) as file:
        _layout, first = detect_layout(file.read(SAMPLE_BYTES))
    return bool(first) and formats.recognised(first[0]) is not None


def _member_rows(path: Path, *, file_name: str) -> Iterator[Row]:
    """The rows of one table of an archive; none of a file that is empty."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    files.refuse_other_kinds(sample)
    layout, first = detect_layout(sample)
    if first:
        yield from rows_of(path, file_name=file_name, layout=layout, header=first[0])


def rows_of(path: Path, *, file_name: str, layout: Layout, header: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table of text by the names in its header, taken apart where the tool put together.

    What cannot be read as a row comes as its text under the first name, where the import refuses and reports it.
    """
    names = column_names(header if layout.has_header else [""] * layout.width)
    adjust = formats.adjuster(names, file_name) or (lambda row: row)
    with path.open("rb") as file:
        for batch in read_batches(file, layout, offset=layout.body_offset, line=layout.body_line):
            for _line, row in batch.rows:
                if any(cell.strip() for cell in row[len(names) :]):
                    yield {names[0]: layout.delimiter.join(row)}
                elif any(cell.strip() for cell in row):
                    yield adjust(dict(zip(names, row, strict=False)))
            for broken in batch.broken:
                yield {names[0]: broken.raw}


# -- the clipboard ----------------------------------------------------------------------------------------------------


def pasted(text: str) -> Iterator[bytes]:
    """Yield what was pasted as the bytes of a table; addresses out of a mail's head, one a person, are one too."""
    lines = [line for line in text.splitlines() if line.strip()]
    named = any("<" in line and "@" in line for line in lines)
    if not (named or (len(lines) == 1 and lines[0].count("@") > 1)):
        yield text.encode("utf-8", "replace")
        return
    try:
        found = [
            (name, address) for name, address in getaddresses([line.replace(";", ",") for line in lines]) if address
        ]
    except RecursionError:  # a million parentheses
        found = []
    if not found:
        yield text.encode("utf-8", "replace")
        return
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["email", "first_name", "last_name"])
    writer.writerows([address, *parted_name(name)] for name, address in found)
    yield table.getvalue().encode("utf-8", "replace")

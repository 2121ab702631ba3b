"""Reading workbooks (.xlsx) as rows of text, in a stream: neither the sheet nor its strings are held in memory.

Two and a half times faster than openpyxl's reading mode, which also holds every string of a workbook; what number
formats and dates mean is asked of openpyxl. Source: ECMA-376 part 1, §18 (SpreadsheetML).
"""

from __future__ import annotations

import mmap
import posixpath
import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from tempfile import TemporaryFile
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile

from django.utils.translation import gettext as _
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from tillit.people.importing import files
from tillit.people.importing.archives import WORKBOOK
from tillit.people.importing.canonical import MAX_COLUMNS, too_many_columns
from tillit.people.importing.files import NotReadable

BLOCK_BYTES = 128 * 1024
MAX_PART_BYTES = 32 * 1024 * 1024  # of the parts that are read whole: the list of sheets and the styles
MAX_ROWS = 1_048_576  # Excel's own; rows that are left out are counted up to the next
MAX_CELL_CHARS = 64 * 1024  # Excel holds 32,767
MAX_STRINGS = 32 * 1024 * 1024  # different texts; eight bytes of memory each
MAX_ELEMENTS = 200_000  # of the parts that are read whole; Excel holds 65,490 cell styles
LOOKED_AT = 10  # rows among which the header is looked for
_PLACE = re.compile(r"([A-Z]{1,3})")
_ZEROS = re.compile(r"0{2,20}\Z")
_DIGITS = re.compile(r"-?\d+\Z")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: its name, and where it lies in the archive."""

    name: str
    part: str


@dataclass(slots=True)
class Book:
    """What is to be known of a workbook before its sheets are read."""

    sheets: list[Sheet] = field(default_factory=list)
    epoch: datetime = CALENDAR_WINDOWS_1900
    formats: list[str] = field(default_factory=list)  # of each cell style


def read_book(archive: ZipFile) -> Book:
    """Read a workbook's sheets and styles. Raises NotReadable."""
    parts = {
        attributes.get("Id", ""): attributes.get("Target", "")
        for name, attributes in _elements(archive, "xl/_rels/workbook.xml.rels")
        if name == "Relationship"
    }
    book = Book()
    for name, attributes in _elements(archive, WORKBOOK):
        if name == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
            book.epoch = CALENDAR_MAC_1904
        if name == "sheet":
            target = parts.get(next((told for key, told in attributes.items() if key.endswith(":id")), ""), "")
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            if part in archive.NameToInfo and "chartsheets/" not in part:
                book.sheets.append(Sheet(attributes.get("name", ""), part))
    if not book.sheets:
        raise NotReadable(_("The workbook has no sheets."))
    book.formats = _cell_formats(archive)
    return book


def _cell_formats(archive: ZipFile) -> list[str]:
    codes, styles, in_cells = dict(BUILTIN_FORMATS), [], False
    if "xl/styles.xml" not in archive.NameToInfo:
        return []
    for name, attributes in _elements(archive, "xl/styles.xml"):
        if name == "numFmt":
            codes[int(attributes.get("numFmtId", 0))] = attributes.get("formatCode", "")
        elif name in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
            in_cells = name == "cellXfs"
        elif name == "xf" and in_cells:
            styles.append(codes.get(int(attributes.get("numFmtId", 0)), "General"))
    return styles


def _elements(archive: ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a small part with their attributes, in order."""
    if part not in archive.NameToInfo or archive.getinfo(part).file_size > MAX_PART_BYTES:
        raise _broken()
    found: list[tuple[str, dict[str, str]]] = []

    def keep(name: str, attributes: dict[str, str]) -> None:
        if len(found) == MAX_ELEMENTS:
            raise _broken()
        found.append((name, attributes))

    with _Parser(keep) as parser:
        parser.feed(archive.read(part))
    return found


def rows(archive: ZipFile, book: Book, sheet: Sheet, strings: Strings) -> Iterator[list[str]]:
    """Yield a sheet's rows as texts, those that are left out as empty ones, so that a row's number is its place.

    Numbers are written out in full, dates in ISO form, yes and no as true and false, formulas as their last result,
    errors as nothing. Of merged cells, the first has the value.
    """
    reading = _Reading(book, strings)
    with _Parser(reading.start, reading.end, reading.text) as parser, archive.open(sheet.part) as packed:
        number = 0
        while block := packed.read(BLOCK_BYTES):
            parser.feed(block)
            for at, row in reading.take():
                yield from ([] for _gap in range(at - number - 1))
                number = max(at, number + 1)
                yield row


def below_titles(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield rows with lines of title above the header emptied: lone cells, where rows of several cells follow."""
    beginning = list(islice(rows, LOOKED_AT))
    held = [sum(1 for cell in row if cell.strip()) for row in beginning]
    header = next((place for place, cells in enumerate(held) if cells > 1), 0)
    alone = all(cells < 2 and not any("@" in cell for cell in beginning[at]) for at, cells in enumerate(held[:header]))
    for place, row in enumerate(beginning):
        yield [] if alone and place < header else row
    yield from rows


class Strings:
    """A workbook's shared strings, in a file without a name, by number."""

    def __init__(self, archive: ZipFile) -> None:
        self._file = TemporaryFile(dir=files.folder())  # noqa: SIM115  closed with the strings
        self._starts = array("Q", [0])
        self._texts: mmap.mmap | bytes = b""
        part = next((name for name in archive.namelist() if name.lower() == "xl/sharedstrings.xml"), "")
        try:
            if part:
                self._spool(archive, part)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Strings:
        return self

    def __exit__(self, *_what: object) -> None:
        self.close()

    def close(self) -> None:
        if isinstance(self._texts, mmap.mmap):
            self._texts.close()
        self._file.close()

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._starts) - 1:
            raise _broken()
        return self._texts[self._starts[number] : self._starts[number + 1]].decode()

    def _spool(self, archive: ZipFile, part: str) -> None:
        reading = _Gathering()
        with _Parser(reading.start, reading.end, reading.text) as parser, archive.open(part) as packed:
            while block := packed.read(BLOCK_BYTES):
                parser.feed(block)
                if len(self._starts) + len(reading.whole) > MAX_STRINGS:
                    raise _too_many_texts()
                for text in reading.whole:
                    raw = text.encode("utf-8", "replace")
                    self._file.write(raw)
                    self._starts.append(self._starts[-1] + len(raw))
                reading.whole.clear()
        self._file.flush()
        if self._starts[-1]:
            self._texts = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)


class _Gathering:
    """Puts the texts of shared strings together; how a text is pronounced (rPh) is no part of it."""

    def __init__(self) -> None:
        self.whole: list[str] = []
        self._pieces: list[str] = []
        self._held = 0  # characters
        self._in_text = self._in_sound = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            self._pieces, self._held = [], 0
        elif name == "rPh":
            self._in_sound = True
        elif name == "t":
            self._in_text = not self._in_sound

    def end(self, name: str) -> None:
        if name == "si":
            self.whole.append("".join(self._pieces)[:MAX_CELL_CHARS])
        elif name == "rPh":
            self._in_sound = False
        elif name == "t":
            self._in_text = False

    def text(self, data: str) -> None:
        if self._in_text and self._held < MAX_CELL_CHARS:
            self._pieces.append(data)
            self._held += len(data)


class _Reading:
    """Puts the rows of a sheet together."""

    def __init__(self, book: Book, strings: Strings) -> None:
        self._strings, self._formats, self._epoch = strings, book.formats, book.epoch
        self._done: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._number = self._place = 0
        self._kind = self._style = ""
        self._pieces: list[str] = []
        self._held = 0  # characters
        self._in_value = False

    def take(self) -> list[tuple[int, list[str]]]:
        """Return the rows that are whole, with their numbers."""
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r")
            self._place = _column(place) if place else self._place + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._pieces, self._held = [], 0
        elif name in {"v", "t"}:
            self._in_value = True
        elif name == "row":
            told = attributes.get("r", "")
            self._number = int(told) if told.isdecimal() else self._number + 1
            if self._number > MAX_ROWS:
                raise _broken()
            self._row, self._place = [], 0
        elif name == "rPh":
            self._kind = "sound"

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._in_value = False
        elif name == "c" and self._pieces:
            raw = self._pieces[0] if len(self._pieces) == 1 else "".join(self._pieces)
            self._keep(self._value(raw[:MAX_CELL_CHARS]))
        elif name == "row" and self._row:
            self._done.append((self._number, self._row))

    def text(self, data: str) -> None:
        if self._in_value and self._kind != "sound" and self._held < MAX_CELL_CHARS:
            self._pieces.append(data)
            self._held += len(data)

    def _keep(self, text: str) -> None:
        if not text:
            return
        if self._place > MAX_COLUMNS:
            raise too_many_columns(self._place)
        self._row.extend([""] * (self._place - len(self._row)))
        self._row[self._place - 1] = text

    def _value(self, raw: str) -> str:
        kind = self._kind
        if kind == "s":
            return self._strings[int(raw)] if raw.isdecimal() else ""
        if kind in {"str", "inlineStr", "d"}:
            return raw
        if kind == "b":
            return "true" if raw == "1" else "false"
        if kind == "e":
            return ""
        style = int(self._style) if self._style.isdecimal() else -1
        return number_text(raw, self._formats[style] if 0 <= style < len(self._formats) else "", self._epoch)


@lru_cache(maxsize=10_000)
def number_text(raw: str, code: str, epoch: datetime = CALENDAR_WINDOWS_1900) -> str:
    """Write out a number as its format means it: a date in ISO form, 00123 with its zeros, a long number in full."""
    if code and code != "General" and is_date_format(code):
        return _date_text(raw, code, epoch)
    if not _DIGITS.match(raw):
        try:
            number = float(raw)
        except ValueError:
            return raw
        raw = str(int(number)) if number.is_integer() else repr(number)
    return raw.zfill(len(code)) if _ZEROS.match(code) and raw.isdecimal() else raw


def _date_text(raw: str, code: str, epoch: datetime) -> str:
    try:
        value: Any = from_excel(float(raw), epoch, timedelta="[h" in code.lower())
    except (ValueError, OverflowError):
        return raw
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    return str(value) if isinstance(value, timedelta) else value.isoformat()


@lru_cache(maxsize=1000)
def _letters(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _column(place: str) -> int:
    found = _PLACE.match(place)
    if not found:
        raise _broken()
    return _letters(found[1])


class _Parser:
    """An XML parser that knows no document types, in which bombs of entities are written.

    Elements come by their names without the prefix that the first of them has, which most workbooks do without.
    """

    def __init__(
        self,
        start: Callable[[str, dict[str, str]], object],
        end: Callable[[str], object] | None = None,
        text: Callable[[str], object] | None = None,
    ) -> None:
        self._expat = ParserCreate()
        self._start, self._end = start, end
        self._expat.StartElementHandler = self._first
        self._expat.CharacterDataHandler = text
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.buffer_text = True

    def _first(self, name: str, attributes: dict[str, str]) -> None:
        prefix = name.partition(":")[0] + ":" if ":" in name else ""
        start, end = self._start, self._end
        if prefix:
            self._expat.StartElementHandler = lambda name, attributes: start(name.removeprefix(prefix), attributes)
            self._expat.EndElementHandler = end and (lambda name: end(name.removeprefix(prefix)))
        else:
            self._expat.StartElementHandler, self._expat.EndElementHandler = start, end
        start(name.removeprefix(prefix), attributes)

    def __enter__(self) -> _Parser:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            self._parse(b"", final=True)

    def feed(self, block: bytes) -> None:
        self._parse(block, final=False)

    def _parse(self, block: bytes, *, final: bool) -> None:
        try:
            self._expat.Parse(block, final)
        except ExpatError as error:
            raise _broken() from error

    def _refuse(self, *_what: object) -> None:
        raise _broken()


def _too_many_texts() -> NotReadable:
    said = _("The workbook holds more than %(limit)s different texts. Save it as CSV and try again.")
    return NotReadable(said % {"limit": MAX_STRINGS})


def _broken() -> NotReadable:
    return NotReadable(_("The workbook is broken: a part of it cannot be read. Open it and save it again."))

"""Reading a delimited file as rows, in batches that end between rows, so that reading can stop and go on there.

A quotation mark that is never closed costs its own line and no other: a row that breaks, or that runs over lines and
then has the wrong number of columns, is given up, and reading goes on at the next line.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from tillit.people.importing.encodings import (
    Encoding,
    cut_at_line,
    decode,
    detect_encoding,
    first_line_end,
    split_lines,
)

DELIMITERS = (",", ";", "\t", "|")
BLOCK_BYTES = 256 * 1024  # 1 MB was no faster, and a block's rows stay in the processor's cache
MAX_ROW_BYTES = 64 * 1024
MAX_ROW_LINES = 200
MAX_LINE_BYTES = 1024 * 1024
PREVIEW_BYTES = 64 * 1024
SHOWN_CHARS = 2000  # of a refused row
_HINT = re.compile(r"sep=.\r?\n", re.IGNORECASE)  # a first line that spreadsheets write, and understand

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written down."""

    encoding: str
    bom_bytes: int
    delimiter: str
    has_header: bool
    width: int
    body_offset: int
    body_line: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row, and why."""

    line: int
    reason: str
    raw: str


@dataclass(slots=True)
class Batch:
    """Rows with their line numbers; where the next batch begins. `odd` says that cells may hold control characters."""

    end_offset: int
    next_line: int
    rows: list[Row] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    recoded_lines: int = 0
    odd: bool = True


def detect_layout(sample: bytes, *, encoding: str = "", delimiter: str = "") -> tuple[Layout, list[list[str]]]:
    """Tell encoding, delimiter and header from a file's beginning; return them, and its first rows with the header."""
    found = Encoding(encoding, _bom(sample, encoding)) if encoding else detect_encoding(sample)
    lines, sizes = split_lines(sample[found.bom_bytes : found.bom_bytes + PREVIEW_BYTES], found.name)
    skipped = 0
    if lines and _HINT.match(lines[0]):
        delimiter, skipped = delimiter or lines[0][4], 1
    delimiter = delimiter or _likeliest_delimiter(lines)
    rows, first_ends = _first_rows(lines[skipped:], delimiter)
    has_header = bool(rows) and not any("@" in cell for cell in rows[0])
    before = skipped + (first_ends if has_header else 0)
    layout = Layout(
        encoding=found.name,
        bom_bytes=found.bom_bytes,
        delimiter=delimiter,
        has_header=has_header,
        width=len(rows[0]) if rows else 0,
        body_offset=found.bom_bytes + sum(sizes[:before]),
        body_line=1 + before,
    )
    return layout, rows


def read_batches(file: BinaryIO, layout: Layout, *, offset: int, line: int, end: int | None = None) -> Iterator[Batch]:
    """Yield the rows from one place to another (or the file's end), both named by earlier batches.

    Memory does not grow with the file.
    """
    file.seek(offset)
    carry = b""
    while True:
        fresh = file.read(BLOCK_BYTES if end is None else min(BLOCK_BYTES, max(0, end - file.tell())))
        buffer, final = carry + fresh, not fresh
        if not buffer:
            return
        cut = len(buffer) if final else cut_at_line(buffer, layout.encoding)
        if not cut and len(buffer) > MAX_LINE_BYTES:
            buffer, cut = _skip_line(file, buffer, layout.encoding), 0
            offset = file.tell() - len(buffer)
            yield Batch(offset, line + 1, broken=[Broken(line, "too_long", "")])
            line, carry = line + 1, buffer
            continue
        if cut:
            batch, used = _parse(buffer[:cut], layout, line, final=final)
            offset, line = offset + used, batch.next_line
            batch.end_offset = offset
            carry = buffer[used:]
            yield batch
        else:
            carry = buffer
        if final:
            return


def _parse(raw: bytes, layout: Layout, line: int, *, final: bool) -> tuple[Batch, int]:
    """Return the rows of some whole lines, and how many bytes they took; less than all when the last row goes on."""
    text, recoded = decode(raw, layout.encoding)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, strict=True)
    try:
        rows = list(reader)
    except csv.Error:
        rows = []
    if not rows or reader.line_num != len(rows):
        return _parse_by_line(raw, layout, line, final=final)
    odd = "\\" in text or "\x1f" in text or "\0" in text
    return Batch(0, line + len(rows), list(enumerate(rows, line)), [], recoded, odd), len(raw)


def _parse_by_line(raw: bytes, layout: Layout, line: int, *, final: bool) -> tuple[Batch, int]:
    """The same with rows over several lines, or broken ones."""
    lines, sizes = split_lines(raw, layout.encoding)
    batch = Batch(0, line, recoded_lines=decode(raw, layout.encoding)[1])
    at = 0
    while at < len(lines):
        reader = csv.reader(_from(lines, at), delimiter=layout.delimiter, strict=True)
        start, seen = at, 0
        try:
            for row in reader:
                spans, seen = reader.line_num - seen, reader.line_num
                if spans > 1 and (len(row) != layout.width or spans > MAX_ROW_LINES):
                    raise csv.Error("a quotation mark that is not closed")
                batch.rows.append((line + at, row))
                at = start + seen
        except csv.Error as error:
            goes_on = "unexpected end" in str(error)
            if goes_on and not final and sum(sizes[at:]) < MAX_ROW_BYTES:
                break
            reason = "too_long" if "limit" in str(error) and '"' not in lines[at] else "quote"
            batch.broken.append(Broken(line + at, reason, lines[at][:SHOWN_CHARS]))
            at += 1
    batch.next_line = line + at
    return batch, sum(sizes[:at])


def _from(lines: list[str], start: int) -> Iterator[str]:
    return (lines[place] for place in range(start, len(lines)))


def _skip_line(file: BinaryIO, buffer: bytes, encoding: str) -> bytes:
    """Read on to the end of a line that is too long to be one; return what was read of the next."""
    while not (end := first_line_end(buffer, encoding)):
        buffer = file.read(BLOCK_BYTES)
        if not buffer:
            return b""
    return buffer[end:]


def _bom(sample: bytes, encoding: str) -> int:
    found = detect_encoding(sample)
    return found.bom_bytes if found.name == encoding else 0


def _first_rows(lines: list[str], delimiter: str) -> tuple[list[list[str]], int]:
    """Return up to 50 rows that are not blank, and the number of lines at whose end the first of them ends."""
    rows: list[list[str]] = []
    reader = csv.reader(iter(lines[:400]), delimiter=delimiter)
    first_ends = 0
    try:
        for row in reader:
            if row:
                first_ends = first_ends or reader.line_num
                rows.append(row)
            if len(rows) == 50:
                break
    except csv.Error:
        pass  # what was read before is enough to tell by
    return rows, first_ends


def _likeliest_delimiter(lines: list[str]) -> str:
    """The delimiter that gives the most rows one and the same number of columns, above one."""

    def agreement(delimiter: str) -> tuple[int, int]:
        rows, _ = _first_rows(lines, delimiter)
        if not rows or len(rows[0]) < 2:
            return (0, 0)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
        return (count, width)

    best = max(DELIMITERS, key=agreement)
    return best if agreement(best)[0] else ","

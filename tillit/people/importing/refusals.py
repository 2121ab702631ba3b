"""Reading the report of refused rows again, a page at a time, with the cells as the file had them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tillit.ledger.processing import processing
from tillit.people.importing import files, purposes
from tillit.people.models import Import
from tillit.spreadsheets import meant

MARK_BYTES = 3  # the byte order mark before the header


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was refused, or came in without some of its values; `cells` is empty where nothing may be kept."""

    line: int
    reason: str
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """Some rows of a report, and the place in it after them, None at its end."""

    rows: list[RefusedRow]
    after: int | None


def page(item: Import, *, by: str, after: int = 0, limit: int, recipient: str = "") -> Found:
    """Return the rows of an import's report from a place on, recorded; what a recipient gets has no cells.

    A place is one that an earlier page gave. Without a report there are no rows. Raises Refused where the recipient may
    have nothing under the import's purpose.
    """
    about = f"import:{item.pk}"
    purpose = purposes.purpose_of(item)
    act = "people.import.refused"
    with processing(item.workspace_id, purpose, by=by, act=act, about=about, recipient=recipient) as activity:
        found = _read(files.refused_path(item.pk), after=after, limit=limit, bare=bool(recipient))
        activity.count(rows=len(found.rows))
    return found


def whole(item: Import, *, by: str) -> Path | None:
    """Return the report's file, None when there is none (any more); that it is taken is recorded."""
    path = files.refused_path(item.pk)
    if not path.exists():
        return None
    about, act = f"import:{item.pk}", "people.import.refused"
    with processing(item.workspace_id, purposes.purpose_of(item), by=by, act=act, about=about) as activity:
        activity.count(files=1)
    return path


def _read(path: Path, *, after: int, limit: int, bare: bool) -> Found:
    if not path.exists():
        return Found([], None)
    rows: list[RefusedRow] = []
    with path.open("rb") as file:
        file.seek(MARK_BYTES)
        head, body = next(_records(file), ([], MARK_BYTES))
        size = path.stat().st_size
        if after > size:
            return Found([], None)
        place = max(after, body)
        file.seek(place)
        for cells, end in _records(file):
            if len(rows) == limit:
                return Found(rows, place)
            place = end
            if len(cells) >= 2 and cells[0].isdecimal():  # a place that no page gave lies within a row
                named = {} if bare else dict(zip(head[2:], map(meant, cells[2:]), strict=False))
                rows.append(RefusedRow(int(cells[0]), cells[1], named))
    return Found(rows, None)


def _records(file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    """Yield the records of a file from where it stands, each with the place after it."""
    place = file.tell()

    def lines() -> Iterator[str]:
        nonlocal place
        for line in file:
            place += len(line)
            yield line.decode("utf-8", errors="replace")

    try:
        for cells in csv.reader(lines()):
            yield cells, place
    except csv.Error:  # from within a row, its quotation marks mean something else
        return

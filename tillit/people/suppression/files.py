"""Lists of suppressions, in and out: one address or domain a line, or a table with a column of them.

What comes out names domains in clear and addresses by their keys: this installation knows those again, nobody else.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from django.db import transaction

from tillit.ledger.processing import processing
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import Suppression
from tillit.people.suppression.actions import ADMINISTER, AT_ONCE, Done, Why, suppress
from tillit.people.suppression.keys import ForeignKey
from tillit.people.suppression.known import keyring, of
from tillit.spreadsheets import harmless

HEAD = ("kind", "value", "reason", "note", "since")
#: Headers of the column to read, in other tools' lists and ours.
COLUMNS = frozenset(
    {
        *("value", "email", "e-mail", "email address", "email_address", "emailaddress", "address", "recipient", "mail"),
        *("domain", "e-post", "epost", "e-postadress", "adress", "domän"),
    }
)
SHOWN_LINES = 20
LONGEST_LINE = 10_000


@dataclass(slots=True)
class Report:
    """What came of a list: how many entries it had, how many of them were new, and which lines could not be read."""

    entries: int = 0
    done: Done = field(default_factory=Done)
    refused: Counter[str] = field(default_factory=Counter)
    lines: list[int] = field(default_factory=list)

    @property
    def known(self) -> int:
        return self.entries - self.done.entries

    def refuse(self, line: int, why: str) -> None:
        self.refused[why] += 1
        if len(self.lines) < SHOWN_LINES:
            self.lines.append(line)


def bring(
    workspace_id: int | None,
    parts: Iterable[bytes],
    why: Why,
    *,
    progress: Callable[[Report], None] | None = None,
) -> Report:
    """Suppress everything in a list; lines that cannot be read are counted and told, the others count.

    A reason that the list itself gives (as ours do) stands; `why` gives it for the rest. 10,000 entries are in memory.
    """
    report = Report()
    entries = _entries(parts, report, why.reason)
    while some := list(islice(entries, AT_ONCE)):
        for reason in dict.fromkeys(reason for _, reason in some):
            told = dict.fromkeys(entry for entry, own in some if own == reason)
            report.entries += len(told)
            report.done += suppress(workspace_id, told, replace(why, reason=reason))
        if progress:
            progress(report)
    return report


def take(workspace_id: int | None, *, by: str, recorded_in: int | None = None) -> Iterator[str]:
    """Yield a workspace's list, or (None) the installation's, as lines of CSV; recorded in a workspace's ledger."""
    found = of(workspace_id).order_by("id")
    number = found.count()
    if ledger := workspace_id or recorded_in:
        about = "" if workspace_id else "installation"
        with processing(ledger, ADMINISTER, by=by, act="suppression.export", about=about) as activity:
            activity.count(suppressions=number)
    ring = keyring()
    yield _line(HEAD)
    with transaction.atomic():  # a cursor of the server's lives in a transaction
        for row in found.iterator(chunk_size=AT_ONCE):
            value = row.domain or ring.text(bytes(row.key))
            yield _line((row.kind, value, row.reason, harmless(row.note), row.created_at.isoformat()))


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _entries(parts: Iterable[bytes], report: Report, reason: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what each line suppresses, and for which reason."""
    ring, place, reasons_at = keyring(), None, None
    for line, row in _rows(parts):
        if line == 1 and (heads := [cell.strip().lower() for cell in row]) and COLUMNS.intersection(heads):
            place = next(at for at, head in enumerate(heads) if head in COLUMNS)
            reasons_at = heads.index("reason") if "reason" in heads and "value" in heads else None
            continue
        text = _cell(row, place)
        if not text:
            continue
        try:
            entry = ring.read(text)
        except ForeignKey:
            report.refuse(line, "foreign")
        except InvalidIdentifier:
            report.refuse(line, "unreadable")
        else:
            own = row[reasons_at] if reasons_at is not None and reasons_at < len(row) else ""
            yield entry, own if own in Suppression.Reason.values else reason


def _cell(row: list[str], place: int | None) -> str:
    """The cell of a row that names what to suppress: that of the column, else the first that looks like an address."""
    if place is not None:
        return row[place].strip() if place < len(row) else ""
    return next((cell.strip() for cell in row if "@" in cell), row[0].strip() if row else "")


def _rows(parts: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a list with their numbers, each read by itself: a stray quotation mark harms its line alone."""
    delimiter = ""
    for number, line in enumerate(_lines(parts), start=1):
        delimiter = delimiter or max(",;\t", key=line.count)
        yield number, next(csv.reader([line[:LONGEST_LINE]], delimiter=delimiter), [])


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of a file that comes in parts, in UTF-8 or, where that fails, in Windows-1252."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from map(_decoded, whole)
    if rest:
        yield _decoded(rest)


def _decoded(line: bytes) -> str:
    text = line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r").replace(b"\0", b"")
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", errors="replace")

"""Local forms of dates and numbers: what 03/04/2024 and 1,234 mean, the column as a whole tells, or nobody does.

A value that can be read in two ways is read in one only when another value of its column can be read in that way alone,
or when somebody said so. Nothing is guessed from the language of the file or of the reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from babel import Locale

from tillit.people.importing.cells import LOCALES, REMEMBERED
from tillit.people.importing.table import Batch, Layout, read_batches

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
POINT, COMMA = ".", ","
MIXED = "mixed"  # the column contradicts itself
LOCAL = ("date", "number")  # the types of fields whose values have local forms

_NUMBERS = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?:[ T].*)?\Z")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:\.|:e|st|nd|rd|th)?[ -]+([^\W\d_]{3,})\.?,?[ -]+(\d{4})\Z")
_MONTH_DAY = re.compile(r"([^\W\d_]{3,})\.?[ -]+(\d{1,2})(?:st|nd|rd|th)?,?[ -]+(\d{4})\Z")
_SPACES = re.compile(r"[\s'’\u00a0\u202f]+")
_ONE_MARK = re.compile(r"([+-]?)(\d+)([.,])(\d+)\Z")
_GROUPED = re.compile(r"([+-]?)(\d{1,3}(?:([.,])\d{3})(?:\3\d{3})*)(?:(?!\3)([.,])(\d+))?\Z")


def forms(batches: Iterable[Batch], columns: Mapping[int, str]) -> dict[str, str]:
    """Return the form that each column tells of itself, by place as text; `columns` maps places to types of fields."""
    evidence = {place: (_EVIDENCE[kind], set[str]()) for place, kind in columns.items() if kind in _EVIDENCE}
    for batch in batches if evidence else ():
        for _line, row in batch.rows:
            for place, (tells, found) in evidence.items():
                if len(found) < 2 and place < len(row) and (said := tells(row[place].strip())):
                    found.add(said)
    return {str(place): MIXED if len(found) > 1 else "".join(found) for place, (_tells, found) in evidence.items()}


def told_forms(path: Path, layout: Layout, columns: Mapping[int, str], *, dates: str = "") -> dict[str, str]:
    """Read a table through for the forms of its columns, where any has local forms: 3 µs a row.

    `dates` is the order that somebody said, for every column of dates.
    """
    local = {place: kind for place, kind in columns.items() if kind in LOCAL and not (dates and kind == "date")}
    said = {str(place): dates for place, kind in columns.items() if dates and kind == "date"}
    if not local:
        return said
    with path.open("rb") as file:
        return {**forms(read_batches(file, layout, offset=layout.body_offset, line=layout.body_line), local), **said}


def in_form(kind: str, form: str, read: Callable[[str], str]) -> Callable[[str], str]:
    """Return the reader of a column: `read`, after local forms are written as everybody writes them."""
    if kind == "date":
        return lambda text: read(iso_date(text, form))
    return (lambda text: read(plain_number(text, form))) if kind == "number" else read


def ambiguous(kind: str, text: str) -> bool:
    """Say whether a value can be read in two ways."""
    if kind == "date":
        found = _NUMBERS.match(text)
        return found is not None and not date_form(text) and found[1].zfill(2) != found[3].zfill(2)
    return kind == "number" and bool(_ONE_MARK.match(_SPACES.sub("", text))) and not number_form(text)


# -- dates ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=REMEMBERED)
def date_form(text: str) -> str:
    """Return in which order a date alone can be read, "" when in both or when its form says it already."""
    found = _NUMBERS.match(text)
    if not found:
        return ""
    first, second = int(found[1]), int(found[3])
    if first > 12 >= second:
        return DAY_FIRST
    return MONTH_FIRST if second > 12 >= first else ""


@lru_cache(maxsize=REMEMBERED)
def iso_date(text: str, form: str = "") -> str:
    """Return a local date in ISO form, any other text as it is, "" for a date that can be read in two ways.

    Read: 31/12/2024, 12-31-2024, 31 December 2024, Dec 31, 2024 and the same in eleven languages.
    """
    if found := _NUMBERS.match(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        order = (form if form in {DAY_FIRST, MONTH_FIRST} else date_form(text)) or (
            DAY_FIRST if first == second else ""
        )
        return _iso(year, *((second, first) if order == DAY_FIRST else (first, second))) if order else ""
    if found := _DAY_MONTH.match(text):
        return _iso(int(found[3]), _months().get(found[2].casefold(), 0), int(found[1]))
    if found := _MONTH_DAY.match(text):
        return _iso(int(found[3]), _months().get(found[1].casefold(), 0), int(found[2]))
    return text


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    names: dict[str, int] = {}
    for code in LOCALES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in Locale(code).months[context][width].items():
                    names.setdefault(name.casefold().rstrip("."), number)
    return names


# -- numbers ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=REMEMBERED)
def number_form(text: str) -> str:
    """Return the decimal mark that a number alone tells, "" when it has none or can be read in two ways."""
    plain = _SPACES.sub("", text)
    if found := _ONE_MARK.match(plain):
        thousands = len(found[4]) == 3 and len(found[2]) <= 3 and not found[2].startswith("0")
        return "" if thousands else found[3]
    if found := _GROUPED.match(plain):
        return COMMA if found[3] == POINT else POINT
    return ""


@lru_cache(maxsize=REMEMBERED)
def plain_number(text: str, form: str = "") -> str:
    """Return a number without grouping and with a point, any other text as it is, "" where it can be read in two ways.

    A point followed by three digits alone is a decimal point, as programs write it, unless the column says otherwise;
    a comma is nothing of the kind.
    """
    plain = _SPACES.sub("", text)
    if found := _ONE_MARK.match(plain):
        mark = number_form(plain) or (form if form in {POINT, COMMA} else "")
        if not mark and found[3] == POINT and form != MIXED:
            mark = POINT
        sign, whole, fraction = found[1], found[2], found[4]
        if not mark:
            return ""
        return f"{sign}{whole}.{fraction}" if mark == found[3] else f"{sign}{whole}{fraction}"
    if found := _GROUPED.match(plain):
        whole = found[2].replace(found[3], "")
        return f"{found[1]}{whole}.{found[5]}" if found[5] else f"{found[1]}{whole}"
    return plain


_EVIDENCE: dict[str, Callable[[str], str]] = {"date": date_form, "number": number_form}

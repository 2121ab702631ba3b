"""Workbooks of texts: nothing in them is ever a formula, and the same content gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tillit.spreadsheets import FORMULA

#: The longest text of a cell. Source: ECMA-376 part 1, 18.18.37 as Excel limits it.
LONGEST = 32_767

#: Characters that XML 1.0 cannot hold. Source: XML 1.0, 2.2.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file knows
_WIDTH, _FIRST_WIDTH, _WIDEST_TITLE = 34, 26, 31

_HEAD = PatternFill("solid", fgColor="0B6B61")
_GROUP = PatternFill("solid", fgColor="DFF0ED")
_TOP = Alignment(vertical="top", wrap_text=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: a block of texts on top, and a table with groups of columns above its head."""

    title: str
    top: Sequence[Sequence[str]] = ()
    groups: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())


def workbook(sheets: Sequence[Sheet], *, title: str, at: datetime) -> bytes:
    """Return an Excel file (ECMA-376) of sheets; `at` is the time it carries, whenever it is made."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title, book.properties.creator = _clean(title), "Tillit"
    book.properties.created = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.title[:_WIDEST_TITLE]), sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return _same_each_time(buffer.getvalue(), at)


def _fill(page: Worksheet, sheet: Sheet) -> None:
    row = 0
    for row, texts in enumerate(sheet.top, start=1):
        for column, text in enumerate(texts, start=1):
            cell = _put(page, row, column, text)
            cell.font = Font(bold=row == 1 or column == 1)
    if sheet.head:
        start = row + 2
        for column, text in enumerate(sheet.groups, start=1):
            cell = _put(page, start, column, text)
            cell.font, cell.fill = Font(bold=True), _GROUP
        for column, text in enumerate(sheet.head, start=1):
            cell = _put(page, start + 1, column, text)
            cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        for number, texts in enumerate(sheet.rows, start=start + 2):
            for column, text in enumerate(texts, start=1):
                _put(page, number, column, text)
        _lay_out(page, sheet, head=start + 1)
    for column in range(1, page.max_column + 1):
        page.column_dimensions[get_column_letter(column)].width = _FIRST_WIDTH if column == 1 else _WIDTH
    if not sheet.head:
        page.column_dimensions["B"].width = 80


def _lay_out(page: Worksheet, sheet: Sheet, *, head: int) -> None:
    last = get_column_letter(len(sheet.head))
    page.freeze_panes = page.cell(head + 1, 3)
    page.auto_filter.ref = f"A{head}:{last}{max(head, page.max_row)}"
    page.print_title_rows = f"{head}:{head}"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True


def _put(page: Worksheet, row: int, column: int, text: str) -> Cell:
    """Write a text that stays one, whatever it begins with."""
    cell = page.cell(row, column)
    clean = _clean(text)
    cell.value = clean
    cell.data_type = "s"  # openpyxl takes a text that begins with “=” for a formula
    cell.quotePrefix = clean.startswith(FORMULA)  # so does Excel, once somebody edits the cell
    cell.alignment = _TOP
    return cell


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("", text)[:LONGEST]


def _same_each_time(content: bytes, at: datetime) -> bytes:
    """Put `at` in the place of the moment of writing, which would make every file another one."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = _MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", part)
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, part)
    return buffer.getvalue()

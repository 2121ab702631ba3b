"""Writing rows as CSV, as a workbook, and as JSON Lines; each in one stream, so that a million costs no memory.

A value is a text, a number, a truth value, or None.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Any, BinaryIO, Protocol
from xml.sax.saxutils import escape

from tillit.spreadsheets import FIRST, harmless

Row = Sequence[Any]


class Writer(Protocol):
    """Writes the rows of one file. `close` completes it, and leaves the file itself open."""

    def write(self, rows: Iterable[Row]) -> None: ...
    def close(self) -> None: ...


class CsvWriter:
    """CSV in UTF-8 with a byte order mark, without which Excel takes it for another encoding. Source: RFC 4180."""

    def __init__(self, file: BinaryIO, head: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
        self._writer = csv.writer(self._text)
        self._writer.writerow([harmless(each) for each in head])

    def write(self, rows: Iterable[Row]) -> None:
        self._writer.writerows([_plain(value) for value in row] for row in rows)

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value) if value and value[0] in FIRST else value
    return ("no", "yes")[value] if isinstance(value, bool) else value


class JsonLinesWriter:
    """An object a line, without what is not known."""

    def __init__(self, file: BinaryIO, head: Sequence[str]) -> None:
        self._file, self._head = file, list(head)

    def write(self, rows: Iterable[Row]) -> None:
        head = self._head
        lines = (
            json.dumps(
                {name: value for name, value in zip(head, row, strict=True) if value is not None}, ensure_ascii=False
            )
            for row in rows
        )
        self._file.write("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        self._file.flush()


# -- workbooks ---------------------------------------------------------------------------------------------------------
#: Source: ECMA-376 as Excel limits it.
MOST_ROWS, LONGEST_TEXT = 1_048_576, 32_767
MOST_SHEET_BYTES = 1_500_000_000  # below the 2 GB from which a zip's entry needs fields that some readers lack
# Characters that XML 1.0 cannot hold. Source: XML 1.0, 2.2.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # what Excel reads as a character. Source: ECMA-376 part 1, 22.9.2.19
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'{_DECLARATION}<styleSheet xmlns="{_NAMESPACE}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class XlsxWriter:
    """A workbook of inline texts, which are never formulas; a further sheet begins where Excel's rows end.

    Written by hand: the library that reads workbooks writes a sixth of the rows a second, and holds each sheet in a
    second file until the end. Source: ECMA-376 part 1, 18.3.
    """

    def __init__(
        self, file: BinaryIO, head: Sequence[str], *, sheet: str = "People", most_rows: int = MOST_ROWS
    ) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._head, self._name, self._most_rows = list(head), sheet, most_rows
        self._letters = [letters(number) for number in range(1, len(self._head) + 1)]
        self._sheets = 0
        self._sheet: IO[bytes] | None = None
        self._begin()

    def write(self, rows: Iterable[Row]) -> None:
        waiting: list[str] = []
        for row in rows:
            if self._row == self._most_rows or self._bytes > MOST_SHEET_BYTES:
                self._put(waiting)
                waiting = []
                self._end()
                self._begin()
            self._row += 1
            waiting.append(self._line(row))
        self._put(waiting)

    def close(self) -> None:
        self._end()
        for name, text in self._parts().items():
            self._zip.writestr(name, text)
        self._zip.close()

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._row, self._bytes = 1, 0
        first = "".join(
            f'<c r="{letter}1" s="1" t="inlineStr"><is><t>{_text(name)}</t></is></c>'
            for letter, name in zip(self._letters, self._head, strict=True)
        )
        self._put(
            [
                f'{_DECLARATION}<worksheet xmlns="{_NAMESPACE}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
                f'<sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/><sheetData><row r="1">{first}</row>'
            ]
        )

    def _end(self) -> None:
        assert self._sheet is not None  # there is one from the beginning to the end
        self._put(["</sheetData></worksheet>"])
        self._sheet.close()

    def _put(self, texts: Sequence[str]) -> None:
        assert self._sheet is not None
        self._bytes += self._sheet.write("".join(texts).encode())

    def _line(self, row: Row) -> str:
        number = self._row
        cells = [
            _cell(f"{letter}{number}", value)
            for letter, value in zip(self._letters, row, strict=True)
            if value is not None and value != ""
        ]
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _parts(self) -> dict[str, str]:
        """The parts of the package around its sheets."""
        numbers = range(1, self._sheets + 1)
        names = [self._name if number == 1 else f"{self._name} {number}" for number in numbers]
        sheets = "".join(
            f'<sheet name="{_text(name)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in zip(numbers, names, strict=True)
        )
        relations = "".join(
            f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in numbers
        )
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
            for number in numbers
        )
        return {
            "[Content_Types].xml": f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
            f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}<Override'
            f' PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/><Override'
            f' PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
            "_rels/.rels": f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'{_DECLARATION}<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}">'
            f"<sheets>{sheets}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
            f'<Relationship Id="rId{self._sheets + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
            "</Relationships>",
            "xl/styles.xml": _STYLES,
        }


def letters(number: int) -> str:
    """The letters of a column by its number: 1 is A, 27 is AA."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _cell(place: str, value: Any) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{_text(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def _text(value: str) -> str:
    if not value.isprintable():  # line breaks too, which are kept
        value = _UNWRITABLE.sub("\ufffd", value)
    if "_x" in value:
        value = _ESCAPED.sub("_x005F_", value)
    return escape(value[:LONGEST_TEXT], {'"': "&quot;", "\r": "&#13;"})


MAKERS: dict[str, type[CsvWriter] | type[XlsxWriter] | type[JsonLinesWriter]] = {
    "csv": CsvWriter,
    "xlsx": XlsxWriter,
    "jsonl": JsonLinesWriter,
}
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}

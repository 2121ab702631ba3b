"""What the writers of exports make can be read again, and nothing in it is a formula."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.people.exporting.writers import MAKERS, XlsxWriter, letters

HEAD = ["email", "first_name", "members", "club", "since"]
ROWS = [
    ["anna@example.org", 'Åsa & <b>"Bo"</b>', 3, True, "2026-01-02"],
    ["bo@example.org", '=HYPERLINK("http://evil")', -1.5, False, None],
    ["cy@example.org", "two\nlines\tand \x07 bell", None, None, ""],
    ["dan@example.org", "+46701234567", 2**40, None, "-"],
]


def written(kind: str, rows=ROWS, **more) -> bytes:
    file = io.BytesIO()
    writer = MAKERS[kind](file, HEAD, **more)
    writer.write(rows[:1])
    writer.write(rows[1:])
    writer.close()
    return file.getvalue()


@pytest.mark.clause("A6")
def test_csv_is_read_by_a_spreadsheet_and_runs_no_formula():
    content = written("csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[0] == HEAD
    assert rows[1] == ["anna@example.org", 'Åsa & <b>"Bo"</b>', "3", "yes", "2026-01-02"]
    assert rows[2] == ["bo@example.org", '\'=HYPERLINK("http://evil")', "-1.5", "no", ""]
    assert rows[4] == ["dan@example.org", "+46701234567", str(2**40), "", "'-"]


def test_json_lines_leave_out_what_is_not_known():
    first, second, *_ = written("jsonl").decode().splitlines()
    assert json.loads(first) == dict(zip(HEAD, ROWS[0], strict=True))
    assert json.loads(second) == {
        "email": "bo@example.org",
        "first_name": '=HYPERLINK("http://evil")',
        "members": -1.5,
        "club": False,
    }


def test_a_workbook_holds_texts_numbers_and_truth_values():
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx")))
    assert book.sheetnames == ["People"] and book["People"].freeze_panes == "A2"
    rows = [[cell.value for cell in row] for row in book["People"].iter_rows()]
    assert rows[0] == HEAD
    assert rows[1] == ROWS[0]
    assert rows[2] == ["bo@example.org", '=HYPERLINK("http://evil")', -1.5, False, None]
    assert book["People"]["B3"].data_type == "s"  # a text, not a formula
    assert rows[3][1] == "two\nlines\tand \ufffd bell"
    assert rows[4][2] == 2**40
    assert book["People"]["A1"].font.b


def test_a_further_sheet_begins_where_the_rows_end():
    content = written("xlsx", [[f"p{number}@example.org", "x", number, True, ""] for number in range(7)], most_rows=4)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    assert book.sheetnames == ["People", "People 2", "People 3"]
    told = [[row[2] for row in sheet.iter_rows(values_only=True)] for sheet in book]
    assert told == [["members", 0, 1, 2], ["members", 3, 4, 5], ["members", 6]]


def test_an_empty_export_is_a_whole_file():
    assert written("csv", []).decode("utf-8-sig") == ",".join(HEAD) + "\r\n"
    assert written("jsonl", []) == b""
    assert openpyxl.load_workbook(io.BytesIO(written("xlsx", []))).active.max_row == 1


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=5))
def test_any_text_survives_a_workbook_but_for_what_xml_cannot_hold(texts):
    file = io.BytesIO()
    writer = XlsxWriter(file, ["text"])
    writer.write([[text] for text in texts])
    writer.close()
    assert zipfile.ZipFile(file).testzip() is None
    (sheet,) = openpyxl.load_workbook(file)
    found = [sheet.cell(row=number, column=1).value or "" for number in range(2, len(texts) + 2)]
    assert found == [re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text) for text in texts]


def test_what_looks_like_an_escaped_character_stays_as_it_is():
    content = written("xlsx", [["_x0041_", "a_x", 1, True, ""]])
    assert b"_x005F_x0041_" in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_columns_have_the_letters_that_spreadsheets_give_them():
    assert [letters(number) for number in (1, 26, 27, 52, 53, 702, 703)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]

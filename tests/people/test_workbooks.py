"""Workbooks arrive as their cells show them; what is no workbook that can be read says so and leaves nothing behind."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from tests.people.outcomes import people, report
from tillit.people.importing import archives, canonical, start, workbooks
from tillit.people.importing.files import NotReadable
from tillit.people.importing.reading import choose_sheet
from tillit.people.importing.start import path_of
from tillit.people.models import Import

SOUND = "<x:rPh><x:t>sound</x:t></x:rPh>"
HEAD = ["Email", "First name", "Telephone", "Customer number", "Company"]


def book(*sheets: tuple[str, list[list[object]]]) -> Workbook:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return made


def saved(made: Workbook) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def read(raw: bytes, folder: Path, sheet: int = 0) -> list[list[str]]:
    """A sheet's rows as the canonical table has them."""
    path, table = folder / "book.xlsx", folder / "table.csv"
    path.write_bytes(raw)
    with archives.opened(path) as archive:
        found = workbooks.read_book(archive)
        with workbooks.Strings(archive) as strings:
            rows = workbooks.rows(archive, found, found.sheets[sheet], strings)
            canonical.write_rows(table, workbooks.below_titles(rows))
    return list(csv.reader(table.read_text().splitlines(keepends=True)))


def repacked(raw: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook whose parts another program wrote."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def shared(raw: bytes) -> bytes:
    """The same workbook with its texts in one table of strings, as Excel writes it; each with a pronunciation."""
    strings: list[str] = []

    def number(found: re.Match[str]) -> str:
        strings.append(found[2])
        return f'{found[1]} t="s"><v>{len(strings) - 1}</v></c>'

    def change(name: str, part: bytes) -> bytes:
        if "worksheets/" not in name:
            return part
        return re.sub(
            r'(<c r="[A-Z]+\d+"(?: s="\d+")?) t="inlineStr"><is>(.*?)</is></c>', number, part.decode(), flags=re.DOTALL
        ).encode()

    file = io.BytesIO(repacked(raw, change))
    with zipfile.ZipFile(file, "a") as archive:
        items = "".join(f"<x:si>{text.replace('<t', '<x:t').replace('</t', '</x:t')}{SOUND}</x:si>" for text in strings)
        archive.writestr("xl/sharedStrings.xml", f'<x:sst xmlns:x="urn:x">{items}</x:sst>'.encode())
    assert strings
    return file.getvalue()


@pytest.mark.clause("A4")
def test_people_come_in_from_a_workbook(house, bring):
    rows = [HEAD, ["åsa@example.org", "Åsa", "+46 70 123 45 67", 1001, 'A "quoted", name\nin two lines'], [None] * 5]
    rows.append(["bo@example.org", "Bo", None, 12345678901234, None])
    done = bring(house, saved(book(("People", rows))))
    assert (done.state, done.counts["new"], done.counts.get("refused", 0)) == ("done", 2, 0)
    found = people(house)
    assert found["åsa@example.org"]["traits"] == {"first_name": "Åsa", "company": 'A "quoted", name\nin two lines'}


def test_cells_are_written_as_they_mean(tmp_path):
    made = book(("People", [["a", 1.0, 1.5, 46701234567, True, None, date(2024, 5, 1), datetime(2024, 5, 1, 9, 30)]]))
    sheet = made.active
    sheet.append([time(9, 30), 123, 0.1, 1e20, "=1+1", "#N/A", "0701234567", "2024-05-01"])
    sheet["B2"].number_format = "00000"
    assert read(saved(made), tmp_path) == [
        ["a", "1", "1.5", "46701234567", "true", "", "2024-05-01", "2024-05-01 09:30:00"],
        ["09:30:00", "00123", "0.1", "100000000000000000000", "", "", "0701234567", "2024-05-01"],
    ]


def test_more_texts_than_memory_is_meant_for_are_refused(tmp_path, monkeypatch):
    raw = shared(saved(book(("People", [["Email"], *([f"p{n}@example.org"] for n in range(20))]))))
    assert len(read(raw, tmp_path)) == 21
    monkeypatch.setattr(workbooks, "MAX_STRINGS", 20)
    with pytest.raises(NotReadable, match="20 different texts"):
        read(raw, tmp_path)


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_a_text_without_an_end_takes_no_memory(tmp_path, part):
    """Ten million characters in one cell, of which the first are kept."""
    raw = saved(book(("People", [["Email"], ["long"]])))
    raw = shared(raw) if "shared" in part else raw
    grown = repacked(raw, lambda name, old: old.replace(b">long<", b">" + b"long" * 2_500_000 + b"<"))
    tracemalloc.start()
    try:
        assert len(read(grown, tmp_path)[1][0]) == workbooks.MAX_CELL_CHARS
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_dates_count_from_1904_where_a_workbook_says_so(tmp_path):
    made = book(("People", [["joined"], [date(2024, 5, 1)]]))
    made.epoch = workbooks.CALENDAR_MAC_1904
    assert read(saved(made), tmp_path)[1] == ["2024-05-01"]


def test_formulas_give_their_last_result_and_errors_nothing(tmp_path):
    cells = b'<row r="1"><c r="A1" t="str"><f>B1&amp;"x"</f><v>shown</v></c><c r="C1"><f>1+1</f><v>2</v></c>'
    cells += b'<c r="D1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="E1" t="inlineStr"><is><r><t>in</t></r>'
    cells += b"<r><t>line</t></r><rPh><t>sound</t></rPh></is></c></row>"

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<sheetData></sheetData>", b"<sheetData/>").replace(
            b"<sheetData/>", b"<sheetData>" + cells + b"</sheetData>"
        )

    assert read(repacked(saved(book(("People", []))), change), tmp_path) == [["shown", "", "2", "", "inline"]]


def test_line_numbers_stay_and_titles_above_the_header_are_passed_over(house, bring, tmp_path):
    made = book(("People", [["Our members 2025"], [], HEAD, ["ok@example.org"], [], ["broken"]]))
    made.active.merge_cells("A1:E1")
    raw = saved(made)
    assert read(raw, tmp_path)[:3] == [[], [], HEAD]
    done = bring(house, raw)
    assert (done.counts["new"], done.counts["refused"]) == (1, 1)
    assert report(done)[0]["line"] == "6"


def test_the_sheet_with_addresses_is_read_and_another_can_be_chosen(house, bring, queue, import_folder):
    sheets = [("About", [["Read me"]]), ("Members", [["Email"], ["a@example.org"]]), ("Old", [["Email"], ["b@x.org"]])]
    raw = saved(book(*sheets))
    source, news = house.sources.get(), house.lists.get()
    draft = start.receive(
        [raw], file_name="all.xlsx", source=source, mailing_list=news, by="user:1", now=source.created_at
    )
    assert (draft.options["sheet"], draft.options["sheets"]) == ("Members", ["About", "Members", "Old"])
    choose_sheet(draft, sheet="Old", now=source.created_at)
    assert "b@x.org" in path_of(draft).read_text()
    with pytest.raises(NotReadable, match="no sheet"):
        choose_sheet(draft, sheet="None such", now=source.created_at)
    assert len(list(import_folder.iterdir())) == 2
    start.start(Import.objects.get(pk=draft.pk), now=source.created_at)
    assert list(import_folder.iterdir()) == [path_of(draft)]
    bring(house, raw, sheet="Old")
    assert set(people(house)) == {"b@x.org"}


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)


def without(part: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(book(("A", [["x"]]))))) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
    return file.getvalue()


def bombed(name: str, part: bytes) -> bytes:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    return part.replace(b"<worksheet", bomb + b"<worksheet") if "sheet1" in name else part


def unshared(name: str, part: bytes) -> bytes:
    return b"<sst/>" if "shared" in name else part


def cut(name: str, part: bytes) -> bytes:
    return part[: len(part) // 2] if "sheet1" in name else part


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (encrypted, "protected with a password"),
        (lambda: b"\xd0\xcf\x11\xe0" + bytes(3000), "older kind"),
        (lambda: saved(book(("Empty", []))), "“Empty” is empty"),
        (lambda: saved(book(("A", [["Email"]])))[:900], "broken"),
        (lambda: repacked(shared(saved(book(("A", [["Email"]])))), unshared), "workbook is broken"),
        (lambda: repacked(saved(book(("A", [["Email"]]))), bombed), "workbook is broken"),
        (lambda: repacked(saved(book(("A", [["Email"]]))), cut), "workbook is broken"),
        (lambda: without("xl/_rels/workbook.xml.rels"), "workbook is broken"),
        (lambda: without("xl/workbook.xml"), "without sheets"),
        (lambda: without("xl/worksheets/sheet1.xml"), "no sheets"),
        (lambda: saved(book(("A", [["x"] * 301]))), "301 columns"),
    ],
)
def test_what_cannot_be_read_says_why_and_leaves_nothing(house, queue, import_folder, raw, message):
    with pytest.raises(NotReadable, match=message):
        queue(house, raw())
    assert list(import_folder.iterdir()) == []


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), min_size=1, max_size=8
).filter(lambda text: not text.startswith("=") and text.strip() and "_x" not in text)


@settings(max_examples=25)
@given(
    rows=st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1, max_size=8),
    written=st.sampled_from([bytes, shared]),
)
def test_whatever_text_is_in_a_sheet_is_in_the_table(rows, written, tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    with override_settings(IMPORT_FOLDER=folder):
        found = read(written(saved(book(("People", rows)))), folder)
    assert [[cell for cell in row if cell] for row in found] == rows

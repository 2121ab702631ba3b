"""Files as people have them: any encoding, any separator, broken quotes, and no line takes another with it."""

from __future__ import annotations

import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tillit.people.importing import table
from tillit.people.importing.encodings import SAMPLE_BYTES, Encoding, detect_encoding
from tillit.people.importing.table import Layout, detect_layout, read_batches

BODY = "E-post;Förnamn;Ort\nanna@example.se;Åsa;Malmö\nbo@example.se;Björn;Gävle\n"


def read(raw: bytes, layout: Layout | None = None, *, offset: int | None = None):
    """Every row with its line number, and what broke, of a file's bytes."""
    layout = layout or detect_layout(raw[:SAMPLE_BYTES])[0]
    start = layout.body_offset if offset is None else offset
    batches = list(read_batches(io.BytesIO(raw), layout, offset=start, line=layout.body_line))
    rows = [row for batch in batches for row in batch.rows if row[1]]
    return rows, [broken for batch in batches for broken in batch.broken], batches


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (BODY.encode(), Encoding("utf-8")),
        (BODY.encode("utf-8-sig"), Encoding("utf-8", 3)),
        (BODY.encode("cp1252"), Encoding("cp1252")),
        (b"\xff\xfe" + BODY.encode("utf-16-le"), Encoding("utf-16-le", 2)),
        (b"\xfe\xff" + BODY.encode("utf-16-be"), Encoding("utf-16-be", 2)),
        (BODY.encode("utf-16-le"), Encoding("utf-16-le")),
        (BODY.encode("utf-16-be"), Encoding("utf-16-be")),
        (b"email\na@example.org\n", Encoding("utf-8")),
        (b"", Encoding("utf-8")),
    ],
)
def test_the_encoding_is_told_from_the_bytes(raw, found):
    assert detect_encoding(raw) == found
    if raw.count(b"A") and len(raw) > 40:
        assert [row for _, row in read(raw)[0]] == [
            ["anna@example.se", "Åsa", "Malmö"],
            ["bo@example.se", "Björn", "Gävle"],
        ]


def test_a_line_in_another_encoding_is_read_and_counted():
    raw = b"email,name\n" + "a@example.org,Åsa\n".encode() * 3 + "b@example.org,Björn\n".encode("cp1252")
    rows, broken, batches = read(raw)
    assert rows[-1] == (5, ["b@example.org", "Björn"])
    assert rows[0] == (2, ["a@example.org", "Åsa"])
    assert not broken
    assert sum(batch.recoded_lines for batch in batches) == 1


@pytest.mark.parametrize("delimiter", table.DELIMITERS)
def test_the_separator_is_told_from_the_rows(delimiter):
    text = delimiter.join(["Email", "Name", "Note"]) + "\n"
    text += delimiter.join(["a@example.org", '"Berg, Anna; |"', "hej, du"]) + "\n"
    assert detect_layout(text.replace("hej, du", "hej").encode())[0].delimiter == delimiter


def test_one_column_needs_no_separator():
    layout, rows = detect_layout(b"a@example.org\nb@example.org\n")
    assert (layout.delimiter, layout.has_header, layout.width, layout.body_offset) == (",", False, 1, 0)
    assert len(rows) == 2


def test_a_hint_of_the_separator_is_followed():
    layout, rows = detect_layout(b"sep=|\r\nemail|a,b,c\r\nx@example.org|1,2,3\r\n")
    assert (layout.delimiter, layout.width, layout.body_line) == ("|", 2, 3)
    assert rows[0] == ["email", "a,b,c"]


def test_a_quotation_mark_that_is_not_closed_costs_its_own_line():
    raw = b'email,name\na@example.org,"Anna\nb@example.org,Bo\nc@example.org,"Cia"\nd@example.org,Dan\n'
    rows, broken, _ = read(raw)
    assert [row[0] for _, row in rows] == ["b@example.org", "c@example.org", "d@example.org"]
    assert [(found.line, found.reason, found.raw) for found in broken] == [(2, "quote", 'a@example.org,"Anna\n')]


def test_a_quotation_mark_that_is_not_closed_before_a_large_file_costs_its_own_line():
    raw = b'email,name\na@example.org,"Anna\n' + b"".join(b"p%d@example.org,Bo\n" % n for n in range(60_000))
    rows, broken, _ = read(raw)
    assert (len(rows), len(broken)) == (60_000, 1)


def test_line_breaks_inside_quotation_marks_belong_to_the_cell():
    raw = b'email,note\na@example.org,"one\ntwo\r\nthree"\nb@example.org,x\n'
    rows, broken, _ = read(raw)
    assert rows == [(2, ["a@example.org", "one\ntwo\r\nthree"]), (5, ["b@example.org", "x"])]
    assert not broken


def test_a_line_of_megabytes_is_passed_over():
    raw = b"email,note\na@example.org,x\n" + b"y" * 3_000_000 + b"\nb@example.org,z\n"
    rows, broken, _ = read(raw)
    assert [row[0] for _, row in rows] == ["a@example.org", "b@example.org"]
    assert [(found.line, found.reason) for found in broken] == [(3, "too_long")]


def test_a_huge_cell_is_passed_over():
    raw = b'email,note\na@example.org,x\nb@example.org,"' + b"y" * 200_000 + b'"\nc@example.org,z\n'
    rows, broken, _ = read(raw)
    assert [row[0] for _, row in rows] == ["a@example.org", "c@example.org"]
    assert len(broken) == 1


def test_bytes_that_are_no_text_break_nothing():
    raw = b"email,name\n" + random.Random(7).randbytes(300_000)
    rows, broken, batches = read(raw)
    assert rows or broken
    assert batches[-1].end_offset == len(raw)


def test_reading_goes_on_where_a_batch_ended():
    lines = ["email,note"]
    for n in range(30_000):
        lines.append(f'p{n}@example.org,"a\nb"' if n % 7 == 0 else f"p{n}@example.org,åäö")
    raw = ("\n".join(lines) + "\n").encode()
    layout = detect_layout(raw[:SAMPLE_BYTES])[0]
    whole, _, batches = read(raw, layout)
    for stop in batches:
        before = list(
            read_batches(io.BytesIO(raw), layout, offset=layout.body_offset, line=layout.body_line, end=stop.end_offset)
        )
        after = list(read_batches(io.BytesIO(raw), layout, offset=stop.end_offset, line=stop.next_line))
        assert [row for batch in [*before, *after] for row in batch.rows] == whole


CELLS = {
    "utf-8": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    "utf-16-le": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    "utf-16-be": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    "cp1252": st.text("abcåäöÅÄÖéß€ ,;|\t\"'\n\r\\", max_size=12),
}


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_back(data):
    encoding = data.draw(st.sampled_from(sorted(CELLS)))
    delimiter = data.draw(st.sampled_from(table.DELIMITERS))
    width = data.draw(st.integers(2, 4))
    rows = data.draw(st.lists(st.lists(CELLS[encoding], min_size=width, max_size=width), max_size=15))
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["email"] * width, *rows])
    raw = written.getvalue().encode(encoding)
    layout = Layout(
        encoding=encoding, bom_bytes=0, delimiter=delimiter, has_header=False, width=width, body_offset=0, body_line=1
    )
    found, broken, _ = read(raw, layout)
    assert [row for _, row in found] == [["email"] * width, *rows]
    assert not broken

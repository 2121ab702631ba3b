"""Archives are joined into one table; bombs, locks and what holds no table are refused, and nothing stays behind."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import pytest

from tests.people.outcomes import people
from tillit.people.importing import archives, reception
from tillit.people.importing.files import NotReadable
from tillit.people.models import Import


def packed(entries: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.clause("A4")
def test_tables_of_an_archive_come_in_as_one(house, bring):
    done = bring(
        house,
        packed(
            {
                "export/a.csv": "Email,First name\na@example.org,Ann\n",
                "export/b.tsv": "City\tEmail\nUmeå\tb@example.org\n".encode("cp1252"),
                "__MACOSX/export/._a.csv": b"\0\1\2",
                "export/readme.md": "Read me",
            }
        ),
    )
    found = people(house)
    assert found["a@example.org"]["traits"] == {"first_name": "Ann"}
    assert found["b@example.org"]["traits"] == {"city": "Umeå"}
    assert done.options["members"] == ["a.csv", "b.tsv"]


@pytest.mark.clause("B4")
def test_a_name_that_says_unsubscribed_is_believed(house, bring):
    bring(house, packed({"subscribers.csv": "Email\na@example.org\n", "Unsubscribed.csv": "Email\nb@example.org\n"}))
    found = people(house)
    assert found["a@example.org"]["lists"] == ["subscribed"]
    assert found["b@example.org"]["lists"] == ["unsubscribed"]
    assert found["b@example.org"]["choices"] == [("marketing.email", "refused", "import")]


def test_rows_that_cannot_be_read_are_refused_not_lost(house, bring):
    rows = 'Email,First name\na@example.org,Ann\nb@example.org,B,more\n"c@example.org,C\nd@example.org,Dan\n'
    done = bring(house, packed({"people.csv": rows}))
    assert set(people(house)) == {"a@example.org", "d@example.org"}
    assert done.counts["refused"] == 2


def test_a_workbook_in_an_archive_is_read(house, bring):
    from tests.people.test_workbooks import book, saved

    bring(house, packed({"people.xlsx": saved(book(("A", [["Email"], ["a@example.org"]])))}))
    assert set(people(house)) == {"a@example.org"}


def locked(raw: bytes) -> bytes:
    """The same archive, said to be encrypted."""
    at = raw.index(b"PK\x01\x02") + 8
    return raw[:at] + struct.pack("<H", 1) + raw[at + 2 :]


def understated(raw: bytes) -> bytes:
    """The same archive, whose entry says that it unpacks to ten bytes."""
    at = raw.index(b"PK\x01\x02") + 24
    return raw[:at] + struct.pack("<I", 10) + raw[at + 4 :]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (packed({}), "no table"),
        (packed({"a.pdf": b"%PDF"}), "no table"),
        (packed({"a.csv": "", "b.csv": "\n"}), "no rows"),
        (packed({"a.csv": b"\1\2\3" * 2000}), "not text"),
        (packed({"a.csv": "email\n" + "a@example.org\n" * 100})[:-30], "broken"),
        (locked(packed({"a.csv": "email\n"})), "password"),
        (understated(packed({"a.csv": "email\n" + "a@example.org\n" * 100})), "broken"),
        (packed({"a.csv": "email\n" * 100}, zipfile.ZIP_LZMA).replace(b"\x05\0]", b"\x05\0\xff", 1), "broken"),
        (packed({"a.csv": bytes(20_000_000)}), "hundreds of times"),
        (packed({f"{n}.csv": "" for n in range(archives.MAX_ENTRIES + 1)}), "the 10000 files"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": ""}), "kind of workbook"),
        (packed({"[Content_Types].xml": "", "word/document.xml": ""}), "without sheets"),
    ],
)
def test_what_cannot_be_unpacked_says_why_and_leaves_nothing(house, queue, import_folder, raw, message):
    with pytest.raises(NotReadable, match=message):
        queue(house, raw)
    assert list(import_folder.iterdir()) == []
    assert not Import.objects.exists()


def test_a_list_of_a_million_files_is_not_taken_in(tmp_path):
    """It would take hundreds of megabytes of whatever looks at it first."""
    path, entry = tmp_path / "all.zip", struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *[0] * 15, 0, 0, 0)
    listed = entry * 400_000
    path.write_bytes(b"PK\x03\x04" + listed + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, len(listed), 0, 0))
    tracemalloc.start()
    try:
        with pytest.raises(NotReadable, match="10000 files"):
            reception.takes_long(path, file_name="all.zip")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_unpacks_to_too_much_is_refused(house, queue, settings, import_folder, method):
    settings.MAX_UPLOAD_BYTES = 40_000 if method == zipfile.ZIP_STORED else 9_000
    with pytest.raises(NotReadable, match="larger than"):
        queue(house, packed({"a.csv": "email\n" + "a@example.org\n" * 3000}, method))
    assert list(import_folder.iterdir()) == []


def test_a_table_that_grows_beyond_the_bound_is_refused(house, queue, settings, import_folder):
    """Short lines with many names make a table much larger than they are."""
    settings.MAX_UPLOAD_BYTES = 60_000
    wide = "{" + ",".join(f'"k{n}":1' for n in range(290)) + "}\n"
    with pytest.raises(NotReadable, match="Unpacked, the file is larger"):
        queue(house, wide + "{}\n" * 10_000)
    assert list(import_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("(" * 10_000 + "<@", {}),
        ("Email\tCity\na@example.org\tUmeå", {"a@example.org": {"city": "Umeå"}}),
        ("a@example.org\nb@example.org\n", {"a@example.org": {}, "b@example.org": {}}),
        ("a@example.org, b@example.org; c@example.org", {f"{name}@example.org": {} for name in "abc"}),
        (
            'Ann Berg <a@example.org>, "Ek, Bo" <b@example.org>\n<c@example.org>',
            {
                "a@example.org": {"first_name": "Ann", "last_name": "Berg"},
                "b@example.org": {"first_name": "Bo", "last_name": "Ek"},
                "c@example.org": {},
            },
        ),
    ],
)
def test_pasted_text_is_a_table(house, bring, text, rows):
    bring(house, b"".join(reception.pasted(text)))
    assert {address: row["traits"] for address, row in people(house).items()} == rows

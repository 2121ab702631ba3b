"""Whatever is broken in a file, that is said in words: no other error, no endless reading, nothing left behind."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from django.test import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.people.test_archives import packed
from tests.people.test_formats import SAMPLES
from tests.people.test_workbooks import book, repacked, saved, shared
from tillit.people.importing import files, reception
from tillit.people.importing.files import NotReadable

WORKBOOK = shared(saved(book(("A", [["Email", "n"], ["a@example.org", 1.5]]), ("B", [["x", True]]))))
LISTMONK = (SAMPLES / "listmonk.csv").read_bytes()
WHOLE = [
    WORKBOOK,
    packed({"a.csv": LISTMONK, "b.csv": "Email\nb@x.org\n"}),
    LISTMONK,
    b'[{"email": "a@x.org", "n": [1, {}]}]',
]


def received(raw: bytes, folder) -> None:
    """Receive a file; leave the folder as a draft does, or empty."""
    with override_settings(IMPORT_FOLDER=folder / "imports"):
        try:
            path = reception.receive_file(files.keep([raw]), file_name="people.bin").path
        except NotReadable:
            assert list(files.folder().iterdir()) == []
        else:
            assert {each.stem for each in files.folder().iterdir()} == {path.stem}
            files.remove(path)


@settings(max_examples=150, deadline=None)
@given(raw=st.sampled_from(WHOLE), data=st.data())
def test_bytes_that_are_wrong_or_missing(raw, data, tmp_path_factory):
    changed = bytearray(raw)
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=6)):
        changed[place] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(1, len(raw)) | st.just(len(raw)))
    received(bytes(changed[:length]), tmp_path_factory.mktemp("broken"))


PARTS = [name for name in zipfile.ZipFile(io.BytesIO(WORKBOOK)).namelist() if name.startswith("xl/")]
WRONG = ["", "x", "-1", "²", "99999999999999999999", "1e999", "nan", "ZZZZ1", "A0", "t", "s", "../../x", "\u0661"]


@settings(max_examples=150, deadline=None)
@given(part=st.sampled_from(PARTS), place=st.integers(0, 200), wrong=st.sampled_from(WRONG))
@example(part="xl/worksheets/sheet1.xml", place=0, wrong="99999999999999999999")
def test_values_inside_a_workbook_that_nobody_would_write(part, place, wrong, tmp_path_factory):
    """Each attribute and text of each part is put wrong, one at a time."""

    def change(name: str, content: bytes) -> bytes:
        text = content.decode()
        spots = list(re.finditer(r'(?<=")[^"<>]*(?=")|(?<=>)[^<>]+(?=<)', text)) if name == part else []
        if not spots:
            return content
        spot = spots[place % len(spots)]
        return (text[: spot.start()] + wrong + text[spot.end() :]).encode()

    received(repacked(WORKBOOK, change), tmp_path_factory.mktemp("broken"))


def test_a_row_far_below_is_no_reason_to_count_for_ever(house, queue):
    raw = repacked(WORKBOOK, lambda name, part: part.replace(b'<row r="2"', b'<row r="4000000000"'))
    with pytest.raises(NotReadable, match="broken"):
        queue(house, raw)

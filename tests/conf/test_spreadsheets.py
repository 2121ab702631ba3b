"""What a file of ours holds, a spreadsheet does not compute, whichever part of the program writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.environment import ROOT
from tillit.spreadsheets import FORMULA, harmless, meant


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1+1|cmd", "'-1+1|cmd"),
        ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"),
        ("＝1+1", "'＝1+1"),
        ("-5", "-5"),
        ("+46 70 123 45 67", "+46 70 123 45 67"),
        ("-1-1", "'-1-1"),
        ("", ""),
        ("anna", "anna"),
    ],
)
def test_what_a_spreadsheet_would_compute_is_made_a_text(text, safe):
    assert harmless(text) == safe


@given(st.text(alphabet=st.sampled_from([*FORMULA, "a", "1", " ", "'"])))
def test_what_was_meant_is_found_again(text):
    assert meant(harmless(text)) == text or text.startswith("'")


def test_nothing_else_guards_against_formulas():
    guards = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "tillit").rglob("*.py"))
        if '"=", "+"' in path.read_text()
    ]
    assert guards == ["tillit/spreadsheets.py"]

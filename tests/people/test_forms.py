"""Local dates and numbers mean what their column tells, and nothing where nobody can tell."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.people.importing import forms
from tillit.people.importing.cells import json_number
from tillit.people.importing.forms import COMMA, DAY_FIRST, MIXED, MONTH_FIRST, POINT
from tillit.people.importing.table import Batch


@pytest.mark.parametrize(
    ("text", "form", "iso"),
    [
        ("31/12/2024", "", "2024-12-31"),
        ("12/31/2024", "", "2024-12-31"),
        ("03/04/2024", "", ""),
        ("03/04/2024", MIXED, ""),
        ("03/04/2024", DAY_FIRST, "2024-04-03"),
        ("03-04-2024", MONTH_FIRST, "2024-03-04"),
        ("12/31/2024", DAY_FIRST, ""),
        ("5/5/2024", "", "2024-05-05"),
        ("31/02/2024", "", ""),
        ("31/12/2024 10:15", "", "2024-12-31"),
        ("1 May 2024", "", "2024-05-01"),
        ("1 maj 2024", "", "2024-05-01"),
        ("May 1, 2024", "", "2024-05-01"),
        ("1. Mai 2024", "", "2024-05-01"),
        ("3rd Sept 2024", "", "2024-09-03"),
        ("1-Dec-2024", "", "2024-12-01"),
        ("1 Nothing 2024", "", ""),
        ("2024-05-01", "", "2024-05-01"),
        ("soon", "", "soon"),
    ],
)
def test_a_date_is_read_in_one_way_or_not_at_all(text, form, iso):
    assert forms.iso_date(text, form) == iso


@pytest.mark.parametrize(
    ("text", "form", "number"),
    [
        ("1,5", "", "1.5"),
        ("1.5", "", "1.5"),
        ("1,234", "", ""),
        ("1,234", COMMA, "1.234"),
        ("1,234", POINT, "1234"),
        ("1.234", "", "1.234"),
        ("1.234", COMMA, "1234"),
        ("1.234", MIXED, ""),
        ("0,125", "", "0.125"),
        ("1234,567", "", "1234.567"),
        ("1.234,50", "", "1234.50"),
        ("1,234.50", "", "1234.50"),
        ("-1 234 567,5", "", "-1234567.5"),
        ("1.234.567", "", "1234567"),
        ("1'234'567.5", "", "1234567.5"),
        ("12,34,56", "", "12,34,56"),
        ("many", "", "many"),
    ],
)
def test_a_number_is_read_in_one_way_or_not_at_all(text, form, number):
    assert forms.plain_number(text, form) == number


def told(kind: str, *cells: str) -> str:
    rows = [(line, ["x", cell]) for line, cell in enumerate(cells)]
    return forms.forms([Batch(0, 0, rows=rows[:1]), Batch(0, 0, rows=rows[1:])], {1: kind})["1"]


@pytest.mark.parametrize(
    ("kind", "cells", "form"),
    [
        ("date", ["03/04/2024", "31/01/2024"], DAY_FIRST),
        ("date", ["03/04/2024", "01/31/2024"], MONTH_FIRST),
        ("date", ["13/04/2024", "01/31/2024"], MIXED),
        ("date", ["03/04/2024", "2024-01-31", ""], ""),
        ("number", ["1,234", "1,5"], COMMA),
        ("number", ["1,234", "1,234.5"], POINT),
        ("number", ["1,234", "1,234,567"], POINT),
        ("number", ["1,5", "1.5"], MIXED),
        ("number", ["1,234", "12"], ""),
    ],
)
def test_a_column_tells_its_form(kind, cells, form):
    assert told(kind, *cells) == form


def test_a_text_column_tells_nothing():
    assert forms.forms([Batch(0, 0, rows=[(1, ["31/12/2024"])])], {0: "text"}) == {}


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from([DAY_FIRST, MONTH_FIRST]), st.sampled_from("/-"))
def test_every_date_comes_back_in_the_order_it_was_written(day, form, mark):
    parts = [f"{day.day}", f"{day.month:02}"] if form == DAY_FIRST else [f"{day.month}", f"{day.day:02}"]
    text = mark.join([*parts, f"{day.year:04}"])
    assert forms.iso_date(text, form) == day.isoformat()
    assert forms.iso_date(text) in {"", day.isoformat()}
    assert bool(forms.iso_date(text)) != forms.ambiguous("date", text)


@given(
    st.integers(-(10**12), 10**12), st.integers(1, 6), st.sampled_from([(POINT, COMMA), (COMMA, POINT), (COMMA, " ")])
)
def test_every_number_comes_back_by_the_mark_it_was_written_with(whole, places, marks):
    decimal, group = marks
    number = whole / 10**places
    text = f"{number:,.{places}f}".replace(",", "!").replace(".", decimal).replace("!", group)
    assert float(json_number(forms.plain_number(text, decimal))) == pytest.approx(number)
    alone = forms.plain_number(text)
    assert alone == "" or float(alone) == pytest.approx(number)

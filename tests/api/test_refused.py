"""The rows that an import refused, by the API."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import EVERY, Program, Programs, send
from tillit.accounts.models import Role
from tillit.api.shapes import cursor_of
from tillit.ledger.models import Activity
from tillit.people.importing.run import run_import
from tillit.people.models import Import, Source

pytestmark = pytest.mark.django_db
FILE = 'Email,First name\nanna@example.org,Anna\nnobody,"=A,\nB"\n,\n,Cy\nx@,Dan\n'


@pytest.fixture
def item(program: Program, source: Source) -> Import:
    sent = send(program, f"source={source.pk}", FILE)
    return run_import(sent.json()["id"])


def test_they_are_read_a_page_at_a_time(program: Program, item: Import) -> None:
    here = f"/imports/{item.pk}/refused-rows?limit=2"
    first = program.get(here).json()
    assert first["items"] == [
        {"line": 3, "reason": "invalid_address", "cells": {"Email": "nobody", "First name": "=A,\nB"}},
        {"line": 6, "reason": "no_address", "cells": {"Email": "", "First name": "Cy"}},
    ]
    second = program.get(f"{here}&cursor={first['next']}").json()
    assert second == {
        "items": [{"line": 7, "reason": "invalid_address", "cells": {"Email": "x@", "First name": "Dan"}}],
        "next": None,
    }
    recorded = Activity.objects.filter(act="people.import.refused")
    assert [row.counts for row in recorded.order_by("at")] == [{"rows": 2}, {"rows": 1}]


def test_they_are_downloaded_as_a_table(program: Program, item: Import) -> None:
    answer = program.get(f"/imports/{item.pk}/refused-rows.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [(row["line"], row["First name"]) for row in rows] == [("3", "'=A,\nB"), ("6", "Cy"), ("7", "Dan")]


def test_a_place_that_no_page_gave_breaks_nothing(program: Program, item: Import) -> None:
    for place in range(1, 200, 7):
        answer = program.get(f"/imports/{item.pk}/refused-rows?cursor={cursor_of(place)}")
        assert answer.status_code == 200


@pytest.mark.clause("A6")
def test_whoever_may_not_have_them_gets_none(program: Program, programs: Programs, item: Import) -> None:
    where = f"/imports/{item.pk}/refused-rows"
    assert programs(role=Role.VIEWER, workspace=program.workspace).get(where).status_code == 403
    assert programs().get(where).status_code == 404
    outside = programs(workspace=program.workspace, recipient="distributor-nordic")
    assert outside.get(where).status_code == 409
    assert outside.get(f"{where}.csv").status_code in {404, 409}
    Import.objects.filter(pk=item.pk).update(options={**item.options, "purpose": "purchases.record"})
    few = programs(workspace=program.workspace, purposes=[each for each in EVERY if each != "purchases.record"])
    assert few.get(where).json()["rule"] == "purchases.record"


def test_an_import_without_a_report_has_none(program: Program, source: Source) -> None:
    sent = send(program, f"source={source.pk}&begin=false", FILE).json()
    assert program.get(f"/imports/{sent['id']}/refused-rows").json() == {"items": [], "next": None}
    assert program.get(f"/imports/{sent['id']}/refused-rows.csv").status_code == 404


def test_columns_and_modes_are_said(program: Program, source: Source, import_folder: Path) -> None:
    run_import(send(program, f"source={source.pk}", "Email,First name\nanna@example.org,Anna\n").json()["id"])
    draft = send(program, f"source={source.pk}&begin=false", "contact,vorname\nanna@example.org,Anne\n").json()
    here = f"/imports/{draft['id']}/start"
    meanings = {"contact": "email", "vorname": "first_name"}
    wrong: list[dict[str, Any]] = [{"modes": {"vorname": "sometimes"}}, {"modes": {"nachname": "keep"}}]
    for told in wrong:
        assert program.post(here, {"columns": meanings, **told}).status_code == 422
    begun = program.post(here, {"columns": meanings, "modes": {"vorname": "keep"}}).json()
    assert begun["columns"][1] == {"name": "vorname", "target": "field:first_name", "mode": "keep"}
    run_import(draft["id"])
    assert program.get("/persons?email=anna@example.org").json()["items"][0]["fields"] == {"first_name": "Anna"}

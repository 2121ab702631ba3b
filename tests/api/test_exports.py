"""Exports by the API: under a purpose that the key is for, with a file that its address opens for some minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.utils import timezone

from tests import make
from tests.api.conftest import EVERY, Program, Programs
from tests.people.test_export import SHARE
from tillit.accounts.keys import revoke_key
from tillit.accounts.models import ApiKey, Role, User
from tillit.ledger.models import Activity
from tillit.people.exporting.run import run_export
from tillit.people.models import Export
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def export_folder(settings: Any, tmp_path: Path) -> Path:
    settings.EXPORT_FOLDER = tmp_path / "exports"
    return tmp_path / "exports"


@pytest.fixture
def people(program: Program) -> Iterator[list[str]]:
    """Anna, who may be mailed, and Bo, who may not."""
    anna = make.person(program.workspace, email="anna@example.org", region=Region.US)
    bo = make.person(program.workspace, email="bo@example.org", region=Region.EEA)
    yield [str(anna), str(bo)]


def made(program: Program, body: dict[str, Any] | None = None, query: str = "") -> dict[str, Any]:
    answer = program.post(f"/exports{query}", body or {})
    assert answer.status_code == 201, answer.content
    run_export(answer.json()["id"])
    found: dict[str, Any] = program.get(f"/exports/{answer.json()['id']}{query}").json()
    return found


def lines(program: Program, export: dict[str, Any]) -> list[str]:
    answer = program.client.get(export["file"]["url"])
    assert answer.status_code == 200, answer.content
    return sorted(answer.content.decode("utf-8-sig").split())


@pytest.mark.clause("A6")
def test_a_file_is_written_and_its_address_opens_it(program: Program, people: list[str]) -> None:
    export = made(program, {"columns": ["email"]})
    assert (export["state"], export["written"], export["columns"]) == ("done", 2, ["email"])
    assert lines(program, export) == ["anna@example.org", "bo@example.org", "email"]
    assert program.client.post(export["file"]["url"]).status_code == 405
    acts = Activity.objects.filter(object_ref=f"export:{export['id']}").values_list("act", "actor")
    key = f"key:{ApiKey.objects.get(workspace=program.workspace).pk}"
    assert set(acts) == {("people.export", key), ("people.export.download", key)}


@pytest.mark.clause("A6", "C8")
def test_the_purpose_decides_who_is_in_it(program: Program, people: list[str]) -> None:
    export = made(program, {"columns": ["email"]}, "?purpose=marketing.email")
    assert lines(program, export) == ["anna@example.org", "email"]
    assert program.get(f"/exports/{export['id']}").status_code == 404, "it is not of the usual purpose"
    assert program.get("/exports").json()["items"] == []
    assert [each["id"] for each in program.get("/exports?purpose=marketing.email").json()["items"]] == [export["id"]]


def test_persons_lists_and_segments_narrow_whom(program: Program, people: list[str]) -> None:
    chosen = made(program, {"persons": [people[1], str(uuid4())], "columns": ["email"]})
    assert lines(program, chosen) == ["bo@example.org", "email"]
    assert lines(program, made(program, {"region": "US", "columns": ["email"]})) == ["anna@example.org", "email"]
    for wrong in ({"list": 999_999}, {"segment": 999_999}, {"columns": ["secret"]}, {"format": "pdf"}, {"colour": 1}):
        assert program.post("/exports", wrong).status_code in {409, 422}, wrong
    assert not Export.objects.exclude(pk=chosen["id"]).exclude(state="done").exists()


@pytest.mark.clause("A6")
def test_a_key_reaches_the_exports_of_its_own_purposes(program: Program, programs: Programs, people: list[str]) -> None:
    export = made(program)
    house = program.workspace
    mailer = programs(purposes=["marketing.email"], workspace=house)
    assert mailer.post("/exports", {}).json()["rule"] == "audience.administer"
    assert mailer.get("/exports").status_code == 403
    assert mailer.get(f"/exports/{export['id']}?purpose=marketing.email").status_code == 404
    assert programs(role=Role.VIEWER, workspace=house).get(f"/exports/{export['id']}").status_code == 403
    assert programs().get(f"/exports/{export['id']}").status_code == 404


@pytest.mark.clause("F1", "A6")
def test_a_key_with_a_recipient_gets_what_that_one_may_have(
    program: Program, programs: Programs, people: list[str]
) -> None:
    outside = programs(workspace=program.workspace, purposes=[*EVERY, SHARE], recipient="distributor-nordic")
    assert outside.post("/exports", {}).status_code == 409
    assert outside.post(f"/exports?purpose={SHARE}", {"recipient": "another"}).status_code == 422
    listed = outside.post(f"/exports?purpose={SHARE}", {"list": make.mailing_list(program.workspace).pk})
    assert listed.status_code == 409, "the answer would say who is on the list"
    export = made(outside, {}, f"?purpose={SHARE}")
    assert export["recipient"] == "distributor-nordic"
    row = Activity.objects.get(act="people.export")
    assert row.recipient == "distributor-nordic"
    everything = programs(workspace=program.workspace, purposes=[*EVERY, SHARE])
    ours = made(everything, {}, f"?purpose={SHARE}")
    assert outside.get(f"/exports/{ours['id']}?purpose={SHARE}").status_code == 404


@pytest.mark.parametrize("end", ["time", "key", "deleted", "forged"])
def test_the_address_of_a_file_opens_it_no_longer(program: Program, people: list[str], end: str) -> None:
    export = made(program)
    where = export["file"]["url"]
    if end == "key":
        key = ApiKey.objects.get(workspace=program.workspace)
        revoke_key(key, by=User.objects.get(pk=key.made_by), now=timezone.now())
    if end == "deleted":
        assert program.delete(f"/exports/{export['id']}").status_code == 204
        assert program.get(f"/exports/{export['id']}").json()["file"] is None
    if end == "forged":
        where = where[:-1] + ("A" if where[-1] != "A" else "B")
    late = timezone.now() + (timedelta(minutes=11) if end == "time" else timedelta())
    with mock.patch("django.core.signing.time.time", return_value=late.timestamp()):
        answer = program.client.get(where)
    assert answer.status_code in {404, 409}
    assert answer["Content-Type"] == "application/problem+json"


def test_an_export_under_way_is_stopped(program: Program, people: list[str]) -> None:
    queued = program.post("/exports", {}).json()
    assert (queued["state"], program.get(f"/exports/{queued['id']}").json()["file"]) == ("queued", None)
    assert program.delete(f"/exports/{queued['id']}").status_code == 204
    assert run_export(queued["id"]).state == "stopped"

"""Imports, segments and suppressions by the API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import make
from tests.api.conftest import EVERY, FILE, Program, Programs, send
from tillit.accounts.models import Role
from tillit.people.importing import reading
from tillit.people.importing.run import run_import
from tillit.people.importing.undo import run_undo
from tillit.people.models import Import, Source
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db


def test_a_file_is_sent_and_imported(program: Program, source: Source) -> None:
    news = make.mailing_list(program.workspace)
    sent = send(program, f"source={source.pk}&list={news.pk}&file_name=members.csv")
    assert sent.status_code == 201, sent.content
    assert (sent.json()["state"], sent.json()["file_name"]) == ("queued", "members.csv")
    run_import(sent.json()["id"])
    done = program.get(f"/imports/{sent.json()['id']}").json()
    assert (done["state"], done["counts"]["new"]) == ("done", 2)
    assert [each["id"] for each in program.get("/imports").json()["items"]] == [done["id"]]
    figures = program.get(f"/lists/{news.pk}").json()
    assert (figures["subscribed"], figures["unsubscribed"]) == (1, 1)
    assert program.post(f"/imports/{done['id']}/undo").json()["state"] == "undoing"
    run_undo(done["id"])
    assert program.get(f"/imports/{done['id']}").json()["state"] == "undone"
    assert program.get("/persons").json()["items"] == []
    assert program.post(f"/imports/{done['id']}/undo").status_code == 409


def test_what_a_seller_reports_needs_a_key_for_it(program: Program, programs: Programs, source: Source) -> None:
    purchases = {"name": "last_order", "label": "Last order", "type": "date", "category": "purchases"}
    program.workspace.fields.create(**purchases)
    sales = "Email,Last order\nanna@example.org,2024-05-01\n"
    asked = f"source={source.pk}&purpose=purchases.record"
    refused = send(program, asked, sales)
    assert (refused.status_code, refused.json()["rule"]) == (403, "purchases.record")
    seller = programs(purposes=(*EVERY, "purchases.record"), workspace=program.workspace)
    sent = send(seller, asked, sales).json()
    assert (sent["purpose"], sent["columns"][1]["target"]) == ("purchases.record", "field:last_order")
    assert run_import(sent["id"]).counts["new"] == 1
    person = program.get("/persons").json()["items"][0]["id"]
    assert "last_order" not in program.get(f"/persons/{person}").json()["fields"]
    shown = program.patch(f"/persons/{person}", {"fields": {"last_order": "2024-06-01"}})
    assert (shown.status_code, shown.json()["rule"]) == (409, "audience.administer")
    listed = send(seller, f"{asked}&list={make.mailing_list(program.workspace).pk}", sales)
    assert (listed.status_code, listed.json()["rule"]) == (409, "purchases.record")


@pytest.mark.clause("C8")
def test_what_a_seller_reports_is_not_touched_by_a_key_for_something_else(
    program: Program, programs: Programs, source: Source
) -> None:
    seller = programs(purposes=(*EVERY, "purchases.record"), workspace=program.workspace)
    draft = send(seller, f"source={source.pk}&purpose=purchases.record&begin=false").json()
    here = f"/imports/{draft['id']}"
    assert program.get("/imports").json()["items"] == []
    assert [each["id"] for each in seller.get("/imports").json()["items"]] == [draft["id"]]
    for answer in (
        *(program.get(here), program.delete(here), program.post(f"{here}/start", {})),
        *(program.post(f"{here}/{act}") for act in ("stop", "resume")),
    ):
        assert (answer.status_code, answer.json()["rule"]) == (403, "purchases.record")
    assert seller.post(f"{here}/start", {"columns": {"Status": ""}}).json()["state"] == "queued"


def test_columns_can_be_looked_at_first(program: Program, source: Source, import_folder: Path) -> None:
    strange = "contact;vorname\nanna@example.org;Anna\n"
    draft = send(program, f"source={source.pk}&begin=false", strange).json()
    assert draft["state"] == "draft"
    here = f"/imports/{draft['id']}"
    unknown = program.post(f"{here}/start", {"columns": {"nachname": "last_name"}})
    assert unknown.status_code == 422
    begun = program.post(f"{here}/start", {"columns": {"contact": "email", "vorname": "first_name"}})
    assert begun.status_code == 200, begun.content
    assert program.post(f"{here}/start", {"columns": {}}).status_code == 409
    assert program.delete(here).status_code == 409
    assert program.post(f"{here}/stop").json() == {"changed": True}
    assert program.post(f"{here}/resume").json() == {"changed": True}
    run_import(draft["id"])
    assert program.get("/persons?email=anna@example.org").json()["items"][0]["fields"] == {"first_name": "Anna"}


def test_what_cannot_begin_leaves_nothing(program: Program, source: Source, import_folder: Path) -> None:
    refused = send(program, f"source={source.pk}", "Colour\nred\n")
    assert refused.status_code == 422
    assert not Import.objects.exists()
    assert not [path for path in import_folder.glob("*") if path.is_file()]
    draft = send(program, f"source={source.pk}&begin=false").json()
    assert program.delete(f"/imports/{draft['id']}").status_code == 204
    assert program.get(f"/imports/{draft['id']}").status_code == 404


def test_a_file_sent_twice_with_one_key_is_one_import(program: Program, source: Source) -> None:
    first = send(program, f"source={source.pk}", Idempotency_Key="one")
    again = send(program, f"source={source.pk}", Idempotency_Key="one")
    assert first.json() == again.json()
    assert Import.objects.count() == 1
    assert send(program, f"source={source.pk}", FILE + "x@example.org,X,\n", Idempotency_Key="one").status_code == 422


@pytest.mark.clause("B4")
def test_a_source_of_ones_own_with_a_warranty_is_needed(program: Program, programs: Programs, source: Source) -> None:
    assert send(program, "source=1000000").status_code == 422
    assert send(program, "").status_code == 422
    assert send(programs(), f"source={source.pk}").status_code == 422
    Source.objects.filter(pk=source.pk).update(warranty="")
    assert send(program, f"source={source.pk}").json()["clause"] == "B4"


class Served(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(FILE.encode())

    def log_message(self, *_told: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a file on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Served)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/crm/members%20of%20May.csv"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_fetched_where_that_is_allowed(
    program: Program, source: Source, elsewhere: str, settings_of: Callable[..., None]
) -> None:
    body = {"url": elsewhere, "source": source.pk, "begin": False}
    refused = program.post("/imports/from-address", body)
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "body.url")
    settings_of(outbound_networks="127.0.0.1/32")
    fetched = program.post("/imports/from-address", body)
    assert (fetched.status_code, fetched.json()["file_name"]) == (201, "members of May.csv")


def test_segments_are_kept_as_text_or_tree_and_choose_people(program: Program) -> None:
    here = make.person(program.workspace, region=Region.EEA, traits={"demographics": {"city": "Umeå"}})
    make.person(program.workspace, region=Region.EEA)
    made = program.post("/segments", {"name": "Umeå", "text": 'city = "Umeå"'})
    assert made.status_code == 201, made.content
    number, tree = made.json()["id"], made.json()["tree"]
    assert [each["id"] for each in program.get(f"/persons?segment={number}").json()["items"]] == [str(here)]
    assert program.get(f"/segments/{number}/count").json() == {"people": 1, "everybody": 2, "exact": True}
    other = program.post("/segments", {"name": "Others", "tree": {"not": tree}}).json()
    assert program.get(f"/segments/{other['id']}/count").json()["people"] == 1
    assert program.put(f"/segments/{number}", {"name": "Umeå", "text": other["text"]}).json()["tree"] == other["tree"]
    assert [each["name"] for each in program.get("/segments").json()["items"]] == ["Umeå", "Others"]
    assert program.post("/segments", {"name": "Others", "text": 'city = "x"'}).status_code == 409
    assert program.delete(f"/segments/{number}").status_code == 204
    assert program.get(f"/segments/{number}").status_code == 404


def test_a_segment_that_makes_no_sense_is_said_to(program: Program) -> None:
    for wrong in (
        {"text": "city = "},
        {"tree": {"of": "nonsense", "is": "=", "value": 1}},
        {},
        {"text": "x", "tree": {}},
    ):
        assert program.post("/segments", {"name": "x", **wrong}).status_code == 422
    nul = program.post("/segments", {"name": "x", "tree": {"of": "city", "is": "=", "value": "\0"}})
    assert nul.status_code == 422


@pytest.mark.clause("C8")
def test_a_purpose_that_lacks_a_category_cannot_use_the_segment(program: Program) -> None:
    made = program.post("/segments", {"name": "x", "text": 'company = "AB"'}).json()
    refused = program.get(f"/persons?purpose=preferences.manage&segment={made['id']}")
    assert (refused.status_code, refused.json()["clause"]) == (409, "C8")


def test_addresses_and_domains_are_suppressed_and_lifted(program: Program) -> None:
    person = make.person(program.workspace, email="anna@example.org", region=Region.US)
    done = program.post("/suppressions", {"entries": ["anna@example.org", "@example.net"], "note": "Rang"})
    assert done.json() == {"added": 2, "people": 1}
    assert program.get(f"/persons/{person}?purpose=service.message").status_code == 404
    rows = program.get("/suppressions").json()["items"]
    assert {each["domain"] for each in rows} == {"", "example.net"}
    [address] = [each["id"] for each in rows if each["kind"] == "email"]
    here, because = f"/suppressions/{address}/lift", {"because": "They wrote on 3 May that they want mail again."}
    refused = program.post(here, {})
    assert (refused.status_code, refused.json()["clause"]) == (409, "E9")
    assert program.post(here, because).json() == {"people": 1}
    assert program.post(here, because).status_code == 404
    assert program.get(f"/persons/{person}?purpose=service.message").status_code == 200
    wrong = program.post("/suppressions", {"entries": ["anna@example.org", "nonsense"]})
    assert wrong.json()["errors"][0]["where"] == "body.entries.1"


@pytest.mark.clause("E9")
def test_notes_are_for_those_who_write_them_and_complaints_for_owners(program: Program, programs: Programs) -> None:
    program.post("/suppressions", {"entries": ["anna@example.org"], "reason": "complaint", "note": "Rang, angry"})
    [row] = program.get("/suppressions").json()["items"]
    assert row["note"] == "Rang, angry"
    viewer = programs(role=Role.VIEWER, workspace=program.workspace)
    assert viewer.get("/suppressions").json()["items"] == [{**row, "note": None}]
    refused = program.post(f"/suppressions/{row['id']}/lift", {"because": "They wrote that it was a mistake."})
    assert refused.status_code == 409 and "owner" in refused.json()["detail"]


@pytest.mark.usefixtures("reads_by_job")
def test_a_program_sees_that_its_file_is_being_read(program: Program, source: Source) -> None:
    sent = send(program, f"source={source.pk}&file_name=people.jsonl", '{"email": "anna@example.org"}').json()
    assert (sent["state"], sent["columns"]) == ("reading", [])
    here = f"/imports/{sent['id']}"
    assert program.post(f"{here}/start", {}).status_code == 409
    reading.read(sent["id"])
    assert program.get(here).json()["state"] == "queued"
    assert run_import(sent["id"]).counts["new"] == 1
    other = send(program, f"source={source.pk}&file_name=people.jsonl&begin=false", '{"mail": "x').json()
    reading.read(other["id"])
    told = program.get(f"/imports/{other['id']}").json()
    assert (told["state"], "Line 1" in told["error"]) == ("failed", True)
    assert program.post(f"/imports/{other['id']}/resume").status_code == 409
    third = send(program, f"source={source.pk}&file_name=people.jsonl&begin=false", '{"email": "b@x.org"}').json()
    assert program.delete(f"/imports/{third['id']}").status_code == 204

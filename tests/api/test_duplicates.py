"""Duplicates by the API: suggested, merged, found by either id, split, called different."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from tests import make
from tests.api.conftest import Program, Programs
from tillit.people.duplicates.finding import run
from tillit.people.duplicates.finding import search as look
from tillit.rights.actions import receive

pytestmark = pytest.mark.django_db


def two(program: Program, number: str = "") -> tuple[UUID, UUID]:
    """Two records that are alike, and like those of no other number."""
    names = {"identity": {"first_name": "Anna", "last_name": "Berg"}}
    addresses = (f"{part}{number}@bolaget{number}.se" for part in ("anna", "a.berg"))
    one, other = (make.person(program.workspace, email=each, traits=names) for each in addresses)
    return one, other


def test_a_search_is_begun_and_its_pairs_are_read_page_by_page(program: Program) -> None:
    pairs = {two(program, str(n)) for n in range(3)}
    assert program.get("/duplicates/search").json() == {"state": "", "pairs": None, "done_at": None}
    assert program.post("/duplicates/search").json() == {"begun": True}
    assert program.post("/duplicates/search").json() == {"begun": False}
    assert program.get("/duplicates/search").json()["state"] == "running"
    run(program.workspace.pk)
    assert program.get("/duplicates/search").json()["pairs"] == 3
    first = program.get("/duplicates?limit=2").json()
    second = program.get(f"/duplicates?limit=2&cursor={first['next']}").json()
    found = [*first["items"], *second["items"]]
    assert second["next"] is None and {(UUID(each["one"]), UUID(each["other"])) for each in found} == pairs
    assert found[0]["shared"] == ["domain", "name"] and found[0]["score"] > 0


@pytest.mark.clause("C20")
def test_two_records_are_merged_found_by_both_ids_and_split(program: Program) -> None:
    kept, gone = two(program)
    make.choice(program.workspace, kept)
    make.choice(program.workspace, gone, state="refused")
    made = program.post(f"/persons/{kept}/merges", {"other": str(gone)}, Idempotency_Key="once")
    assert made.json()["kept"] == str(kept), made.content
    again = program.post(f"/persons/{kept}/merges", {"other": str(gone)}, Idempotency_Key="once")
    assert again.json() == made.json()
    by_old_id = program.get(f"/persons/{gone}").json()
    assert by_old_id["id"] == str(kept)
    assert {each["value"] for each in by_old_id["identities"]} == {"anna@bolaget.se", "a.berg@bolaget.se"}
    assert program.get(f"/persons/{kept}?purpose=marketing.email").status_code == 404
    [known] = program.get(f"/persons/{kept}/merges").json()["items"]
    assert (known["kept"], known["gone"]) == (str(kept), str(gone))
    parted = program.delete(f"/persons/{kept}/merges/{known['id']}").json()
    assert parted == {"kept": str(kept), "gone": str(gone), "fields": [], "lists": [], "refusals": 0}
    assert program.get(f"/persons/{kept}?purpose=marketing.email").status_code == 200
    assert program.get(f"/persons/{gone}").json()["id"] == str(gone)
    assert program.get(f"/persons/{kept}/merges").json() == {"items": []}
    assert program.delete(f"/persons/{kept}/merges/{known['id']}").json()["type"].endswith("/refused")


def test_what_cannot_be_merged_says_why(program: Program) -> None:
    kept, gone = two(program)
    assert program.post(f"/persons/{kept}/merges", {"other": str(kept)}).status_code == 409
    assert program.post(f"/persons/{kept}/merges", {"other": str(uuid4())}).status_code == 404
    stranger = make.person(make.workspace())
    assert program.post(f"/persons/{kept}/merges", {"other": str(stranger)}).status_code == 404
    receive(program.workspace.pk, gone, "erasure", received_at=timezone.now(), by="test")
    refused = program.post(f"/persons/{kept}/merges", {"other": str(gone)}).json()
    assert refused["clause"] == "E1" and "asked to be erased" in refused["detail"]


def test_a_merge_is_split_at_its_own_person_alone(program: Program) -> None:
    kept, gone = two(program)
    other = make.person(program.workspace)
    made = program.post(f"/persons/{kept}/merges", {"other": str(gone)}).json()
    assert program.delete(f"/persons/{other}/merges/{made['id']}").status_code == 404
    assert program.delete(f"/persons/{gone}/merges/{made['id']}").status_code == 200


def test_who_was_called_different_is_not_suggested(program: Program) -> None:
    one, other = two(program)
    look(program.workspace.pk, by="test", now=timezone.now())
    assert program.put(f"/persons/{other}/different/{one}").status_code == 204
    assert program.get("/duplicates").json()["items"] == []
    assert program.put(f"/persons/{one}/different/{one}").status_code == 404


@pytest.mark.clause("F1")
def test_a_key_for_somebody_else_learns_of_no_duplicates(programs: Programs) -> None:
    program = programs(recipient="mail-relay")
    one, _other = two(program)
    look(program.workspace.pk, by="test", now=timezone.now())
    for path in ("/duplicates", f"/persons/{one}/merges"):
        refused = program.get(path)
        assert (refused.status_code, refused.json().get("clause")) == (409, "F1"), path

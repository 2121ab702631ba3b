"""Persons by the API: what a purpose shows, what is written, and what the ledger says of it."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests import make
from tests.api.conftest import Program, Programs
from tillit.accounts.models import ApiKey
from tillit.ledger.models import Activity
from tillit.people.actions import make_default_fields
from tillit.people.models import Source
from tillit.people.segments.actions import make_segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import parse
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db
EEA = Region.EEA


def test_a_person_is_added_read_and_corrected(program: Program, source: Source) -> None:
    mailing_list = make.mailing_list(program.workspace)
    added = program.post(
        "/persons",
        {
            "email": "Anna@Example.org",
            "source": source.pk,
            "region": "EEA",
            "fields": {"first_name": "Anna", "company": "Ångström AB"},
            "lists": [mailing_list.pk],
        },
    )
    assert added.status_code == 200, added.content
    person_id = added.json()["id"]
    changed = program.patch(f"/persons/{person_id}", {"fields": {"company": None, "title": "CEO"}, "language": "sv"})
    assert changed.json() == {"id": person_id, "categories_changed": 1}
    shown = program.get(f"/persons/{person_id}").json()
    assert shown["identities"] == [{"kind": "email", "value": "anna@example.org"}]
    assert shown["fields"] == {"first_name": "Anna", "title": "CEO"}
    assert (shown["region"], shown["language"]) == ("EEA", "sv")
    assert [(each["list"], each["state"]) for each in shown["lists"]] == [(mailing_list.pk, "subscribed")]


@pytest.mark.clause("A6")
def test_a_purpose_shows_only_its_people_and_its_categories(program: Program) -> None:
    traits = {"identity": {"first_name": "Anna"}, "occupation": {"company": "AB"}}
    willing = make.person(program.workspace, region=EEA, traits=traits)
    make.choice(program.workspace, willing)
    make.person(program.workspace, region=EEA)  # in the EEA nobody is written to without a yes
    assert len(program.get("/persons").json()["items"]) == 2
    [shown] = program.get("/persons?purpose=marketing.email").json()["items"]
    assert shown["id"] == str(willing)
    by_service = program.get(f"/persons/{willing}?purpose=service.message").json()
    assert by_service["fields"] == {"first_name": "Anna"}


@pytest.mark.clause("F1", "H1")
def test_what_a_recipient_may_not_get_it_is_not_given(programs: Programs) -> None:
    program = programs(recipient="mail-relay")
    person = make.person(program.workspace, traits={"occupation": {"company": "AB"}, "identity": {"first_name": "A"}})
    make.choice(program.workspace, person)
    shown = program.get(f"/persons/{person}?purpose=marketing.email")
    assert shown.status_code == 200, shown.content
    assert "company" not in shown.json()["fields"]
    assert Activity.objects.order_by("-id").first().recipient == "mail-relay"
    refused = program.get(f"/persons/{person}")  # the staff's own purpose names no recipient
    assert refused.status_code == 409
    assert refused.json()["clause"] == "F1"


@pytest.mark.clause("F1", "C8")
def test_what_a_recipient_may_not_get_it_cannot_ask_by(programs: Programs) -> None:
    program = programs(recipient="mail-relay")
    house = program.workspace
    make_default_fields(house.pk)
    person = make.person(house, email="anna@example.org", traits={"occupation": {"company": "AB"}})
    make.choice(house, person)
    words = vocabulary(house.pk)
    trees = {name: parse(text, words) for name, text in (("work", 'company = "AB"'), ("new", "added within 9 days"))}
    work, new = (
        make_segment(house.pk, name=name, tree=tree, by="user:1", description="") for name, tree in trees.items()
    )
    here = "purpose=marketing.email"
    assert len(program.get(f"/persons?{here}&segment={new.pk}").json()["items"]) == 1
    assert program.get(f"/segments/{new.pk}/count?{here}").json()["people"] == 1
    for path in (f"/persons?{here}&segment={work.pk}", f"/segments/{work.pk}/count?{here}"):
        refused = program.get(path)
        assert (refused.status_code, refused.json()["clause"]) == (409, "F1"), path
    assert program.get(f"/segments/{new.pk}/count").status_code == 409  # the staff's own purpose names no recipient


def test_pages_follow_each_other_without_gap_or_repetition(program: Program) -> None:
    people = [str(make.person(program.workspace)) for _ in range(5)]
    seen, address = [], "/persons?limit=2"
    while address:
        page = program.get(address).json()
        seen += [each["id"] for each in page["items"]]
        address = f"/persons?limit=2&cursor={page['next']}" if page["next"] else ""
    assert seen == people[::-1]
    assert program.get("/persons?cursor=nonsense").status_code == 422


def test_a_whole_address_finds_one_person_and_a_stranger_none(program: Program) -> None:
    person = make.person(program.workspace, email="anna@example.org")
    make.person(program.workspace, email="anna@example.org.au")
    assert [each["id"] for each in program.get("/persons?email=Anna@example.org").json()["items"]] == [str(person)]
    assert program.get("/persons?email=nobody@example.org").json() == {"items": [], "next": None}
    assert program.get("/persons?email=nonsense").status_code == 422


def test_people_of_another_workspace_are_not_there(program: Program, programs: Programs, source: Source) -> None:
    other = programs()
    person = make.person(other.workspace)
    assert program.get(f"/persons/{person}").status_code == 404
    assert program.patch(f"/persons/{person}", {"fields": {"title": "x"}}).status_code == 404
    assert program.delete(f"/persons/{person}").status_code == 404
    assert program.put(f"/persons/{person}/restriction").status_code == 404
    assert other.post("/persons", {"email": "a@example.org", "source": source.pk}).status_code == 422


def test_every_read_and_write_is_in_the_ledger_under_the_key(program: Program, source: Source) -> None:
    key = ApiKey.objects.get(workspace=program.workspace)
    added = program.post("/persons", {"email": "a@example.org", "source": source.pk}).json()["id"]
    program.get(f"/persons/{added}?purpose=preferences.manage")
    rows = Activity.objects.filter(actor=f"key:{key.pk}").order_by("id")
    assert [(row.act, row.purpose, row.subject_id) for row in rows] == [
        ("person.add", "audience.administer", UUID(added)),
        ("person.read", "preferences.manage", UUID(added)),
    ]


def test_values_that_do_not_fit_are_named(program: Program, source: Source) -> None:
    person = make.person(program.workspace)
    unknown = program.patch(f"/persons/{person}", {"fields": {"shoe_size": 42}})
    assert (unknown.status_code, unknown.json()["errors"][0]["where"]) == (422, "body.fields.shoe_size")
    misspelt = program.patch(f"/persons/{person}", {"feilds": {}})
    assert (misspelt.status_code, misspelt.json()["errors"][0]["where"]) == (422, "body.feilds")
    no_address = program.post("/persons", {"email": "a@b", "source": source.pk})
    assert (no_address.status_code, no_address.json()["errors"][0]["where"]) == (422, "body.email")


def test_a_person_is_erased_and_stays_erased(program: Program, source: Source) -> None:
    person = make.person(program.workspace, email="gone@example.org")
    assert program.delete(f"/persons/{person}").status_code == 204
    assert program.get(f"/persons/{person}").status_code == 404
    back = program.post("/persons", {"email": "gone@example.org", "source": source.pk})
    assert (back.status_code, back.json()["clause"]) == (409, "E1")
    assert program.delete(f"/persons/{uuid4()}").status_code == 404


@pytest.mark.clause("E2")
def test_nothing_is_added_to_a_restricted_person(program: Program, source: Source) -> None:
    body = {"email": "anna@example.org", "source": source.pk, "fields": {"city": "Lund"}}
    person = program.post("/persons", body).json()["id"]
    news = make.mailing_list(program.workspace)
    assert program.put(f"/persons/{person}/restriction").status_code == 204
    more = body | {"fields": {"city": "Oslo", "first_name": "Anna"}, "lists": [news.pk]}
    refused = program.post("/persons", more)
    assert (refused.status_code, refused.json()["clause"]) == (409, "E2")
    seen = program.get(f"/persons/{person}?purpose=rights.fulfil").json()
    assert (seen["fields"], seen["lists"]) == ({"city": "Lund"}, [])
    program.delete(f"/persons/{person}/restriction")
    assert program.post("/persons", more).json()["id"] == person


def test_a_restricted_person_is_stored_and_nothing_else(program: Program) -> None:
    person = make.person(program.workspace, region=Region.US)
    assert program.put(f"/persons/{person}/restriction").status_code == 204
    assert program.get(f"/persons/{person}?purpose=service.message").status_code == 404
    assert program.get(f"/persons/{person}?purpose=rights.fulfil").json()["restricted"] is True
    assert program.delete(f"/persons/{person}/restriction").status_code == 204
    assert program.get(f"/persons/{person}?purpose=service.message").status_code == 200

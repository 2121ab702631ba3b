"""The page that says what was permitted for a person, and why."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role
from tillit.ledger.models import Activity

pytestmark = [pytest.mark.django_db, pytest.mark.clause("D2", "E3", "J2")]


@pytest.fixture
def known(client: Client):
    """Somebody with a choice, and a viewer who may look."""
    workspace = make.workspace()
    person = make.person(
        workspace, email="ann.berg@example.org", traits={"identity": {"first_name": "Ann", "last_name": "Berg"}}
    )
    make.choice(workspace, person)
    client.force_login(make.member(workspace, role=Role.VIEWER, language="en"))
    return workspace, person, f"/w/{workspace.pk}/people/{person}/explain"


def test_every_purpose_is_told_with_why(client, known):
    _workspace, person, here = known
    html = client.get(here).content.decode()
    assert "What is permitted" in html and "Ann Berg" in html
    assert "News and offers by email" in html and "no consent" in html
    assert f"{here}?purpose=marketing.email" in html
    assert Activity.objects.filter(act="policy.explain", subject_id=person).count() == 1


def test_one_purpose_is_told_with_its_chain_its_clauses_and_its_periods(client, known):
    workspace, person, here = known
    html = client.get(here, {"purpose": "marketing.email"}).content.decode()
    for words in (
        "because the person has consented to it",
        "Version 1, in force since",
        "Marketing follows each person&#x27;s marketing preferences",
        "From when to when",
        "The person chose",
        f"/w/{workspace.pk}/people/{person}/choices/",
    ):
        assert words in html, words
    assert Activity.objects.get(act="policy.explain").object_ref == "purpose:marketing.email"


def test_a_past_moment_is_told(client, known):
    _workspace, _person, here = known
    yesterday = timezone.localtime(timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    html = client.get(here, {"purpose": "marketing.email", "at": yesterday}).content.decode()
    assert "Nobody was held then" in html and f'value="{yesterday}"' in html
    every = client.get(here, {"at": yesterday}).content.decode()
    assert "No policy was in force then" in every


@pytest.mark.parametrize("at", ["soon", "2999-01-01T00:00", "\x00", "9" * 300])
def test_a_moment_that_makes_no_sense_is_said(client, known, at):
    answer = client.get(known[2], {"at": at})
    assert answer.status_code == 422 and b"invalid-feedback" in answer.content
    assert client.get(known[2], {"at": at, "format": "json"}).json()["error"]


def test_a_purpose_that_there_is_not_is_told_as_such(client, known):
    html = client.get(known[2], {"purpose": "<b>fortune</b>" * 30}).content.decode()
    assert "had no purpose" in html and "<b>fortune" not in html


def test_programs_get_json_at_the_same_address(client, known):
    one = client.get(known[2], {"purpose": "marketing.email", "format": "json"}).json()
    assert one["permitted"] and one["policy"]["number"] == 1 and len(one["periods"]) == 2
    every = client.get(known[2], {"format": "json"}).json()
    assert {each["purpose"] for each in every["purposes"]} >= {"marketing.email", "rights.fulfil"}


def test_nobody_is_explained_who_is_not_there(client, known):
    workspace, person, _here = known
    assert client.get(f"/w/{workspace.pk}/people/{uuid4()}/explain").status_code == 404
    other = make.workspace()
    client.force_login(make.member(other))
    assert client.get(f"/w/{other.pk}/people/{person}/explain").status_code == 404


def test_the_persons_page_leads_here_from_every_purpose(client, known):
    workspace, person, here = known
    html = client.get(f"/w/{workspace.pk}/people/{person}").content.decode()
    assert html.count(f"{here}?purpose=") > 20


def test_a_look_costs_the_same_however_much_there_is(client, known, django_assert_max_num_queries):
    workspace, person, here = known
    for _ in range(10):
        make.choice(workspace, person)
    with django_assert_max_num_queries(45):
        client.get(here)
    with django_assert_max_num_queries(45):
        client.get(here, {"purpose": "marketing.email"})


@pytest.mark.clause("E3")
@pytest.mark.parametrize("typed", ["ann.berg@example.org", "no\x00text", "marketing.email\x00"])
def test_what_is_no_purpose_is_written_to_no_ledger(client, known, typed):
    _workspace, person, here = known
    assert client.get(here, {"purpose": typed}).status_code in (200, 404)
    assert not Activity.objects.filter(object_ref__contains="ann.berg").exists()
    assert Activity.objects.filter(act="policy.explain", subject_id=person).count() == 1

"""Pages that have to find or count many people say so when it takes too long, and what can be done instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tillit.accounts.keys import make_key
from tillit.accounts.models import Role
from tillit.campaigns.models import Campaign
from tillit.ledger.models import Activity
from tillit.people.actions import make_default_fields

TOO_LONG = "took too long"


@contextmanager
def nobody_can_read(table: str = "people_person") -> Iterator[None]:
    """Every statement that reads the table waits, as for a question that takes for ever; half a minute at most."""
    with superuser() as connection:
        connection.execute("SET idle_in_transaction_session_timeout = '30s'")
        with connection.transaction():
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield


@pytest.fixture
def house(committed_db, settings):
    settings.PATIENCE_S = 0.1
    made = make.workspace(postal_address="A street, a town")
    make_default_fields(made.pk)
    return made


@pytest.fixture
def news(house):
    return make.mailing_list(house, make.person(house, email="anna@example.org"), name="News")


@pytest.fixture
def owner(house) -> Client:
    client = Client()
    client.force_login(make.member(house, role=Role.OWNER))
    return client


@pytest.fixture
def draft(house, news) -> Campaign:
    return make.campaign(house, lists=[news])


def text(response) -> str:
    return response.content.decode()


def test_people_who_cannot_be_found_in_time_are_not_shown_and_the_look_is_recorded(house, news, owner):
    for place in ("people", "people?q=anna", f"people?list={news.pk}", f"lists/{news.pk}"):
        with nobody_can_read():
            page = owner.get(f"/w/{house.pk}/{place}")
        assert page.status_code == 200
        assert TOO_LONG in text(page) and "Narrow it by a list" in text(page)
        assert "Nobody found" not in text(page) and "anna@" not in text(page)
        assert "anna@example.org" in text(owner.get(f"/w/{house.pk}/{place}"))
    assert Activity.objects.filter(act="people.read", counts={"persons": 0}).count() == 3


def test_lists_that_cannot_be_counted_in_time_are_shown_without_numbers(house, news, owner):
    for place in ("lists", f"lists/{news.pk}"):
        with nobody_can_read("people_subscription"):
            page = owner.get(f"/w/{house.pk}/{place}?counted=1")
        assert page.status_code == 200 and "–</" in text(page) and not page.context["counting"]


def test_a_program_is_told_by_a_problem(house, news):
    purposes, by = ("audience.administer",), make.member(house, role=Role.OWNER)
    _key, said = make_key(house, name="One", role=Role.VIEWER, purposes=purposes, by=by, now=timezone.now())
    headers = {"Authorization": f"Bearer {said}"}
    with nobody_can_read():
        answer = Client().get("/api/v1/persons", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert answer.json()["type"].endswith("/problems/too-slow")
    assert len(Client().get("/api/v1/persons", headers=headers).json()["items"]) == 1


def test_an_audience_that_cannot_be_counted_in_time_can_be_sent_to(house, news, owner, draft):
    asked = {"purpose": draft.purpose, "lists": [news.pk], "name": "x", "kind": "markdown", "language": "en"}
    with nobody_can_read():
        live = text(owner.post(f"/w/{house.pk}/campaigns/audience", asked))
        candidates = text(owner.post(f"/w/{house.pk}/campaigns/candidates", {**asked, "as": "ann"}))
        review = owner.get(f"/w/{house.pk}/campaigns/{draft.pk}/review")
        sent = owner.post(f"/w/{house.pk}/campaigns/{draft.pk}/send")
    assert "Counting takes longer" in live and "Type more of the address" in candidates
    assert review.status_code == 200 and TOO_LONG in text(review) and "was not counted" in text(review)
    assert sent.status_code == 302
    draft.refresh_from_db()
    assert draft.state == Campaign.State.PREPARING


def test_an_export_that_cannot_be_counted_in_time_is_written_by_a_job(house, news, owner):
    with nobody_can_read():
        page = text(owner.get(f"/w/{house.pk}/people/export"))
        begun = owner.post(f"/w/{house.pk}/people/export", {"purpose": "audience.administer", "format": "csv"})
    assert "Counting them took too long" in page and "A job writes the file" in page
    assert begun.status_code == 302
    made = house.exports.get()
    assert (made.state, made.total) == ("queued", 0)
    assert "progress-bar-indeterminate" in text(owner.get(f"/w/{house.pk}/exports/{made.pk}"))


def test_the_people_of_a_kind_are_looked_for_in_time(house, news, owner):
    with nobody_can_read():
        page = owner.get(f"/w/{house.pk}/lists/{news.pk}/hygiene/bouncing", follow=True)
    assert page.redirect_chain[-1][0] == f"/w/{house.pk}/lists/{news.pk}/hygiene"
    assert "Look through the list first" in text(page)


def test_a_field_can_be_retired_though_its_people_cannot_be_counted_in_time(house, owner):
    city = house.fields.get(name="city")
    with nobody_can_read("people_traits"):
        page = text(owner.get(f"/w/{house.pk}/fields/{city.pk}/retire"))
    assert "took too long to count" in page and "Retire and erase" in page

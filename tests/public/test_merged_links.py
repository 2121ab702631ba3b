"""The links in mail that went to a record which has gone into another's: they act for the person as they are now."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from django.utils import timezone

from tests import make
from tests.public.conftest import Reader
from tests.public.mail import link, waiting
from tillit.consent.receipts import verify_receipt
from tillit.edge.tokens import Kind
from tillit.ledger.processing import processing
from tillit.people.models import Identity, Merge
from tillit.rights.merging.actions import merge, split
from tillit.rights.signup import sign_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def now_as(reader) -> Reader:
    """The reader, whose record has gone into a newer one."""
    kept = make.person(reader.workspace, email="ann@home.example", traits={"identity": {"first_name": "Anna"}})
    merge(reader.workspace.pk, kept, reader.person, by="test", now=timezone.now())
    return replace(reader, person=kept)


@pytest.mark.clause("E5", "C20")
def test_one_click_in_old_mail_takes_the_person_off(reader, now_as, client):
    assert now_as.standing() == {"News": "subscribed", "Events": "subscribed"}
    assert client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}").status_code == 200
    assert now_as.standing() == {"News": "unsubscribed", "Events": "subscribed"}


@pytest.mark.clause("E9")
def test_stopping_everything_by_an_old_link_stops_it(reader, now_as, client):
    assert now_as.permitted("marketing.email")
    client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}/stop")
    assert not now_as.permitted("marketing.email")
    assert set(now_as.standing().values()) == {"unsubscribed"}


def test_the_preference_centre_shows_what_was_chosen_before(reader, now_as, client):
    html = client.get(f"/p/{reader.link(Kind.PREFERENCES)}").content.decode()
    assert "Anna" in html and "/receipt/" in html


@pytest.mark.clause("D2")
def test_why_tells_of_the_mail_that_went_to_the_old_record(reader, now_as, client):
    html = client.get(f"/why/{reader.link(Kind.WHY)}").content.decode()
    assert "News" in html and "New rooms" in html


@pytest.mark.clause("E1")
def test_a_receipt_from_before_is_given_out_and_holds(reader, client):
    before = make.choice(reader.workspace, reader.person, "measurement.email")
    kept = make.person(reader.workspace)
    merge(reader.workspace.pk, kept, reader.person, by="test", now=timezone.now())
    made = client.get(f"/receipt/{before}/{reader.link(Kind.PREFERENCES)}", {"format": "json"})
    assert verify_receipt(made.content).holds
    assert json.loads(made.content)["dpv:hasRecordOfActivity"]["dpv:hasDataSubject"] == str(reader.person)
    other = make.person(reader.workspace)
    stranger = make.token(Kind.PREFERENCES, reader.workspace, other)
    assert client.get(f"/receipt/{before}/{stranger}", {"format": "json"}).status_code == 404


@pytest.mark.clause("E1", "E6")
def test_a_copy_that_was_asked_for_before_holds_both(reader, client):
    client.post(f"/p/{reader.link(Kind.PREFERENCES)}/copy")
    kept = make.person(reader.workspace, email="ann@home.example")
    merge(reader.workspace.pk, kept, reader.person, by="test", now=timezone.now())
    copy = client.post(f"/copy/{reader.link(Kind.COPY)}", {"format": "json"})
    rows = {table["table"]: table["rows"] for table in json.loads(copy.content)["tables"]}
    assert {row["value"] for row in rows["people.identity"]} == {"ann@home.example", "ann.berg@example.org"}
    assert len(rows["rights.request"]) == 1


@pytest.mark.clause("D5")
def test_a_confirmation_that_was_under_way_is_the_persons(reader, client):
    fresh = make.mailing_list(reader.workspace, name="Offers")
    sign_up(reader.workspace.pk, fresh.pk, email="new@example.org", language="en", now=timezone.now())
    with processing(reader.workspace.pk, "people.confirm", by="test", act="look"):
        person = Identity.objects.get(value="new@example.org").person_id
    [mail] = waiting(reader.workspace, person, "rights.confirm")
    merge(reader.workspace.pk, reader.person, person, by="test", now=timezone.now())
    assert reader.standing()["Offers"] == "pending"
    page = client.get(link(mail)).content.decode()
    notice = re.findall(r'name="notice" value="([0-9a-f]{64})"', page)[0]
    assert "You are on the list “Offers”." in client.post(link(mail), {"notice": notice}).content.decode()
    assert reader.standing()["Offers"] == "subscribed"


def test_after_a_split_the_links_are_the_records_own_again(reader, now_as, client):
    with processing(reader.workspace.pk, "preferences.manage", by="test", act="look"):
        found = Merge.objects.get()
    split(reader.workspace.pk, found.pk, by="test", now=timezone.now())
    client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}")
    assert reader.standing() == {"News": "unsubscribed", "Events": "subscribed"}
    assert now_as.standing() == {}

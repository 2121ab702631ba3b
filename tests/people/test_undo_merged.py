"""Undoing an import whose people were merged meanwhile takes back what it said they agreed to, and no refusal."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import make
from tests.people.outcomes import MARKETING
from tillit.consent.subscriptions import unsubscribe
from tillit.ledger.processing import processing
from tillit.people.actions import set_subscription
from tillit.people.importing.undo import begin, run_undo
from tillit.people.models import Identity, MailingList, Person, Subscription
from tillit.rights.merging.actions import merge

FILE = "email,first name,status\nanna@example.org,Anna,subscribed\nann@home.example,Ann,subscribed\n"


def undone(item):
    begin(item, by="user:1", now=timezone.now(), defer=False)
    return run_undo(item.pk)


def person(house, address):
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        return Identity.objects.get(value=address).person_id


def permitted(house, found) -> bool:
    with processing(house.pk, MARKETING, by="test", act="look"):
        return Person.objects.filter(pk=found).exists()


@pytest.mark.clause("C20", "A4")
@pytest.mark.parametrize("known", [(), ("anna@example.org",), ("ann@home.example",)])
def test_what_an_import_said_of_a_gone_record_is_taken_back(house, bring, known):
    for address in known:
        make.person(house, email=address)
    item = bring(house, FILE, consent=MARKETING)
    kept, gone = person(house, "anna@example.org"), person(house, "ann@home.example")
    merge(house.pk, kept, gone, by="test", now=timezone.now())
    assert permitted(house, kept)
    assert undone(item).state == "undone"
    assert not permitted(house, kept)


@pytest.mark.clause("C20", "A4")
def test_a_refusal_of_a_gone_record_outlives_the_undo(house, bring):
    gone = make.person(house, email="ann@home.example")
    make.choice(house, gone, state="refused")
    kept = make.person(house, email="anna@example.org")
    make.choice(house, kept)
    item = bring(house, "email,status\nanna@example.org,unsubscribed\n")
    merge(house.pk, kept, gone, by="test", now=timezone.now())
    assert not permitted(house, kept)
    undone(item)
    assert not permitted(house, kept)


@pytest.mark.clause("E5")
def test_who_left_under_the_gone_record_is_not_put_back(house, bring):
    news = MailingList.objects.get(workspace=house)
    kept, gone = make.person(house, email="anna@example.org"), make.person(house, email="ann@home.example")
    with processing(house.pk, "audience.administer", by="test", act="fill") as activity:
        set_subscription(activity, [kept, gone], news, "subscribed", now=timezone.now())
    item = bring(house, "email,status\nanna@example.org,unsubscribed\n")
    unsubscribe(house.pk, gone, None, now=timezone.now())
    merge(house.pk, kept, gone, by="test", now=timezone.now())
    undone(item)
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert Subscription.objects.get(person_id=kept, list_id=news.pk).state == "unsubscribed"

"""Imports of people who are merged: undone, they take back what they said was agreed to, and no refusal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tests.people.outcomes import MARKETING
from tillit.consent.subscriptions import unsubscribe
from tillit.ledger.processing import processing
from tillit.people.actions import set_subscription
from tillit.people.importing.run import run_import
from tillit.people.importing.undo import begin, run_undo
from tillit.people.models import Identity, MailingList, Person, Subscription, Traits
from tillit.rights.merging.actions import merge, split

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


@pytest.mark.clause("C20", "A4")
@pytest.mark.parametrize("known", [(), ("anna@example.org",), ("ann@home.example",)])
@pytest.mark.parametrize("split_first", [False, True])
def test_a_place_that_only_the_file_gave_is_taken_back_from_both(house, bring, known, split_first):
    for address in known:
        make.person(house, email=address)
    item = bring(house, FILE)
    kept, gone = person(house, "anna@example.org"), person(house, "ann@home.example")
    made = merge(house.pk, kept, gone, by="test", now=timezone.now())
    if split_first:
        split(house.pk, made.pk, by="test", now=timezone.now())
    undone(item)
    if not split_first:
        assert not standings(house)
        split(house.pk, made.pk, by="test", now=timezone.now())
    assert not standings(house)


def standings(house) -> list[str]:
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        return list(Subscription.objects.values_list("state", flat=True))


def test_an_import_that_waits_for_a_merge_writes_to_who_is_left(committed_db, make_house, queue):
    """It has found the record that goes, and waits for its lock: what the file says is the kept one's."""
    house = make_house()
    kept, gone = make.person(house, email="anna@example.org"), make.person(house, email="ann@home.example")
    item = queue(house, "email,first name,status\nann@home.example,Ann,unsubscribed\n")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            merge(house.pk, kept, gone, by="test", now=timezone.now())
            running = pool.submit(_run_and_close, item.pk)
            while not _somebody_waits():
                assert not running.done()
        done = running.result()
    assert done.counts.get("refused", 0) == 0
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert Traits.objects.get(category="identity").person_id == kept
        assert Subscription.objects.get().person_id == kept


def _run_and_close(number: int):
    try:
        return run_import(number)
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with superuser() as look:
        return bool(look.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0])

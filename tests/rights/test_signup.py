"""Joining a list: nothing before the confirmation, nothing told to strangers, and a way back for the erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tests.rights.rows import remains
from tillit.accounts.models import Workspace
from tillit.consent.actions import NobodyThere
from tillit.consent.models import Choice
from tillit.consent.subscriptions import NotPublic, unsubscribe
from tillit.delivery.models import Message
from tillit.ledger.processing import processing
from tillit.people.actions import add_person, set_subscription
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import Identity, MailingList, Person, Subscription
from tillit.policy.regions import Region
from tillit.rights.actions import erase
from tillit.rights.signup import LeftMeanwhile, confirm, forget_unconfirmed, sign_up

pytestmark = pytest.mark.usefixtures("committed_db")
ADDRESS = "ann.berg@example.org"


@pytest.fixture
def workspace(committed_db) -> Workspace:
    return make.workspace()


@pytest.fixture
def news(workspace) -> MailingList:
    return make.mailing_list(workspace, name="News")


def asks(news: MailingList, *, now=None, email: str = ADDRESS) -> None:
    sign_up(news.workspace_id, news.pk, email=email, language="sv", now=now or timezone.now())


def confirms(news: MailingList, person, *, asked_at=None, now=None):
    return confirm(
        news.workspace_id,
        person,
        news.pk,
        asked_at=asked_at or timezone.now(),
        notice_digest="d" * 64,
        now=now or timezone.now(),
    )


def known(news: MailingList, email: str = ADDRESS):
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        return Identity.objects.filter(value=email).values_list("person_id", flat=True).first()


def row(news: MailingList, person) -> Person:
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        return Person.objects.get(pk=person)


def state(news: MailingList, person) -> str | None:
    with processing(news.workspace_id, "preferences.manage", by="test", act="look"):
        found = Subscription.objects.filter(person_id=person, list_id=news.pk)
        return found.values_list("state", flat=True).first()


def permitted(news: MailingList, person, purpose: str = "marketing.email") -> bool:
    with processing(news.workspace_id, purpose, by="test", act="look"):
        return Person.objects.filter(pk=person).exists()


def mails(person) -> int:
    with superuser() as look:
        return look.execute("SELECT count(*) FROM delivery_message WHERE person_id = %s", [person]).fetchone()[0]


@pytest.mark.clause("D5", "B6")
def test_before_the_confirmation_nothing_may_be_done(news):
    asks(news)
    person = known(news)
    assert state(news, person) == "pending" and mails(person) == 1
    assert not permitted(news, person)
    assert row(news, person).language == "sv"


@pytest.mark.clause("D5", "C11")
def test_confirming_joins_and_records_the_consent_with_its_evidence(news):
    asks(news)
    person = known(news)
    done = confirms(news, person)
    assert done.list == news and state(news, person) == "subscribed" and permitted(news, person)
    with processing(news.workspace_id, "preferences.manage", by="test", act="look"):
        choice = Choice.objects.get(pk=done.receipt)
    assert (choice.method, choice.state, choice.notice_digest) == ("confirmed", "granted", "d" * 64)
    assert confirms(news, person).receipt is None


def test_somebody_known_is_asked_like_a_stranger_and_stays_as_they_are(news):
    workspace = news.workspace
    person = make.person(workspace, email=ADDRESS)
    with processing(workspace.pk, "audience.administer", by="test", act="fill") as activity:
        set_subscription(activity, [person], news, "subscribed", now=timezone.now())
    asks(news)
    assert state(news, person) == "subscribed" and mails(person) == 1


@pytest.mark.clause("E5")
def test_one_who_left_stays_so_until_they_confirm(news):
    """Else whoever types an address would undo its owner's no."""
    person = make.person(news.workspace, email=ADDRESS)
    unsubscribe(news.workspace_id, person, [news.pk], now=timezone.now() - timedelta(days=3))
    asks(news)
    assert state(news, person) == "unsubscribed" and mails(person) == 1
    confirms(news, person)
    assert state(news, person) == "subscribed"


def test_the_link_of_before_one_left_does_not_bring_one_back(news):
    asked_at = timezone.now() - timedelta(days=2)
    asks(news, now=asked_at)
    person = known(news)
    confirms(news, person, asked_at=asked_at, now=asked_at)
    unsubscribe(news.workspace_id, person, [news.pk], now=timezone.now())
    with pytest.raises(LeftMeanwhile):
        confirms(news, person, asked_at=asked_at)
    assert state(news, person) == "unsubscribed"


def test_nobodys_mailbox_is_filled(news):
    for _ in range(5):
        asks(news)
    assert mails(known(news)) == 1


@pytest.mark.parametrize("fields", [{"public": False}, {"archived_at": timezone.now()}])
def test_only_a_public_list_can_be_joined(workspace, fields):
    closed = make.mailing_list(workspace, **fields)
    with pytest.raises(NotPublic):
        asks(closed)
    with pytest.raises(NotPublic):
        confirms(closed, make.person(workspace))


def test_a_list_of_another_workspace_cannot_be_joined(workspace, news):
    with pytest.raises(NotPublic):
        sign_up(make.workspace().pk, news.pk, email=ADDRESS, language="en", now=timezone.now())


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.org", "a b@example.org", "x" * 300 + "@example.org"])
def test_what_is_no_address_is_refused(news, email):
    with pytest.raises(InvalidIdentifier):
        asks(news, email=email)


@pytest.mark.clause("E1", "D5")
def test_an_erased_person_may_come_back_by_their_own_sign_up(news):
    before = make.person(news.workspace, email=ADDRESS, region=Region.US)
    erase(news.workspace_id, before, by="test", now=timezone.now())
    asks(news)
    person = known(news)
    assert person and person != before
    assert row(news, person).restricted and not permitted(news, person)
    confirms(news, person)
    fresh = row(news, person)
    assert not fresh.restricted and fresh.roles & 1 and permitted(news, person)
    assert remains(before) == {"rights_request": 1}
    with superuser() as look:
        assert look.execute("SELECT count(*) FROM people_identity WHERE erased_at IS NOT NULL").fetchone() == (0,)


@pytest.mark.clause("B4", "E1")
def test_a_strangers_sign_up_does_not_open_the_erased_to_an_import(news):
    """Between the sign-up and its confirmation an import finds the address, and still nobody may mail it."""
    erase(
        news.workspace_id, make.person(news.workspace, email=ADDRESS, region=Region.US), by="test", now=timezone.now()
    )
    asks(news)
    person = known(news)
    with processing(news.workspace_id, "audience.import", by="test", act="import") as activity:
        add_person(activity, email=ADDRESS, region=Region.US)
        set_subscription(activity, [person], news, "subscribed", now=timezone.now())
    with superuser() as late:
        late.execute("UPDATE people_person SET region = %s WHERE id = %s", [int(Region.US), person])
    assert not permitted(news, person)


def test_what_nobody_confirmed_is_forgotten_after_a_week(news):
    asks(news, now=timezone.now() - timedelta(days=6))
    person = known(news)
    assert forget_unconfirmed(news.workspace_id, now=timezone.now()) == 0
    assert forget_unconfirmed(news.workspace_id, now=timezone.now() + timedelta(days=2)) == 1
    assert remains(person) == {}
    with pytest.raises(NobodyThere):
        confirms(news, person)
    with superuser() as look:
        assert look.execute("SELECT count(*) FROM people_identity").fetchone() == (0,)


def test_a_tombstone_that_nobody_confirmed_is_one_again(news):
    erase(news.workspace_id, make.person(news.workspace, email=ADDRESS), by="test", now=timezone.now())
    asks(news)
    assert forget_unconfirmed(news.workspace_id, now=timezone.now() + timedelta(days=8)) == 1
    with superuser() as look:
        found = look.execute("SELECT person_id, value, erased_at IS NULL FROM people_identity").fetchall()
    assert found == [(None, None, False)]


@pytest.mark.parametrize("also", ["list", "choice", "contact"])
def test_one_of_whom_more_is_known_loses_only_the_waiting_place(news, also):
    asks(news, now=timezone.now() - timedelta(days=9))
    person = known(news)
    if also == "list":
        make.mailing_list(news.workspace, person)
    elif also == "choice":
        make.choice(news.workspace, person, "analytics.predict", "refused")
    else:
        with superuser() as look:
            look.execute("UPDATE people_person SET roles = roles | 1")
    assert forget_unconfirmed(news.workspace_id, now=timezone.now()) == 0
    assert state(news, person) is None and row(news, person)


def test_a_message_waits_with_ids_alone(news):
    asks(news)
    with processing(news.workspace_id, "people.confirm", by="test", act="look"):
        message = Message.objects.get(template="rights.confirm")
    assert set(message.arguments) == {"list", "minute"} and all(isinstance(v, int) for v in message.arguments.values())

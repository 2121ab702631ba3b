"""A claim decides again: who objected or unsubscribed after preparation is not in it."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from tests.delivery.mailing import MARKETING, OPERATE, Mailing
from tillit.delivery import leases, outcomes
from tillit.delivery.claims import NothingToClaim, claim_stream
from tillit.delivery.models import Batch
from tillit.delivery.streams import Load
from tillit.delivery.wire import Outcome, Stage, Status
from tillit.delivery.withholding import cancel, withhold
from tillit.delivery.writing import Envelope
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.models import Person
from tillit.people.suppression.actions import Why, suppress
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db
ENVELOPE = Envelope(domain="mail.example.com")
ACCEPTED = Outcome(Status.ACCEPTED, 250, "2.0.0", "2.0.0 ok", Stage.BODY)


@pytest.fixture
def mailing() -> Mailing:
    return Mailing()


def claim(mailing: Mailing, size: int = 100, *, lease_s: float = 60) -> Load:
    stream = mailing.stream()
    return claim_stream(stream, sender="test", size=size, lease_s=lease_s, after=stream.ids[0], envelope=ENVELOPE)


def test_a_claim_takes_the_queued_and_writes_their_mails(mailing):
    mailing.people(3)
    assert mailing.prepare() == 3
    load = claim(mailing)
    assert {mail.recipient for mail in load.mails} == {f"example{n}@example.org" for n in range(3)}
    by_recipient = {mail.recipient: mail for mail in load.mails}
    assert b"Subject: Hello Name2" in by_recipient["example2@example.org"].message
    assert b"['Name2', 'Acme', 'Smith']" in by_recipient["example2@example.org"].message
    assert b"[None, None, None]" in by_recipient["example0@example.org"].message
    assert mailing.states() == {"claimed": 3}
    assert Batch.objects.get(id=load.batch_id).size == 3


def test_the_envelope_sender_names_the_message(mailing):
    mailing.people(1)
    mailing.prepare()
    load = claim(mailing)
    assert load.mails[0].sender == f"bounce+{load.ids[0].hex}@mail.example.com"


@pytest.mark.clause("E5", "E9", "C11")
def test_who_objected_or_unsubscribed_after_preparation_is_not_claimed(mailing):
    ann, bob, cho = mailing.people(3)
    mailing.prepare()
    mailing.choose([ann], "objected")
    mailing.unsubscribe([bob])
    load = claim(mailing)
    assert [mail.recipient for mail in load.mails] == ["example2@example.org"]
    assert cho is not None


def test_two_claims_never_share_a_message(mailing):
    mailing.people(5)
    mailing.prepare()
    first, second = claim(mailing, 3), claim(mailing, 3)
    assert len(first.ids) == 3 and len(second.ids) == 2
    assert not set(first.ids) & set(second.ids)
    with pytest.raises(NothingToClaim):
        claim(mailing)


def test_an_empty_claim_leaves_no_trace(mailing):
    mailing.people(1, consent=False)
    with pytest.raises(NothingToClaim):
        claim(mailing)
    assert not Activity.objects.filter(act="message.claim").exists()
    assert not Batch.objects.exists()


@pytest.mark.clause("C9")
def test_measurement_is_decided_for_each_person_at_the_claim(mailing):
    everyone = mailing.people(3)
    mailing.prepare()
    mailing.choose(everyone[:1], "granted", "measurement.email")
    measured = [b"measured=True" in mail.message for mail in claim(mailing).mails]
    assert sorted(measured) == [False, False, True]


@pytest.mark.clause("E9")
def test_who_is_suppressed_while_a_campaign_runs_is_not_in_the_next_batch(mailing):
    mailing.people(2)
    mailing.people(1, at="mail.firm.example")
    mailing.prepare()
    suppress(mailing.workspace.pk, [("domain", "firm.example")], Why(reason="asked", by="test", now=timezone.now()))
    assert sorted(mail.recipient for mail in claim(mailing).mails) == ["example0@example.org", "example1@example.org"]
    withheld, _ = withhold(mailing.stream())
    assert withheld == {"unreachable": 1}


@pytest.mark.clause("E5")
def test_what_is_left_is_withheld_with_its_reason(mailing):
    ann, bob, cho, dan, eve = mailing.people(5)
    mailing.prepare()
    mailing.choose([ann], "withdrawn")
    mailing.unsubscribe([bob])
    with processing(mailing.workspace.pk, OPERATE, by="test", act="mark"):
        Person.objects.filter(id=cho).update(flags=Person.RESTRICTED)
        Person.objects.filter(id=dan).update(flags=Person.UNREACHABLE)
    withheld, left = withhold(mailing.stream())
    assert withheld == {"refused": 1, "unsubscribed": 1, "restricted": 1, "unreachable": 1}
    assert left.open == 1
    assert mailing.states()["queued"] == 1
    assert eve is not None


def test_a_message_of_somebody_erased_is_withheld(mailing):
    (ann,) = mailing.people(1)
    mailing.prepare()
    with processing(mailing.workspace.pk, "rights.fulfil", by="test", act="erase"):
        Person.objects.filter(id=ann).delete()
    assert withhold(mailing.stream())[0] == {"erased": 1}


def test_withholding_nothing_is_not_recorded(mailing):
    mailing.people(1)
    mailing.prepare()
    assert withhold(mailing.stream())[0] == Counter()
    assert not Activity.objects.filter(act="message.withhold").exists()


def test_outcomes_are_recorded_and_close_the_batch(mailing):
    mailing.people(4)
    mailing.prepare()
    load = claim(mailing)
    told = [
        ACCEPTED,
        Outcome(Status.DEFERRED, 451, "4.7.1", "4.7.1 greylisted", Stage.RCPT),
        Outcome(Status.REFUSED, 550, "5.1.1", "5.1.1 no such user", Stage.RCPT),
        Outcome(Status.UNKNOWN, None, None, "sent, but not answered", Stage.BODY),
    ]
    counts = outcomes.record(load, told)
    assert counts == {"sent": 1, "deferred": 1, "failed": 1, "unknown": 1} == mailing.states()
    batch = Batch.objects.get()
    assert batch.finished_at is not None and batch.counts == counts
    assert Activity.objects.get(act="message.outcome").counts == {**counts, "unreachable": 1}


@pytest.mark.clause("E8")
@pytest.mark.parametrize(
    ("enhanced", "flagged"),
    [("5.1.1", True), ("5.1.10", True), ("5.1.8", False), ("5.7.1", False), ("5.2.2", False), (None, False)],
)
def test_only_an_address_that_does_not_exist_makes_a_person_unreachable(mailing, enhanced, flagged):
    (ann,) = mailing.people(1)
    mailing.prepare()
    outcomes.record(claim(mailing), [Outcome(Status.REFUSED, 550, enhanced, "no", Stage.RCPT)])
    assert bool(mailing.flags(ann) & Person.UNREACHABLE) is flagged


def test_the_relays_own_trouble_costs_no_attempt(mailing):
    mailing.people(1)
    mailing.prepare()
    outcomes.record(claim(mailing), [Outcome(Status.DEFERRED, None, None, "connection refused", Stage.CONNECT)])
    assert mailing.states() == {"queued": 1}
    assert attempts(mailing) == 0


def test_a_deferred_message_waits_and_fails_in_the_end(mailing):
    mailing.people(1)
    mailing.prepare()
    for attempt in range(len(outcomes.PAUSES_S)):
        outcomes.record(claim(mailing), [Outcome(Status.DEFERRED, 451, None, "later", Stage.RCPT)])
        assert mailing.states() == {"deferred": 1}, attempt
        with pytest.raises(NothingToClaim):
            claim(mailing)
        make_due(mailing)
    outcomes.record(claim(mailing), [Outcome(Status.DEFERRED, 451, None, "later", Stage.RCPT)])
    assert mailing.states() == {"failed": 1}


def test_a_batch_given_back_is_claimed_again(mailing):
    mailing.people(2)
    mailing.prepare()
    load = claim(mailing)
    assert leases.release(load.batch_id, mailing.workspace.pk) == 2
    assert mailing.states() == {"queued": 2}
    assert attempts(mailing) == 0
    assert not leases.start(load.batch_id, lease_s=60)
    assert len(claim(mailing).ids) == 2


def test_a_lease_that_runs_out_before_the_start_returns_the_batch(mailing):
    mailing.people(2)
    mailing.prepare()
    load = claim(mailing, lease_s=-1)
    assert not leases.start(load.batch_id, lease_s=60)
    assert leases.expire() == {"queued": 2}
    assert leases.expire() == {}
    assert mailing.states() == {"queued": 2}


def test_a_lease_that_runs_out_after_the_start_leaves_its_messages_in_doubt(mailing):
    mailing.people(2)
    mailing.prepare()
    load = begun(mailing)
    assert leases.expire() == {"unknown": 2}
    assert mailing.states() == {"unknown": 2}
    with pytest.raises(NothingToClaim):
        claim(mailing)
    assert load.batch_id


def test_a_sender_that_was_only_slow_settles_the_doubt(mailing):
    mailing.people(2)
    mailing.prepare()
    load = begun(mailing)
    leases.expire()
    outcomes.record(load, [ACCEPTED, ACCEPTED])
    assert mailing.states() == {"sent": 2}


def test_a_renewed_lease_is_left_alone(mailing):
    mailing.people(1)
    mailing.prepare()
    load = claim(mailing, lease_s=-1)
    leases.renew("test", [load.batch_id], lease_s=60, trouble="")
    assert leases.expire() == {}
    leases.leave("test")


def test_a_cancelled_campaign_is_withheld(mailing):
    mailing.people(3)
    mailing.prepare()
    claim(mailing, 1)
    assert cancel(mailing.workspace.pk, mailing.campaign_id, by="user:1", reason="cancelled") == 2
    assert mailing.states() == {"claimed": 1, "withheld: cancelled": 2}


def test_a_mail_that_cannot_be_written_fails_alone(mailing):
    mailing.people(2)
    mailing.prepare()

    def write(to):
        if to.address.startswith("example1"):
            raise ValueError("no")
        return b"Subject: x\r\n\r\nx\r\n"

    stream = mailing.stream(write)
    load = claim_stream(stream, sender="t", size=9, lease_s=60, after=stream.ids[0], envelope=ENVELOPE)
    assert (len(load.mails), len(load.unwritable), load.size) == (1, 1, 2)
    assert outcomes.record(load, [ACCEPTED]) == {"sent": 1, "failed": 1}


@pytest.mark.clause("B7")
def test_the_region_decides_at_the_claim(mailing):
    mailing.people(1, consent=False, region=Region.US, at="us.example")
    mailing.people(1, consent=False, region=Region.EEA, at="eu.example")
    assert mailing.prepare() == 1
    assert [mail.recipient for mail in claim(mailing).mails] == ["us0@us.example"]


def begun(mailing: Mailing) -> Load:
    load = claim(mailing)
    assert leases.start(load.batch_id, lease_s=-1)
    return load


def attempts(mailing: Mailing) -> int:
    with processing(mailing.workspace.pk, MARKETING, by="t", act="look"), connection.cursor() as cursor:
        cursor.execute("SELECT max(attempts) FROM delivery_message")
        return cursor.fetchone()[0]


def make_due(mailing: Mailing) -> None:
    with processing(mailing.workspace.pk, OPERATE, by="t", act="wait"), connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_message SET not_before = now() - interval '1 second'")

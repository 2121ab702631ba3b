"""Telling people of a change: those it concerns, once each, whatever breaks off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tests.delivery.test_sender import send
from tests.governance import policies
from tests.governance.test_impact import population, rules_of
from tests.policy.mutations import pairs
from tillit.accounts.models import Workspace
from tillit.delivery.models import Message, Waiting
from tillit.governance import concerned, mails, notices
from tillit.governance.compared import asked_by_default, differences, since_before
from tillit.governance.models import ChangeNotice
from tillit.ledger.actions import publish, settle, withdraw
from tillit.ledger.processing import processing
from tillit.ledger.versions import Version, in_force, version
from tillit.people.models import Person
from tillit.policy.diff import compare
from tillit.policy.regions import Region
from tillit.policy.rules import PersonState
from tillit.rights.actions import erase

MARKETING = "marketing.email"
SOON = timedelta(days=40)
State = ChangeNotice.State


def announce(workspace: Workspace, text: str, *, ask: tuple[str, ...] = (), later: bool = True) -> Version:
    """Publish a change, to take effect in some weeks or at once."""
    now = timezone.now()
    at = now + SOON if later else None
    return version(publish(workspace.pk, text, by=None, now=now, effective_at=at, ask_again=ask).pk)


def begin(told: Version, **words: str) -> ChangeNotice:
    """Start a notice; the job that would queue it is not run."""
    notice = notices.draft(told, by=7, now=timezone.now())
    if words:
        notices.write(notice, words)
    notices.start(notice, by=7, now=timezone.now())
    return notice


def told_people(workspace: Workspace) -> list[UUID]:
    with processing(workspace.pk, "delivery.operate", by="test", act="test.look"):
        return list(Message.objects.order_by("id").values_list("person_id", flat=True))


def states(workspace: Workspace) -> dict[str, int]:
    with processing(workspace.pk, "delivery.operate", by="test", act="test.look"):
        found = list(Message.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


# -- whom a change concerns -------------------------------------------------------------------------------------------
@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(pairs(), st.integers(0, 1000))
def test_one_person_and_the_set_are_told_alike(pair, seed):
    workspace = make.workspace()
    states, changes = population(workspace, 60, seed=seed), compare(*pair)
    rules, asked = rules_of(*pair), asked_by_default(compare(*pair))
    placed = rules.in_place()
    sql = concerned.affected("p", changes, rules, asked=asked)
    with processing(workspace.pk, "audience.administer", by="test", act="test.count"), connection.cursor() as cursor:
        cursor.execute(f"SELECT region, roles, flags, granted, refused FROM people_person p WHERE {sql}")
        found = sorted(PersonState(*row) for row in cursor.fetchall())
    telling = [change for change in changes.material if change.facts.tell]
    assert found == sorted(
        state
        for state in states
        if any(concerned.concerns(change, state, placed) for change in telling)
        or any(concerned.is_asked(name, state, rules) for name in asked)
    )


@pytest.mark.django_db
@pytest.mark.clause("J1")
def test_only_those_whom_the_change_concerns_are_told():
    workspace = make.workspace()
    australia, sweden = make.person(workspace, region=Region.AU), make.person(workspace, region=Region.EEA)
    said_no = make.person(workspace, region=Region.AU)
    make.choice(workspace, said_no, MARKETING, "objected")
    told = announce(workspace, policies.OPEN_IN_AUSTRALIA)
    assert notices.count(told, by="test") == notices.Concerned(1, 1)
    notice = begin(told)
    assert notices.queue_all(notice.pk, now=timezone.now()) == 1
    assert told_people(workspace) == [australia] and sweden not in told_people(workspace)
    notice.refresh_from_db()
    assert (notice.state, notice.total, notice.done, notices.waiting(notice)) == (State.DONE, 1, 1, 1)
    assert notices.outcomes(notice, by="test") == {"queued": 1}


@pytest.mark.django_db
def test_where_nobody_is_concerned_nobody_is_told():
    workspace = make.workspace()
    make.person(workspace)
    for text in (policies.QUIET, policies.CONSENT_EVERYWHERE):
        changes = differences(policies.REFERENCE, text)
        assert not notices.needed(changes, None, timezone.now()).any
    told = announce(workspace, policies.CONSENT_EVERYWHERE)
    assert notices.count(told, by="test") == notices.Concerned(0, 0)
    notice = begin(told)
    assert notices.queue_all(notice.pk, now=timezone.now()) == 0
    notice.refresh_from_db()
    assert (notice.state, notice.total, notice.done) == (State.DONE, 0, 0)


@pytest.mark.django_db
def test_who_cannot_be_reached_is_counted_and_not_written_to():
    workspace = make.workspace()
    make.person(workspace, region=Region.AU)
    gone = make.person(workspace, region=Region.AU)
    with processing(workspace.pk, "audience.administer", by="test", act="test.flag"):
        Person.objects.filter(pk=gone).update(flags=Person.UNREACHABLE)
    for person in people(workspace):
        make.choice(workspace, person, MARKETING)
    told = announce(workspace, policies.USES_PURCHASES, ask=(MARKETING,))
    assert notices.count(told, by="test") == notices.Concerned(2, 1)
    notice = begin(told)
    assert notices.queue_all(notice.pk, now=timezone.now()) == 1
    assert gone not in told_people(workspace)


def people(workspace: Workspace) -> list[UUID]:
    with processing(workspace.pk, "audience.administer", by="test", act="test.look"):
        return list(Person.objects.order_by("id").values_list("id", flat=True))


# -- whatever breaks off ----------------------------------------------------------------------------------------------
def australians(workspace: Workspace, number: int) -> list[UUID]:
    return [make.person(workspace, region=Region.AU) for _ in range(number)]


@pytest.mark.django_db
def test_a_batch_that_breaks_off_is_done_again_and_nobody_is_written_to_twice(monkeypatch):
    workspace = make.workspace()
    everybody = australians(workspace, 7)
    notice = begin(announce(workspace, policies.OPEN_IN_AUSTRALIA))
    assert notices.queue_next(notice.pk, now=timezone.now(), batch=3) == 3
    whole = notices._insert

    def broken(*args, **kwargs):
        whole(*args, **kwargs)
        raise ZeroDivisionError

    monkeypatch.setattr(notices, "_insert", broken)
    with pytest.raises(ZeroDivisionError):
        notices.queue_next(notice.pk, now=timezone.now(), batch=3)
    monkeypatch.setattr(notices, "_insert", whole)
    assert len(told_people(workspace)) == 3
    notices.tend(now=timezone.now())  # what the job of each minute does
    assert sorted(told_people(workspace)) == sorted(everybody)
    assert Waiting.objects.count() == 7
    # a second start has nothing left to do, and a cursor that was lost finds everybody told already
    ChangeNotice.objects.filter(pk=notice.pk).update(last_person=None, state=State.RUNNING)
    notices.queue_all(notice.pk, now=timezone.now(), batch=2)
    assert len(told_people(workspace)) == Waiting.objects.count() == 7


@pytest.mark.usefixtures("committed_db")
def test_two_workers_at_once_write_to_nobody_twice():
    workspace = make.workspace()
    everybody = australians(workspace, 40)
    notice = begin(announce(workspace, policies.OPEN_IN_AUSTRALIA))

    def work(_number: int) -> int:
        try:
            return sum(notices.queue_all(notice.pk, now=timezone.now(), batch=3) for _ in range(20))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        queued = sum(pool.map(work, range(2)))
    notice.refresh_from_db()
    assert (queued, notice.done, notice.state) == (40, 40, State.DONE)
    assert sorted(told_people(workspace)) == sorted(everybody)


@pytest.mark.django_db
def test_a_stop_withholds_what_waits_and_going_on_puts_it_back():
    workspace = make.workspace()
    australians(workspace, 5)
    notice = begin(announce(workspace, policies.OPEN_IN_AUSTRALIA))
    notices.queue_next(notice.pk, now=timezone.now(), batch=2)
    assert notices.stop(notice, by="user:7", now=timezone.now()) == 2
    assert notices.queue_next(notice.pk, now=timezone.now(), batch=2) is None
    assert (notice.state, Waiting.objects.count(), states(workspace)) == (State.STOPPED, 0, {"withheld": 2})
    notices.start(notice, by=7, now=timezone.now())
    notices.queue_all(notice.pk, now=timezone.now(), batch=2)
    assert (Waiting.objects.count(), states(workspace)) == (5, {"queued": 5})
    with pytest.raises(notices.NotNow):
        notices.write(notice, {"en": "too late"})


@pytest.mark.django_db
def test_a_version_that_is_taken_back_is_told_to_nobody_more():
    workspace = make.workspace()
    australians(workspace, 5)
    told = announce(workspace, policies.OPEN_IN_AUSTRALIA)
    notice = begin(told)
    notices.queue_next(notice.pk, now=timezone.now(), batch=2)
    withdraw(workspace.pk, by=None, now=timezone.now())
    assert notices.queue_all(notice.pk, now=timezone.now()) == 0
    notices.tend(now=timezone.now())
    notice.refresh_from_db()
    assert (notice.state, Waiting.objects.count(), states(workspace)) == (State.STOPPED, 0, {"withheld": 2})
    for act in (
        lambda: notices.start(notice, by=7, now=timezone.now()),
        lambda: notices.draft(told, by=7, now=timezone.now()),
    ):
        with pytest.raises(notices.NotNow, match="taken back"):
            act()


@pytest.mark.django_db
def test_somebody_erased_between_batches_or_before_sending_gets_nothing():
    workspace = make.workspace()
    first, second = sorted(australians(workspace, 2))
    notice = begin(announce(workspace, policies.OPEN_IN_AUSTRALIA))
    notices.queue_next(notice.pk, now=timezone.now(), batch=1)
    for person in (first, second):
        erase(workspace.pk, person, by="test", now=timezone.now())
    notices.queue_all(notice.pk, now=timezone.now())
    assert told_people(workspace) == []


@pytest.mark.django_db
def test_each_version_is_told_of_once():
    workspace = make.workspace()
    told = announce(workspace, policies.OPEN_IN_AUSTRALIA)
    one = notices.draft(told, by=7, now=timezone.now())
    assert notices.draft(told, by=8, now=timezone.now()) == one
    notices.start(one, by=7, now=timezone.now())
    with pytest.raises(notices.NotNow):
        notices.start(one, by=8, now=timezone.now())


# -- before it takes effect -------------------------------------------------------------------------------------------
@pytest.mark.clause("J1")
def test_a_material_change_at_once_needs_a_reason(reference_changes):
    now = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    assert notices.needed(reference_changes, None, now).reason_required
    assert notices.needed(reference_changes, now, now).reason_required
    soon = notices.needed(reference_changes, now + timedelta(days=3), now)
    assert soon.any and soon.short and not soon.reason_required
    assert not notices.needed(reference_changes, now + timedelta(days=31), now).short
    assert not notices.needed(compare(None, reference_changes.new), None, now).any
    assert notices.without_notice("Mail to Australia.", " a court said so ") == (
        "Mail to Australia.\n\nWithout notice, because: a court said so"
    )


@pytest.fixture
def reference_changes():
    return differences(policies.REFERENCE, policies.OPEN_IN_AUSTRALIA)


# -- the mail ---------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("committed_db")
@pytest.mark.clause("J1", "D5")
def test_the_mail_says_what_changes_for_its_reader_in_their_language(settings_of):
    workspace = make.workspace(name="Rooms & Co")
    ann = make.person(workspace, email="ann@example.org", language="sv")
    make.person(workspace, email="bob@example.org", region=Region.US)
    make.choice(workspace, ann, MARKETING)
    told = announce(workspace, policies.USES_PURCHASES, ask=(MARKETING,))
    notice = begin(told, en="We are <sorry>.", sv="Vi ber om ursäkt.")
    notices.queue_all(notice.pk, now=timezone.now())
    raw = {to: message_from_bytes(mail, policy=policy.default) for _, to, mail in send(settings_of)}
    assert set(raw) == {"ann@example.org", "bob@example.org"}
    swedish = raw["ann@example.org"].get_body(("plain",)).get_content()
    english = raw["bob@example.org"].get_body(("plain",)).get_content()
    page = raw["bob@example.org"].get_body(("html",)).get_content()
    assert "Vår integritetspolicy ändras den" in raw["ann@example.org"]["Subject"]
    assert "använder även ”Köp och fakturor”" in swedish and "Vi ber om ursäkt." in swedish
    assert "Vi frågar dig igen" in swedish and "/p/" in swedish
    # nobody asks Bob: his mail rests on the law of the United States, and he can say no
    assert "also uses “Purchases and invoices”" in english and "ask you again" not in english
    assert "We are &lt;sorry&gt;." in page and "Rooms &amp; Co" in page
    assert f"Version {told.number} of the policy: " in english and f"/privacy/{workspace.pk}/v/{told.number}" in english
    assert raw["bob@example.org"]["List-Unsubscribe"] is None  # no advertising, so nothing to leave
    assert notices.outcomes(notice, by="test") == {"sent": 2} and notices.waiting(notice) == 0


@pytest.mark.django_db
def test_a_mail_about_a_version_that_was_taken_back_is_not_written():
    workspace = make.workspace()
    (person,) = australians(workspace, 1)
    notice = begin(announce(workspace, policies.OPEN_IN_AUSTRALIA))
    withdraw(workspace.pk, by=None, now=timezone.now())
    from tillit.delivery.service import ServiceMail

    told = ServiceMail(
        workspace=workspace,
        person_id=person,
        message_id=person,
        address="ann@example.org",
        language="en",
        names={},
        arguments={"notice": notice.pk},
    )
    with pytest.raises(mails.TakenBack), processing(workspace.pk, "policy.notify", by="test", act="test.write"):
        mails.changed(told)


# -- asked again, from end to end -------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.clause("J1", "C8", "D5", "E3")
def test_consent_that_is_asked_again_counts_from_the_minute_the_version_binds_and_no_refusal_is_lost():
    workspace = make.workspace()
    yes, no, new = (make.person(workspace) for _ in range(3))
    make.choice(workspace, yes, MARKETING, "granted")
    make.choice(workspace, no, MARKETING, "refused")
    assert reached(workspace) == {yes}
    told = announce(workspace, policies.USES_PURCHASES, ask=(MARKETING,))
    assert reached(workspace) == {yes}  # announced, not in force
    publish_moment = told.effective_at

    take_effect(workspace)
    assert in_force(workspace.pk).id == told.id
    assert reached(workspace) == set()
    assert decision(workspace, yes) == "consent_missing"
    assert decision(workspace, no) == "refused"
    assert decision(workspace, new) == "consent_missing"

    make.choice(workspace, yes, MARKETING, "granted")
    assert reached(workspace) == {yes} and decision(workspace, yes) == "permitted_by_consent"
    make.choice(workspace, no, MARKETING, "granted")
    assert reached(workspace) == {yes, no}
    make.choice(workspace, yes, MARKETING, "withdrawn")
    assert reached(workspace) == {no}
    assert since_before(told).material.all and publish_moment > timezone.now()


def take_effect(workspace: Workspace) -> None:
    """Let the scheduled version's moment come: the row says it was a second ago."""
    from tillit.ledger.models import PolicyInForce

    PolicyInForce.objects.filter(workspace=workspace).update(next_at=timezone.now() - timedelta(seconds=1))
    settle(now=timezone.now())


def reached(workspace: Workspace) -> set[UUID]:
    with processing(workspace.pk, MARKETING, by="test", act="test.reach"):
        return set(Person.objects.values_list("id", flat=True))


def decision(workspace: Workspace, person: UUID) -> str:
    from tillit.people.queries import decision_for

    with processing(workspace.pk, "audience.administer", by="test", act="test.decide"):
        return str(decision_for(in_force(workspace.pk), MARKETING, Person.objects.get(pk=person)).reason)


@pytest.mark.django_db
def test_a_version_that_asked_again_and_was_taken_back_takes_no_consent_with_it():
    workspace = make.workspace()
    yes = make.person(workspace)
    make.choice(workspace, yes, MARKETING)
    announce(workspace, policies.USES_PURCHASES, ask=(MARKETING,))
    withdraw(workspace.pk, by=None, now=timezone.now())
    announce(workspace, policies.OPEN_IN_AUSTRALIA, later=False)
    assert reached(workspace) == {yes}

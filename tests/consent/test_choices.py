"""Choices are appended, folded, lapse, and never allow more by a no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tillit.accounts.models import Workspace
from tillit.consent.actions import NobodyThere, NotRefusable, choose, record_choice
from tillit.consent.fold import refold_lapsed
from tillit.consent.marketing import stop_marketing
from tillit.consent.models import Choice
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.ledger.versions import in_force
from tillit.people.models import Person
from tillit.policy.decide import decide
from tillit.policy.fold import Choice as Decided
from tillit.policy.fold import ChoiceState, fold
from tillit.policy.regions import Region
from tillit.policy.roles import Role
from tillit.policy.rules import PersonState

pytestmark = pytest.mark.django_db
MANAGE, MARKETING = "preferences.manage", "marketing.email"
PURPOSES = ("marketing.email", "measurement.email", "analytics.predict", "leads.share")


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


def stored(workspace: Workspace, person) -> Person:
    with processing(workspace.pk, MANAGE, by="test", act="look"):
        return Person.objects.get(pk=person)


def state_of(row: Person) -> PersonState:
    return PersonState(row.region, row.roles, row.flags, row.granted, row.refused)


histories = st.lists(
    st.tuples(st.sampled_from(PURPOSES), st.sampled_from(ChoiceState), st.sampled_from([None, -1, 1])), max_size=12
)


@pytest.mark.clause("D5", "E3")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_a_persons_integers_are_their_choices_folded(workspace, history):
    """Whatever somebody chose, in whatever order, with grants that lapsed: the row says what `policy.fold` says."""
    rules, now = in_force(workspace.pk).rules, timezone.now()
    with transaction.atomic():
        person = make.person(workspace)
        decided = []
        for purpose, state, days in history:
            granted = state is ChoiceState.GRANTED
            expires = now + timedelta(days=days) if days and granted else None
            with processing(workspace.pk, MANAGE, by="test", act="choose") as activity:
                record_choice(activity, [person], purpose, state, method="operator", now=now, expires_at=expires)
            decided.append(Decided(rules[purpose].bit, state, expires))
        row = stored(workspace, person)
        assert (row.granted, row.refused) == fold(decided, now=now)
        transaction.set_rollback(True)


@pytest.mark.clause("E3")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories, st.sampled_from(PURPOSES), st.sampled_from(["refused", "withdrawn", "objected"]), st.data())
def test_a_no_never_allows_more(workspace, history, purpose, state, data):
    """After any history, any no about any purpose: no purpose is permitted that was not before, and that one is not."""
    rules = in_force(workspace.pk).rules
    with transaction.atomic():
        region = data.draw(st.sampled_from([Region.UNKNOWN, Region.EEA, Region.US, Region.OTHER]))
        person = make.person(workspace, region=region, role=Role.CONTACT | Role.CUSTOMER)
        for earlier, said, _ in history:
            make.choice(workspace, person, earlier, said)
        before = state_of(stored(workspace, person))
        make.choice(workspace, person, purpose, state)
        after = state_of(stored(workspace, person))
        for rule in rules.values():
            assert decide(rule, before).permitted or not decide(rule, after).permitted
        assert not decide(rules[purpose], after).permitted
        transaction.set_rollback(True)


def test_choices_can_only_be_added(workspace):
    person = make.person(workspace)
    make.choice(workspace, person)
    make.choice(workspace, person, state="withdrawn")
    with processing(workspace.pk, MANAGE, by="test", act="look"):
        states = list(Choice.objects.filter(person_id=person).order_by("id").values_list("state", flat=True))
    assert states == ["granted", "withdrawn"]


@pytest.mark.clause("E10")
@pytest.mark.parametrize("purpose", ["service.message", "preferences.manage", "accounting.keep"])
def test_what_a_service_needs_cannot_be_refused(workspace, purpose):
    person = make.person(workspace)
    with pytest.raises(NotRefusable):
        make.choice(workspace, person, purpose, "refused")
    assert Activity.objects.filter(outcome="refused", subject_id=person).exists()


def test_an_unknown_purpose_is_refused_and_nothing_is_kept(workspace):
    person = make.person(workspace)
    with pytest.raises(Refused, match=r"sell\.soul"):
        choose(
            workspace.pk, person, {MARKETING: "granted", "sell.soul": "granted"}, method="operator", now=timezone.now()
        )
    assert stored(workspace, person).granted == 0


def test_nobody_chooses_for_a_person_of_another_workspace(workspace):
    stranger = make.person(make.workspace())
    with pytest.raises(NobodyThere):
        make.choice(workspace, stranger)


@pytest.mark.clause("C11", "D5")
def test_a_consent_lapses_after_what_the_policy_says(workspace):
    """The reference policy lets consent to marketing last three years."""
    person, start = make.person(workspace), datetime(2024, 2, 29, 12, tzinfo=UTC)
    choose(workspace.pk, person, {MARKETING: "granted"}, method="confirmed", now=start)
    with processing(workspace.pk, MANAGE, by="test", act="look"):
        assert Choice.objects.get(person_id=person).expires_at == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert refold_lapsed(workspace.pk, now=datetime(2027, 2, 28, 11, tzinfo=UTC)) == 0
    assert stored(workspace, person).granted
    assert refold_lapsed(workspace.pk, now=datetime(2027, 2, 28, 12, tzinfo=UTC)) == 1
    row = stored(workspace, person)
    assert (row.granted, row.refused) == (0, 0)
    assert refold_lapsed(workspace.pk, now=datetime(2030, 1, 1, tzinfo=UTC)) == 0
    assert Activity.objects.filter(act="choice.lapse", counts={"lapsed": 1}).count() == 1


def test_a_lapsed_grant_does_not_undo_a_later_one(workspace):
    person, start = make.person(workspace), datetime(2020, 1, 1, tzinfo=UTC)
    for day in (start, start + timedelta(days=900)):
        choose(workspace.pk, person, {MARKETING: "granted"}, method="confirmed", now=day)
    assert refold_lapsed(workspace.pk, now=start + timedelta(days=1200)) == 0
    assert stored(workspace, person).granted


@pytest.mark.clause("E9")
@pytest.mark.parametrize(("region", "state"), [(Region.EEA, "refused"), (Region.US, "objected")])
def test_stopping_marketing_refuses_every_marketing_purpose(workspace, region, state):
    person = make.person(workspace, region=region)
    news = make.mailing_list(workspace, person)
    stopped = stop_marketing(workspace.pk, person, method="preferences", now=timezone.now())
    assert stopped.lists == [news.pk]
    marketing = {name for name, each in in_force(workspace.pk).document.purposes.items() if each.marketing}
    assert set(stopped.receipts) == marketing
    with processing(workspace.pk, MANAGE, by="test", act="look"):
        assert set(Choice.objects.filter(person_id=person).values_list("state", flat=True)) == {state}
    row = state_of(stored(workspace, person))
    rules = in_force(workspace.pk).rules
    assert not [name for name in marketing if decide(rules[name], row).permitted]
    assert stop_marketing(workspace.pk, person, method="preferences", now=timezone.now()).receipts == {}

"""Publishing now or later, taking back, asking again: which version binds when, and what earlier choices are worth."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tests.conftest import superuser
from tillit.accounts.models import Workspace
from tillit.consent.actions import record_choice
from tillit.consent.fold import MANAGE, refold, refold_lapsed
from tillit.ledger.actions import AlreadyScheduled, NothingScheduled, NotLater, publish, settle, withdraw
from tillit.ledger.models import Activity, PolicyInForce, PolicyVersion, PurposeRule
from tillit.ledger.processing import Refused, processing
from tillit.ledger.versions import NoPolicy, history, in_force, in_force_at, scheduled
from tillit.people.models import Person
from tillit.policy.load import PolicyErrors
from tillit.policy.regions import Region

MARKETING = "marketing.email"
DAY = timedelta(days=1)


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace(bare=True)


def shut(text: str) -> str:
    """The reference policy with marketing permitted in the EEA alone, by consent."""
    return text.replace("  marketing.email:\n", "  marketing.email:\n    # here alone\n", 1).replace(
        "basis: {default: consent, US: opt-out, US-CA: opt-out}", "basis: {default: none, EEA: consent}", 1
    )


def seen(workspace: Workspace, purpose: str = MARKETING) -> int:
    with processing(workspace.pk, purpose, by="test", act="look"):
        return Person.objects.count()


@pytest.mark.django_db
@pytest.mark.clause("J1")
def test_a_scheduled_version_binds_from_its_moment_without_anybodys_doing(workspace, policy_text):
    """Row-level security, the context and Python all ask the view; no job has to run."""
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now)
    make.person(workspace, region=Region.US)
    coming = publish(workspace.pk, shut(policy_text), by=None, now=now, effective_at=now + DAY)
    assert (in_force(workspace.pk).number, scheduled(workspace.pk, now=now).number, seen(workspace)) == (1, 2, 1)

    PolicyInForce.objects.update(next_at=now - timedelta(seconds=1))  # its moment comes
    assert in_force(workspace.pk).id == coming.pk and seen(workspace) == 0
    with processing(workspace.pk, MARKETING, by="test", act="look") as activity:
        assert activity.policy_version_id == coming.pk


@pytest.mark.django_db
def test_the_job_writes_down_what_binds_already(workspace, policy_text):
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now)
    publish(workspace.pk, shut(policy_text), by=None, now=now, effective_at=now + DAY)
    assert settle(now=now) == []
    assert [version.number for version in settle(now=now + DAY)] == [2]
    row = PolicyInForce.objects.get(workspace=workspace)
    assert (row.version.number, row.next_version, row.next_at, row.since) == (2, None, None, now + DAY)
    assert settle(now=now + DAY) == []
    acts = Activity.objects.filter(object_ref="policy:2").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["policy.publish", "policy.effect"]


@pytest.mark.django_db
@pytest.mark.clause("J2")
def test_every_past_moment_answers_with_the_version_of_that_moment(workspace, policy_text):
    start = timezone.now() - 10 * DAY
    texts = [policy_text, shut(policy_text), policy_text.replace("keep: 13 months", "keep: 12 months")]
    for days, text in enumerate(texts):
        publish(workspace.pk, text, by=None, now=start + days * DAY)
    assert in_force_at(workspace.pk, start - timedelta(microseconds=1)) is None
    for days in range(3):
        found = in_force_at(workspace.pk, start + days * DAY)
        assert (found.number, found.text) == (days + 1, texts[days])
        assert in_force_at(workspace.pk, start + (days + 1) * DAY - timedelta(microseconds=1)).number == days + 1


@pytest.mark.django_db
def test_a_version_taken_back_never_binds_and_stays_readable(workspace, policy_text):
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now)
    publish(workspace.pk, shut(policy_text), by=None, now=now, effective_at=now + DAY)
    with pytest.raises(AlreadyScheduled, match="Version 2"):
        publish(workspace.pk, policy_text, by=None, now=now)
    assert withdraw(workspace.pk, by=None, now=now).number == 2
    assert scheduled(workspace.pk, now=now) is None and in_force_at(workspace.pk, now + 2 * DAY).number == 1
    assert [row.number for row in history(workspace.pk)] == [1]
    assert PolicyVersion.objects.get(workspace=workspace, number=2).document == shut(policy_text)
    with pytest.raises(NothingScheduled):
        withdraw(workspace.pk, by=None, now=now)
    later = publish(workspace.pk, shut(policy_text), by=None, now=now + DAY)
    assert later.number == 3


@pytest.mark.django_db
@pytest.mark.clause("D5", "J1")
def test_a_version_that_asked_anew_and_was_taken_back_costs_no_consent(workspace, policy_text):
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now)
    make.choice(workspace, make.person(workspace))
    publish(workspace.pk, policy_text, by=None, now=now, effective_at=now + DAY, ask_again=[MARKETING])
    withdraw(workspace.pk, by=None, now=now)
    publish(workspace.pk, shut(policy_text), by=None, now=now)
    assert seen(workspace) == 1
    publish(workspace.pk, policy_text, by=None, now=now, ask_again=[MARKETING])
    assert seen(workspace) == 0
    bits = PurposeRule.objects.filter(version__workspace=workspace, purpose=MARKETING).values_list("bit", flat=True)
    assert len(set(bits)) == 3, "a bit that a version had is given to no other, even if it never bound"


@pytest.mark.django_db
@pytest.mark.clause("D5", "E3")
def test_a_consent_lapses_also_while_a_version_waits_that_asks_anew(workspace, policy_text):
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now)
    person = make.person(workspace)
    with processing(workspace.pk, MANAGE, by="test", act="choose") as activity:
        lapses = now + timedelta(hours=1)
        record_choice(activity, [person], MARKETING, "granted", method="operator", now=now, expires_at=lapses)
    publish(workspace.pk, policy_text, by=None, now=now, effective_at=now + DAY, ask_again=[MARKETING])
    assert seen(workspace) == 1
    assert refold_lapsed(workspace.pk, now=lapses) == 1 and seen(workspace) == 0
    assert refold_lapsed(workspace.pk, now=lapses) == 0


@pytest.mark.django_db
def test_a_moment_that_has_passed_is_refused(workspace, policy_text):
    now = timezone.now()
    with pytest.raises(NotLater):
        publish(workspace.pk, policy_text, by=None, now=now, effective_at=now)
    with pytest.raises(NoPolicy):
        in_force(workspace.pk)


@pytest.mark.django_db
def test_before_a_first_version_takes_effect_nothing_is_permitted(workspace, policy_text):
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now, effective_at=now + DAY)
    with pytest.raises(NoPolicy):
        in_force(workspace.pk)
    with pytest.raises(Refused), processing(workspace.pk, MARKETING, by="test", act="look"):
        pass


@pytest.mark.django_db
def test_a_broken_document_leaves_the_one_in_force(workspace, policy_text):
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now)
    with pytest.raises(PolicyErrors, match="line"):
        publish(workspace.pk, policy_text.replace("default: consent", "default: whatever"), by=None, now=now)
    assert in_force(workspace.pk).number == 1 and PolicyVersion.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.clause("D5", "J1", "C8")
def test_consent_asked_again_counts_no_more_and_no_refusal_is_lost(workspace, policy_text):
    now = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=now)
    granted, silent = make.person(workspace), make.person(workspace)
    refused = make.person(workspace, region=Region.US)
    make.choice(workspace, granted)
    make.choice(workspace, refused, state="objected")
    make.person(workspace, region=Region.US)
    assert seen(workspace) == 2

    version = publish(workspace.pk, policy_text, by=None, now=timezone.now(), ask_again=[MARKETING])
    assert version.number == 2 and version.asks_again == [MARKETING]
    assert seen(workspace) == 1, "the grant counts no more, and who refused in a region of opt-out still does"
    with processing(workspace.pk, MANAGE, by="test", act="refold"):
        refold(workspace.pk, [granted, silent, refused], now=timezone.now())
    assert seen(workspace) == 1, "nor do the choices folded anew"
    make.choice(workspace, granted)
    make.choice(workspace, refused)
    assert seen(workspace) == 3


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(["granted", "refused", "withdrawn", "objected", "again"]), max_size=10))
def test_folding_anew_gives_what_was_folded_as_it_came(policy_text, steps):
    """Choices before and after versions that ask again: the row is what the whole history folds to."""
    with transaction.atomic():
        workspace = make.workspace()
        person = make.person(workspace)
        for number, step in enumerate(steps):
            now = timezone.now() + timedelta(seconds=number)
            if step == "again":
                publish(workspace.pk, policy_text, by=None, now=now, ask_again=[MARKETING])
                continue
            with processing(workspace.pk, MANAGE, by="test", act="choose") as activity:
                record_choice(activity, [person], MARKETING, step, method="operator", now=now)
        with processing(workspace.pk, MANAGE, by="test", act="refold"):
            before = Person.objects.values_list("granted", "refused").get(pk=person)
            refold(workspace.pk, [person], now=timezone.now())
            assert Person.objects.values_list("granted", "refused").get(pk=person) == before
        transaction.set_rollback(True)


@pytest.mark.clause("J1")
def test_publishing_writes_no_persons_row(committed_db, policy_text):
    """Every person is under the new version with the next query, and the rows are the very same ones."""
    now = datetime.now().astimezone()
    workspace = make.workspace()
    with superuser() as owner:
        owner.execute(
            "INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)"
            " SELECT gen_random_uuid(), %s, %s, 1, 0, 0, 0, '', now() FROM generate_series(1, 5000)",
            [workspace.pk, int(Region.US)],
        )
        rows = "SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY id)) FROM people_person"
        before = owner.execute(rows).fetchone()
        assert seen(workspace) == 5000
        publish(workspace.pk, shut(policy_text), by=None, now=now)
        assert seen(workspace) == 0
        assert owner.execute(rows).fetchone() == before


@pytest.mark.django_db
def test_the_view_shows_what_the_reader_may_see(workspace, policy_text):
    publish(workspace.pk, policy_text, by=None, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'ledger_binding'")
        assert cursor.fetchone() == (["security_invoker=true"],)

"""Outside a context nothing is seen; under a purpose exactly the permitted; another workspace never."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django.utils import timezone

from tillit.accounts.models import Workspace
from tillit.consent.actions import record_choice
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, WrongContext, processing
from tillit.ledger.rls import personal_models
from tillit.people.actions import add_person
from tillit.people.models import Identity, Person, Traits
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db

ADMINISTER, MARKETING, MANAGE = "audience.administer", "marketing.email", "preferences.manage"


@pytest.fixture
def workspace(policy_text: str) -> Workspace:
    made = Workspace.objects.create(name="House")
    publish(made.pk, policy_text, by=None, now=timezone.now())
    return made


def person(workspace: Workspace, email: str, region: Region = Region.EEA):
    with processing(workspace.pk, ADMINISTER, by="test", act="add") as activity:
        return add_person(
            activity,
            email=email,
            region=region,
            traits={"identity": {"first_name": "Ann"}, "purchases": {}} if 0 else {"identity": {"first_name": "Ann"}},
        )


def seen(workspace: Workspace, purpose: str) -> int:
    with processing(workspace.pk, purpose, by="test", act="count"):
        return Person.objects.count()


@pytest.mark.clause("C8")
def test_outside_a_context_every_personal_table_is_empty(workspace):
    person(workspace, "ann@example.org")
    for model, _ in personal_models():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
            assert cursor.fetchone() == (0,), model


@pytest.mark.clause("C8", "D5")
def test_marketing_sees_only_those_who_consented(workspace):
    ann, _bob = person(workspace, "ann@example.org"), person(workspace, "bob@example.org")
    assert seen(workspace, ADMINISTER) == 2
    assert seen(workspace, MARKETING) == 0
    with processing(workspace.pk, MANAGE, by="test", act="choose") as activity:
        record_choice(activity, [ann], MARKETING, "granted", method="operator", now=timezone.now())
    assert seen(workspace, MARKETING) == 1
    with processing(workspace.pk, MANAGE, by="test", act="choose") as activity:
        record_choice(activity, [ann], MARKETING, "withdrawn", method="operator", now=timezone.now())
    assert seen(workspace, MARKETING) == 0


def test_another_workspace_is_never_seen(workspace, policy_text):
    other = Workspace.objects.create(name="Other")
    publish(other.pk, policy_text, by=None, now=timezone.now())
    person(workspace, "ann@example.org")
    assert seen(other, ADMINISTER) == 0


def test_the_context_ends_with_its_block(workspace):
    person(workspace, "ann@example.org")
    assert seen(workspace, ADMINISTER) == 1
    assert Person.objects.count() == 0


def test_a_category_that_the_purpose_lacks_is_not_seen(workspace):
    with processing(workspace.pk, "rights.fulfil", by="test", act="add") as activity:
        add_person(
            activity, email="ann@example.org", traits={"recruitment": {"cv": "…"}, "identity": {"first_name": "Ann"}}
        )
    with processing(workspace.pk, ADMINISTER, by="test", act="read"):
        assert [row.category for row in Traits.objects.all()] == ["identity"]
        assert Identity.objects.count() == 1


def test_a_write_of_a_category_that_the_purpose_lacks_is_refused(workspace):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        processing(workspace.pk, ADMINISTER, by="t", act="add") as activity,
    ):
        add_person(activity, email="ann@example.org", traits={"recruitment": {"cv": "…"}})


@pytest.mark.clause("C8")
def test_an_unknown_purpose_is_refused_and_the_refusal_recorded(workspace):
    with pytest.raises(Refused), processing(workspace.pk, "sell.everything", by="user:1", act="sell"):
        pass
    assert Activity.objects.filter(outcome="refused", purpose="sell.everything", act="sell").count() == 1


@pytest.mark.parametrize("purpose", ["x'; RESET ROLE; --", "", "A", "a" * 64, "a\nb"])
def test_a_purpose_that_is_no_name_is_refused(workspace, purpose):
    with pytest.raises(Refused), processing(workspace.pk, purpose, by="t", act="try"):
        pass


def test_contexts_do_not_nest_across_purposes(workspace):
    with (
        pytest.raises(WrongContext),
        processing(workspace.pk, ADMINISTER, by="t", act="a"),
        processing(workspace.pk, MARKETING, by="t", act="b"),
    ):
        pass


def test_the_activity_counts_what_was_done(workspace):
    with processing(workspace.pk, ADMINISTER, by="user:7", act="look", about="list:3") as activity:
        activity.count(persons=3)
        activity.count(persons=2)
    row = Activity.objects.get(act="look")
    assert (row.counts, row.actor, row.object_ref) == ({"persons": 5}, "user:7", "list:3")
    assert row.policy_version_id is not None and "contact" in row.categories


def test_a_failed_act_leaves_no_activity(workspace):
    with pytest.raises(ZeroDivisionError), processing(workspace.pk, ADMINISTER, by="t", act="fail"):
        raise ZeroDivisionError
    assert not Activity.objects.filter(act="fail").exists()


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("ledger_activity", "act"),
        ("consent_choice", "state"),
        ("ledger_policyversion", "digest"),
        ("ledger_purposerule", "bit"),
    ],
)
@pytest.mark.clause("J2", "G1")
def test_the_ledger_cannot_be_rewritten(workspace, statement, table, column):
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table, column, column))


def test_the_application_may_not_escape_its_role():
    for statement in [
        "SET ROLE tillit_owner",
        "ALTER TABLE people_person DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE x ()",
    ]:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.clause("F1", "H1", "C8")
def test_data_goes_to_a_recipient_only_as_the_policy_lets_it(workspace, policy_text):
    with processing(workspace.pk, MARKETING, by="test", act="hand.over", recipient="mail-relay"):
        pass
    done = Activity.objects.get(act="hand.over")
    assert (done.recipient, done.categories) == ("mail-relay", ["contact", "correspondence"])

    lapsed = policy_text.replace("valid_from: 2023-07-10", "valid_from: 2023-07-10\n    expires: 2024-01-01", 1)
    publish(workspace.pk, lapsed.replace("    fallback: scc\n", "", 1), by=None, now=timezone.now())
    handing_over = processing(workspace.pk, MARKETING, by="test", act="hand.over", recipient="mail-relay")
    with pytest.raises(Refused, match="no safeguard") as refused, handing_over:
        raise AssertionError("never reached")
    assert refused.value.clause == "H1"
    told = Activity.objects.filter(act="hand.over", outcome="refused").get()
    assert told.recipient == "mail-relay"

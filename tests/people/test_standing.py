"""What decided about a person is kept when it changes, whoever changes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tillit.accounts.models import Workspace
from tillit.ledger.processing import processing
from tillit.people.models import PastStanding, Person
from tillit.people.records import change_place, lift_restriction, restrict
from tillit.people.standing import History, Standing, history, kept_since
from tillit.policy.regions import Region
from tillit.policy.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.clause("E3", "J2")]


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


def past(workspace: Workspace, person: UUID, *, purpose: str = "rights.fulfil") -> list[tuple[int, int, int]]:
    with processing(workspace.pk, purpose, by="test", act="look"):
        rows = PastStanding.objects.filter(person_id=person).order_by("id")
        return list(rows.values_list("region", "roles", "flags"))


def known(workspace: Workspace, person: UUID) -> History:
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        found = history(person)
        assert found is not None
        return found


def moment() -> datetime:
    """The database's clock, by which the trigger writes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_a_new_person_has_no_past(workspace):
    assert past(workspace, make.person(workspace)) == []


def test_each_change_keeps_what_was_before(workspace):
    person = make.person(workspace, region=Region.UNKNOWN)
    change_place(workspace.pk, person, region=Region.US, language="en", by="test")
    restrict(workspace.pk, person, by="test")
    change_place(workspace.pk, person, region=Region.EEA, language="en", by="test")
    lift_restriction(workspace.pk, person, by="test")
    assert past(workspace, person) == [(0, 1, 0), (5, 1, 0), (5, 1, 1), (1, 1, 1)]


def test_what_changes_nothing_keeps_nothing(workspace):
    person = make.person(workspace, region=Region.EEA)
    change_place(workspace.pk, person, region=Region.EEA, language="sv", by="test")
    make.choice(workspace, person)
    lift_restriction(workspace.pk, person, by="test")
    assert past(workspace, person) == []


def test_one_statement_over_many_keeps_each(workspace):
    people = [make.person(workspace, region=Region.US) for _ in range(5)]
    with processing(workspace.pk, "audience.administer", by="test", act="move"):
        Person.objects.filter(pk__in=people[:4]).update(region=Region.EEA, roles=Role.CONTACT | Role.MEMBER)
    assert [len(past(workspace, person)) for person in people] == [1, 1, 1, 1, 0]


def test_a_change_that_is_undone_leaves_no_trace(workspace):
    person = make.person(workspace)
    with pytest.raises(RuntimeError), transaction.atomic():
        change_place(workspace.pk, person, region=Region.UK, language="", by="test")
        raise RuntimeError
    assert past(workspace, person) == []


def test_the_standing_is_known_at_every_moment(workspace):
    before = moment()
    person = make.person(workspace, region=Region.UNKNOWN)
    first = moment()
    change_place(workspace.pk, person, region=Region.US, language="", by="test")
    second = moment()
    restrict(workspace.pk, person, by="test")
    last = moment()
    found = known(workspace, person)
    assert found.at(before - timedelta(seconds=1)) is None
    assert [found.at(each) for each in (first, second, last)] == [
        Standing(0, 1, 0),
        Standing(5, 1, 0),
        Standing(5, 1, 1),
    ]
    assert found.at(found.past[0].until) == Standing(5, 1, 0), "a change holds from its own moment on"
    assert len(found.changes) == 3 and found.changes == sorted(found.changes)


def test_before_changes_were_kept_nothing_is_certain(workspace):
    person = make.person(workspace)
    long_ago = kept_since() - timedelta(days=400)
    with processing(workspace.pk, "audience.administer", by="test", act="backdate"):
        Person.objects.filter(pk=person).update(created_at=long_ago)
    found = known(workspace, person)
    old, new = found.at(long_ago + timedelta(days=1)), found.at(timezone.now())
    assert old and new and not old.certain and new.certain


def test_another_workspace_sees_nothing(workspace):
    person = make.person(workspace)
    restrict(workspace.pk, person, by="test")
    other = make.workspace()
    with processing(other.pk, "rights.fulfil", by="test", act="look"):
        assert not PastStanding.objects.exists() and history(person) is None
    assert not PastStanding.objects.exists(), "outside a context nothing is seen"


@pytest.mark.parametrize("tampering", ["UPDATE people_paststanding SET region = 2", "TRUNCATE people_paststanding"])
def test_the_application_cannot_rewrite_the_past(workspace, tampering):
    person = make.person(workspace)
    restrict(workspace.pk, person, by="test")
    with (
        pytest.raises(Exception, match=r"permission denied|never changed") as refused,
        transaction.atomic(),
        processing(workspace.pk, "rights.fulfil", by="test", act="tamper"),
        connection.cursor() as cursor,
    ):
        cursor.execute(tampering)
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
    assert len(past(workspace, person)) == 1


@pytest.mark.usefixtures("committed_db")
def test_not_even_the_owner_changes_a_row_by_accident():
    workspace = make.workspace()
    restrict(workspace.pk, make.person(workspace), by="test")
    with superuser() as owner, pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
        owner.execute("UPDATE people_paststanding SET region = 2")

"""Erased is erased: in every table, for the edge, for the next import, and beside a sender at work."""

from __future__ import annotations

from threading import Thread
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tests.rights.rows import fill, remains
from tillit.accounts.models import Workspace
from tillit.consent.actions import NobodyThere
from tillit.delivery.models import Message
from tillit.env import env
from tillit.ledger import seal
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.actions import Erased, add_person
from tillit.people.models import Identity, Person
from tillit.policy.regions import Region
from tillit.rights.actions import access, erase, receive
from tillit.rights.daily import erase_again
from tillit.rights.models import Request

pytestmark = pytest.mark.usefixtures("committed_db")
ADDRESS = "ann.berg@example.org"


@pytest.fixture
def workspace(committed_db) -> Workspace:
    return make.workspace()


def erased(workspace: Workspace, person):
    return erase(workspace.pk, person, by="test", now=timezone.now())


def everything_stored() -> str:
    """The whole database as text, except the policy documents and what only names fields."""
    with superuser() as look:
        tables = look.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        skipped = {"ledger_policyversion", "ledger_purposerule", "django_migrations"}
        return "\n".join(
            str(row[0])
            for (table,) in tables
            if table not in skipped
            for row in look.execute(f'SELECT t::text FROM "{table}" t').fetchall()
        )


@pytest.mark.clause("E1", "I2")
def test_after_erasure_nothing_names_the_person(workspace):
    """A row in every table, every field filled: afterwards only what is declared as kept is left, without a name."""
    person = make.person(workspace, email=ADDRESS, traits={"identity": {"first_name": "Annalena"}})
    written = fill(workspace, person)
    before = everything_stored()
    assert ADDRESS in before and "Annalena" in before
    request = erased(workspace, person)
    assert remains(person) == {"consent_choice": 1, "consent_voidedchoice": 1, "rights_request": 2}
    after = everything_stored()
    assert ADDRESS not in after and "Annalena" not in after
    kept = {"consent.choice", "rights.request"}
    texts = [value for (table, _), value in written.items() if table not in kept and isinstance(value, str)]
    assert texts and not [text for text in texts if len(text) > 5 and text in after]
    assert request.state == "fulfilled"
    assert request.counts["delete_people_person"] == 1 and request.counts["tombstone_people_identity"] == 2
    assert request.counts["keep_consent_choice"] == 1


@pytest.mark.clause("E1")
def test_after_erasure_there_is_nothing_to_copy(workspace):
    person = make.person(workspace)
    fill(workspace, person)
    erased(workspace, person)
    with pytest.raises(NobodyThere):
        access(workspace.pk, person, by="test", now=timezone.now())
    for purpose in ("audience.administer", "marketing.email", "rights.fulfil", "preferences.manage"):
        with processing(workspace.pk, purpose, by="test", act="look"):
            assert not Person.objects.filter(pk=person).exists()
            assert not Identity.objects.filter(person_id=person).exists()


def test_nobody_else_is_touched(workspace):
    ann, bo = make.person(workspace), make.person(workspace)
    fill(workspace, ann)
    fill(workspace, bo, first=3000)
    before = remains(bo)
    erased(workspace, ann)
    assert remains(bo) == before


def test_erasing_twice_finds_nobody(workspace):
    person = make.person(workspace)
    assert erased(workspace, person) is not None
    assert erased(workspace, person) is None
    assert erase(workspace.pk, uuid4(), by="test", now=timezone.now()) is None


def test_nobody_is_erased_from_another_workspace(workspace):
    person = make.person(workspace)
    other = make.workspace()
    assert erase(other.pk, person, by="test", now=timezone.now()) is None
    assert remains(person) == {"people_person": 1, "people_identity": 1}


@pytest.mark.clause("B4", "E1")
def test_an_import_does_not_bring_the_person_back(workspace):
    person = make.person(workspace, email=ADDRESS)
    erased(workspace, person)
    with (
        pytest.raises(Erased),
        processing(workspace.pk, "audience.import", by="test", act="import") as activity,
    ):
        add_person(activity, email="  ANN.Berg@Example.org ")
    with processing(workspace.pk, "audience.administer", by="test", act="look"):
        assert Person.objects.count() == 0


def test_an_open_request_is_the_one_that_is_answered(workspace):
    person = make.person(workspace)
    made = receive(workspace.pk, person, "erasure", received_at=timezone.now(), by="user:1")
    assert erased(workspace, person).pk == made.pk
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        assert Request.objects.filter(person_id=person, state="fulfilled").count() == 1


@pytest.mark.clause("G1")
def test_the_ledger_holds_after_an_erasure(workspace):
    person = make.person(workspace)
    make.choice(workspace, person)
    seal.seal(env().keys, now=timezone.now())
    erased(workspace, person)
    seal.seal(env().keys, now=timezone.now())
    assert seal.verify(env().keys) == []
    done = Activity.objects.get(act="person.erase")
    assert done.counts["delete_people_person"] == 1 and done.subject_id == person


def test_a_queued_mail_is_gone(workspace):
    person = make.person(workspace)
    with processing(workspace.pk, "marketing.email", by="test", act="prepare"):
        Message.objects.bulk_create(
            [Message(workspace_id=workspace.pk, person_id=person, campaign_id=1, purpose="marketing.email")]
        )
    erased(workspace, person)
    assert remains(person) == {"rights_request": 1}


@pytest.mark.clause("C9")
def test_the_edge_sees_nobody_to_record(workspace):
    """The edge asks for the person under `measurement.email` before it writes; there is none."""
    person = make.person(workspace, region=Region.US)

    def seen() -> int:
        with psycopg.connect(env().edge_dsn) as edge:
            edge.execute(f"SET LOCAL tillit.workspace = '{workspace.pk}'")
            edge.execute("SET LOCAL tillit.purpose = 'measurement.email'")
            return edge.execute("SELECT count(*) FROM people_person WHERE id = %s", [person]).fetchone()[0]

    assert seen() == 1
    erased(workspace, person)
    assert seen() == 0


def test_what_came_in_beside_an_erasure_is_erased_the_next_day(workspace):
    """A transaction that began before the erasure may leave a row after it; the same call re-applies it to a backup."""
    person = make.person(workspace)
    start = timezone.now()
    erased(workspace, person)
    with superuser() as late:
        late.execute(
            "INSERT INTO delivery_message"
            " (id, workspace_id, person_id, campaign_id, purpose, template,"
            " arguments, state, attempts, measured, reply)"
            " VALUES (%s, %s, %s, 7, 'marketing.email', '', '{}', 'queued', 0, false, '')",
            [Message._meta.pk.default(), workspace.pk, person],
        )
    assert "delivery_message" in remains(person)
    assert erase_again(workspace.pk, since=start, now=timezone.now()) == 1
    assert "delivery_message" not in remains(person)


def test_erasures_at_once_are_one(workspace):
    person = make.person(workspace)
    fill(workspace, person)
    done: list[Request | None] = []

    def run() -> None:
        done.append(erased(workspace, person))
        connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([request for request in done if request]) == 1
    assert set(remains(person)) == {"consent_choice", "consent_voidedchoice", "rights_request"}


def test_an_erasure_waits_for_a_choice_that_is_being_made(workspace):
    """The choice is recorded, then its person is erased: no half of either is left."""
    person = make.person(workspace)

    def choose_on() -> None:
        for _ in range(10):
            try:
                make.choice(workspace, person)
            except NobodyThere:
                break
        connection.close()

    thread = Thread(target=choose_on)
    thread.start()
    erased(workspace, person)
    thread.join()
    assert set(remains(person)) <= {"consent_choice", "consent_voidedchoice", "rights_request"}

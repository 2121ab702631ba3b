"""Any change to the ledger is found."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.conftest import superuser
from tillit.accounts.models import Workspace
from tillit.consent.actions import record_choice
from tillit.env import env
from tillit.ledger import seal
from tillit.ledger.actions import publish
from tillit.ledger.processing import processing
from tillit.people.actions import add_person

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def sealed(committed_db, policy_text: str) -> int:
    workspace = Workspace.objects.create(name="House")
    publish(workspace.pk, policy_text, by=None, now=timezone.now())
    for batch in range(3):
        for number in range(3):
            with processing(workspace.pk, "audience.administer", by="t", act="add") as activity:
                person_id = add_person(activity, email=f"p{batch}{number}@example.org")
            with processing(workspace.pk, "preferences.manage", by="t", act="choose") as activity:
                record_choice(
                    activity, [person_id], "marketing.email", "granted", method="operator", now=timezone.now()
                )
        assert seal.seal(env().keys, now=timezone.now()) >= 9
    assert seal.seal(env().keys, now=timezone.now()) == 0
    assert seal.verify(env().keys) == []
    return workspace.pk


TAMPERING = {
    "the row was changed": "UPDATE ledger_activity SET actor = 'user:9' WHERE act = 'add'",
    "the row is gone": "DELETE FROM consent_choice WHERE id = (SELECT id FROM consent_choice LIMIT 1)",
    "a seal before this one is missing": "DELETE FROM ledger_seal WHERE number = 2",
    "leaves are missing or were added": "DELETE FROM ledger_leaf WHERE seal_number = 2 AND position = 1",
    "the leaves do not give the signed root": (
        "UPDATE ledger_leaf SET hash = sha256('x') WHERE seal_number = 1 AND position = 0"
    ),
    "the signature does not fit": "UPDATE ledger_seal SET root = sha256('x') WHERE number = 3",
    "the row was added behind the ledger's back": (
        "INSERT INTO ledger_activity"
        " (id, workspace_id, purpose, act, outcome, actor, recipient, object_ref, categories, counts, at)"
        " VALUES (gen_random_uuid(), 1, 'p', 'a', 'done', 'x', '', '', '{}', '{}', now())"
    ),
}


@pytest.mark.clause("G1")
@pytest.mark.parametrize("finding", TAMPERING)
def test_tampering_is_found(sealed, finding):
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(TAMPERING[finding])
    assert finding in {found.what for found in seal.verify(env().keys)}


def test_a_cut_off_end_is_found(sealed, tmp_path):
    head = tmp_path / "head.json"
    workspace = Workspace.objects.get()
    with processing(workspace.pk, "audience.administer", by="t", act="look"):
        pass
    seal.seal(env().keys, now=timezone.now(), head=head)
    assert seal.verify(env().keys, head=head) == []
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger_activity WHERE act = 'look'")
        connection.execute("DELETE FROM ledger_leaf WHERE seal_number = 4")
        connection.execute("DELETE FROM ledger_seal WHERE number = 4")
    assert {found.what for found in seal.verify(env().keys, head=head)} == {"the end of the ledger is missing"}


def test_another_key_does_not_verify(sealed):
    from tillit.keys import Keys

    assert {found.what for found in seal.verify(Keys(b"x" * 40))} == {"the signature does not fit"}


def test_a_choice_is_sealed_by_the_hash_that_verifies_it(committed_db, policy_text: str):
    """The trigger puts the hash together by itself, whatever the choice says and leaves open."""
    workspace = Workspace.objects.create(name="House")
    publish(workspace.pk, policy_text, by=None, now=timezone.now())
    with superuser() as connection:
        connection.execute(
            "INSERT INTO consent_choice (id, workspace_id, person_id, purpose, state, method, policy_version_id,"
            " notice_digest, source_id, at, expires_at) SELECT gen_random_uuid(), %s, gen_random_uuid(), purpose,"
            " 'granted', 'import', 1, digest, source, at, at + lasts FROM"
            """ (VALUES ('a."b\\å'), ('marketing.email')) p (purpose), (VALUES (''), ('00ff')) d (digest),"""
            " (VALUES (NULL), (7)) s (source), (VALUES (NULL), (interval '1 year')) e (lasts),"
            " (VALUES ('2026-01-01T00:00:00+02'::timestamptz), ('1999-12-31T23:59:59.000001Z')) m (at)",
            [workspace.pk],
        )
        found = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE hash = tillit_ledger_hash(kind, record_id)), count(DISTINCT hash)"
            " FROM ledger_pending WHERE kind = 'choice'"
        ).fetchone()
    assert found == (32, 32, 32)

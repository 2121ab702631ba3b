"""Two million people under one policy, and under the next one with the next query; POLICY_PEOPLE takes fewer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tillit.accounts.models import Workspace
from tillit.ledger.actions import publish, settle
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force, in_force_at
from tillit.people.models import Person
from tillit.policy.regions import Region

PEOPLE = int(os.environ.get("POLICY_PEOPLE", "2000000"))
MARKETING = "marketing.email"
EEA_ONLY = ("basis: {default: consent, US: opt-out, US-CA: opt-out}", "basis: {default: none, EEA: consent}")
SOON = timedelta(seconds=3)


@pytest.fixture
def workspace(committed_db: None, policy_text: str) -> Iterator[Workspace]:
    """Every second person in the EEA with consent to marketing, the others in the US, where nobody said anything."""
    workspace = make.workspace(bare=True)
    version = publish(workspace.pk, policy_text, by=None, now=timezone.now() - timedelta(days=30))
    bit = in_force(workspace.pk).rules[MARKETING].bit
    with superuser() as owner:
        owner.execute(
            "INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)"
            " SELECT gen_random_uuid(), %s, CASE n %% 2 WHEN 0 THEN %s ELSE %s END, 1, 0,"
            " CASE n %% 2 WHEN 0 THEN 1::bigint << %s ELSE 0 END, 0, '', now() FROM generate_series(1, %s) n",
            [workspace.pk, int(Region.EEA), int(Region.US), bit, PEOPLE],
        )
        owner.execute("ANALYZE people_person")
    assert version.number == 1
    yield workspace


def reached(workspace: Workspace) -> int:
    """How many people a query under marketing shows now."""
    with processing(workspace.pk, MARKETING, by="test", act="look"):
        return Person.objects.count()


def written_at_once() -> bool:
    """Whether every person's row is still the one that was inserted: an update would leave another transaction's."""
    with superuser() as owner:
        row = owner.execute("SELECT count(*), count(DISTINCT xmin::text) FROM people_person").fetchone()
    return row == (PEOPLE, 1)


@pytest.mark.clause("J1", "J2", "C8", "D5")
def test_everybody_is_under_the_new_policy_with_the_next_query(workspace, policy_text):
    first, later = in_force(workspace.pk).effective_at, timezone.now()
    assert reached(workspace) == PEOPLE

    publish(workspace.pk, policy_text.replace(*EEA_ONLY, 1), by=None, now=later)
    assert reached(workspace) == PEOPLE // 2, "whom the new version does not permit is gone at once"

    again = timezone.now()
    publish(workspace.pk, policy_text, by=None, now=again, ask_again=[MARKETING])
    assert reached(workspace) == PEOPLE // 2, "the US is back, and consent given before counts no more"

    due = timezone.now() + SOON
    publish(workspace.pk, policy_text.replace(*EEA_ONLY, 1), by=None, now=timezone.now(), effective_at=due)
    assert reached(workspace) == PEOPLE // 2
    time.sleep(max(0.0, (due - timezone.now()).total_seconds()))
    assert reached(workspace) == 0, "the scheduled version binds at its moment"
    settle(now=timezone.now())
    assert reached(workspace) == 0 and written_at_once()

    assert in_force_at(workspace.pk, first - timedelta(seconds=1)) is None
    moments: list[datetime] = [first, later, again, due]
    for number, moment in enumerate(moments, start=1):
        assert in_force_at(workspace.pk, moment).number == number
        assert number == 1 or in_force_at(workspace.pk, moment - timedelta(microseconds=1)).number == number - 1

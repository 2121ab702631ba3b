"""What segments find of campaigns: whom they were sent to, who opened or clicked, how often and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tillit.campaigns.models import Campaign
from tillit.delivery.ids import id_range, message_id
from tillit.delivery.models import Event, Message
from tillit.ledger.processing import processing
from tillit.people.segments.compile import compile_segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import parse, write

pytestmark = pytest.mark.django_db
ADMINISTER, MEASURE, OPERATE = "audience.administer", "measurement.email", "delivery.operate"
NOW = timezone.now()


def happened(
    campaign: Campaign, person: UUID, kind: str, *, days_ago: int = 0, times: int = 1, machine: str = ""
) -> None:
    at = NOW - timedelta(days=days_ago)
    with processing(campaign.workspace_id, MEASURE, by="edge", act="hit"):
        for _ in range(times):
            Event.objects.create(
                id=UUID(int=id_range(at)[0].int + uuid4().int % 2**60),
                workspace_id=campaign.workspace_id,
                person_id=person,
                campaign_id=campaign.pk,
                kind=kind,
                at=at,
                machine=machine,
            )


def sent(campaign: Campaign, person: UUID, *, state: str = "sent") -> None:
    assert isinstance(campaign.prepared_at, datetime)
    with processing(campaign.workspace_id, OPERATE, by="test", act="test.send"):
        Message.objects.create(
            id=message_id(campaign.prepared_at, campaign.pk, person),
            workspace_id=campaign.workspace_id,
            person_id=person,
            campaign_id=campaign.pk,
            purpose="marketing.email",
            state=state,
        )


@pytest.fixture
def spring(workspace) -> Campaign:
    return make.campaign(workspace, name="Spring", prepared_at=NOW - timedelta(days=100))


@pytest.fixture
def autumn(workspace) -> Campaign:
    return make.campaign(workspace, name="Autumn", prepared_at=NOW - timedelta(days=2))


def test_campaigns_are_asked_about(workspace, spring, autumn):
    make.campaign(workspace, name="A draft")
    ann, bob, cho, dan = people = [make.reader(workspace, may=[MEASURE]) for _ in range(4)]
    for person in (ann, bob, cho):
        sent(spring, person)
    sent(autumn, ann)
    sent(autumn, dan, state="failed")
    happened(spring, ann, "open", days_ago=99, times=3)
    happened(autumn, ann, "open", days_ago=1)
    happened(spring, bob, "open", days_ago=99)
    happened(spring, bob, "click", days_ago=99)
    happened(autumn, cho, "open", machine="prefetch")

    def found(text: str) -> list[UUID]:
        words = vocabulary(workspace.pk)
        tree = parse(text, words)
        assert write(tree, words) == text
        query = compile_segment(tree, words, now=NOW)
        with processing(workspace.pk, ADMINISTER, by="test", act="test.find"), connection.cursor() as cursor:
            cursor.execute(query.sql, query.parameters)
            ids = {row[0] for row in cursor.fetchall()}
        return [person for person in people if person in ids]

    assert found("sent") == [ann, bob, cho]
    assert found('sent "Autumn"') == [ann]
    assert found("sent within 30 days") == [ann]
    assert found("sent at least 2 times") == [ann]
    assert found("not sent") == [dan]
    assert found("opened") == [ann, bob]
    assert found("opened at least 3 times") == [ann]
    assert found("opened within 90 days") == [ann]
    assert found('opened "Spring"') == [ann, bob]
    assert found('opened "Spring" at least 2 times') == [ann]
    assert found(f"opened before {(NOW - timedelta(days=50)).date()}") == [ann, bob]
    assert found("clicked") == [bob]
    assert found('sent "Spring" and not opened "Spring"') == [cho]
    assert found("opened within 90 days or clicked") == [ann, bob]


@pytest.mark.clause("C9", "E9")
@pytest.mark.parametrize("decision", ["objected", "withdrawn", "refused"])
def test_what_somebody_did_before_they_said_no_counts_no_more(workspace, autumn, decision):
    ann, bob = [make.reader(workspace, may=[MEASURE]) for _ in range(2)]
    never = make.reader(workspace)
    for person in (ann, bob, never):
        sent(autumn, person)
        happened(autumn, person, "open", days_ago=1)
        happened(autumn, person, "click", days_ago=1)

    def found(text: str) -> set[UUID]:
        words = vocabulary(workspace.pk)
        query = compile_segment(parse(text, words), words, now=NOW)
        with processing(workspace.pk, ADMINISTER, by="test", act="test.find"), connection.cursor() as cursor:
            cursor.execute(query.sql, query.parameters)
            return {row[0] for row in cursor.fetchall()}

    assert found("opened") == found('clicked "Autumn"') == {ann, bob}
    make.choice(workspace, ann, MEASURE, decision)
    assert found("opened") == found('clicked "Autumn"') == {bob}
    assert found("not opened") == {ann, never}
    make.choice(workspace, ann, MEASURE, "granted")
    assert found("opened") == {ann, bob}


def test_a_draft_cannot_be_asked_about_and_namesakes_are_told_apart(workspace, spring):
    make.campaign(workspace, name="A draft")
    twin = make.campaign(workspace, name="Spring", prepared_at=NOW)
    words = vocabulary(workspace.pk)
    assert set(words.objects["campaign"].values()) == {"Spring"}
    text = f'opened "Spring" #{twin.pk}'
    assert write(parse(text, words), words) == text
    assert parse(text, words).object == twin.pk

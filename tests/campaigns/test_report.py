"""A report counts what happened; what people who object did is not in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tillit.campaigns import actions
from tillit.campaigns.report import Interactions, export_rows, read_deliveries, recent, report, series
from tillit.consent.actions import record_choice
from tillit.delivery.models import Event
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.actions import set_subscription

pytestmark = pytest.mark.django_db
MARKETING, MEASURE, OPERATE = "marketing.email", "measurement.email", "delivery.operate"


@pytest.fixture
def readers(workspace, news):
    return [make.reader(workspace, on=[news], may=[MARKETING, MEASURE]) for _ in range(5)]


@pytest.fixture
def campaign(workspace, news, readers):
    made = make.campaign(workspace, lists=[news], body="[a](https://example.com/a) [b](https://example.com/b)")
    actions.send(made, by="user:1", now=timezone.now() - timedelta(hours=3))
    actions.prepare(made.pk)
    made.refresh_from_db()
    return made


def become(campaign, person, state, *, code=None, reply="", measured=True):
    with (
        processing(campaign.workspace_id, OPERATE, by="t", act="settle"),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE delivery_message SET state = %s, reply_code = %s, reply = %s, measured = %s WHERE person_id = %s",
            [state, code, reply, measured, person],
        )


def event(campaign, person, kind, *, link=None, machine="", hours=0, client="Thunderbird"):
    with processing(campaign.workspace_id, MEASURE, by="edge", act="hit"):
        Event.objects.bulk_create(
            [
                Event(
                    workspace_id=campaign.workspace_id,
                    person_id=person,
                    campaign_id=campaign.pk,
                    kind=kind,
                    link=link,
                    at=campaign.prepared_at + timedelta(hours=hours),
                    machine=machine,
                    client=client,
                )
            ]
        )


@pytest.mark.clause("C9", "B1")
def test_deliveries_are_counted_with_the_relays_answers(campaign, readers):
    ann, bob, cho, dan, eve = readers
    become(campaign, ann, "sent", code=250)
    become(campaign, bob, "sent", code=250, measured=False)
    become(campaign, cho, "failed", code=550, reply="5.1.1 <cho@example.org> no such user")
    become(campaign, dan, "withheld", reply="refused")
    become(campaign, eve, "unknown")
    found = read_deliveries(campaign, by="user:1")
    assert (found.total, found.sent, found.measured) == (5, 2, 1)
    assert [(a.state, a.code, a.enhanced, a.number) for a in found.answers if a.state == "failed"] == [
        ("failed", 550, "5.1.1", 1)
    ]
    assert found.withheld == {"refused": 1} and found.states["unknown"] == 1


@pytest.mark.clause("C9")
def test_opens_and_clicks_are_told_apart_by_people_machines_and_links(campaign, readers):
    ann, bob, *_ = readers
    for person in readers:
        become(campaign, person, "sent")
    event(campaign, ann, "open")
    event(campaign, ann, "open", hours=1)
    event(campaign, bob, "open", hours=1, client="Apple Mail")
    event(campaign, bob, "open", machine="prefetch")
    event(campaign, ann, "click", link=1, hours=2)
    event(campaign, ann, "click", link=1, hours=2)
    event(campaign, bob, "click", link=0, machine="scanner")
    found = report(campaign, by="user:1")
    seen = found.interactions
    assert (seen.opens.total, seen.opens.people, seen.machine_opens.total) == (3, 2, 1)
    assert (seen.clicks.total, seen.clicks.people, seen.machine_clicks.people) == (2, 1, 1)
    assert [(link.address, link.by_people.total, link.by_machines.total) for link in seen.links] == [
        ("https://example.com/a", 0, 1),
        ("https://example.com/b", 2, 0),
    ]
    assert list(seen.hours.values()) == [(1, 0), (2, 0), (0, 2)]
    assert sorted(seen.clients) == [("Apple Mail", 1), ("Thunderbird", 1)]
    assert (found.open_rate, found.click_rate) == (40.0, 20.0)


@pytest.mark.clause("C9", "D3")
def test_who_objects_to_measurement_leaves_the_report(campaign, readers):
    ann, bob, *_ = readers
    event(campaign, ann, "open")
    event(campaign, bob, "open")
    assert report(campaign, by="user:1").interactions.opens.people == 2
    with processing(campaign.workspace_id, "preferences.manage", by="t", act="object") as activity:
        record_choice(activity, [ann], MEASURE, "objected", method="preferences", now=timezone.now())
    assert report(campaign, by="user:1").interactions.opens.people == 1


@pytest.mark.clause("E5")
def test_those_who_left_since_are_counted(campaign, readers, news):
    for person in readers:
        become(campaign, person, "sent")
    with processing(campaign.workspace_id, "preferences.manage", by="t", act="leave") as activity:
        set_subscription(activity, readers[:2], news, "unsubscribed", now=timezone.now())
    assert read_deliveries(campaign, by="user:1").left == 2


@pytest.mark.clause("C8")
def test_a_report_is_read_in_two_contexts_and_few_queries(campaign, django_assert_max_num_queries):
    report(campaign, by="user:1")
    with django_assert_max_num_queries(30):
        report(campaign, by="user:1")
    purposes = set(Activity.objects.filter(act="campaign.report").values_list("purpose", flat=True))
    assert purposes == {OPERATE, MEASURE}


def test_a_report_that_is_slow_to_read_is_kept_for_a_minute(campaign, monkeypatch):
    monkeypatch.setattr("tillit.campaigns.report.SLOW_S", -1)
    first = recent(campaign, by="user:1")
    looks = Activity.objects.filter(act="campaign.report").count()
    assert recent(campaign, by="user:1") == first
    assert Activity.objects.filter(act="campaign.report").count() == looks
    actions.pause(campaign)  # whatever changes the campaign makes the report anew
    recent(campaign, by="user:1")
    assert Activity.objects.filter(act="campaign.report").count() == looks + 2


def test_a_draft_has_an_empty_report(workspace):
    found = report(make.campaign(workspace), by="user:1")
    assert found.deliveries.total == 0 and found.open_rate == 0.0


def test_the_chart_goes_by_hours_then_by_days():
    since = make.NOON
    early = Interactions(hours={since: (1, 0), since + timedelta(hours=3): (2, 1)})
    by_hours = series(early, since=since, now=since + timedelta(hours=5))
    assert [(opens, clicks) for _, opens, clicks in by_hours] == [(1, 0), (0, 0), (0, 0), (2, 1), (0, 0), (0, 0)]
    late = Interactions(hours={since: (1, 0), since + timedelta(days=4): (2, 1)})
    by_days = series(late, since=since, now=since + timedelta(days=4, hours=2))
    assert [(opens, clicks) for _, opens, clicks in by_days] == [(1, 0), (0, 0), (0, 0), (0, 0), (2, 1)]
    assert series(Interactions(), since=since, now=since) == []


def test_the_export_holds_totals_and_every_link(campaign, readers):
    become(campaign, readers[0], "sent")
    event(campaign, readers[0], "click", link=1)
    exported = list(export_rows(report(campaign, by="user:1")))
    assert ["messages", "sent", 1, ""] in exported
    assert ["link", "https://example.com/b", 1, 1] in exported
    assert ["unsubscribed", "", "", 0] in exported

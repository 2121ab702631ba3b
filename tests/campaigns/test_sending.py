"""Real sender processes against a real sink: killed, side by side, and while people object."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tests.delivery.mailing import sink
from tests.environment import ROOT
from tillit.campaigns import actions
from tillit.campaigns.models import Campaign
from tillit.consent.actions import record_choice
from tillit.delivery.sink import Faults
from tillit.ledger.processing import processing
from tillit.people.actions import add_person, set_subscription
from tillit.people.models import MailingList

pytestmark = pytest.mark.usefixtures("committed_db")
MARKETING, OPERATE = "marketing.email", "delivery.operate"
Received = list[tuple[str, str, bytes]]


def campaign_to(number: int) -> Campaign:
    """A campaign that is being sent to so many people."""
    workspace = make.workspace(postal_address="Drottninggatan 1\n111 51 Stockholm")
    news = make.mailing_list(workspace, name="News")
    with processing(workspace.pk, "audience.administer", by="test", act="add") as activity:
        people = [add_person(activity, email=f"reader{n}@example.org") for n in range(number)]
        set_subscription(activity, people, news, "subscribed", now=timezone.now())
    choose(workspace.pk, people, "granted")
    campaign = make.campaign(workspace, lists=[news])
    actions.send(campaign, by="user:1", now=timezone.now())
    assert actions.prepare(campaign.pk) == number
    return campaign


def choose(workspace_id: int, people: list[UUID], state: str, purpose: str = MARKETING) -> None:
    with processing(workspace_id, "preferences.manage", by="test", act="choose") as activity:
        record_choice(activity, people, purpose, state, method="operator", now=timezone.now())


def sender(port: int, *, once: bool = True, **settings: object) -> subprocess.Popen[bytes]:
    """Start `tillit sender` as an operator would."""
    values = {"smtp_url": f"smtp://127.0.0.1:{port}", "sender_lease_s": 2, "sender_batch": 40, **settings}
    environment = {**os.environ, **{f"TILLIT_{name.upper()}": str(value) for name, value in values.items()}}
    command = [sys.executable, "-m", "tillit", "sender", *(["--once"] if once else [])]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def wait_until(reached: Callable[[], bool], *, within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.005)


def states(campaign: Campaign) -> dict[str, str]:
    """What became of each address, `withheld` with its reason."""
    with (
        processing(campaign.workspace_id, OPERATE, by="test", act="look"),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT i.value, CASE m.state WHEN 'withheld' THEN 'withheld: ' || m.reply ELSE m.state END"
            " FROM delivery_message m JOIN people_identity i ON i.person_id = m.person_id WHERE m.campaign_id = %s",
            [campaign.pk],
        )
        return dict(cursor.fetchall())


@pytest.mark.clause("C16")
def test_a_sender_that_is_killed_sends_nobody_twice_and_loses_nobody():
    campaign = campaign_to(400)
    received: Received = []
    with sink(Faults(delay_s=0.004), received) as served:
        first = sender(served.port, smtp_connections=2)
        wait_until(lambda: len(received) >= 90)
        first.send_signal(signal.SIGKILL)
        first.wait()
        before = len(received)
        assert before < 400
        assert sender(served.port).wait(60) == 0
    got = Counter(to for _, to, _ in received)
    assert max(got.values()) == 1
    became = states(campaign)
    assert len(became) == 400 and set(became.values()) <= {"sent", "unknown"}
    assert {to for to, state in became.items() if state == "sent"} <= set(got)
    in_doubt = Counter(became.values())["unknown"]
    assert 0 < in_doubt <= 2 * 40  # the batches under way, and no more
    campaign.refresh_from_db()
    assert campaign.state == "done"
    assert len(received) > before


def test_senders_side_by_side_send_each_mail_once():
    campaign = campaign_to(600)
    received: Received = []
    with sink(received=received) as served:
        senders = [sender(served.port, sender_batch=25) for _ in range(3)]
        assert [each.wait(60) for each in senders] == [0, 0, 0]
    assert Counter(to for _, to, _ in received) == Counter(f"reader{n}@example.org" for n in range(600))
    assert Counter(states(campaign).values()) == {"sent": 600}
    campaign.refresh_from_db()
    assert campaign.state == "done"


@pytest.mark.clause("E5", "E9", "E13")
def test_an_objection_holds_in_a_running_campaign():
    campaign = campaign_to(300)
    received: Received = []
    with sink(Faults(delay_s=0.01), received) as served:
        running = sender(served.port, smtp_connections=1, sender_batch=20)
        wait_until(lambda: len(received) >= 30)
        waiting = [address for address, state in states(campaign).items() if state == "queued"][-60:]
        choose(campaign.workspace_id, people(campaign, waiting[:30]), "objected")
        leave(campaign, people(campaign, waiting[30:]))
        still = {address for address, state in states(campaign).items() if state == "queued"}
        assert running.wait(60) == 0
    objected, left = set(waiting[:30]) & still, set(waiting[30:]) & still
    assert objected and left
    assert not (objected | left) & {to for _, to, _ in received}
    became = states(campaign)
    assert {became[address] for address in objected} == {"withheld: refused"}
    assert {became[address] for address in left} == {"withheld: unsubscribed"}
    assert set(became.values()) == {"sent", "withheld: refused", "withheld: unsubscribed"}


@pytest.mark.clause("C9")
def test_people_who_object_to_measurement_get_plain_mail():
    campaign = campaign_to(4)
    everyone = people(campaign, [f"reader{n}@example.org" for n in range(4)])
    choose(campaign.workspace_id, everyone[:2], "granted", "measurement.email")
    received: Received = []
    with sink(received=received) as served:
        assert sender(served.port, url="https://mail.example.com").wait(60) == 0
    html = {
        to: message_from_bytes(raw, policy=policy.default).get_body(("html",)).get_content() for _, to, raw in received
    }
    for address, body in html.items():
        tracked = address in {"reader0@example.org", "reader1@example.org"}
        assert ("/e/c/" in body) is tracked and ("/e/o/" in body) is tracked
        assert ("https://example.com/news" in body) is not tracked
        assert "https://mail.example.com/u/" in body


def test_pausing_takes_effect_at_the_next_batch():
    campaign = campaign_to(200)
    received: Received = []
    with sink(Faults(delay_s=0.01), received) as served:
        running = sender(served.port, smtp_connections=1, sender_batch=20)
        wait_until(lambda: len(received) >= 25)
        actions.pause(campaign)
        assert running.wait(60) == 0
        assert len(received) < 120
        assert Counter(states(campaign).values()) == {"sent": len(received), "queued": 200 - len(received)}
        actions.resume(campaign)
        assert sender(served.port).wait(60) == 0
    assert Counter(to for _, to, _ in received) == Counter(f"reader{n}@example.org" for n in range(200))


def people(campaign: Campaign, addresses: list[str]) -> list[UUID]:
    with (
        processing(campaign.workspace_id, "audience.administer", by="test", act="look"),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT person_id FROM people_identity WHERE value = ANY (%s) ORDER BY value", [addresses])
        return [row[0] for row in cursor.fetchall()]


def leave(campaign: Campaign, who: list[UUID]) -> None:
    (news,) = MailingList.objects.filter(campaigns=campaign)
    with processing(campaign.workspace_id, "preferences.manage", by="test", act="leave") as activity:
        set_subscription(activity, who, news, "unsubscribed", now=timezone.now())

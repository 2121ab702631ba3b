"""The sender against a real sink: everybody once, outcomes as they were, and no loss when things go wrong."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter

import pytest
from django.db import connection

from tests.conftest import superuser
from tests.delivery.mailing import Mailing, sink
from tillit.delivery import streams
from tillit.delivery.models import Batch, Sender
from tillit.delivery.sender import RelayGone, run
from tillit.delivery.sink import DROP, Faults
from tillit.env import env

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def mailing(monkeypatch) -> Mailing:
    made = Mailing()
    monkeypatch.setattr(streams, "_sources", [lambda: [] if made.finished else [made.stream()]])
    monkeypatch.setattr(streams, "_discover", lambda: None)
    return made


def send(settings_of, *, faults: Faults | None = None, **more: object) -> list[tuple[str, str, bytes]]:
    received: list[tuple[str, str, bytes]] = []
    with sink(faults, received) as served:
        settings_of(smtp_url=f"smtp://127.0.0.1:{served.port}", **more)
        run(once=True)
    return received


def test_everybody_gets_one_mail(mailing, settings_of):
    mailing.people(230)
    assert mailing.prepare() == 230
    received = send(settings_of, sender_batch=50)
    assert len({recipient for _, recipient, _ in received}) == len(received) == 230
    assert mailing.states() == {"sent": 230}
    assert mailing.finished == [mailing.campaign_id]
    assert sum(batch.counts["sent"] for batch in Batch.objects.all()) == 230
    assert not Batch.objects.filter(finished_at__isnull=True).exists()
    assert not Sender.objects.exists()


def test_the_mail_is_the_persons_own(mailing, settings_of):
    mailing.people(3)
    mailing.prepare()
    messages = {recipient: message for _, recipient, message in send(settings_of)}
    assert b"Subject: Hello Name2" in messages["example2@example.org"]


@pytest.mark.clause("E5")
def test_what_the_policy_no_longer_permits_is_withheld_and_the_campaign_ends(mailing, settings_of):
    ann, *_ = mailing.people(5)
    mailing.prepare()
    mailing.choose([ann], "objected")
    received = send(settings_of)
    assert len(received) == 4 and "example0@example.org" not in {to for _, to, _ in received}
    assert mailing.states() == {"sent": 4, "withheld: refused": 1}
    assert mailing.finished and mailing.withheld == [1]


@pytest.mark.clause("E8")
def test_refusals_and_deferrals_are_kept_with_the_relays_words(mailing, settings_of):
    people = mailing.people(4)
    mailing.prepare()
    faults = Faults(
        recipients={"example1@example.org": b"550 5.1.1 no such user", "example2@example.org": b"451 4.7.1 later"}
    )
    assert len(send(settings_of, faults=faults)) == 2
    assert mailing.states() == {"sent": 2, "failed": 1, "deferred": 1}
    assert mailing.flags(people[1]) == 2
    assert not mailing.finished  # a deferred message is still due


def test_a_mail_whose_answer_is_lost_is_in_doubt_and_not_sent_again(mailing, settings_of):
    mailing.people(1)
    mailing.prepare()
    faults = Faults(answer=lambda line: DROP if line == b"." else None)
    send(settings_of, faults=faults)
    assert mailing.states() == {"unknown": 1}
    assert send(settings_of) == []


def test_a_relay_that_cannot_be_reached_costs_nothing(mailing, settings_of, unused_tcp_socket, monkeypatch):
    mailing.people(3)
    mailing.prepare()
    port = unused_tcp_socket.getsockname()[1]
    unused_tcp_socket.close()
    settings_of(smtp_url=f"smtp://127.0.0.1:{port}")
    monkeypatch.setattr("tillit.delivery.pool.Backoff.pause_s", lambda self, failures, rng: 0.01)
    with pytest.raises(RelayGone, match="takes no mail"):
        run(once=True)
    assert mailing.states() == {"queued": 3}
    assert len(send(settings_of)) == 3


def test_a_paused_stream_gives_its_claimed_batch_back(mailing, settings_of, monkeypatch):
    mailing.people(3)
    mailing.prepare()
    mailing.active = False
    calls = iter([[mailing.stream()], [mailing.stream()]])
    monkeypatch.setattr(streams, "_sources", [lambda: next(calls, [])])
    assert send(settings_of) == []
    assert mailing.states() == {"queued": 3}


def test_a_termination_finishes_what_is_under_way(mailing, settings_of):
    mailing.people(120)
    mailing.prepare()
    received: list[tuple[str, str, bytes]] = []
    with sink(Faults(delay_s=0.02), received) as served:
        settings_of(smtp_url=f"smtp://127.0.0.1:{served.port}", smtp_connections=1, sender_batch=20)

        def stop() -> None:
            while len(received) < 25:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=stop, daemon=True).start()
        run()
    states = Counter(mailing.states())
    assert states["sent"] == len(received) < 120
    assert states["sent"] + states["queued"] == 120
    assert len(send(settings_of)) == 120 - states["sent"]


def test_a_database_that_drops_its_connections_costs_nobody_a_mail(mailing, settings_of):
    mailing.people(160)
    mailing.prepare()
    received: list[tuple[str, str, bytes]] = []
    with sink(Faults(delay_s=0.01), received) as served:
        settings_of(smtp_url=f"smtp://127.0.0.1:{served.port}", smtp_connections=2, sender_batch=20, sender_lease_s=2)

        def cut() -> None:
            for number in (20, 60):
                while len(received) < number:
                    time.sleep(0.005)
                with superuser() as database:
                    database.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tillit_app'"
                    )

        threading.Thread(target=cut, daemon=True).start()
        run(once=True)
    connection.close()  # the test's own was cut, too
    assert len({recipient for _, recipient, _ in received}) == len(received) == 160
    assert mailing.states() == {"sent": 160}
    assert sum(batch.counts.get("sent", 0) for batch in Batch.objects.all()) == 160


def test_the_pace_is_kept(mailing, settings_of):
    mailing.people(30)
    mailing.prepare()
    began = time.monotonic()
    assert len(send(settings_of, smtp_per_second=20)) == 30
    assert 0.9 < time.monotonic() - began < 4


def test_without_a_relay_mail_is_caught(mailing, settings_of, tmp_path):
    mailing.people(2)
    mailing.prepare()
    settings_of(smtp_url="", mail_domain="localhost")
    import mailbox

    folder = env().data / "caught"
    before = len(mailbox.Maildir(folder))
    run(once=True)
    assert len(mailbox.Maildir(folder)) == before + 2
    assert mailing.states() == {"sent": 2}

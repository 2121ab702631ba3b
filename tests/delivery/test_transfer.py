"""The relay is a recipient as any other: mail waits while the policy lets nothing go there."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import make
from tests.delivery.mailing import MARKETING, Mailing
from tillit.delivery import streams
from tillit.delivery.queue import Queue
from tillit.delivery.writing import Envelope
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity

pytestmark = pytest.mark.django_db
ENVELOPE = Envelope(domain="mail.example.com")
LAPSED = ("valid_from: 2023-07-10", "valid_from: 2023-07-10\n    expires: 2024-01-01")
NO_FALLBACK = ("    fallback: scc\n", "")


@pytest.fixture
def mailing(monkeypatch: pytest.MonkeyPatch) -> Mailing:
    made = Mailing()
    made.people(3)
    assert made.prepare() == 3
    monkeypatch.setattr(streams, "_sources", [lambda: [made.stream()]])
    monkeypatch.setattr(streams, "_discover", lambda: None)
    return made


def without_safeguard(mailing: Mailing) -> None:
    text = make.POLICY.read_text()
    for old, new in (LAPSED, NO_FALLBACK):
        assert old in text
        text = text.replace(old, new, 1)
    publish(mailing.workspace.pk, text, by=None, now=timezone.now())


@pytest.mark.clause("F1", "H1")
def test_every_batch_is_a_recorded_disclosure_to_the_relay(mailing):
    load = Queue("test", ENVELOPE, lease_s=60, recipient="mail-relay").next(100)
    assert len(load.ids) == 3
    told = Activity.objects.get(act="message.claim")
    assert (told.recipient, told.purpose) == ("mail-relay", MARKETING)
    assert told.categories == ["contact", "correspondence"]


@pytest.mark.clause("H1", "H2")
def test_mail_waits_when_the_safeguard_has_ended_and_goes_on_when_another_holds(mailing):
    without_safeguard(mailing)
    queue = Queue("test", ENVELOPE, lease_s=60, recipient="mail-relay")
    assert queue.next(100) is None and queue.next(100) is None
    refused = Activity.objects.filter(act="message.claim", outcome="refused")
    assert refused.count() == 1, "one look, then a pause: the ledger is not filled with refusals"
    assert mailing.states() == {"queued": 3} and mailing.finished == []

    publish(mailing.workspace.pk, make.POLICY.read_text(), by=None, now=timezone.now())
    assert len(Queue("test", ENVELOPE, lease_s=60, recipient="mail-relay").next(100).ids) == 3


def test_a_relay_that_the_policy_does_not_name_is_not_asked_for(mailing):
    without_safeguard(mailing)
    assert len(Queue("test", ENVELOPE, lease_s=60).next(100).ids) == 3

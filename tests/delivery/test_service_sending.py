"""Service messages leave first, whatever campaigns wait; in doubt they are sent again as the same mail."""

from __future__ import annotations

from email import message_from_bytes, policy
from uuid import UUID

import dkim
import pytest

from tests.delivery.mailing import Mailing, sink
from tests.delivery.test_sender import send
from tillit.delivery import service, streams
from tillit.delivery.dkim import generate
from tillit.delivery.models import Message, Waiting
from tillit.delivery.sender import run
from tillit.delivery.service import Parts, ServiceMail, queue, register
from tillit.delivery.sink import DROP, Faults
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing

pytestmark = pytest.mark.usefixtures("committed_db")
CONFIRM = "people.confirm"


def hello(mail: ServiceMail) -> Parts:
    name = mail.names.get("first_name", "you")
    return Parts(f"Hello {name}", f"<p>Is it {name}?</p>", f"Is it {name}? List {mail.arguments.get('list')}.")


def broken(mail: ServiceMail) -> Parts:
    raise RuntimeError("a bug")


@pytest.fixture
def mailing(monkeypatch) -> Mailing:
    monkeypatch.setattr(service, "_composers", {})
    monkeypatch.setattr(streams, "_sources", [])
    for module in (service, streams):
        monkeypatch.setattr(module, "_discover", lambda: None)
    register("test.hello", hello)
    register("test.broken", broken)
    return Mailing()


def ask(mailing: Mailing, person: UUID, template: str = "test.hello", purpose: str = CONFIRM) -> UUID:
    with processing(mailing.workspace.pk, purpose, by="test", act="consent.ask") as activity:
        return queue(activity, person, template=template, arguments={"list": 3})


@pytest.mark.clause("C16")
def test_a_service_message_is_sent(mailing, settings_of):
    _, ann = mailing.people(2, consent=False)
    message_id = ask(mailing, ann)
    ((sender, recipient, raw),) = send(settings_of, mail_domain="mail.example.com")
    mail = message_from_bytes(raw, policy=policy.default)
    assert (recipient, sender) == ("example1@example.org", f"bounce+{message_id.hex}@mail.example.com")
    assert mail["Subject"] == "Hello Name1"
    assert mail["To"] == "Name1 Smith <example1@example.org>"
    assert mail["Message-ID"] == f"<{message_id}@mail.example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"].addresses[0].display_name == mailing.workspace.name
    assert "List 3." in mail.get_body(("plain",)).get_content()
    assert mailing.states() == {"sent": 1}
    assert not Waiting.objects.exists()


def test_with_a_key_every_mail_is_signed(mailing, settings_of, tmp_path):
    pair = generate()
    (tmp_path / "key.pem").write_bytes(pair.private_pem)
    _, ann = mailing.people(2, consent=False)
    ask(mailing, ann)
    ((_, _, raw),) = send(settings_of, mail_domain="mail.example.com", dkim_key_file=tmp_path / "key.pem")
    named = b"tillit._domainkey.mail.example.com."
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: pair.record.encode() if name == named else b"")


@pytest.mark.clause("E10")
def test_an_objection_to_marketing_does_not_stop_a_service_message(mailing, settings_of):
    (ann,) = mailing.people(1)
    mailing.choose([ann], "objected")
    ask(mailing, ann, purpose="service.message")
    ((_, _, raw),) = send(settings_of)
    assert b"List-Unsubscribe" not in raw


def test_service_messages_leave_before_a_campaign(mailing, settings_of, monkeypatch):
    people = mailing.people(40)
    mailing.prepare()
    ask(mailing, people[0])
    monkeypatch.setattr(streams, "_sources", [lambda: [] if mailing.finished else [mailing.stream()]])
    received = send(settings_of, smtp_connections=1)
    assert len(received) == 41
    assert b"Is it you" in received[0][2]


def test_in_doubt_it_is_sent_again_as_the_same_mail(mailing, settings_of):
    _, ann = mailing.people(2, consent=False)
    ask(mailing, ann)
    assert send(settings_of, faults=Faults(answer=lambda line: DROP if line == b"." else None)) == []
    assert mailing.states() == {"deferred": 1}
    assert Waiting.objects.get().batch_id is None
    Waiting.objects.update(not_before=None)
    ((_, _, raw),) = send(settings_of)
    assert mailing.states() == {"sent": 1}
    with processing(mailing.workspace.pk, CONFIRM, by="test", act="look"):
        assert str(Message.objects.get().id) in str(message_from_bytes(raw)["Message-ID"])


@pytest.mark.clause("E2")
def test_what_may_not_be_sent_is_withheld(mailing, settings_of):
    ann, bob = mailing.people(2, consent=False)
    with processing(mailing.workspace.pk, "delivery.operate", by="test", act="mark"):
        from tillit.people.models import Person

        Person.objects.filter(id=ann).update(flags=Person.RESTRICTED)
    ask(mailing, ann, purpose="service.message")
    ask(mailing, bob, purpose="service.message")
    assert len(send(settings_of)) == 1
    assert mailing.states() == {"sent": 1, "withheld: restricted": 1}
    assert not Waiting.objects.exists()


def test_a_template_that_breaks_fails_alone(mailing, settings_of):
    _, ann = mailing.people(2, consent=False)
    ask(mailing, ann, template="test.broken")
    ask(mailing, ann)
    assert len(send(settings_of)) == 1
    assert mailing.states() == {"sent": 1, "failed": 1}


def test_idle_a_sender_records_nothing(mailing, settings_of):
    with sink() as served:
        settings_of(smtp_url=f"smtp://127.0.0.1:{served.port}")
        before = Activity.objects.count()
        run(once=True)
        assert Activity.objects.count() == before
        assert served.connections == 0

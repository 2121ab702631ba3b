"""A preview shows what the purpose shows; a test mail goes to users only and acts on nobody."""

from __future__ import annotations

import mailbox
from email import message_from_bytes, policy
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from tests import make
from tests.delivery.mailing import sink
from tillit.campaigns.preview import NotOurs, preview, send_test
from tillit.delivery.wire import Status
from tillit.edge.tokens import Kind, Tokens
from tillit.env import env
from tillit.ledger.models import Activity

pytestmark = pytest.mark.django_db
MARKETING = "marketing.email"
ANN = {"identity": {"first_name": "Ann"}}


@pytest.mark.clause("C11")
def test_a_permitted_person_is_previewed_under_the_purpose(workspace, news):
    ann = make.reader(workspace, email="ann@example.org", on=[news], may=[MARKETING], traits=ANN)
    shown = preview(make.campaign(workspace, lists=[news]), ann, lists=[news.pk], by="user:1")
    assert (shown.address, shown.reason) == ("ann@example.org", "")
    assert shown.rendered.subject == "Hello Ann" and "Dear Ann" in shown.rendered.html
    assert "/e/" not in shown.rendered.html
    activity = Activity.objects.get(act="campaign.preview")
    assert (activity.subject_id, activity.purpose) == (ann, MARKETING)


@pytest.mark.clause("C8", "D5")
def test_a_person_who_is_not_permitted_is_not_shown_and_the_reason_is_said(workspace, news):
    ann = make.reader(workspace, on=[news], traits=ANN)
    shown = preview(make.campaign(workspace, lists=[news]), ann, lists=[news.pk], by="user:1")
    assert shown.rendered.subject == "Hello you" and shown.address == ""
    assert "needs consent" in shown.reason


def test_a_person_who_left_the_list_is_told_apart(workspace, news):
    ann = make.reader(workspace, on=[news], state="unsubscribed", may=[MARKETING], traits=ANN)
    assert "left the list" in preview(make.campaign(workspace, lists=[news]), ann, lists=[news.pk], by="user:1").reason


def test_nobody_in_particular_is_previewed_with_what_stands_in(workspace, news):
    shown = preview(make.campaign(workspace, lists=[news]), None, lists=[news.pk], by="user:1")
    assert "Dear friend" in shown.rendered.html and not shown.reason


def test_a_person_of_another_workspace_is_not_found(workspace, news):
    foreign = make.reader(make.workspace(), may=[MARKETING], traits=ANN)
    for unknown in (foreign, uuid4()):
        assert (
            "no such person"
            in preview(make.campaign(workspace, lists=[news]), unknown, lists=[news.pk], by="user:1").reason
        )


@pytest.fixture
def relayed(monkeypatch):
    received: list[tuple[str, str, bytes]] = []
    with sink(received=received) as served:
        monkeypatch.setenv("TILLIT_SMTP_URL", f"smtp://127.0.0.1:{served.port}")
        env.cache_clear()
        yield received
    monkeypatch.undo()
    env.cache_clear()


def test_a_test_mail_is_marked_and_its_links_act_on_nobody(workspace, news, relayed):
    owner = make.member(workspace, email="owner@example.com")
    campaign = make.campaign(workspace, lists=[news])
    outcome = send_test(campaign, owner, by=owner)
    assert outcome.status is Status.ACCEPTED
    ((_, recipient, raw),) = relayed
    mail = message_from_bytes(raw, policy=policy.default)
    assert (recipient, mail["Subject"]) == ("owner@example.com", "[Test] Hello you")
    token = mail["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    read = Tokens(settings.TOKEN_KEY).read(token, kind=Kind.UNSUBSCRIBE, today=campaign.updated_at.date())
    assert read.person == UUID(int=0)
    assert b"/e/" not in raw
    campaign.refresh_from_db()
    assert campaign.subject.startswith("Hello")


@pytest.mark.clause("C8")
def test_a_test_mail_goes_to_users_of_the_workspace_only(workspace, news, relayed):
    owner, stranger = make.member(workspace), make.user(email="stranger@example.com")
    with pytest.raises(NotOurs):
        send_test(make.campaign(workspace, lists=[news]), stranger, by=owner)
    assert relayed == []


def test_without_a_relay_a_test_mail_is_caught(workspace, news):
    owner = make.member(workspace)
    before = len(mailbox.Maildir(env().data / "caught"))
    assert send_test(make.campaign(workspace, lists=[news]), owner, by=owner).status is Status.ACCEPTED
    assert len(mailbox.Maildir(env().data / "caught")) == before + 1


def test_a_relay_that_is_gone_is_said(workspace, news, unused_tcp_socket, monkeypatch):
    port = unused_tcp_socket.getsockname()[1]
    unused_tcp_socket.close()
    monkeypatch.setenv("TILLIT_SMTP_URL", f"smtp://127.0.0.1:{port}")
    env.cache_clear()
    owner = make.member(workspace)
    outcome = send_test(make.campaign(workspace, lists=[news]), owner, by=owner)
    monkeypatch.undo()
    env.cache_clear()
    assert outcome.status is Status.DEFERRED

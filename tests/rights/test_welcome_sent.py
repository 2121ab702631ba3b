"""A welcome on the wire: with the way out in its header, and not sent to whoever said no meanwhile."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from tests import make
from tests.delivery.test_sender import send
from tillit.consent.actions import choose
from tillit.ledger.processing import processing
from tillit.people.models import Identity, MailingList
from tillit.rights.signup import join

pytestmark = pytest.mark.usefixtures("committed_db")


def joined(settings) -> MailingList:
    settings.BASE_URL = "https://mail.example.com"
    welcome = {"sv": {"subject": "Välkommen", "body": "Hej {{ first_name | default('du') }}!"}}
    news = make.mailing_list(make.workspace(), name="News", opt_in="single", welcome=welcome)
    make.make_default_fields(news.workspace_id)
    join(news.workspace_id, news.pk, email="ann@example.org", language="sv", notice_digest="d" * 64, now=timezone.now())
    return news


@pytest.mark.clause("E5", "E9")
def test_a_welcome_is_sent_with_the_header_by_which_one_leaves(committed_db, settings, settings_of):
    joined(settings)
    ((_sender, recipient, raw),) = send(settings_of, mail_domain="mail.example.com")
    mail = message_from_bytes(raw, policy=policy.default)
    assert (recipient, mail["Subject"]) == ("ann@example.org", "Välkommen")
    assert mail["List-Unsubscribe"].startswith("<https://mail.example.com/u/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Hej du!" in mail.get_body(("plain",)).get_content()


@pytest.mark.clause("E9", "C8")
def test_whoever_objects_before_it_is_sent_gets_none(committed_db, settings, settings_of):
    news = joined(settings)
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        ann = Identity.objects.get(value="ann@example.org").person_id
    choose(news.workspace_id, ann, {"marketing.email": "objected"}, method="preferences", now=timezone.now(), by="test")
    assert send(settings_of, mail_domain="mail.example.com") == []

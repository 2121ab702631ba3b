"""Joining a list of single opt-in by its form."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache

from tests import make
from tillit.consent.models import Choice, Notice
from tillit.ledger.processing import processing
from tillit.people.models import MailingList, Subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def news() -> MailingList:
    cache.clear()
    titles = {"en": "News", "sv": "Nyheter"}
    workspace = make.workspace(name="Nordic Rooms")
    return make.mailing_list(workspace, name="n1", opt_in="single", titles=titles, topics={"sv": "En gång i månaden."})


def form(news: MailingList) -> str:
    return f"/subscribe/{news.workspace_id}/{news.pk}"


@pytest.mark.clause("D5", "B6")
def test_what_stood_on_the_form_is_kept_as_evidence(news, client):
    page = client.get(form(news), headers={"accept-language": "sv"}).content.decode()
    assert "<h1>Nyheter</h1>" in page and "En gång i månaden." in page
    [notice] = re.findall(r'name="notice" value="([0-9a-f]{64})"', page)
    given = {"email": "cleo@example.org", "notice": notice}
    answer = client.post(form(news), given, headers={"accept-language": "sv"})
    assert "Du är med på listan." in answer.content.decode()
    with processing(news.workspace_id, "preferences.manage", by="test", act="look"):
        assert Subscription.objects.get().state == "subscribed"
        assert Choice.objects.get().notice_digest == notice
    assert "Du går med i listan ”Nyheter”" in Notice.objects.get(digest=notice).text


def test_words_that_no_longer_count_are_shown_again(news, client):
    answer = client.post(form(news), {"email": "cleo@example.org", "notice": "0" * 64})
    assert answer.status_code == 200 and 'value="cleo@example.org"' in answer.content.decode()
    with processing(news.workspace_id, "preferences.manage", by="test", act="look"):
        assert not Subscription.objects.exists()


@pytest.mark.clause("G1")
def test_the_answer_is_the_same_whoever_is_known(news, client):
    make.person(news.workspace, email="known@example.org")
    [notice] = re.findall(r'name="notice" value="([0-9a-f]{64})"', client.get(form(news)).content.decode())
    answers = [
        client.post(form(news), {"email": email, "notice": notice}).content.decode()
        for email in ("known@example.org", "new@example.org")
    ]
    assert len({re.sub(r'nonce="[^"]+"', "", answer) for answer in answers}) == 1

"""Signing up by the form, and confirming by the mail."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache

from tests import make
from tests.public.mail import link, waiting
from tillit.consent.models import Choice, Notice
from tillit.ledger.processing import processing
from tillit.people.models import Identity, MailingList, Subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def news() -> MailingList:
    return make.mailing_list(make.workspace(name="Nordic Rooms"), name="News", description="Once a month.")


def form(news: MailingList) -> str:
    return f"/subscribe/{news.workspace_id}/{news.pk}"


def person_of(news: MailingList, email: str):
    with processing(news.workspace_id, "audience.administer", by="test", act="look"):
        return Identity.objects.filter(value=email).values_list("person_id", flat=True).first()


def asked(client, news: MailingList, email: str = "cleo@example.org") -> str:
    """Sign up, and return the link in the mail."""
    assert client.post(form(news), {"email": email}).status_code == 200
    [mail] = waiting(news.workspace, person_of(news, email), "rights.confirm")
    assert "News" in mail.text
    return link(mail)


@pytest.mark.clause("B6", "A1")
def test_the_form_says_what_is_asked_for_what_and_what_follows(news, client):
    html = client.get(form(news)).content.decode()
    assert "Compulsory: without it we cannot send you the mail. Nothing else is asked." in html
    assert "News and offers by email" in html and "Smart Media Solutions AB" in html
    assert "You can leave with one click in every mail." in html


@pytest.mark.clause("D5", "C11", "E3")
def test_from_the_form_to_the_receipt(news, client):
    address = asked(client, news)
    page = client.get(address).content.decode()
    assert "You join the list “News” of Nordic Rooms and say yes to:" in page
    person = person_of(news, "cleo@example.org")
    with processing(news.workspace_id, "preferences.manage", by="test", act="look"):
        assert Subscription.objects.get(person_id=person).state == "pending"
    notice = re.findall(r'name="notice" value="([0-9a-f]{64})"', page)[0]
    welcome = client.post(address, {"notice": notice})
    assert not welcome.cookies
    html = welcome.content.decode()
    assert "You are on the list “News”." in html
    with processing(news.workspace_id, "preferences.manage", by="test", act="look"):
        choice = Choice.objects.get(person_id=person)
    assert (choice.state, choice.method, choice.notice_digest) == ("granted", "confirmed", notice)
    shown = Notice.objects.get(digest=notice).text
    assert "You can take it back at any time" in shown and shown.replace("“", "") in page.replace("“", "")
    receipt = re.findall(r"/receipt/[\w-]+/[\w-]{55}", html)[0]
    assert "You can take it back at any time" in client.get(receipt).content.decode()
    assert "You had confirmed before" in client.post(address, {"notice": notice}).content.decode()


def test_a_scanner_that_opens_the_link_confirms_nothing(news, client):
    address = asked(client, news)
    client.get(address)
    client.head(address)
    client.post(address)  # without the words that were shown
    client.post(address, {"notice": "0" * 64})
    with processing(news.workspace_id, "marketing.email", by="test", act="look"):
        assert not Subscription.objects.exists()


@pytest.mark.clause("G1")
def test_the_answer_is_the_same_whoever_is_known(news, client):
    make.person(news.workspace, email="known@example.org")
    answers = [client.post(form(news), {"email": email}) for email in ("known@example.org", "new@example.org")]
    bodies = {re.sub(r'nonce="[^"]+"', "", answer.content.decode()) for answer in answers}
    assert {answer.status_code for answer in answers} == {200} and len(bodies) == 1
    assert "example.org" not in bodies.pop()


def test_a_machine_that_fills_in_everything_is_answered_and_ignored(news, client):
    answer = client.post(form(news), {"email": "bot@example.org", "website": "http://spam.example"})
    assert answer.status_code == 200
    assert person_of(news, "bot@example.org") is None


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 400 + "@example.org", "a\r\nBcc: b@example.org"])
def test_a_wrong_address_is_asked_for_again(news, client, email):
    answer = client.post(form(news), {"email": email})
    assert answer.status_code == 400
    assert b"That is not an email address." in answer.content


def test_one_network_sends_ten_forms_in_ten_minutes(news, client):
    codes = [client.post(form(news), {"email": f"p{n}@example.org"}).status_code for n in range(12)]
    assert codes == [200] * 10 + [429] * 2
    other = client.post(form(news), {"email": "q@example.org"}, REMOTE_ADDR="203.0.113.9")
    assert other.status_code == 200


def test_one_household_of_version_6_counts_as_one(news, client):
    for n in range(11):
        answer = client.post(form(news), {"email": f"p{n}@example.org"}, REMOTE_ADDR=f"2001:db8::{n + 1:x}")
    assert answer.status_code == 429


@pytest.mark.parametrize("path", ["/subscribe/{w}/99999", "/subscribe/99999/{l}", "/subscribe/{w}/{closed}"])
def test_what_is_not_public_is_not_there(news, client, path):
    closed = make.mailing_list(news.workspace, public=False)
    address = path.format(w=news.workspace_id, l=news.pk, closed=closed.pk)
    assert client.get(address).status_code == client.post(address, {"email": "a@example.org"}).status_code == 404


def test_a_confirmation_link_is_good_for_a_week(news, client):
    from tillit.edge.tokens import Kind

    person = make.person(news.workspace)
    old = make.token(Kind.CONFIRM, news.workspace, person, campaign=news.pk, days_old=8)
    assert client.get(f"/confirm/{old}").status_code == 410
    gone = make.token(Kind.CONFIRM, make.workspace(), person, campaign=news.pk)
    assert client.get(f"/confirm/{gone}").status_code == 404


def test_behind_a_proxy_the_reader_counts_and_not_the_proxy(news, client, monkeypatch):
    """Else all readers would share ten forms; and nobody gets more by writing the header themselves."""
    from tillit.edge.addresses import Proxies
    from tillit.public import limits

    monkeypatch.setattr(limits, "_proxies", lambda: Proxies(["127.0.0.1"]))
    for n in range(12):
        one_each = {"x-forwarded-for": f"203.0.113.{n}"}
        assert client.post(form(news), {"email": f"p{n}@example.org"}, headers=one_each).status_code == 200
    monkeypatch.setattr(limits, "_proxies", Proxies)
    cache.clear()
    codes = [
        client.post(
            form(news), {"email": f"q{n}@example.org"}, headers={"x-forwarded-for": f"203.0.113.{n}"}
        ).status_code
        for n in range(11)
    ]
    assert codes[-1] == 429

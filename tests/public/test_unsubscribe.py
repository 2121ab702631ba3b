"""Leaving by one click, by the page, late, twice, and with a damaged link."""

from __future__ import annotations

import pytest

from tests import make
from tillit.edge.tokens import Kind
from tillit.ledger.models import Activity

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.clause("E5", "E9")
def test_one_click_needs_nothing_but_the_post(reader, mail_program):
    """RFC 8058: no cookie, no CSRF token, no login, no redirect, any content type, 200."""
    answer = mail_program.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}", ONE_CLICK)
    assert answer.status_code == 200
    assert not answer.cookies
    assert reader.standing() == {"News": "unsubscribed", "Events": "subscribed"}
    done = Activity.objects.get(act="list.unsubscribe")
    assert (done.object_ref, done.subject_id) == (f"campaign:{reader.campaign.pk}", reader.person)
    assert done.counts == {"one_click": 1, "list_unsubscribed": 1}


def test_one_click_as_form_data(reader, mail_program):
    token = reader.link(Kind.UNSUBSCRIBE)
    answer = mail_program.post(
        f"/u/{token}", "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert reader.standing()["News"] == "unsubscribed"


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_opens_the_link_changes_nothing(reader, client, method):
    answer = getattr(client, method)(f"/u/{reader.link(Kind.UNSUBSCRIBE)}")
    assert answer.status_code == 200
    assert reader.standing()["News"] == "subscribed"
    if method == "get":
        assert "News" in answer.content.decode() and answer.content.count(b"<form") == 2


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_not_allowed(reader, client, method):
    answer = getattr(client, method)(f"/u/{reader.link(Kind.UNSUBSCRIBE)}")
    assert answer.status_code == 405
    assert reader.standing()["News"] == "subscribed"


def test_a_link_without_a_campaign_leaves_every_list(reader, client):
    client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE, campaign=False)}")
    assert reader.standing() == {"News": "unsubscribed", "Events": "unsubscribed"}


def test_a_campaign_that_is_gone_leaves_every_list(reader, client):
    token = reader.link(Kind.UNSUBSCRIBE)
    reader.campaign.delete()
    client.post(f"/u/{token}")
    assert set(reader.standing().values()) == {"unsubscribed"}


@pytest.mark.clause("E5")
def test_unsubscribing_twice_is_as_once(reader, client):
    token = reader.link(Kind.UNSUBSCRIBE)
    first, second = client.post(f"/u/{token}"), client.post(f"/u/{token}")
    assert first.status_code == second.status_code == 200
    assert b"You have left this list" in first.content
    assert b"not on that list any more" in second.content


@pytest.mark.clause("E5")
def test_an_old_link_still_unsubscribes(reader, client):
    """Somebody finds a mail of three years ago: they are not refused for that."""
    answer = client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE, days_old=1100)}", ONE_CLICK)
    assert answer.status_code == 200
    assert reader.standing()["News"] == "unsubscribed"


def test_it_can_be_undone_for_a_while(reader, client):
    token = reader.link(Kind.UNSUBSCRIBE)
    client.post(f"/u/{token}")
    answer = client.post(f"/u/{token}/undo", {"list": [reader.news.pk]})
    assert b"You are back" in answer.content
    assert reader.standing()["News"] == "subscribed"


def test_undoing_late_changes_nothing(reader, client):
    import time_machine
    from django.utils import timezone

    token = reader.link(Kind.UNSUBSCRIBE)
    client.post(f"/u/{token}")
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=61), tick=False):
        answer = client.post(f"/u/{token}/undo", {"list": [reader.news.pk]})
    assert b"Nothing was changed" in answer.content
    assert reader.standing()["News"] == "unsubscribed"


@pytest.mark.parametrize("lists", [["x"], ["9" * 40], ["-1"], ["1' OR 1=1"], []])
def test_undoing_nonsense_changes_nothing(reader, client, lists):
    token = reader.link(Kind.UNSUBSCRIBE)
    client.post(f"/u/{token}")
    assert client.post(f"/u/{token}/undo", {"list": lists}).status_code == 200
    assert reader.standing()["News"] == "unsubscribed"


@pytest.mark.clause("E9", "D3")
def test_stopping_all_marketing_from_the_page(reader, client):
    answer = client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}/stop")
    assert answer.status_code == 200
    assert ("marketing.email", "withdrawn") in reader.choices()
    assert set(reader.standing().values()) == {"unsubscribed"}
    assert not reader.permitted("marketing.email")
    assert b"receipt" in answer.content


def flipped(token: str) -> str:
    return ("A" if token[30] != "A" else "B").join([token[:30], token[31:]])


@pytest.mark.parametrize(
    "damage", [lambda t: t[:-1], lambda t: t + "A", flipped, lambda t: t.lower(), lambda t: "å" * 55]
)
def test_a_damaged_link_does_nothing_and_says_so(reader, client, damage):
    answer = client.post(f"/u/{damage(reader.link(Kind.UNSUBSCRIBE))}", ONE_CLICK)
    assert answer.status_code == 404
    assert "This link is not complete" in answer.content.decode()
    assert reader.standing()["News"] == "subscribed"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNSUBSCRIBE])
def test_a_link_of_another_kind_does_nothing(reader, client, kind):
    assert client.post(f"/u/{reader.link(kind)}", ONE_CLICK).status_code == 404
    assert reader.standing()["News"] == "subscribed"


def test_a_link_of_another_workspace_touches_nobody_here(reader, client):
    elsewhere = make.workspace()
    token = make.token(Kind.UNSUBSCRIBE, elsewhere, reader.person, campaign=reader.campaign.pk)
    assert client.post(f"/u/{token}", ONE_CLICK).status_code == 200
    assert reader.standing() == {"News": "subscribed", "Events": "subscribed"}


def test_a_huge_body_is_turned_away_before_it_is_read(reader, client):
    answer = client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}", {"x": "y" * 100_000})
    assert answer.status_code == 413
    assert reader.standing()["News"] == "subscribed"

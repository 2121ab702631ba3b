"""The desk: requests with their clocks, taken up and answered, each by whoever may."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing, user_actor
from tillit.people.models import Person
from tillit.rights import actions, queries
from tillit.rights.models import Request

pytestmark = pytest.mark.django_db
ADDRESS = "ann.berg@example.org"


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def editor(workspace, client):
    user = make.member(workspace, role=Role.EDITOR)
    client.force_login(user)
    return user


def desk(workspace, path: str = "") -> str:
    return f"/w/{workspace.pk}/requests{path}"


def received(workspace, person, kind: str, *, days_ago: int = 0) -> Request:
    moment = timezone.now() - timedelta(days=days_ago)
    return actions.receive(workspace.pk, person, kind, received_at=moment, by="test")


@pytest.mark.clause("E6")
def test_requests_are_listed_with_their_clocks(workspace, client, editor):
    received(workspace, make.person(workspace, email=ADDRESS), "access", days_ago=60)
    received(workspace, make.person(workspace), "erasure", days_ago=27)
    received(workspace, make.person(workspace), "access")
    html = client.get(desk(workspace)).content.decode()
    assert ADDRESS in html
    assert html.count(">late<") == 1 and html.count(">soon<") == 1
    assert Activity.objects.filter(act="requests.read", actor=user_actor(editor.pk)).exists()


def test_the_list_takes_few_queries_however_long(workspace, client, editor, django_assert_max_num_queries):
    for _ in range(12):
        received(workspace, make.person(workspace), "access")
    with django_assert_max_num_queries(22):
        client.get(desk(workspace))


def test_a_request_is_found_by_its_whole_address(workspace, client, editor):
    received(workspace, make.person(workspace, email=ADDRESS), "access")
    received(workspace, make.person(workspace, email="bo@example.org"), "access")
    html = client.get(desk(workspace), {"q": " ANN.Berg@example.org"}).content.decode()
    assert ADDRESS in html and "bo@example.org" not in html
    assert "Nothing found" in client.get(desk(workspace), {"q": "ann"}).content.decode()


def test_open_requests_are_shown_apart(workspace, client, editor):
    person = make.person(workspace, email=ADDRESS)
    received(workspace, person, "access")
    actions.access(workspace.pk, person, by="test", now=timezone.now())
    assert ADDRESS not in client.get(desk(workspace), {"open": "1"}).content.decode()


@pytest.mark.clause("E1", "E6")
def test_a_written_request_for_a_copy_from_the_letter_to_the_answer(workspace, client, editor):
    person = make.person(workspace, email=ADDRESS)
    day = (timezone.localdate() - timedelta(days=3)).isoformat()
    answer = client.post(desk(workspace, "/new"), {"email": ADDRESS, "kind": "access", "received": day}, follow=True)
    [found] = queries.requests_of(workspace.pk, person, by="test")
    assert timezone.localtime(found.received_at).date().isoformat() == day
    assert ADDRESS in answer.content.decode()
    copied = client.post(desk(workspace, f"/{found.pk}/copy"), {"format": "json"})
    assert ADDRESS in copied.content.decode() and json.loads(copied.content)["person"] == str(person)
    html = client.get(desk(workspace, f"/{found.pk}")).content.decode()
    assert "What was done" in html and "Addresses and numbers: 1" in html
    assert Activity.objects.filter(act="request.copy", actor=user_actor(editor.pk), subject_id=person).exists()


@pytest.mark.clause("E1", "E5")
def test_a_written_request_for_erasure(workspace, client, editor):
    person = make.person(workspace, email=ADDRESS)
    found = received(workspace, person, "erasure")
    html = client.post(desk(workspace, f"/{found.pk}/erase"), follow=True).content.decode()
    assert "The person was erased." in html and "Addresses and numbers: 1 scrambled" in html and ADDRESS not in html
    with processing(workspace.pk, "audience.administer", by="test", act="look"):
        assert not Person.objects.filter(pk=person).exists()
    again = client.post(desk(workspace, f"/{found.pk}/erase"), follow=True).content.decode()
    assert "it had been done before" in again
    assert "somebody who was erased" in client.get(desk(workspace)).content.decode()


def test_a_link_is_mailed_to_the_person(workspace, client, editor):
    found = received(workspace, make.person(workspace), "access")
    html = client.post(desk(workspace, f"/{found.pk}/link"), follow=True).content.decode()
    assert "The link is on its way" in html
    assert Activity.objects.filter(act="request.access.link", counts={"queued": 1}).exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "nobody@example.org"}, "Nothing is held under this address."),
        ({"email": "nonsense"}, "email"),
        ({"received": "2999-01-01"}, "This day has not come yet."),
        ({"kind": "party"}, "party"),
    ],
)
def test_what_cannot_be_taken_up_is_said(workspace, client, editor, fields, words):
    make.person(workspace, email=ADDRESS)
    given = {"email": ADDRESS, "kind": "access", "received": timezone.localdate().isoformat()} | fields
    answer = client.post(desk(workspace, "/new"), given)
    assert answer.status_code == 422 and words in answer.content.decode()


def test_a_viewer_looks_and_does_nothing(workspace, client):
    client.force_login(make.member(workspace, role=Role.VIEWER))
    person = make.person(workspace, email=ADDRESS)
    found = received(workspace, person, "erasure")
    assert ADDRESS in client.get(desk(workspace, f"/{found.pk}")).content.decode()
    for path in ("/new", f"/{found.pk}/copy", f"/{found.pk}/erase", f"/{found.pk}/link"):
        assert client.post(desk(workspace, path)).status_code == 403


def test_a_request_of_another_workspace_is_not_there(workspace, client, editor):
    other = make.workspace()
    found = received(other, make.person(other), "erasure")
    for path in (f"/{found.pk}", f"/{found.pk}/copy", f"/{found.pk}/erase", f"/{found.pk}/link"):
        answer = client.get(desk(workspace, path)) if path == f"/{found.pk}" else client.post(desk(workspace, path))
        assert answer.status_code == 404


def test_a_request_for_a_copy_does_not_erase(workspace, client, editor):
    found = received(workspace, make.person(workspace), "access")
    assert client.post(desk(workspace, f"/{found.pk}/erase")).status_code == 404


def test_the_list_is_exported_without_addresses(workspace, client, editor):
    received(workspace, make.person(workspace, email=ADDRESS), "access")
    body = b"".join(client.get(desk(workspace), {"format": "csv"})).decode()
    assert "access" in body and ADDRESS not in body

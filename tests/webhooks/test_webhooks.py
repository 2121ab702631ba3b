"""Webhooks: told once, signed, tried again, given up, and told again when asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role, User, Workspace
from tillit.console.activities import ACTS
from tillit.env import env
from tillit.ledger.models import Activity
from tillit.ledger.seal import seal
from tillit.outbound import Forbidden
from tillit.people.records import restrict
from tillit.webhooks import actions
from tillit.webhooks.delivering import GIVEN_UP_AFTER, WAITS, deliver
from tillit.webhooks.events import EVENTS, LABELS
from tillit.webhooks.feeding import clean, feed
from tillit.webhooks.models import Delivery, Endpoint
from tillit.webhooks.signing import secret

pytestmark = pytest.mark.django_db
State = Delivery.State


class Listening(BaseHTTPRequestHandler):
    """Keeps what it was told, and answers as the test says."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.told.append((dict(self.headers), body))
        self.send_response(server.answer)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_told: Any) -> None:
        """Say nothing."""


@pytest.fixture
def program(settings_of: Callable[..., None]) -> Iterator[Any]:
    """A program that listens on this machine, which the operator lets be reached."""
    settings_of(outbound_networks="127.0.0.0/8")
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    server.told, server.answer = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


@pytest.fixture
def owner(workspace: Workspace) -> User:
    return make.member(workspace, role=Role.OWNER)


@pytest.fixture
def endpoint(workspace: Workspace, owner: User, program: Any) -> Endpoint:
    sealed()
    url = f"http://127.0.0.1:{program.server_port}/hook?from=tillit"
    return actions.make_endpoint(
        workspace.pk, url=url, name="Shop", events=list(EVENTS), by=owner.pk, now=timezone.now()
    )


def sealed() -> None:
    seal(env().keys, now=timezone.now())


def tell(endpoint: Endpoint, *, now: datetime | None = None) -> int:
    """Seal, feed and deliver, as the jobs of a minute do."""
    moment = now or timezone.now()
    sealed()
    due = feed(now=moment)
    return deliver(endpoint.pk, clock=lambda: moment) if endpoint.pk in due else 0


def signed_by(key: str, headers: dict[str, str], body: bytes) -> list[str]:
    """The signature as a receiver reckons it, by the words of the standard alone."""
    raw = base64.b64decode(key.removeprefix("whsec_"))
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return [f"v1,{base64.b64encode(hmac.new(raw, said, hashlib.sha256).digest()).decode()}"]


def test_every_event_has_words_and_acts_that_exist() -> None:
    assert set(EVENTS) < set(LABELS)
    assert {act for acts in EVENTS.values() for act in acts} <= set(ACTS)


def test_what_happens_is_told_by_number_once_and_signed(workspace: Workspace, endpoint: Endpoint, program: Any) -> None:
    person = make.person(workspace, email="anna@example.org")
    assert tell(endpoint) == 1
    assert tell(endpoint) == 0
    restrict(workspace.pk, person, by="user:1")
    assert tell(endpoint) == 1
    said = json.loads(program.told.pop()[1])
    assert (said["type"], said["data"]["person"], said["data"]["by"]) == ("person.restricted", str(person), "user:1")
    [(headers, body)] = program.told
    assert json.loads(body)["type"] == "person.added"
    assert b"anna" not in body
    assert headers["webhook-signature"].split() == signed_by(secret(endpoint), headers, body)
    assert headers["Content-Type"] == "application/json"
    delivery = Delivery.objects.get(event="person.added")
    assert (str(delivery.pk), delivery.state, delivery.status) == (headers["webhook-id"], State.DELIVERED, 200)


def test_only_what_was_asked_for_of_one_s_own_workspace_is_told(
    workspace: Workspace, endpoint: Endpoint, owner: User, program: Any
) -> None:
    now = timezone.now()
    actions.change_endpoint(endpoint, url=endpoint.url, name="Shop", events=["choice.recorded"], by=owner.pk, now=now)
    make.choice(workspace, make.person(workspace))
    make.choice(other := make.workspace(), make.person(other))
    assert tell(endpoint) == 1
    assert json.loads(program.told[0][1])["type"] == "choice.recorded"


def test_what_was_before_is_not_told(workspace: Workspace, owner: User, program: Any) -> None:
    make.person(workspace)
    sealed()
    url = f"http://127.0.0.1:{program.server_port}/"
    made = actions.make_endpoint(workspace.pk, url=url, name="x", events=list(EVENTS), by=owner.pk, now=timezone.now())
    assert tell(made) == 0


def test_a_failure_is_tried_again_and_given_up_in_the_end(
    workspace: Workspace, endpoint: Endpoint, program: Any
) -> None:
    make.person(workspace)
    program.answer = 500
    now = timezone.now()
    assert tell(endpoint, now=now) == 1
    for wait in WAITS:
        assert tell(endpoint, now=now + wait - timedelta(seconds=1)) == 0
        now += wait
        assert tell(endpoint, now=now) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.error) == (State.FAILED, len(WAITS) + 1, "HTTP 500")
    assert len({headers["webhook-id"] for headers, _body in program.told}) == 1
    assert sum(WAITS, timedelta()) < GIVEN_UP_AFTER


def test_what_failed_is_told_again_when_asked(workspace: Workspace, endpoint: Endpoint, program: Any) -> None:
    make.person(workspace)
    tell(endpoint)
    Delivery.objects.update(state=State.FAILED)
    assert actions.replay(endpoint, Delivery.objects.all(), now=timezone.now()) == 1
    assert tell(endpoint) == 1
    first, again = program.told
    assert first[0]["webhook-id"] == again[0]["webhook-id"]
    assert first[1] == again[1]


@pytest.mark.parametrize("answer", [301, 302, 307, 400, 401, 500])
def test_anything_but_a_yes_is_a_failure(workspace: Workspace, endpoint: Endpoint, program: Any, answer: int) -> None:
    program.answer = answer
    make.person(workspace)
    tell(endpoint)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, len(program.told)) == (State.WAITING, answer, 1)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    program.answer = 204
    assert tell(endpoint, now=timezone.now() + timedelta(minutes=2)) == 1
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_who_says_it_is_gone_is_told_nothing_more(workspace: Workspace, endpoint: Endpoint, program: Any) -> None:
    program.answer = 410
    for _ in range(2):
        make.person(workspace)
    assert tell(endpoint) == 1
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    assert "410" in endpoint.disabled_why
    assert Activity.objects.filter(act="webhook.disable", actor="system").count() == 1
    assert tell(endpoint) == 0


def test_who_fails_for_five_days_is_stopped_and_catches_up(
    workspace: Workspace, endpoint: Endpoint, owner: User, program: Any
) -> None:
    program.answer = 500
    make.person(workspace)
    start = timezone.now()
    tell(endpoint, now=start)
    Delivery.objects.update(next_at=start)
    tell(endpoint, now=start + GIVEN_UP_AFTER + timedelta(minutes=1))
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    make.person(workspace)
    program.answer, later = 200, start + GIVEN_UP_AFTER + timedelta(days=1)
    assert tell(endpoint, now=later) == 0
    actions.enable(endpoint, by=owner.pk, now=later)
    assert tell(endpoint, now=later) == 2


def test_a_new_secret_and_the_old_one_sign_for_a_day(
    workspace: Workspace, endpoint: Endpoint, owner: User, program: Any
) -> None:
    now, old = timezone.now(), secret(endpoint)
    actions.rotate(endpoint, by=owner.pk, now=now)
    assert secret(endpoint) != old
    make.person(workspace)
    tell(endpoint, now=now)
    headers, body = program.told[-1]
    both = signed_by(secret(endpoint), headers, body) + signed_by(old, headers, body)
    assert headers["webhook-signature"].split() == both
    make.person(workspace)
    tell(endpoint, now=now + timedelta(days=2))
    headers, body = program.told[-1]
    assert headers["webhook-signature"].split() == signed_by(secret(endpoint), headers, body)


def test_machines_inside_are_not_told(workspace: Workspace, owner: User) -> None:
    with pytest.raises(Forbidden):
        actions.make_endpoint(
            workspace.pk, url="https://10.0.0.1/", name="x", events=["test"], by=owner.pk, now=timezone.now()
        )


def test_an_address_that_moved_inside_later_is_not_asked(
    workspace: Workspace, endpoint: Endpoint, program: Any, settings_of: Callable[..., None]
) -> None:
    make.person(workspace)
    settings_of(outbound_networks="")
    tell(endpoint)
    assert program.told == []
    assert "public cannot reach" in Delivery.objects.get().error


def test_ended_deliveries_are_forgotten_after_a_month(workspace: Workspace, endpoint: Endpoint) -> None:
    make.person(workspace)
    tell(endpoint)
    now = timezone.now()
    assert clean(now=now + timedelta(days=29)) == 0
    assert clean(now=now + timedelta(days=31)) == 1

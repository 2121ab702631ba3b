"""A service message is queued in the context of what it is about, and carries ids alone."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db.utils import ProgrammingError
from django.utils import timezone

from tillit.accounts.models import Workspace
from tillit.delivery import service
from tillit.delivery.models import Message
from tillit.delivery.service import Parts, ServiceMail, UnknownTemplate, queue, register
from tillit.ledger.actions import publish
from tillit.ledger.processing import processing
from tillit.people.actions import add_person

pytestmark = pytest.mark.django_db

CONFIRM = "people.confirm"


def hello(mail: ServiceMail) -> Parts:
    return Parts("Hello", "<p>Hello</p>", "Hello")


@pytest.fixture(autouse=True)
def template(monkeypatch):
    service._discover()  # it happens once a process: not while a copy stands in
    monkeypatch.setattr(service, "_composers", dict(service._composers))
    register("test.hello", hello)


@pytest.fixture
def workspace(policy_text: str) -> Workspace:
    made = Workspace.objects.create(name="House")
    publish(made.pk, policy_text, by=None, now=timezone.now())
    return made


def add(workspace: Workspace):
    with processing(workspace.pk, "audience.administer", by="test", act="add") as activity:
        return add_person(activity, email="ann@example.org")


@pytest.mark.clause("C16")
def test_a_message_waits_under_the_purpose_it_was_queued_for(workspace):
    ann = add(workspace)
    with processing(workspace.pk, CONFIRM, by="test", act="consent.ask") as activity:
        made = queue(activity, ann, template="test.hello", arguments={"list": 3, "choice": uuid4()})
        message = Message.objects.get(id=made)
    assert (message.state, message.purpose, message.template) == ("queued", CONFIRM, "test.hello")
    assert message.campaign_id is None
    assert message.arguments["list"] == 3


def test_outside_its_context_nothing_is_queued(workspace):
    ann = add(workspace)
    with processing(workspace.pk, CONFIRM, by="test", act="consent.ask") as activity:
        pass
    with pytest.raises(ProgrammingError, match="row-level security"):
        queue(activity, ann, template="test.hello")


def test_an_unknown_template_is_refused_before_anybody_waits_for_it(workspace):
    ann = add(workspace)
    with (
        pytest.raises(UnknownTemplate),
        processing(workspace.pk, CONFIRM, by="test", act="consent.ask") as activity,
    ):
        queue(activity, ann, template="test.nothing")


@pytest.mark.parametrize("value", ["ann@example.org", "Ann Smith", "", "x" * 101, "a\nb"])
def test_an_argument_that_is_no_id_is_refused(workspace, value):
    ann = add(workspace)
    with (
        pytest.raises(ValueError, match="is an id"),
        processing(workspace.pk, CONFIRM, by="test", act="consent.ask") as activity,
    ):
        queue(activity, ann, template="test.hello", arguments={"to": value})


def test_a_template_has_one_composer():
    register("test.hello", hello)
    with pytest.raises(ValueError, match="twice"):
        register("test.hello", lambda mail: Parts("", "", ""))

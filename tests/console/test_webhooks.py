"""Webhooks as an owner meets them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.webhooks.models import Delivery, Endpoint
from tillit.webhooks.signing import secret

pytestmark = pytest.mark.django_db
FORM = {"name": "Shop", "url": "http://127.0.0.1:9/hook", "events": ["person.erased", "choice.recorded"]}


@pytest.fixture
def workspace(client: Client, settings_of: Callable[..., None]) -> Workspace:
    settings_of(outbound_networks="127.0.0.0/8")
    made = make.workspace()
    client.force_login(make.member(made, role=Role.OWNER, language="en"))
    return made


@pytest.fixture
def endpoint(client: Client, workspace: Workspace) -> Endpoint:
    client.post(f"/w/{workspace.id}/settings/webhooks/new", FORM)
    return Endpoint.objects.get()


def test_a_webhook_is_made_shown_and_changed(client: Client, workspace: Workspace, endpoint: Endpoint) -> None:
    here = f"/w/{workspace.id}/settings/webhooks/{endpoint.pk}"
    page = client.get(here).content.decode()
    assert secret(endpoint) in page
    assert "A person was erased" in page
    client.post(f"{here}/edit", {**FORM, "name": "CRM"})
    assert "CRM" in client.get(f"/w/{workspace.id}/settings/webhooks").content.decode()


def test_an_address_inside_is_refused_at_the_field(client: Client, workspace: Workspace) -> None:
    answer = client.post(f"/w/{workspace.id}/settings/webhooks/new", {**FORM, "url": "https://10.0.0.1/"})
    assert answer.status_code == 422
    assert "public cannot reach" in answer.content.decode()


def test_a_test_is_queued_stopped_started_and_sent_again(
    client: Client, workspace: Workspace, endpoint: Endpoint
) -> None:
    here = f"/w/{workspace.id}/settings/webhooks/{endpoint.pk}"
    client.post(f"{here}/test")
    delivery = Delivery.objects.get()
    assert delivery.event == "test"
    client.post(f"{here}/stop")
    assert "is told nothing" in client.get(here).content.decode()
    client.post(f"{here}/start")
    Delivery.objects.update(state="failed", attempts=10)
    assert "Send all that failed again" in client.get(here).content.decode()
    client.post(f"{here}/replay")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 0)
    Delivery.objects.update(state="delivered")
    client.post(f"{here}/replay/{delivery.pk}")
    delivery.refresh_from_db()
    assert delivery.state == "waiting"


def test_a_secret_is_renewed_and_a_webhook_deleted(client: Client, workspace: Workspace, endpoint: Endpoint) -> None:
    here, old = f"/w/{workspace.id}/settings/webhooks/{endpoint.pk}", secret(endpoint)
    client.post(f"{here}/rotate")
    assert old not in client.get(here).content.decode()
    client.post(f"{here}/delete")
    assert not Endpoint.objects.exists()
    assert "Deleted a webhook" in client.get(f"/w/{workspace.id}/ledger").content.decode()

"""API keys as an owner meets them."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import make
from tillit.accounts.models import ApiKey, Role, Workspace

pytestmark = pytest.mark.django_db
FORM = {"name": "Shop", "role": "editor", "purposes": ["audience.administer", "marketing.email"], "lasts": "90"}


@pytest.fixture
def workspace(client: Client) -> Workspace:
    made = make.workspace()
    client.force_login(make.member(made, role=Role.OWNER, language="en"))
    return made


def test_a_key_is_made_shown_once_and_opens(client: Client, workspace: Workspace) -> None:
    page = client.post(f"/w/{workspace.id}/settings/keys/new", FORM).content.decode()
    text = re.search(r"tillit_[\w-]{43}", page)
    assert text is not None
    answer = client.get("/api/v1/key", headers={"Authorization": f"Bearer {text[0]}"}).json()
    assert (answer["name"], answer["role"], answer["purposes"]) == ("Shop", "editor", FORM["purposes"])
    listed = client.get(f"/w/{workspace.id}/settings/keys").content.decode()
    assert text[0] not in listed
    assert text[0][:14] in listed


def test_a_key_is_revoked(client: Client, workspace: Workspace) -> None:
    client.post(f"/w/{workspace.id}/settings/keys/new", FORM)
    key = ApiKey.objects.get()
    client.post(f"/w/{workspace.id}/settings/keys/{key.pk}/revoke")
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "Revoked" in client.get(f"/w/{workspace.id}/settings/keys").content.decode()
    ledger = client.get(f"/w/{workspace.id}/ledger").content.decode()
    assert "Revoked an API key" in ledger


def test_a_key_needs_a_name_and_a_purpose(client: Client, workspace: Workspace) -> None:
    for wrong in ({"name": ""}, {"purposes": []}, {"purposes": ["nonsense"]}, {"role": "owner"}, {"lasts": "1000"}):
        assert client.post(f"/w/{workspace.id}/settings/keys/new", {**FORM, **wrong}).status_code == 422
    assert not ApiKey.objects.exists()


def test_without_a_policy_there_are_no_keys(client: Client) -> None:
    bare = make.workspace(bare=True)
    client.force_login(make.member(bare, role=Role.OWNER, language="en"))
    page = client.get(f"/w/{bare.id}/settings/keys/new", follow=True).content.decode()
    assert "Publish a policy first" in page


def test_a_key_of_another_workspace_is_not_there(client: Client, workspace: Workspace) -> None:
    client.post(f"/w/{workspace.id}/settings/keys/new", FORM)
    other = make.workspace()
    client.force_login(make.member(other, role=Role.OWNER))
    assert client.post(f"/w/{other.id}/settings/keys/{ApiKey.objects.get().pk}/revoke").status_code == 404


def test_the_ledger_names_the_program(client: Client, workspace: Workspace) -> None:
    page = client.post(f"/w/{workspace.id}/settings/keys/new", FORM).content.decode()
    key = re.findall(r"tillit_[\w-]{43}", page)[0]
    client.get("/api/v1/persons", headers={"Authorization": f"Bearer {key}"})
    assert "API key “Shop”" in client.get(f"/w/{workspace.id}/ledger").content.decode()

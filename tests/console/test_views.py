"""Settings, users, profile and error pages as their users meet them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from tests import make
from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.console.pages import page
from tillit.ledger.processing import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace(bare=True, name="Northern Lights")


@pytest.fixture
def owner(workspace: Workspace, client: Client) -> User:
    made = make.member(workspace, role=Role.OWNER, language="en")
    client.force_login(made)
    return made


def test_settings_are_kept(client: Client, workspace: Workspace, owner: User) -> None:
    form = {"name": "Southern Lights", "language": "sv", "postal_address": "Sveavägen 1"}
    client.post(f"/w/{workspace.id}/settings", form)
    workspace.refresh_from_db()
    assert (workspace.name, workspace.language, workspace.postal_address) == tuple(form.values())


def test_a_form_with_errors_says_so_and_changes_nothing(client: Client, workspace: Workspace, owner: User) -> None:
    response = client.post(f"/w/{workspace.id}/settings", {"name": "", "language": "xx"})
    assert response.status_code == 422
    assert "This field is required." in response.content.decode()
    workspace.refresh_from_db()
    assert workspace.name == "Northern Lights"


def test_an_owner_invites(
    client: Client, workspace: Workspace, owner: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/w/{workspace.id}/settings/users/invite", {"email": "bo@example.com", "role": "viewer"})
    assert Membership.objects.get(user__email="bo@example.com").role == Role.VIEWER
    assert "Northern Lights" in mail.outbox[0].subject


def test_inviting_a_member_is_answered_at_the_field(client: Client, workspace: Workspace, owner: User) -> None:
    response = client.post(f"/w/{workspace.id}/settings/users/invite", {"email": owner.email, "role": "viewer"})
    assert response.status_code == 422
    assert "belongs to a user of the workspace already" in response.content.decode()


def test_roles_change_and_users_leave(client: Client, workspace: Workspace, owner: User) -> None:
    other = Membership.objects.get(user=make.member(workspace, role=Role.VIEWER))
    base = f"/w/{workspace.id}/settings/users/{other.pk}"
    client.post(f"{base}/role", {"role": "editor"})
    other.refresh_from_db()
    assert other.role == Role.EDITOR
    assert client.post(f"{base}/role", {"role": "emperor"}).status_code == 404
    client.post(f"{base}/remove")
    assert not Membership.objects.filter(pk=other.pk).exists()


def test_the_users_are_exported_as_they_are_found(client: Client, workspace: Workspace, owner: User) -> None:
    make.member(workspace, email="bo@example.com")
    words = client.get(f"/w/{workspace.id}/settings/users?q=bo@&format=csv").content.decode("utf-8-sig")
    assert words.split("\r\n")[:2] == ["email,name,role,last_login", "bo@example.com,,editor,"]


def test_the_last_owner_reads_why_it_must_stay(client: Client, workspace: Workspace, owner: User) -> None:
    mine = Membership.objects.get(user=owner)
    response = client.post(f"/w/{workspace.id}/settings/users/{mine.pk}/remove", follow=True)
    assert "This is the last owner" in response.content.decode()
    assert Membership.objects.filter(pk=mine.pk).exists()


def test_a_user_of_another_workspace_is_out_of_reach(client: Client, workspace: Workspace, owner: User) -> None:
    stranger = Membership.objects.get(user=make.member(make.workspace(bare=True)))
    assert client.post(f"/w/{workspace.id}/settings/users/{stranger.pk}/remove").status_code == 404
    assert Membership.objects.filter(pk=stranger.pk).exists()


def test_a_role_that_is_too_low_is_told_which_one_is_needed(client: Client, workspace: Workspace) -> None:
    client.force_login(make.member(workspace, role=Role.VIEWER, language="en"))
    response = client.get(f"/w/{workspace.id}/settings")
    assert response.status_code == 403
    assert "This needs the role “Owner”; yours in Northern Lights is “Viewer”." in response.content.decode()


def test_somebody_without_a_workspace_is_told_what_to_do(client: Client) -> None:
    client.force_login(make.user(language="en"))
    assert "You do not belong to a workspace yet" in client.get("/").content.decode()


def test_one_comes_back_to_the_workspace_one_left(client: Client, workspace: Workspace, owner: User) -> None:
    other = make.workspace(bare=True, name="Aurora")
    Membership.objects.create(workspace=other, user=owner, role=Role.VIEWER)
    client.get(f"/w/{workspace.id}/")
    assert client.get("/")["Location"] == f"/w/{workspace.id}/"
    client.get(f"/w/{other.id}/")
    assert client.get("/")["Location"] == f"/w/{other.id}/"


def test_the_profile_is_kept_and_speaks_the_new_language(client: Client, owner: User) -> None:
    response = client.post("/profile", {"name": "Ada", "language": "sv"}, follow=True)
    owner.refresh_from_db()
    assert (owner.name, owner.language) == ("Ada", "sv")
    assert "Din profil har sparats." in response.content.decode()


def test_pages_are_kept_by_no_cache_and_no_frame(client: Client, workspace: Workspace, owner: User) -> None:
    response = client.get(f"/w/{workspace.id}/")
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Frame-Options"] == "DENY"
    policy = response["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "object-src 'none'" in policy


def test_a_request_from_another_site_is_refused_in_plain_words(workspace: Workspace) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.member(workspace, role=Role.OWNER, language="en"))
    response = client.post(f"/w/{workspace.id}/settings", {"name": "x"})
    assert response.status_code == 403
    assert "The form was out of date" in response.content.decode()


def test_an_expired_session_leads_htmx_to_sign_in(client: Client, workspace: Workspace) -> None:
    response = client.get(f"/w/{workspace.id}/figures", headers={"hx-request": "true"})
    assert response["HX-Redirect"] == "/account/login/"


def test_a_fault_of_ours_is_admitted_in_our_look(
    client: Client, workspace: Workspace, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("tillit.console.views.overview.steps", lambda *a, **k: 1 / 0)
    response = client.get(f"/w/{workspace.id}/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


@pytest.mark.parametrize("htmx", [False, True])
def test_a_refusal_is_shown_with_its_reason_and_rule(workspace: Workspace, owner: User, rf: object, htmx: bool) -> None:
    @page(role=Role.OWNER)
    def view(request: object) -> object:
        raise Refused("Nobody said yes to this.", rule="marketing.email", clause="C11")

    request = rf.get("/")
    request.user, request.htmx, request.session = owner, htmx, {}
    response = view(request, workspace_id=workspace.id)
    words = response.content.decode()
    assert response.status_code == 409
    assert "Nobody said yes to this." in words
    assert "C11" in words
    assert response.get("HX-Retarget") == ("#flash" if htmx else None)

"""Who works in a workspace, and as what."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests import make
from tillit.accounts import actions, queries
from tillit.accounts.models import Membership, Role, User
from tillit.ledger.models import Activity

pytestmark = pytest.mark.django_db
Capture = Callable[..., object]


@pytest.fixture
def house() -> tuple[object, User]:
    workspace = make.workspace(name="House", language="sv")
    return workspace, make.member(workspace, role=Role.OWNER, name="Ada")


def test_an_invited_stranger_chooses_a_password_by_the_mailed_link_and_is_signed_in(
    house: tuple, django_capture_on_commit_callbacks: Capture, client: Client
) -> None:
    workspace, owner = house
    with django_capture_on_commit_callbacks(execute=True):
        actions.invite(workspace, email="New@Example.com", role=Role.EDITOR, by=owner, now=timezone.now())
    (sent,) = mail.outbox
    assert sent.to == ["new@example.com"]
    path = re.search(r"http://[^/]+(/account/password/reset/key/\S+)", sent.body)
    assert path
    page = client.get(path[1], follow=True)
    assert page.status_code == 200
    form = {"password1": "a wholly new pass phrase", "password2": "a wholly new pass phrase"}
    client.post(page.request["PATH_INFO"], form)
    assert client.get("/").headers["Location"] == f"/w/{workspace.id}/"


def test_the_link_of_an_invitation_works_once(house: tuple, client: Client) -> None:
    from tillit.accounts.invitation import password_path

    workspace, _ = house
    user = make.member(workspace)
    path = password_path(user)
    user.set_password("another long pass phrase")
    user.save()
    assert "no longer valid" in client.get(path, follow=True, headers={"accept-language": "en"}).content.decode()


def test_inviting_a_member_again_is_refused(house: tuple) -> None:
    workspace, owner = house
    with pytest.raises(actions.AlreadyMember):
        actions.invite(workspace, email=owner.email.upper(), role=Role.VIEWER, by=owner, now=timezone.now())


def test_inviting_a_user_of_another_workspace_makes_no_second_account(house: tuple) -> None:
    workspace, owner = house
    guest = make.member(make.workspace(bare=True))
    made = actions.invite(workspace, email=guest.email, role=Role.VIEWER, by=owner, now=timezone.now())
    assert made.user == guest
    assert queries.membership(guest, workspace.id) == made


@pytest.mark.parametrize("leave", ["remove", "change"])
def test_the_last_owner_stays(house: tuple, leave: str) -> None:
    workspace, owner = house
    mine = queries.membership(owner, workspace.id)
    assert mine
    with pytest.raises(actions.LastOwner):
        if leave == "remove":
            actions.remove(mine, by=owner, now=timezone.now())
        else:
            actions.change_role(mine, Role.EDITOR, by=owner, now=timezone.now())
    assert Membership.objects.get(pk=mine.pk).role == Role.OWNER


def test_an_owner_leaves_when_another_one_remains(house: tuple) -> None:
    workspace, owner = house
    make.member(workspace, role=Role.OWNER)
    mine = queries.membership(owner, workspace.id)
    assert mine
    actions.remove(mine, by=owner, now=timezone.now())
    assert queries.membership(owner, workspace.id) is None


def test_an_owner_whose_account_is_closed_does_not_count(house: tuple) -> None:
    workspace, owner = house
    make.member(workspace, role=Role.OWNER, is_active=False)
    mine = queries.membership(owner, workspace.id)
    assert mine
    with pytest.raises(actions.LastOwner):
        actions.remove(mine, by=owner, now=timezone.now())


def test_changes_of_users_are_in_the_ledger(house: tuple) -> None:
    workspace, owner = house
    made = actions.invite(workspace, email="x@example.com", role=Role.VIEWER, by=owner, now=timezone.now())
    actions.change_role(made, Role.EDITOR, by=owner, now=timezone.now())
    actions.remove(made, by=owner, now=timezone.now())
    rows = Activity.objects.filter(workspace_id=workspace.id, object_ref=f"user:{made.user_id}").order_by("id")
    assert [row.act for row in rows] == ["user.invite", "user.make-editor", "user.remove"]

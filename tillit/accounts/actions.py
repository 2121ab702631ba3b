"""Writes about users and who works where. Who may do them is decided by the page that calls."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tillit.accounts import queries
from tillit.accounts.invitation import send_invitation
from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.ledger.models import Activity
from tillit.ledger.processing import user_actor

PURPOSE = "account.operate"


class AlreadyMember(Exception):
    """The address belongs to a user of the workspace."""


class LastOwner(Exception):
    """The workspace would be left without an owner, and nobody could change anything in it any more."""


def choose_language(user: User, language: str) -> None:
    """Keep the language a user chose for pages and mail; an empty text means as the browser says."""
    user.language = language
    user.save(update_fields=["language"])


def change_profile(user: User, *, name: str, language: str) -> None:
    """Keep a user's own name and language."""
    user.name, user.language = name, language
    user.save(update_fields=["name", "language"])


@transaction.atomic
def change_workspace(
    workspace: Workspace, *, name: str, language: str, postal_address: str, by: User, now: datetime
) -> None:
    """Keep a workspace's name, language and the postal address that stands under its mail."""
    workspace.name, workspace.language, workspace.postal_address = name, language, postal_address
    workspace.save(update_fields=["name", "language", "postal_address"])
    _record(workspace.id, "workspace.change", by=by, about=f"workspace:{workspace.id}", now=now)


@transaction.atomic
def invite(workspace: Workspace, *, email: str, role: Role, by: User, now: datetime) -> Membership:
    """Let somebody work in a workspace, and mail them: with a link to choose a password when they are new here.

    The mail leaves after the commit. Raises AlreadyMember.
    """
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email, password=None, language=workspace.language)
    membership, made = Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})
    if not made:
        raise AlreadyMember
    _record(workspace.id, "user.invite", by=by, about=f"user:{user.id}", now=now)
    transaction.on_commit(lambda: send_invitation(membership, by=by))
    return membership


def invite_again(membership: Membership, *, by: User) -> None:
    """Mail the invitation once more."""
    send_invitation(membership, by=by)


@transaction.atomic
def change_role(membership: Membership, role: Role, *, by: User, now: datetime) -> None:
    """Give a user of a workspace another role. Raises LastOwner."""
    if role != Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _record(membership.workspace_id, f"user.make-{role}", by=by, about=f"user:{membership.user_id}", now=now)


@transaction.atomic
def remove(membership: Membership, *, by: User, now: datetime) -> None:
    """Take a user out of a workspace; the account stays, since it may belong to others. Raises LastOwner."""
    _keep_an_owner(membership)
    _record(membership.workspace_id, "user.remove", by=by, about=f"user:{membership.user_id}", now=now)
    membership.delete()


def _keep_an_owner(leaving: Membership) -> None:
    """Raise LastOwner if no owner were left without `leaving`. Locks the owners, so that two cannot leave at once."""
    owners = set(queries.owners(leaving.workspace_id).select_for_update(of=("self",)).values_list("pk", flat=True))
    if owners <= {leaving.pk}:
        raise LastOwner


def _record(workspace_id: int, act: str, *, by: User, about: str, now: datetime) -> None:
    """Write the act to the ledger; no personal table is touched, so it needs no processing context."""
    Activity.objects.create(
        workspace_id=workspace_id, purpose=PURPOSE, act=act, actor=user_actor(by.id), object_ref=about, at=now
    )

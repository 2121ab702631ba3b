"""Who works where."""

from __future__ import annotations

from django.db.models import QuerySet

from tillit.accounts.models import Membership, Role, User


def membership(user: User, workspace_id: int) -> Membership | None:
    """The user's membership of a workspace with the workspace loaded, or None."""
    return memberships(user).filter(workspace_id=workspace_id).first()


def memberships(user: User) -> QuerySet[Membership]:
    """The workspaces a user belongs to, by name."""
    return Membership.objects.filter(user=user).select_related("workspace").order_by("workspace__name", "workspace_id")


def last_or_first(user: User, last: int | None) -> Membership | None:
    """The membership of the workspace `last` if the user still has it, else the first one, else None."""
    mine = memberships(user)
    return (mine.filter(workspace_id=last).first() if last else None) or mine.first()


def members(workspace_id: int) -> QuerySet[Membership]:
    """The users of a workspace, by address."""
    return Membership.objects.filter(workspace_id=workspace_id).select_related("user").order_by("user__email")


def owners(workspace_id: int) -> QuerySet[Membership]:
    """The memberships that may change everything in a workspace."""
    return Membership.objects.filter(workspace_id=workspace_id, role=Role.OWNER, user__is_active=True)

"""Factories: what a test needs around the thing it tests, by keyword. Each package adds its own below the others."""

from __future__ import annotations

from functools import cache
from itertools import count
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.ledger.actions import publish

PASSWORD = "a long pass phrase for tests"
POLICY = Path(__file__).resolve().parent.parent / "policies" / "smart-media-solutions.yaml"
_numbers = count(1)


def workspace(*, name: str = "", policy: str | None = None, bare: bool = False, **fields: object) -> Workspace:
    """A workspace with the reference policy in force, another policy's text, or (`bare`) none."""
    made = Workspace.objects.create(name=name or f"Workspace {next(_numbers)}", **fields)
    if not bare:
        publish(made.id, policy or POLICY.read_text(), by=None, now=timezone.now())
    return made


def user(*, email: str = "", password: str = PASSWORD, **fields: object) -> User:
    """Somebody who can sign in with PASSWORD."""
    made = User(email=(email or f"user{next(_numbers)}@example.com").lower(), password=_hashed(password), **fields)
    made.save()
    return made


@cache
def _hashed(password: str) -> str:
    """Hashed once a run: hashing slowly is the hash's purpose, and would be most of a test's time."""
    return make_password(password)


def member(workspace: Workspace, *, role: Role = Role.EDITOR, **fields: object) -> User:
    """A user of a workspace."""
    made = user(**fields)
    Membership.objects.create(workspace=workspace, user=made, role=role)
    return made

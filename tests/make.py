"""Factories: what a test needs around the thing it tests, by keyword. Each package adds its own below the others."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.consent.actions import choose
from tillit.edge.tokens import Kind, Tokens
from tillit.ledger.actions import publish
from tillit.ledger.processing import processing
from tillit.people.actions import add_person, set_subscription
from tillit.people.models import MailingList
from tillit.policy.regions import Region
from tillit.policy.roles import Role as PersonRole

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


def person(
    workspace: Workspace,
    *,
    email: str = "",
    region: Region = Region.EEA,
    traits: dict[str, dict[str, Any]] | None = None,
    role: PersonRole = PersonRole.CONTACT,
    language: str = "",
) -> UUID:
    """A person in a workspace, with an address."""
    with processing(workspace.pk, "audience.administer", by="test", act="person.add") as activity:
        address = email or f"person{next(_numbers)}@example.org"
        return add_person(activity, email=address, region=region, traits=traits, role=role, language=language)


def choice(workspace: Workspace, person: UUID, purpose: str = "marketing.email", state: str = "granted") -> UUID:
    """A choice of a person; return its id."""
    made = choose(workspace.pk, person, {purpose: state}, method="operator", now=timezone.now(), by="test")
    return made[purpose]


def mailing_list(workspace: Workspace, *people: UUID, name: str = "", **fields: Any) -> MailingList:
    """A list with people on it."""
    made = MailingList.objects.create(workspace=workspace, name=name or f"List {next(_numbers)}", **fields)
    with processing(workspace.pk, "audience.administer", by="test", act="list.fill") as activity:
        set_subscription(activity, people, made, "subscribed", now=timezone.now())
    return made


def token(
    kind: Kind, workspace: Workspace, person: UUID, *, campaign: int = 0, argument: int = 0, days_old: int = 0
) -> str:
    """The token of a link in a mail that went out so many days ago."""
    day = timezone.now().date() - timedelta(days=days_old)
    return Tokens(settings.TOKEN_KEY).issue(
        kind, workspace=workspace.pk, campaign=campaign, person=person, day=day, argument=argument
    )

"""Factories: what a test needs around the thing it tests, by keyword. Each package adds its own below the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.campaigns.models import Campaign
from tillit.consent.actions import choose, record_choice
from tillit.edge.tokens import Kind, Tokens
from tillit.governance.drafts import start
from tillit.governance.models import Draft
from tillit.ledger.actions import publish
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force
from tillit.people.actions import add_person, make_default_fields, set_subscription
from tillit.people.models import MailingList, Person
from tillit.policy.regions import Region
from tillit.policy.roles import Role as PersonRole

PASSWORD = "a long pass phrase for tests"
POLICY = Path(__file__).resolve().parent.parent / "policies" / "smart-media-solutions.yaml"
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
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


# --- campaigns -------------------------------------------------------------------------------------------------------


def reader(
    workspace: Workspace,
    *,
    email: str = "",
    on: Sequence[MailingList] = (),
    state: str = "subscribed",
    region: Region = Region.EEA,
    may: Sequence[str] = (),
    said_no: Sequence[str] = (),
    traits: Mapping[str, Mapping[str, Any]] | None = None,
    flags: int = 0,
) -> UUID:
    """A person on lists, who granted the purposes `may` and objected to those of `said_no`."""
    with processing(workspace.id, "audience.administer", by="test", act="test.add") as activity:
        made = add_person(activity, email=email or f"person{next(_numbers)}@example.org", region=region, traits=traits)
        for each in on:
            set_subscription(activity, [made], each, state, now=timezone.now(), revive=True)
        if flags:
            Person.objects.filter(id=made).update(flags=flags)
    with processing(workspace.id, "preferences.manage", by="test", act="test.choose") as activity:
        for purposes, decision in ((may, "granted"), (said_no, "objected")):
            for purpose in purposes:
                record_choice(activity, [made], purpose, decision, method="operator", now=timezone.now())
    return made


def campaign(workspace: Workspace, *, lists: Sequence[MailingList] = (), **fields: object) -> Campaign:
    """A draft that can be sent once it has a list."""
    fields = {
        "name": f"Campaign {next(_numbers)}",
        "subject": "Hello {{ first_name | default('you') }}",
        "body": "# News\n\nDear {{ first_name | default('friend') }}, [read more](https://example.com/news).",
        "from_email": "news@example.com",
        **fields,
    }
    make_default_fields(workspace.id)
    made = Campaign.objects.create(workspace=workspace, **fields)
    made.lists.set(lists)
    return made


# --- policies ---------------------------------------------------------------------------------------------------------


def draft(workspace: Workspace, *, by: User, text: str = "", name: str = "") -> Draft:
    """A draft, begun from the version in force."""
    text = text or in_force(workspace.pk).text
    return start(workspace, text, name=name or f"Draft {next(_numbers)}", by=by, now=timezone.now())

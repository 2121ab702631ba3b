"""What the tests of people's pages share: a workspace, a person on a list, the links of a mail they got."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tillit.accounts.models import Workspace
from tillit.campaigns.models import Campaign
from tillit.consent.models import Choice
from tillit.edge.tokens import Kind
from tillit.ledger.processing import processing
from tillit.people.actions import make_default_fields
from tillit.people.models import MailingList, Person, Subscription


@dataclass
class Reader:
    """Somebody on a list who got a campaign."""

    workspace: Workspace
    person: UUID
    news: MailingList
    other: MailingList
    campaign: Campaign

    def link(self, kind: Kind, *, campaign: bool = True, **more) -> str:
        """A token as the mail of the campaign holds it."""
        number = self.campaign.pk if campaign else 0
        return make.token(kind, self.workspace, self.person, campaign=number, **more)

    def standing(self) -> dict[str, str]:
        """List → state, as stored."""
        names = {each.pk: each.name for each in MailingList.objects.filter(workspace=self.workspace)}
        with processing(self.workspace.pk, "preferences.manage", by="test", act="look"):
            rows = Subscription.objects.filter(person_id=self.person).values_list("list_id", "state")
            return {names[number]: state for number, state in rows}

    def choices(self) -> list[tuple[str, str]]:
        with processing(self.workspace.pk, "preferences.manage", by="test", act="look"):
            rows = Choice.objects.filter(person_id=self.person).order_by("id")
            return list(rows.values_list("purpose", "state"))

    def permitted(self, purpose: str) -> bool:
        """Whether a purpose shows the person."""
        with processing(self.workspace.pk, purpose, by="test", act="look"):
            return Person.objects.filter(pk=self.person).exists()


@pytest.fixture
def reader(db) -> Reader:
    return a_reader()


def a_reader(**fields) -> Reader:
    workspace = make.workspace(name="Nordic Rooms")
    fields = {"email": "ann.berg@example.org", "traits": {"identity": {"first_name": "Ann"}}} | fields
    make_default_fields(workspace.pk)
    person = make.person(workspace, **fields)
    make.choice(workspace, person)
    news = make.mailing_list(workspace, person, name="News", description="What is new, once a month.")
    other = make.mailing_list(workspace, person, name="Events")
    make.mailing_list(workspace, name="Open house", public=True)
    make.mailing_list(workspace, name="Staff only", public=False)
    campaign = Campaign.objects.create(
        workspace=workspace, name="October", subject="New rooms", prepared_at=timezone.now()
    )
    campaign.lists.add(news)
    return Reader(workspace, person, news, other, campaign)


@pytest.fixture
def mail_program() -> Client:
    """A client that would be refused if a page needed a CSRF token."""
    return Client(enforce_csrf_checks=True)

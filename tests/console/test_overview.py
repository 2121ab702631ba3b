"""The overview: real figures, read under the policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.campaigns.models import Campaign
from tillit.console.views.overview import mail_by_day, people_reach
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.actions import add_person
from tillit.people.models import MailingList
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db
QUERIES = 20


def fill(workspace: Workspace, *, each: int) -> None:
    for n in range(each):
        Campaign.objects.create(workspace=workspace, name=f"Campaign {n}")
        MailingList.objects.create(workspace=workspace, name=f"List {n}")
        Activity.objects.create(
            workspace_id=workspace.id,
            purpose="delivery.operate",
            act="message.outcome",
            actor=f"user:{n}",
            counts={"sent": 10, "failed": 1},
            at=timezone.now(),
        )


def people(workspace: Workspace, region: Region, *, number: int) -> None:
    with processing(workspace.id, "audience.import", by="system", act="people.import") as activity:
        for n in range(number):
            add_person(activity, email=f"{region.code}{n}@example.com", region=region)


def test_reach_is_what_the_policy_permits() -> None:
    workspace, other = make.workspace(), make.workspace()
    people(workspace, Region.EEA, number=3)  # consent is needed there, and nobody gave it
    people(workspace, Region.US, number=2)  # there, nobody refused
    people(other, Region.US, number=4)
    reach = people_reach(workspace, by="system")
    assert reach is not None
    assert (reach.people, reach.permitted, reach.share) == (5, 2, 40)


def test_looking_is_in_the_ledger() -> None:
    workspace = make.workspace()
    people_reach(workspace, by="user:7")
    (row,) = Activity.objects.filter(workspace_id=workspace.id).exclude(act="policy.publish")
    assert (row.act, row.purpose, row.actor) == ("overview.read", "audience.administer", "user:7")


def test_a_workspace_without_a_policy_shows_what_to_do_first(client: Client) -> None:
    workspace = make.workspace(bare=True)
    client.force_login(make.member(workspace))
    words = client.get(f"/w/{workspace.id}/").content.decode()
    assert "Publish the privacy policy" in words
    assert client.get(f"/w/{workspace.id}/figures").status_code == 200
    assert not Activity.objects.filter(workspace_id=workspace.id).exists()


def test_first_steps_go_away_when_a_campaign_was_sent(client: Client) -> None:
    workspace = make.workspace()
    client.force_login(make.member(workspace))
    assert "First steps" in client.get(f"/w/{workspace.id}/").content.decode()
    Campaign.objects.create(workspace=workspace, name="Spring", state=Campaign.State.DONE)
    assert "First steps" not in client.get(f"/w/{workspace.id}/").content.decode()


def test_mail_by_day_adds_up_the_ledger() -> None:
    workspace = make.workspace(bare=True)
    assert mail_by_day(workspace) is None
    fill(workspace, each=3)
    chart = mail_by_day(workspace)
    assert chart is not None
    assert [sum(series.values) for series in chart.series] == [30, 3]
    assert len(chart.labels) == 30


@pytest.mark.parametrize("each", [1, 7])
def test_the_number_of_queries_does_not_grow(
    client: Client, each: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    workspace = make.workspace()
    fill(workspace, each=each)
    client.force_login(make.member(workspace, role=Role.VIEWER))
    client.get(f"/w/{workspace.id}/")
    with django_assert_max_num_queries(QUERIES):
        client.get(f"/w/{workspace.id}/")

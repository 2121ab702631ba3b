"""The data map's page: the picture and the table say the same, and what is chosen is all that is left."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from django.test import Client

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.console.navigation import address

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Workspace:
    return make.workspace()


@pytest.fixture
def viewer(house: Workspace, client: Client) -> Client:
    client.force_login(make.member(house, role=Role.VIEWER))
    return client


def get(client: Client, workspace: Workspace, **query: Any) -> Any:
    return client.get(address("data_map", workspace.pk), query)


def nodes(response: Any, field: str) -> set[str]:
    names = {node.name for node in response.context["picture"].nodes}
    return {name.removeprefix(f"{field}:") for name in names if name.startswith(f"{field}:")}


@pytest.mark.clause("A6", "D1")
def test_the_picture_and_the_table_say_the_same(viewer: Client, house: Workspace) -> None:
    response = get(viewer, house, purpose="marketing.email")
    lines = [line for line, _kept, _held in response.context["lines"]]
    assert nodes(response, "category") == {line.category.id for line in lines}
    assert nodes(response, "source") == {each.id for line in lines for each in line.sources}
    assert nodes(response, "recipient") == {each.id for line in lines for each in line.recipients} == {"mail-relay"}
    assert nodes(response, "purpose") == {"marketing.email"}
    links = set(response.context["picture"].links)
    assert ("category:contact", "purpose:marketing.email") in links
    assert all(
        {source, target} <= {node.name for node in response.context["picture"].nodes} for source, target in links
    )


def test_the_whole_picture_names_what_it_leaves_out(viewer: Client, house: Workspace) -> None:
    response = get(viewer, house)
    assert "backup.keep" not in nodes(response, "purpose")
    assert "Backups" in response.context["left_out"]
    assert "backup.keep" in nodes(get(viewer, house, purpose="backup.keep"), "purpose")


def test_a_choice_that_leads_nowhere_says_so(viewer: Client, house: Workspace) -> None:
    page = get(viewer, house, category="recruitment", recipient="mail-relay").content.decode()
    assert "No information takes this way." in page
    assert get(viewer, house, category="x" * 500, source="'").status_code == 200


def test_numbers_come_for_every_place_on_the_page(viewer: Client, house: Workspace) -> None:
    make.person(house)
    page, numbers = get(viewer, house).content.decode(), get(viewer, house, count=1).content.decode()
    places = set(re.findall(r'class="held-rows" id="([^"]+)"', page))
    assert places == set(re.findall(r'class="held-rows" id="([^"]+)"', numbers))
    assert 'id="rows-contact-people_person" hx-swap-oob="true">1<' in numbers
    assert "not counted" in numbers


def test_exports_hold_the_same_with_numbers(viewer: Client, house: Workspace) -> None:
    make.person(house)
    rows = list(csv.DictReader(io.StringIO(get(viewer, house, format="csv").content.decode("utf-8-sig"))))
    person = next(row for row in rows if row["table"] == "people_person" and row["category"] == "contact")
    assert person["rows"] == "1"
    assert "marketing.email" in person["purposes"]
    values = json.loads(get(viewer, house, format="json", category="request").content)
    (request,) = values["categories"]
    assert request["held"][0]["rows"] is None
    assert request["retention"]["then"] == "delete"


def test_a_workspace_without_a_policy_says_what_to_do(client: Client) -> None:
    bare = make.workspace(bare=True)
    client.force_login(make.member(bare, role=Role.VIEWER))
    assert "No policy yet" in get(client, bare).content.decode()


def test_another_workspaces_map_is_not_there(viewer: Client) -> None:
    assert get(viewer, make.workspace()).status_code == 404


def test_the_page_asks_the_database_little(
    viewer: Client, house: Workspace, django_assert_max_num_queries: Any
) -> None:
    get(viewer, house)
    with django_assert_max_num_queries(8):
        get(viewer, house)

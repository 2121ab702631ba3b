"""The register's page: found, filtered, opened, exported, for any version and day, and for nobody else's workspace."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.console.navigation import address
from tillit.ledger.actions import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Workspace:
    return make.workspace(name="House", kind="house")


@pytest.fixture
def viewer(house: Workspace, client: Client) -> Client:
    client.force_login(make.member(house, role=Role.VIEWER))
    return client


def get(client: Client, workspace: Workspace, **query: Any) -> Any:
    return client.get(address("register", workspace.pk), query)


def ids(response: Any) -> set[str]:
    return {line.record.id for line in response.context["found"]}


@pytest.mark.clause("A10", "D1", "A6")
def test_every_purpose_stands_there_in_its_role(viewer: Client, house: Workspace) -> None:
    response = get(viewer, house)
    assert len(response.context["controller"]) > 30
    assert [line.record.id for line in response.context["processor"]] == ["members.host"]
    page = response.content.decode()
    assert "Commission Implementing Decision (EU) 2023/1795" in page
    assert "Legitimate interest: missing" in page


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ({"q": "relaypoint"}, "marketing.email", "recruitment.assess"),
        ({"q": "f6"}, "leads.share", "marketing.email"),
        ({"role": "processor"}, "members.host", "marketing.email"),
        ({"basis": "legitimate-interest"}, "security.protect", "backup.keep"),
        ({"basis": "consent", "region": "EEA"}, "measurement.email", "security.protect"),
        ({"basis": "consent", "region": "US"}, "social.embed", "marketing.email"),
        ({"category": "recruitment"}, "recruitment.assess", "marketing.email"),
        ({"recipient": "mail-relay"}, "marketing.email", "security.protect"),
    ],
)
def test_filters_leave_what_was_asked_for(
    viewer: Client, house: Workspace, query: dict[str, str], there: str, gone: str
) -> None:
    found = ids(get(viewer, house, **query))
    assert there in found
    assert gone not in found


@pytest.mark.parametrize("query", [{"q": "qqqq"}, {"region": "MOON"}, {"role": "king"}, {"review": "due"}])
def test_a_filter_that_fits_nothing_says_so(viewer: Client, house: Workspace, query: dict[str, str]) -> None:
    response = get(viewer, house, **query)
    assert ids(response) == set()
    assert "No purpose fits these words and filters." in response.content.decode()


@pytest.mark.parametrize("query", [{"version": "99"}, {"version": "x"}, {"version": "9" * 30}, {"on": "1999-01-01"}])
def test_a_version_that_is_not_there_is_not_found(viewer: Client, house: Workspace, query: dict[str, str]) -> None:
    assert get(viewer, house, **query).status_code == 404


@pytest.mark.parametrize("day", ["yesterday", "2026-13-45", "1", "'"])
def test_a_day_that_is_none_is_today(viewer: Client, house: Workspace, day: str) -> None:
    response = get(viewer, house, on=day)
    assert response.status_code == 200
    assert "is no date" in response.content.decode()


def test_an_earlier_version_can_be_read(viewer: Client, house: Workspace, policy_text: str) -> None:
    publish(house.pk, policy_text.replace("News and offers by email", "Letters"), by=None, now=timezone.now())
    assert "Letters" in get(viewer, house).content.decode()
    assert "Letters" not in get(viewer, house, version=1).content.decode()


def test_the_register_speaks_the_language_asked_for(viewer: Client, house: Workspace) -> None:
    page = get(viewer, house, language="sv").content.decode()
    assert "Nyheter och erbjudanden med e-post" in page
    assert "berättigat intresse, 6.1\N{NO-BREAK SPACE}f" in page
    assert get(viewer, house, language="xx").status_code == 200


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_exports_hold_the_whole_register(viewer: Client, house: Workspace, kind: str) -> None:
    response = get(viewer, house, format=kind, q="relaypoint")
    assert "attachment" in response["Content-Disposition"]
    assert f"-v1-{timezone.localdate()}.{kind}" in response["Content-Disposition"]
    if kind == "xlsx":
        assert openpyxl.load_workbook(io.BytesIO(response.content)).sheetnames[0] == "Controller"
    elif kind == "json":
        assert len(json.loads(response.content)["records"]) > 30
    else:
        assert "security.protect" in response.content.decode()


def test_the_schema_is_offered(viewer: Client, house: Workspace) -> None:
    response = viewer.get(address("register_schema", house.pk))
    assert json.loads(response.content)["title"] == "Register of processing"


def test_a_workspace_without_a_policy_says_what_to_do(client: Client) -> None:
    bare = make.workspace(bare=True)
    client.force_login(make.member(bare, role=Role.VIEWER))
    assert "No policy yet" in get(client, bare).content.decode()


def test_another_workspaces_register_is_not_there(viewer: Client) -> None:
    assert get(viewer, make.workspace()).status_code == 404


def test_a_viewer_is_not_asked_to_write(viewer: Client, house: Workspace) -> None:
    assert "Write it" not in get(viewer, house).content.decode()
    editor = Client()
    editor.force_login(make.member(house, role=Role.EDITOR))
    assert "Write it" in get(editor, house).content.decode()


def test_texts_of_the_policy_are_escaped(client: Client, policy_text: str) -> None:
    text = policy_text.replace("en: News and offers by email", "en: <script>alert(1)</script>")
    workspace = make.workspace(policy=text)
    client.force_login(make.member(workspace, role=Role.VIEWER))
    page = get(client, workspace).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_asks_the_database_little(
    viewer: Client, house: Workspace, django_assert_max_num_queries: Any
) -> None:
    get(viewer, house)
    with django_assert_max_num_queries(26):
        get(viewer, house)

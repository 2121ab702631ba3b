"""The ledger's pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tillit.accounts.models import Role, Workspace
from tillit.env import env
from tillit.ledger.models import Activity
from tillit.ledger.seal import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(client: Client) -> Workspace:
    made = make.workspace()
    client.force_login(make.member(made, role=Role.VIEWER, name="Ada Lindqvist", language="en"))
    return made


def act(workspace: Workspace, name: str, *, purpose: str = "audience.administer", **fields: object) -> Activity:
    values = {"actor": "system", "at": timezone.now(), **fields}
    return Activity.objects.create(workspace_id=workspace.id, purpose=purpose, act=name, **values)


def page(client: Client, workspace: Workspace, query: str = "") -> str:
    return client.get(f"/w/{workspace.id}/ledger{query}").content.decode()


def test_activities_are_told_in_words(client: Client, workspace: Workspace) -> None:
    user = make.member(workspace, name="Bo Ek")
    act(workspace, "people.import", actor=f"user:{user.id}", counts={"persons": 12345}, object_ref="import:4")
    words = page(client, workspace)
    for each in ("Brought in people from a file", "Bo Ek", "12,345 people", "Keeping lists and contacts", "import:4"):
        assert each in words


def test_another_workspaces_activities_are_not_shown(client: Client, workspace: Workspace) -> None:
    row = act(make.workspace(bare=True), "secret.act")
    assert "secret.act" not in page(client, workspace)
    assert client.get(f"/w/{workspace.id}/ledger/{row.id}").status_code == 404


def test_filters_narrow_by_purpose_outcome_and_words(client: Client, workspace: Workspace) -> None:
    act(workspace, "one.act", purpose="marketing.email")
    act(workspace, "two.act", outcome="refused", object_ref="campaign:7")
    assert "two.act" not in page(client, workspace, "?purpose=marketing.email")
    assert "one.act" not in page(client, workspace, "?outcome=refused")
    assert "one.act" not in page(client, workspace, "?q=campaign:7")
    assert "two.act" in page(client, workspace, "?q=campaign:7")


def test_pages_follow_one_another_without_gap_or_repetition(client: Client, workspace: Workspace) -> None:
    rows = [act(workspace, f"act.{n:03}") for n in range(120)]
    seen: list[str] = []
    query = ""
    for _ in range(3):
        listing = client.get(f"/w/{workspace.id}/ledger{query}").context["listing"]
        seen += [row.act for row in listing]
        query = listing.next_href
    assert seen == [*(row.act for row in reversed(rows)), "policy.publish"]
    assert query == ""
    back = client.get(f"/w/{workspace.id}/ledger{listing.previous_href}").context["listing"]
    assert [row.act for row in back] == seen[50:100]


def test_a_cursor_that_was_tampered_with_is_a_bad_request(client: Client, workspace: Workspace) -> None:
    assert client.get(f"/w/{workspace.id}/ledger?after=garbage").status_code == 400
    assert client.get(f"/w/{workspace.id}/ledger?after=WyJ4IiwieCJd").status_code == 400


def test_the_seals_state_is_shown(client: Client, workspace: Workspace) -> None:
    row = act(workspace, "some.act")
    assert "Not sealed yet" in page(client, workspace)
    seal(env().keys, now=timezone.now())
    assert "All sealed" in page(client, workspace)
    assert "of seal 1" in client.get(f"/w/{workspace.id}/ledger/{row.id}").content.decode()


def test_the_export_holds_what_the_page_shows(client: Client, workspace: Workspace) -> None:
    act(workspace, "kept.act", counts={"persons": 3})
    act(workspace, "other.act", purpose="marketing.email")
    response = client.get(f"/w/{workspace.id}/ledger?purpose=audience.administer&format=csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["act"] for row in rows] == ["kept.act"]
    assert rows[0]["counts"] == "persons=3"


@pytest.mark.parametrize("number", [1, 40])
def test_the_number_of_queries_does_not_grow(
    client: Client, workspace: Workspace, number: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _ in range(number):
        act(workspace, "some.act", actor=f"user:{make.user().id}")
    page(client, workspace)
    with django_assert_max_num_queries(14):
        page(client, workspace)

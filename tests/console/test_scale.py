"""Pages over many people show whom they should, and read no more where there are more people.

What is judged is the rows that PostgreSQL touches, not the time. `SCALE=2000000 pytest -n0 tests/console/test_scale.py`
looks at two million people, in five minutes and with 5 GB of disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from bench.pages import Page, pages, reader, subscribed, swede_with_points
from bench.people import LISTS, SEGMENTS, Crowd, address, fill
from tests import make
from tests.conftest import empty_tables, superuser
from tests.reads import Reads, reads
from tillit.accounts.keys import make_key
from tillit.accounts.models import Role

FEW, MANY = 2_000, int(os.environ.get("SCALE", "60000"))
# Of all tables, most of them for the 4,000 people among whom those of a segment are looked for. Of two million so few
# clicked in a campaign that PostgreSQL rather reads all of their clicks than looks for those of the 4,000.
MOST_ROWS = max(25_000, MANY // 40)
#: What no page reads from end to end.
LARGE = {
    *("people_person", "people_identity", "people_traits", "people_nameword", "people_subscription"),
    *("consent_choice", "delivery_message", "ledger_activity", "people_likeness"),
}
NOBODY = Crowd(None, 1_000, dict.fromkeys(LISTS, 0), dict.fromkeys(SEGMENTS, 0), 0)
NAMES = [page.name for page in pages(NOBODY, lambda number: UUID(int=number))]

Opened = Callable[[int, str], tuple[Page, str, Reads]]


@pytest.fixture(scope="module")
def crowds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[list[tuple[Crowd, dict[str, Page]]]]:
    """A workspace with few people beside one with many, and their pages by name; emptied afterwards."""
    with django_db_blocker.unblock(), superuser() as connection:
        made = [fill(connection, persons, now=timezone.now()) for persons in (FEW, MANY)]
        found = [(crowd, pages(crowd, lambda number, at=crowd: at.person(connection, number))) for crowd in made]
        yield [(crowd, {page.name: page for page in its}) for crowd, its in found]
    empty_tables()


@pytest.fixture
def opened(crowds, django_db_blocker, settings, monkeypatch) -> Iterator[Opened]:
    """Open a page of one of the workspaces; return it, what it holds, and what was read for it."""
    monkeypatch.setattr("tillit.people.queries.SOON", 500)  # as many people here are few elsewhere
    settings.PATIENCE_S = 60

    def looked(place: int, name: str) -> tuple[Page, str, Reads]:
        crowd, its = crowds[place]
        client = Client()
        client.force_login(make.member(crowd.workspace, role=Role.OWNER))
        client.get(f"/w/{crowd.workspace.pk}/campaigns")  # what a session writes at its first page it writes once
        with reads() as seen:
            response = client.get(f"/w/{crowd.workspace.pk}/{its[name].path}")
        assert response.status_code == 200
        return its[name], response.content.decode(), seen

    with django_db_blocker.unblock():
        yield looked


@pytest.mark.parametrize("name", NAMES)
def test_a_page_over_many_people_is_right_and_reads_no_more_than_over_few(opened, name):
    page, content, many = opened(1, name)
    assert not page.fault(content)
    if page.matches is None:
        return
    assert not many.whole & LARGE
    assert many.rows.total() - page.matches * 2 <= MOST_ROWS, many.heaviest
    page, content, few = opened(0, name)
    assert not page.fault(content)
    assert many.statements <= few.statements


def test_numbers_are_counted_over_all_of_them(crowds, opened, django_db_blocker):
    crowd, _its = crowds[1]
    numbers = range(1, crowd.persons + 1)
    expected = {"Swedes with points": swede_with_points, "Readers": reader, "Few": lambda number: False}
    client = Client()
    client.force_login(make.member(crowd.workspace, role=Role.OWNER))
    for name, test in expected.items():
        page = client.get(f"/w/{crowd.workspace.pk}/segments/{crowd.segments[name]}/count?explained=1")
        counted = page.context["count"]
        assert (counted.number, counted.everybody, counted.exact) == (sum(map(test, numbers)), crowd.persons, True)
    figures = client.get(f"/w/{crowd.workspace.pk}/lists?counted=1").context["figures"]
    assert {each.list.name: each.subscribed for each in figures} == {
        name: sum(subscribed(number, one_in) for number in numbers) for name, one_in in LISTS.items()
    }


def test_programs_and_previews_read_no_more_than_pages(crowds, opened, django_db_blocker):
    crowd, _its = crowds[1]
    house, owner = crowd.workspace, make.member(crowd.workspace, role=Role.OWNER)
    _key, said = make_key(
        house, name="One", role=Role.VIEWER, purposes=["audience.administer"], by=owner, now=timezone.now()
    )
    with reads() as seen:
        answer = Client().get("/api/v1/persons?limit=50", headers={"Authorization": f"Bearer {said}"})
    shown = [each["identities"][0]["value"] for each in answer.json()["items"]]
    assert shown == [address(number) for number in range(crowd.persons, crowd.persons - 50, -1)]
    assert not seen.whole & LARGE and seen.rows.total() < MOST_ROWS
    client = Client()
    client.force_login(owner)
    asked = {"lists": [crowd.lists["Customers"]], "as": "person300", "purpose": "marketing.email"}
    with reads() as seen:
        found = client.post(f"/w/{house.pk}/campaigns/candidates", asked).content.decode()
    alike = sorted(address(each) for each in range(3, crowd.persons + 1, 3) if str(each).startswith("300"))
    assert re.findall(r"person\d+@example\d+\.org", found) == alike[:8]
    assert not seen.whole & LARGE and seen.rows.total() < MOST_ROWS

"""A workspace that can import, for pages about people."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from tests import make
from tests.people.conftest import bring, house, import_folder, make_house, queue  # noqa: F401  fixtures
from tillit.accounts.models import Role, Workspace
from tillit.ledger.processing import processing
from tillit.people.search import Wanted, find


@pytest.fixture
def editor(client: Client, house: Workspace) -> Client:  # noqa: F811
    """A client signed in as an editor of the house."""
    client.force_login(make.member(house, role=Role.EDITOR))
    return client


@pytest.fixture
def viewer(house: Workspace) -> Client:  # noqa: F811
    """A client signed in as a viewer of the house."""
    client = Client()
    client.force_login(make.member(house, role=Role.VIEWER))
    return client


@pytest.fixture
def person_id() -> Callable[[Workspace, str], UUID]:
    """Find the id of the person with an address."""

    def found(workspace: Workspace, email: str) -> UUID:
        with processing(workspace.pk, "audience.administer", by="test", act="look"):
            return find(workspace.pk, Wanted(text=email)).rows[0].person.pk

    return found

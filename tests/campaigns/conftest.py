"""A workspace that could send, with one list."""

from __future__ import annotations

import pytest

from tests import make
from tillit.accounts.models import Workspace
from tillit.people.models import MailingList


@pytest.fixture(autouse=True)
def public_address(settings) -> None:
    """One-click unsubscription needs an https address (RFC 8058)."""
    settings.BASE_URL = "https://mail.example.com"


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace(postal_address="Drottninggatan 1\n111 51 Stockholm")


@pytest.fixture
def news(workspace: Workspace) -> MailingList:
    return make.mailing_list(workspace, name="News")

"""Who sees which page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import make
from tillit.accounts.models import Role


@pytest.mark.django_db
def test_overview_greets_a_member(client: Client) -> None:
    workspace = make.workspace(name="Northern Lights")
    client.force_login(make.member(workspace, role=Role.VIEWER))
    response = client.get(f"/w/{workspace.id}/")
    assert response.status_code == 200
    assert "Northern Lights" in response.content.decode()

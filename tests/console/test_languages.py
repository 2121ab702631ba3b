"""Every text in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests import make
from tests.environment import ROOT
from tillit.accounts.models import Role
from tillit.conf.translations import LANGUAGES, missing, stale
from tillit.ledger.models import Activity


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    assert not missing(language), "run `python -m tillit.conf.translations update` and fill in what is empty"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_outlives_its_text(language: str) -> None:
    assert not stale(language), "run `python -m tillit.conf.translations update`"


def test_every_icon_of_a_template_is_in_the_sprite() -> None:
    sprite = set((ROOT / "frontend" / "src" / "icons.txt").read_text().splitlines())
    for template in (ROOT / "tillit").rglob("templates/**/*.html"):
        for name in re.findall(r"""(?:{% icon |icon=)["']([\w-]+)["']""", template.read_text()):
            assert name in sprite, f"{_short(template)} uses the icon {name}: add it to frontend/src/icons.txt"


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.django_db
def test_sign_in_speaks_the_browsers_language(client: Client) -> None:
    page = client.get("/account/login/", headers={"accept-language": "sv-SE,sv;q=0.9"}).content.decode()
    assert '<html lang="sv"' in page
    assert "Glömt" in page


@pytest.mark.django_db
def test_a_users_own_language_goes_before_the_browsers(client: Client) -> None:
    workspace = make.workspace(bare=True)
    client.force_login(make.member(workspace, language="sv"))
    page = client.get(f"/w/{workspace.id}/", headers={"accept-language": "en"}).content.decode()
    assert "Översikt" in page


@pytest.mark.django_db
def test_the_language_switch_is_kept_for_the_user(client: Client) -> None:
    workspace = make.workspace(bare=True)
    user = make.member(workspace, language="en")
    client.force_login(user)
    answer = client.post("/language", {"language": "sv", "next": f"/w/{workspace.id}/"})
    assert answer["Location"] == f"/w/{workspace.id}/"
    user.refresh_from_db()
    assert user.language == "sv"


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
def test_the_language_switch_leads_nowhere_else(client: Client, target: str) -> None:
    assert client.post("/language", {"language": "sv", "next": target})["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "shown"), [("America/New_York", "06:30"), ("nowhere/at-all", "12:30"), ("", "12:30")])
def test_times_are_in_the_readers_zone(client: Client, zone: str, shown: str) -> None:
    workspace = make.workspace(bare=True)
    at = timezone.datetime(2025, 1, 15, 11, 30, tzinfo=timezone.get_fixed_timezone(0))
    Activity.objects.create(workspace_id=workspace.id, purpose="x", act="x", actor="system", at=at)
    client.force_login(make.member(workspace, role=Role.VIEWER, language="sv"))
    if zone:
        client.cookies["tillit_zone"] = zone
    assert f"2025-01-15 {shown}" in client.get(f"/w/{workspace.id}/ledger").content.decode()


@pytest.mark.django_db
def test_the_language_of_one_request_does_not_leak_into_the_next(client: Client) -> None:
    workspace = make.workspace(bare=True)
    client.force_login(make.member(workspace, language="sv"))
    client.get(f"/w/{workspace.id}/")
    page = Client().get("/account/login/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="en"' in page
    assert translation.get_language() == "en"

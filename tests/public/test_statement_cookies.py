"""The cookie statement, and what programs look for at fixed addresses."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine

from tests import make
from tillit.accounts.models import Workspace
from tillit.env import env
from tillit.ledger.actions import publish
from tillit.ledger.versions import in_force
from tillit.policy import statement_cookies
from tillit.policy.statement_blocks import Table

pytestmark = pytest.mark.django_db


@pytest.mark.clause("B3", "J4")
@pytest.mark.parametrize(
    ("language", "always", "asked"),
    [
        ("en", "Always, since it is necessary", "only if you say yes"),
        ("sv", "Alltid, eftersom det är nödvändigt", "bara om du säger ja"),
    ],
)
def test_every_tracker_is_listed_with_what_it_waits_for(client, language, always, asked):
    workspace = make.workspace()
    html = client.get(f"/cookies/{workspace.pk}", {"lang": language}).content.decode()
    rows = dict(re.findall(r'<tr id="tracker-([a-z-]+)">(.*?)</tr>', html, re.DOTALL))
    trackers = in_force(workspace.pk).document.trackers
    assert set(rows) == set(trackers)
    for name, tracker in trackers.items():
        assert tracker.title.said(language) in rows[name] and f"<code>{tracker.name}</code>" in rows[name]
        assert (always if tracker.essential else asked) in rows[name].replace("Only", "only").replace("Bara", "bara")


def test_what_is_always_there_comes_first_and_the_rest_by_purpose(client):
    workspace = make.workspace()
    chosen = in_force(workspace.pk)
    sections = statement_cookies.build(chosen.document, chosen.rules, language="en")
    assert sections[0].anchor == "essential"
    purposes = [tracker.purpose for tracker in chosen.document.trackers.values() if not tracker.essential]
    assert [section.anchor for section in sections[1:]] == [f"for-{each}" for each in dict.fromkeys(purposes)]
    tables = [block for section in sections for block in section.blocks if isinstance(block, Table)]
    assert sum(len(table.rows) for table in tables) == len(chosen.document.trackers)


def test_its_links_lead_into_the_statement(client):
    workspace = make.workspace()
    html = client.get(f"/cookies/{workspace.pk}", {"lang": "sv"}).content.decode()
    leads = set(re.findall(r'href="(/privacy/[^"#]+)#([^"]+)"', html))
    assert {address for address, _ in leads} == {f"/privacy/{workspace.pk}/v/1?lang=sv"}
    statement = client.get(f"/privacy/{workspace.pk}/v/1?lang=sv").content.decode()
    assert {anchor for _, anchor in leads} <= set(re.findall(r' id="([^"]+)"', statement))


def test_a_policy_without_trackers_says_that_nothing_is_stored(client, policy_text):
    head, rest = policy_text.split("\ntrackers:\n")
    workspace = make.workspace(policy=head + "\n" + rest[rest.index("\nretention:") :])
    html = client.get(f"/cookies/{workspace.pk}").content.decode()
    assert "We store nothing on your device and read nothing from it." in html
    assert client.get(f"/privacy/{workspace.pk}").status_code == 200


def test_the_cookie_page_sets_no_cookie_and_is_findable(client):
    make.workspace(kind=Workspace.Kind.HOUSE)
    answer = client.get("/cookies")
    assert answer.status_code == 200 and not answer.cookies
    assert answer["X-Robots-Tag"] == "all"


# --- fixed addresses -------------------------------------------------------------------------------------------------


@pytest.fixture
def house(policy_text) -> Workspace:
    made = make.workspace(kind=Workspace.Kind.HOUSE, bare=True)
    publish(made.pk, policy_text, by=None, now=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    return made


def test_global_privacy_control_is_heeded_since_the_version_in_force(client, house):
    answer = client.get("/.well-known/gpc.json")
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"gpc": True, "lastUpdate": "2026-03-01"}


def test_without_a_house_it_is_heeded_all_the_same(client):
    assert client.get("/.well-known/gpc.json").json() == {"gpc": True}


def _fields(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines())


@time_machine.travel("2026-05-04T12:00:00Z", tick=False)
def test_whom_to_tell_of_a_weakness_is_said_where_programs_look(client, house, settings):
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    fields = _fields(answer.content.decode())
    assert fields["Contact"] == "mailto:info@smartmediasolutions.example"
    expires = datetime.fromisoformat(fields["Expires"].replace("Z", "+00:00"))
    assert 30 < (expires - datetime(2026, 5, 4, tzinfo=UTC)).days < 365
    assert fields["Preferred-Languages"] == "en, sv"
    assert fields["Canonical"] == f"{settings.BASE_URL}/.well-known/security.txt"
    assert fields["Policy"] == f"{settings.BASE_URL}/privacy"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("cert@example.org", "mailto:cert@example.org"),
        ("https://example.org/report", "https://example.org/report"),
        ("tel:+46-8-1", "tel:+46-8-1"),
    ],
)
def test_the_setting_names_another_contact(client, house, monkeypatch, given, said):
    monkeypatch.setattr(env(), "security_contact", given)
    assert _fields(client.get("/.well-known/security.txt").content.decode())["Contact"] == said


def test_without_anybody_to_write_to_there_is_no_such_file(client):
    assert client.get("/.well-known/security.txt").status_code == 404

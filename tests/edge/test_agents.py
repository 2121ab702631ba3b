"""Which program asked: mail clients are people, and machines are told apart with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.edge.agents import BOT, CLIENT_LENGTH, PREFETCH, PROXY, SCANNER, agent

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "client", "device"),
    [
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) {WEBKIT} Mobile/15E148", None, "phone"),
        (f"Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) {WEBKIT} Mobile/15E148", None, "tablet"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT}", "Apple Mail", "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.3.1", "Thunderbird", "desktop"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)", "Outlook", "desktop"),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "Outlook", ""),
        ("Outlook-iOS/709.2226530.prod.iphone (3.24.1)", "Outlook-iOS", "phone"),
        ("Dalvik/2.1.0 (Linux; U; Android 13)", "Android", "phone"),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "Gmail", ""),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "Yahoo Mail", ""),
    ],
)
def test_mail_clients_and_browsers_are_people(user_agent: str, client: str | None, device: str) -> None:
    found = agent(user_agent.encode())
    assert (found.device, found.machine) == (device, "")
    assert client is None or found.client == client


@pytest.mark.parametrize(
    ("user_agent", "machine"),
    [
        ("Mozilla/5.0", PROXY),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
            PREFETCH,
        ),
        ("Barracuda Sentinel (EE)", SCANNER),
        ("Mozilla/5.0 (compatible; Mimecast)", SCANNER),
        ("python-requests/2.31", BOT),
        ("curl/8.5", BOT),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", BOT),
        ("facebookexternalhit/1.1", BOT),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120 Safari/537.36",
            BOT,
        ),
        ("", BOT),
        ("   ", BOT),
    ],
)
def test_machines_are_told_apart(user_agent: str, machine: str) -> None:
    found = agent(user_agent.encode())
    assert found.machine == machine
    assert found.hides_address


@given(user_agent=st.binary(max_size=400))
def test_whatever_is_sent_fits_the_columns(user_agent: bytes) -> None:
    found = agent(user_agent)
    assert len(found.client) <= CLIENT_LENGTH
    assert len(found.device) <= 20
    assert len(found.machine) <= 20
    assert "\0" not in found.client

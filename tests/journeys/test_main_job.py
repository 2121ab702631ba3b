"""The main job from end to end: a file is imported, mailed under the policy, measured; people object, ask and leave.

JOURNEY_PEOPLE sets how many the file has (200,000).
"""

from __future__ import annotations

import os
import random
import re
import signal
from collections import Counter
from contextlib import ExitStack, closing
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tests.delivery.mailing import sink
from tests.journeys.installation import (
    Installation,
    Relay,
    installation,
    link_to,
    links_of,
    pixel_of,
    wait_until,
    write_broken_csv,
)
from tillit.campaigns import actions
from tillit.campaigns.models import Campaign
from tillit.campaigns.report import report
from tillit.conf.sample import HEADER, people
from tillit.people.actions import make_default_fields
from tillit.people.models import MailingList

PEOPLE = int(os.environ.get("JOURNEY_PEOPLE", "200000"))
HEROES = [f"hero{number}@example.net" for number in range(24)]  # some may be in doubt after the kill
TARGET = "https://www.example.com/rooms?a=1&b=2"
BODY = """# News

Hello {{ first_name | default("there") }} at {{ company | default("your company") }}, see [our rooms](https://www.example.com/rooms?a=1&b=2).
"""
SOURCE = ("--source", "Trade fair", "--warranty", "Collected at our stand, with consent in writing")

TO_NEWS = ("--list", "News", *SOURCE, "--consent", "marketing.email")


class Cast(NamedTuple):
    """Who does what, all of whom got the first campaign."""

    opener: str
    clicker: str
    leaver: str
    objector: str
    copier: str
    erased: str


pytestmark = pytest.mark.usefixtures("committed_db")


def rows_of_the_file() -> tuple[list[list[str]], set[str]]:
    """The file's rows with its mistakes, and the addresses that it names properly."""
    rng = random.Random(5)
    rows = list(people(PEOPLE - len(HEROES)))
    rows += [[address, "Åsa", "Hjälte", "", "Åäö; Möten AB", "Umeå", "Sverige"] for address in HEROES]
    named = {row[0] for row in rows}
    rows += [
        ["no address", "Bo", "Ek", "", "", "", "SE"],
        ["", "Bo", "Ek", "", "", "", "SE"],
        ["a@b", "x", "", "", "", "", ""],
    ]
    rows += [["double@@example.com", "Bo", "Ek", "", "", "", ""], ["bo@example.com"] + ["x"] * 40]
    rows += [[row[0].upper(), *row[1:]] for row in rng.sample(rows[: PEOPLE // 2], 300)]  # duplicates, shouting
    rng.shuffle(rows)
    return [HEADER, *rows], named


def campaign(workspace, news: MailingList, name: str) -> Campaign:
    texts = {
        "name": name,
        "subject": "{{ first_name | default('Hello') }}, " + name,
        "body": BODY,
        "from_name": "Example",
        "from_email": "news@example.org",
    }
    made = actions.create(workspace.pk, by="user:1", texts=texts, lists=[news])
    actions.send(made, by="user:1", now=timezone.now())
    return made


def state_of(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).state


def outcomes(campaign: Campaign) -> Counter[str]:
    with superuser() as connection:
        found = connection.execute(
            "SELECT state, count(*) FROM delivery_message WHERE campaign_id = %s GROUP BY 1", [campaign.pk]
        ).fetchall()
    return Counter(dict(found))


@pytest.mark.clause("A3", "A4", "B1", "C9", "C11", "E1", "E3", "E5", "E9", "E12", "G1", "I2")
def test_the_main_job(tmp_path):
    workspace = make.workspace(name="House", postal_address="Storgatan 1\n111 51 Stockholm")
    make_default_fields(workspace.pk)
    rows, named = rows_of_the_file()
    write_broken_csv(tmp_path / "people.csv", rows)
    write_broken_csv(tmp_path / "heroes.csv", [HEADER, *[row for row in rows if row[0] in HEROES]])
    relay = Relay(set(HEROES))
    with sink(received=relay) as served, installation(relay) as running, ExitStack() as stack:
        relay.port = served.port
        client = stack.enter_context(closing(running.serve()))
        news = people_are_imported(running, tmp_path, named)
        first = campaign(workspace, news, "first")
        a_sender_is_killed(running, relay, first, len(named))

        cast = Cast(*[address for address in HEROES if relay.mails[address]][:6])
        people_act(client, relay, cast)
        seen = report(first, by="user:1").interactions
        assert (seen.opens.people, seen.clicks.people) == (1, 1)

        again = running.run("import", str(tmp_path / "people.csv"), *TO_NEWS)
        assert again.returncode == 0, again.stderr
        assert not re.search(r"[1-9]\d*\s+new people", again.stdout), again.stdout

        before = relay.got.copy()
        second = campaign(workspace, news, "second")
        wait_until(lambda: state_of(second) == "done")
        got = relay.got - before
        assert set(got) == named - {cast.leaver, cast.erased}
        assert max(got.values()) == 1
        nothing_is_measured(relay.last(cast.objector))
        assert pixel_of(relay.last(cast.opener)) is not None
        the_ledger_tells(running)


def people_are_imported(running: Installation, folder: Path, named: set[str]) -> MailingList:
    """The file comes in but for its broken rows; the cast also consents to measurement."""
    imported = running.run("import", str(folder / "people.csv"), *TO_NEWS)
    assert imported.returncode == 0, imported.stderr
    assert re.search(rf"{len(named):,}\s+new people", imported.stdout)
    assert re.search(r"\b5\s+rows refused", imported.stdout)
    measured = running.run("import", str(folder / "heroes.csv"), *SOURCE, "--consent", "measurement.email")
    assert measured.returncode == 0, measured.stderr
    return MailingList.objects.get(name="News")


def a_sender_is_killed(running: Installation, relay: Relay, first: Campaign, permitted: int) -> None:
    """A sender dies in the middle; another finishes. Nobody gets two mails, and who is in doubt is listed."""
    wait_until(lambda: state_of(first) == "sending")
    doomed = running.start("sender")
    wait_until(lambda: relay.got.total() > permitted // 4)
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    assert relay.got.total() < permitted
    running.start("sender")
    wait_until(lambda: state_of(first) == "done")
    assert max(relay.got.values()) == 1, "somebody got the campaign twice"
    became = outcomes(first)
    assert became.total() == permitted and set(became) <= {"sent", "unknown"}
    assert became["unknown"] <= 2 * 500, "at most the batches under way are in doubt"
    assert became["sent"] <= len(relay.got) <= permitted


def nothing_is_measured(mail: EmailMessage) -> None:
    """The mail has no pixel, and its links lead where they say."""
    assert pixel_of(mail) is None
    assert not [link for link in links_of(mail) if "/e/c/" in link]
    assert TARGET in links_of(mail)


def people_act(client: httpx.Client, relay: Relay, cast: Cast) -> None:
    """One opens, one clicks, one leaves, one objects to measurement, one asks for a copy, one is erased."""
    pixel = pixel_of(relay.last(cast.opener))
    assert pixel is not None
    assert client.get(pixel).headers["content-type"] == "image/gif"

    clicked = client.get(link_to(relay.last(cast.clicker), "/e/c/"))
    assert (clicked.status_code, clicked.headers["location"]) == (302, TARGET)

    mail = relay.last(cast.leaver)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = re.search(r"<(https?://[^>]+)>", str(mail["List-Unsubscribe"]))
    assert one_click is not None
    left = client.post(one_click.group(1), data={"List-Unsubscribe": "One-Click"})
    assert left.status_code == 200 and "set-cookie" not in left.headers

    why = link_to(relay.last(cast.objector), "/why/")
    page = client.get(why).text
    assert "Trade fair" in page
    assert client.post(f"{why}/measurement", follow_redirects=True).status_code == 200

    copy = client.post(asked_for(client, relay, cast.copier, "copy"), data={"format": "json"})
    assert copy.status_code == 200
    assert (
        cast.opener not in copy.text
        and cast.copier in copy.text
        and "Hjälte" in copy.text
        and "Åäö; Möten AB" in copy.text
    )

    erased = client.post(asked_for(client, relay, cast.erased, "erase"))
    assert erased.status_code == 200
    with superuser() as connection:
        assert connection.execute(
            "SELECT count(*) FROM people_identity WHERE value = %s", [cast.erased]
        ).fetchone() == (0,)


def asked_for(client: httpx.Client, relay: Relay, address: str, what: str) -> str:
    """Ask in the preference centre, and return the link that was mailed."""
    known = len(relay.mails[address])
    centre = link_to(relay.with_link(address, "/p/"), "/p/")
    assert client.post(f"{centre}/{what}").status_code == 200
    wait_until(lambda: len(relay.mails[address]) > known, within_s=30)
    link = link_to(relay.last(address), f"/{what}/")
    assert client.get(link).status_code == 200
    assert urlsplit(link).path.startswith(f"/{what}/")
    return link


def the_ledger_tells(running: Installation) -> None:
    """The ledger verifies, and does not after one row was changed."""
    assert running.run("ledger", "seal").returncode == 0
    green = running.run("ledger", "verify")
    assert green.returncode == 0, green.stderr
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger_activity SET actor = 'nobody' WHERE act = 'campaign.prepare'")
    red = running.run("ledger", "verify")
    assert red.returncode == 1 and "the row was changed" in red.stderr

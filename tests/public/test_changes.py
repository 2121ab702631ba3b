from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from tests import make
from tests.governance import policies
from tillit.accounts.models import Workspace
from tillit.edge.tokens import Kind
from tillit.ledger.actions import publish, withdraw
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
MARKETING = "marketing.email"


def announce(workspace, text, *, days: int = 0, **more):
    """Publish a change: at once, or in so many days."""
    now = timezone.now()
    at = now + timedelta(days=days) if days else None
    return publish(workspace.pk, text, by=None, now=now, effective_at=at, **more)


# -- the page and the feed --------------------------------------------------------------------------------------------
@pytest.mark.clause("J1", "J2")
def test_the_page_tells_what_every_version_changed_with_its_date_and_note(client):
    workspace = make.workspace()
    announce(workspace, policies.CONSENT_EVERYWHERE, note="We <ask> first now.")
    announce(workspace, policies.REFERENCE, days=40)
    page = client.get(f"/privacy/{workspace.pk}/changes", {"lang": "en"}).content.decode()
    assert page.index('id="v3"') < page.index('id="v2"') < page.index('id="v1"')
    assert "Not in force yet" in page and page.count("Not in force yet") == 1
    assert "needs consent in California and in the United States; before, it was permitted until somebody said" in page
    assert "We &lt;ask&gt; first now." in page
    assert "This is the first version of the policy." in page
    assert f'href="/privacy/{workspace.pk}/changes.atom' in page
    swedish = client.get(f"/privacy/{workspace.pk}/changes", {"lang": "sv"}).content.decode()
    assert "kräver samtycke i Kalifornien och i USA; tidigare var det tillåtet tills någon sade nej" in swedish


def test_the_house_has_its_page_without_a_number_and_others_do_not_exist(client):
    assert client.get("/privacy/changes").status_code == 404
    house = make.workspace(kind=Workspace.Kind.HOUSE, name="The House")
    bare = make.workspace(bare=True)
    page = client.get("/privacy/changes", {"lang": "en"})
    assert "The House" in page.content.decode()
    for address in (f"/privacy/{bare.pk}/changes", f"/privacy/{bare.pk}/changes.atom", "/privacy/999/changes"):
        assert client.get(address).status_code == 404
    assert client.get("/privacy/changes.atom").status_code == 200
    assert client.post(f"/privacy/{house.pk}/changes").status_code == 405


def test_a_version_that_was_taken_back_is_not_told(client):
    workspace = make.workspace()
    announce(workspace, policies.OPEN_IN_AUSTRALIA, days=40)
    withdraw(workspace.pk, by=None, now=timezone.now())
    announce(workspace, policies.CONSENT_EVERYWHERE)
    page = client.get(f"/privacy/{workspace.pk}/changes", {"lang": "en"}).content.decode()
    assert "Australia" not in page and 'id="v3"' in page and 'id="v2"' not in page


def test_versions_are_compared_once_a_process(client, django_assert_max_num_queries):
    workspace = make.workspace()
    for text in (policies.OPEN_IN_AUSTRALIA, policies.CONSENT_EVERYWHERE, policies.USES_PURCHASES):
        announce(workspace, text)
    client.get(f"/privacy/{workspace.pk}/changes")
    with django_assert_max_num_queries(4):
        client.get(f"/privacy/{workspace.pk}/changes")


def test_the_feed_is_atom(client):
    workspace = make.workspace(name="Rooms & Co")
    announce(workspace, policies.CONSENT_EVERYWHERE, note="We <ask> first now.")
    answer = client.get(f"/privacy/{workspace.pk}/changes.atom", {"lang": "sv"})
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert root.find(f"{ATOM}title").text == "Ändringar av integritetspolicyn för Rooms & Co"
    entries = root.findall(f"{ATOM}entry")
    assert [entry.find(f"{ATOM}title").text for entry in entries] == ["Version 2", "Version 1"]
    told = entries[0].find(f"{ATOM}summary").text
    assert "<p>We &lt;ask&gt; first now.</p>" in told and "kräver samtycke" in told
    assert len({entry.find(f"{ATOM}id").text for entry in entries}) == 2
    assert entries[0].find(f"{ATOM}updated").text


# -- the banner -------------------------------------------------------------------------------------------------------
@pytest.mark.clause("J1")
def test_a_material_change_stands_on_every_page_from_its_publication(client):
    workspace = make.workspace()
    person = make.person(workspace)
    mailing_list = make.mailing_list(workspace, person)
    addresses = [
        f"/privacy/{workspace.pk}?lang=en",
        f"/subscribe/{workspace.pk}/{mailing_list.pk}?lang=en",
        f"/p/{make.token(Kind.PREFERENCES, workspace, person)}?lang=en",
        f"/why/{make.token(Kind.WHY, workspace, person)}?lang=en",
    ]
    for address in addresses:
        assert "announcement" not in body(client, address)
    version = announce(workspace, policies.OPEN_IN_AUSTRALIA, days=40)
    for address in addresses:
        page = body(client, address)
        assert "Our privacy policy changes on " in page
        assert f'href="/privacy/{workspace.pk}/changes?lang=en#v{version.number}"' in page
    assert "announcement" not in body(client, f"/privacy/{workspace.pk}/changes").replace("aside", "")


def body(client, address: str) -> str:
    """The page below the style sheet."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode().partition("</style>")[2]


def test_the_banner_stays_a_month_after_the_change_took_effect():
    from tillit.governance.banner import banner

    workspace = make.workspace()
    version = announce(workspace, policies.OPEN_IN_AUSTRALIA)
    at = version.effective_at
    found = banner(workspace.pk, now=at + timedelta(days=29))
    assert found is not None and not found.coming and found.text("en").startswith("Our privacy policy changed on ")
    assert banner(workspace.pk, now=at + timedelta(days=31)) is None
    assert banner(workspace.pk, now=at - timedelta(days=1)) is None


def test_a_quiet_change_is_not_announced_and_hides_none_that_is():
    from tillit.governance.banner import banner

    workspace = make.workspace()
    assert banner(workspace.pk, now=timezone.now()) is None  # the first version changes nothing for anybody
    loud = announce(workspace, policies.OPEN_IN_AUSTRALIA)
    announce(workspace, policies.OPEN_IN_AUSTRALIA.replace("for all other regions", "for other regions", 1))
    found = banner(workspace.pk, now=timezone.now() + timedelta(seconds=1))
    assert found is not None and found.version.id == loud.pk


def test_other_sites_read_the_notice(client):
    workspace = make.workspace()
    address = f"/privacy/{workspace.pk}/notice.json"
    nothing = client.get(address)
    assert nothing.json() == {"notice": None}
    version = announce(workspace, policies.OPEN_IN_AUSTRALIA, days=40)
    answer = client.get(address)
    assert (answer["Access-Control-Allow-Origin"], answer["Cache-Control"]) == ("*", "public, max-age=300")
    told = answer.json()["notice"]
    assert (told["version"], told["coming"]) == (version.number, True)
    assert set(told["text"]) == set(told["changes"]) == {"en", "sv"}
    assert told["changes"]["en"] == [
        "“News and offers by email” is permitted until somebody says no in Australia; before, it needed consent."
    ]
    assert told["url"].endswith(f"/privacy/{workspace.pk}/changes")
    assert json.dumps(told) and client.get("/privacy/999/notice.json").status_code == 404


# -- asked again ------------------------------------------------------------------------------------------------------
@pytest.mark.clause("J1", "D5")
def test_the_preference_centre_says_why_it_asks_again_and_assumes_nothing(client):
    workspace = make.workspace()
    person = make.person(workspace)
    make.choice(workspace, person, MARKETING)
    make.choice(workspace, person, "site.measure")
    centre = f"/p/{make.token(Kind.PREFERENCES, workspace, person)}?lang=en"
    assert "We ask you again" not in body(client, centre)
    announce(workspace, policies.USES_PURCHASES, ask_again=[MARKETING])
    page = body(client, centre)
    assert (
        page.count("We ask you again, because of this: “News and offers by email” also uses “Purchases and invoices”.")
        == 1
    )
    assert switched(page, MARKETING) is False and switched(page, "site.measure") is True
    client.post(centre, {"policy": "2", f"was.purpose.{MARKETING}": "0", f"purpose.{MARKETING}": "on"})
    page = body(client, centre)
    assert "We ask you again" not in page and switched(page, MARKETING)


@pytest.mark.clause("D5", "J1")
def test_a_yes_counts_only_for_the_policy_that_the_person_read(client):
    workspace = make.workspace()
    person = make.person(workspace)
    make.choice(workspace, person, "site.measure")
    centre = f"/p/{make.token(Kind.PREFERENCES, workspace, person)}?lang=en"
    assert 'name="policy" value="1"' in body(client, centre)
    announce(workspace, policies.USES_PURCHASES, ask_again=[MARKETING])
    read_before = {
        "policy": "1",
        f"was.purpose.{MARKETING}": "0",
        f"purpose.{MARKETING}": "on",
        "was.purpose.site.measure": "1",
    }
    for sent in (read_before, {name: value for name, value in read_before.items() if name != "policy"}):
        page = client.post(centre, sent).content.decode()
        assert "The policy changed while you had this page open" in page
        assert switched(page, MARKETING) is False
    assert switched(page, "site.measure") is False  # a no needs nothing to be read
    assert switched(client.post(centre, {**read_before, "policy": "2"}).content.decode(), MARKETING)


def test_what_no_feed_can_hold_is_left_out_of_it(client):
    workspace = make.workspace()
    announce(workspace, policies.CONSENT_EVERYWHERE, note="One\x0btwo\ufffe")
    answer = client.get(f"/privacy/{workspace.pk}/changes.atom")
    assert answer.status_code == 200 and "One" in answer.content.decode()
    ElementTree.fromstring(answer.content)


def switched(page: str, purpose: str) -> bool:
    """Whether a switch of the preference centre is on."""
    return " checked" in page.partition(f'name="purpose.{purpose}"')[2].partition(">")[0]


def test_who_is_asked_again_without_a_change_is_told_so_and_who_said_no_is_not_asked(client):
    workspace = make.workspace()
    yes, no = make.person(workspace), make.person(workspace, region=Region.UK)
    make.choice(workspace, yes, MARKETING)
    make.choice(workspace, no, MARKETING, "refused")
    announce(workspace, policies.QUIET, ask_again=[MARKETING])
    assert "because the policy has changed" in body(
        client, f"/p/{make.token(Kind.PREFERENCES, workspace, yes)}?lang=en"
    )
    assert "We ask you again" not in body(client, f"/p/{make.token(Kind.PREFERENCES, workspace, no)}?lang=en")

"""The published policy: now, in every version, and on any day; and what it promises caches and programs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from tests import make
from tillit.accounts.models import Workspace
from tillit.ledger.actions import publish, withdraw
from tillit.ledger.models import Activity
from tillit.ledger.versions import in_force
from tillit.public import limits, statements
from tillit.public.markdown import as_html, as_inline

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def published(workspace: Workspace, policy_text: str, number: int, *, now: datetime, **more) -> None:
    publish(workspace.pk, policy_text.replace("Exempelgatan 1,", f"Exempelgatan {number},"), by=None, now=now, **more)


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace(bare=True)


@pytest.fixture
def aged(workspace, policy_text) -> Workspace:
    """A workspace whose policy took effect on 1 March at nine, and changed twice on 10 March, at ten and at 14:05."""
    published(workspace, policy_text, 10, now=FIRST)
    published(workspace, policy_text, 20, now=datetime(2026, 3, 10, 10, 0, tzinfo=UTC))
    published(workspace, policy_text, 30, now=datetime(2026, 3, 10, 14, 5, tzinfo=UTC))
    return workspace


def read(client, address: str, **more) -> str:
    answer = client.get(address, more)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.clause("J1", "J2")
def test_the_policy_is_read_in_both_languages_with_its_date_and_digest(client):
    workspace = make.workspace()
    for language, said in (("en", "What we use information for"), ("sv", "Vad vi använder uppgifter till")):
        html = read(client, f"/privacy/{workspace.pk}", lang=language)
        assert said in html
        assert in_force(workspace.pk).digest in html.split("<h2")[0]
        assert html.count('id="clause-e5"') == 1


@pytest.mark.clause("A9")
def test_each_audience_has_its_layer(client):
    address = f"/privacy/{make.workspace().pk}"
    everything, applicants = (read(client, address, **more) for more in ({}, {"for": "applicants"}))
    assert 'id="for-contacts"' in everything
    assert 'id="section-applicants"' in applicants and 'id="section-who"' in applicants
    assert 'id="for-contacts"' not in applicants and 'id="purpose-marketing.email"' not in applicants
    assert 'id="for-contacts"' in read(client, address, **{"for": "<nobody>"})


def test_every_link_within_the_page_leads_somewhere(client):
    html = read(client, f"/privacy/{make.workspace().pk}")
    anchors = re.findall(r' id="([^"]+)"', html)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(anchors)


@pytest.mark.clause("A1", "A8")
def test_the_houses_policy_stands_at_the_address_every_site_links_to(client, policy_text):
    house = make.workspace(kind=Workspace.Kind.HOUSE)
    html = read(client, "/privacy")
    assert "Smart Media Solutions AB" in html and f"/privacy/{house.pk}/v/1" in html
    with_house, without = (client.get(address) for address in (f"/privacy/{house.pk}/v/1", "/privacy/v/1"))
    assert without["ETag"] == with_house["ETag"] and without["Link"] == with_house["Link"]


def test_without_a_house_there_is_nothing_to_read(client):
    for address in ("/privacy", "/privacy/v/1", "/privacy/on/2026-03-01", "/cookies"):
        assert client.get(address).status_code == 404


@pytest.mark.clause("J2")
def test_earlier_versions_stay_readable_as_they_were(client, aged):
    now, then = (read(client, f"/privacy/{aged.pk}{part}") for part in ("", "/v/1"))
    assert "Exempelgatan 30," in now and "Exempelgatan 30," not in then
    assert "Exempelgatan 10," in then and "This is an earlier version." in then
    assert all(f'href="/privacy/{aged.pk}/v/{number}"' in now for number in (1, 2, 3))
    assert "This is an earlier version." not in now


@pytest.mark.clause("J2")
def test_the_addresses_that_stand_in_mails_lead_on(client, aged):
    answer = client.get(f"/privacy/{aged.pk}/2", {"lang": "sv"})
    assert (answer.status_code, answer["Location"]) == (301, f"/privacy/{aged.pk}/v/2?lang=sv")


@pytest.mark.parametrize("path", ["/privacy/99999", "/privacy/{}/v/7", "/privacy/{}.pdf7", "/privacy/{}/v/1.exe"])
def test_a_policy_that_is_not_there_is_a_clear_page(client, path):
    assert client.get(path.format(make.workspace().pk)).status_code == 404


def test_a_workspace_without_a_policy_says_so(client, workspace):
    answer = client.get(f"/privacy/{workspace.pk}")
    assert answer.status_code == 404 and "There is nothing here" in answer.content.decode()


# --- the policy of a day ---------------------------------------------------------------------------------------------


@pytest.mark.clause("J2")
@pytest.mark.parametrize(
    ("day", "number"), [("2026-03-01", 1), ("2026-03-09", 1), ("2026-03-10", 3), ("2026-03-11", 3), ("2026-06-30", 3)]
)
def test_a_past_day_answers_with_the_version_of_its_end(client, aged, day, number):
    with time_machine.travel("2026-07-01T12:00:00Z", tick=False):
        html = read(client, f"/privacy/{aged.pk}/on/{day}")
    assert f"This is version {number}, the policy that was in force at the end of" in html
    assert "(UTC)" in html


@pytest.mark.clause("J2")
def test_a_day_on_which_the_policy_changed_says_so(client, aged):
    with time_machine.travel("2026-07-01T12:00:00Z", tick=False):
        said = words(read(client, f"/privacy/{aged.pk}/on/2026-03-10"))
        quiet = words(read(client, f"/privacy/{aged.pk}/on/2026-03-11"))
        first = words(read(client, f"/privacy/{aged.pk}/on/2026-03-01"))
    assert "The policy changed during that day: until 10:00 (UTC) version 1 was in force." in said
    assert "until 14:05 (UTC) version 2 was in force." in said
    assert "changed during that day" not in quiet and "changed during that day" not in first


def test_a_change_at_midnight_is_none_of_the_day(client, workspace, policy_text):
    published(workspace, policy_text, 10, now=FIRST)
    published(workspace, policy_text, 20, now=datetime(2026, 3, 10, tzinfo=UTC))
    with time_machine.travel("2026-07-01T12:00:00Z", tick=False):
        before, on = (words(read(client, f"/privacy/{workspace.pk}/on/2026-03-{day}")) for day in ("09", "10"))
    assert "This is version 1" in before and "This is version 2" in on
    assert "changed during that day" not in before + on


@pytest.mark.clause("J2")
@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-02-28", "On 28 Feb 2026 no policy was in force here. The first took effect on 1 Mar 2026."),
        ("2026-07-02", "2 Jul 2026 is still to come"),
        ("2026-13-40", "That is no day."),
        ("yesterday", "That is no day."),
    ],
)
def test_a_day_without_a_policy_is_told_in_words(client, aged, day, said):
    with time_machine.travel("2026-07-01T12:00:00Z", tick=False):
        answer = client.get(f"/privacy/{aged.pk}/on/{day}", headers={"accept-language": "en-gb"})
    assert answer.status_code == 404
    assert said in words(answer.content.decode())


def test_today_is_answered_though_it_is_not_over(client, aged):
    with time_machine.travel("2026-07-01T12:00:00Z", tick=False):
        assert "The day is not over yet." in read(client, f"/privacy/{aged.pk}/on/2026-07-01")


def test_the_date_form_leads_to_the_address_of_the_day(client, aged):
    answer = client.get(f"/privacy/{aged.pk}/on", {"day": "2026-03-05", "lang": "sv"})
    assert (answer.status_code, answer["Location"]) == (302, f"/privacy/{aged.pk}/on/2026-03-05?lang=sv")
    assert client.get(f"/privacy/{aged.pk}/on", {"day": "//evil.example"})["Location"].endswith("/on/unknown")


# --- versions to come and versions taken back ------------------------------------------------------------------------


@pytest.mark.clause("J1")
def test_a_scheduled_version_is_readable_and_says_from_when_it_applies(client, aged, policy_text):
    soon = timezone.now() + timedelta(days=30)
    published(aged, policy_text, 40, now=timezone.now(), effective_at=soon)
    coming, now = (words(read(client, f"/privacy/{aged.pk}{part}")) for part in ("/v/4", ""))
    assert "This version takes effect on" in coming and "Exempelgatan 40," in coming
    assert "A new version takes effect on" in now and "Exempelgatan 30," in now
    after = client.get(f"/privacy/{aged.pk}/on/{soon + timedelta(days=3):%Y-%m-%d}")
    assert after.status_code == 404 and "Version 4 is published" in words(after.content.decode())
    with time_machine.travel(soon + timedelta(minutes=1), tick=False):
        assert "This version takes effect on" not in read(client, f"/privacy/{aged.pk}/v/4")


@pytest.mark.clause("J2")
def test_a_version_taken_back_stays_readable_and_says_so(client, aged, policy_text):
    published(aged, policy_text, 40, now=timezone.now(), effective_at=timezone.now() + timedelta(days=30))
    kept = client.get(f"/privacy/{aged.pk}/v/4")["ETag"]
    withdraw(aged.pk, by=None, now=timezone.now())
    answer = client.get(f"/privacy/{aged.pk}/v/4", headers={"if-none-match": kept})
    assert answer.status_code == 200
    assert "This version was withdrawn before it took effect." in answer.content.decode()
    assert "withdrawn" in words(read(client, f"/privacy/{aged.pk}"))


# --- forms, caches, programs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "kind", "begins"),
    [
        ("md", "text/markdown; charset=utf-8", b"<a id="),
        ("json", "application/ld+json", b'{\n "@context"'),
        ("pdf", "application/pdf", b"%PDF-"),
        ("yaml", "application/yaml; charset=utf-8", b"# The privacy policy"),
    ],
)
def test_a_version_is_read_in_other_forms(client, aged, form, kind, begins):
    for address in (f"/v/1.{form}", f"/v/1?format={form}", f".{form}"):
        answer = client.get(f"/privacy/{aged.pk}{address}")
        assert answer.status_code == 200
        assert answer["Content-Type"] == kind
        assert answer.content.startswith(begins)
        assert answer["Link"].endswith('>; rel="canonical"')
    assert "no-cache" in answer["Cache-Control"]
    assert "max-age" in client.get(f"/privacy/{aged.pk}/v/1.{form}")["Cache-Control"]


@pytest.mark.clause("J2")
def test_the_document_itself_is_what_was_published(client, workspace, policy_text):
    publish(workspace.pk, policy_text, by=None, now=FIRST)
    assert client.get(f"/privacy/{workspace.pk}/v/1.yaml").content.decode() == policy_text


def test_the_pdf_of_a_version_is_always_the_same(client, aged):
    address = f"/privacy/{aged.pk}/v/1.pdf"
    first = client.get(address, {"lang": "sv"}).content
    statements.pdf.cache_clear()
    assert client.get(address, {"lang": "sv"}).content == first
    assert client.get(address, {"lang": "en"}).content != first
    assert client.get(address, {"lang": "sv", "for": "applicants"}).content != first


def test_a_version_published_within_a_second_has_a_pdf(client, workspace, policy_text):
    published(workspace, policy_text, 10, now=FIRST.replace(microsecond=123_456))
    assert client.get(f"/privacy/{workspace.pk}/v/1.pdf").content.startswith(b"%PDF-")


def test_what_a_program_reads_names_the_permanent_address(client, aged, settings):
    told = json.loads(client.get(f"/privacy/{aged.pk}.json").content)
    assert told["@id"] == f"{settings.BASE_URL}/privacy/{aged.pk}/v/3"


def test_who_has_a_version_already_gets_told_so(client, aged):
    address = f"/privacy/{aged.pk}/v/1"
    first = client.get(address)
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert "Content-Security-Policy" not in again  # it would name a nonce that the kept page does not have
    tags = {client.get(address, more)["ETag"] for more in ({}, {"lang": "sv"}, {"for": "contacts"}, {"format": "md"})}
    assert len(tags) == 4


def test_a_new_version_makes_kept_pages_of_the_old_one_stale(client, aged, policy_text):
    kept = client.get(f"/privacy/{aged.pk}/v/3")["ETag"]
    published(aged, policy_text, 40, now=timezone.now())
    answer = client.get(f"/privacy/{aged.pk}/v/3", headers={"if-none-match": kept})
    assert answer.status_code == 200 and "This is an earlier version." in answer.content.decode()


def test_only_the_policy_in_force_is_for_search_engines(client, aged):
    current, earlier = (client.get(f"/privacy/{aged.pk}{part}") for part in ("", "/v/1"))
    assert current["X-Robots-Tag"] == "all" and "noindex" not in current.content.decode()
    assert "noindex" in earlier["X-Robots-Tag"] and "noindex" in earlier.content.decode()


def test_reading_records_nothing_about_anybody(client, aged):
    before = Activity.objects.count()
    for address in ("", ".md", ".pdf", "/v/1", "/on/2026-03-05"):
        answer = client.get(f"/privacy/{aged.pk}{address}")
        assert not answer.cookies and answer["Referrer-Policy"] == "no-referrer"
        assert "script-src" not in answer.get("Content-Security-Policy", "")
    assert Activity.objects.count() == before


def test_a_page_made_once_asks_the_database_little(client, aged, django_assert_max_num_queries):
    address = f"/privacy/{aged.pk}"
    client.get(address)
    with django_assert_max_num_queries(7):
        client.get(address)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '<a href="javascript:alert(1)">x</a>',
        "<svg onload=alert(1)>",
        '<a id="x" onclick="alert(1)" style="color:red">x</a>',
        "<iframe src=//evil></iframe>",
    ],
)
def test_a_policys_words_cannot_do_anything(client, workspace, policy_text, text):
    bad = ("<script", "<img", 'href="javascript', "onload=", "onclick", "style=", "<iframe", "onerror=")
    assert not [each for each in bad if each in as_html(text) + as_inline(text)]
    spoilt = policy_text.replace("Data centres and managed servers", json.dumps(text)).replace(
        "name: Nordlys Hosting AB", f"name: {json.dumps(text)}"
    )
    publish(workspace.pk, spoilt, by=None, now=FIRST)
    tags = " ".join(re.findall(r"<[^>]*>", read(client, f"/privacy/{workspace.pk}"))).replace("<style", "")
    assert not [each for each in bad if each in tags]


def test_one_network_cannot_have_pdfs_made_without_end(client, monkeypatch):
    workspace = make.workspace()
    monkeypatch.setattr(limits, "FILES", 2)
    here = f"/privacy/{workspace.pk}/v/1"
    first = client.get(here, {"format": "pdf"}, REMOTE_ADDR="203.0.113.9")
    assert first.status_code == 200
    assert client.get(here, {"format": "pdf", "lang": "sv"}, REMOTE_ADDR="203.0.113.9").status_code == 200
    waits = client.get(here, {"format": "pdf", "for": "visitors"}, REMOTE_ADDR="203.0.113.9")
    assert waits.status_code == 429 and "application/pdf" not in waits["Content-Type"]
    known = client.get(here, {"format": "pdf"}, REMOTE_ADDR="203.0.113.9", HTTP_IF_NONE_MATCH=first["ETag"])
    assert known.status_code == 304
    assert client.get(here, {"format": "md"}, REMOTE_ADDR="203.0.113.9").status_code == 200
    assert client.get(here, {"format": "pdf"}, REMOTE_ADDR="203.0.113.10").status_code == 200


def test_the_day_of_a_version_is_one_and_the_same_everywhere(client):
    """Days are those of UTC, on the statement, in the list of versions, on the page of changes and under every page."""
    workspace = make.workspace(bare=True)
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    publish(workspace.pk, make.POLICY.read_text(), by=None, now=late)
    for address in (f"/privacy/{workspace.pk}", f"/privacy/{workspace.pk}/changes", f"/cookies/{workspace.pk}"):
        words = client.get(address).content.decode()
        assert re.search(r"1 March 2026|1 Mar 2026|March 1, 2026", words), address
        assert not re.search(r">[^<]*\b2 Mar(ch)? 2026(?!, 0)", words), address

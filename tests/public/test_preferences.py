"""The preference centre: what is on and why, what a save changes, and what no save can change."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from tests import make
from tests.public.conftest import a_reader
from tillit.consent.models import Notice
from tillit.edge.tokens import Kind
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force
from tillit.people.models import Person, Traits
from tillit.policy.regions import Region

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(reader) -> str:
    return f"/p/{reader.link(Kind.PREFERENCES)}"


def form(html: str) -> dict[str, str]:
    """What a browser would send if the person pressed “Save” at once."""
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    boxes = re.findall(r'<input type="checkbox" role="switch" name="([^"]+)" value="on"[^>]*?( checked)?>', html)
    return dict(hidden) | {name: "on" for name, checked in boxes if checked}


def opened(client, address: str) -> dict[str, str]:
    return form(client.get(address).content.decode())


@pytest.mark.clause("E13", "E12", "C11", "D2")
def test_it_lists_every_purpose_that_the_person_has_a_say_in(reader, client, centre):
    html = client.get(centre).content.decode()
    document = in_force(reader.workspace.pk).document
    for purpose in ("marketing.email", "measurement.email", "analytics.predict", "leads.share", "research.develop"):
        assert f'name="purpose.{purpose}"' in html
        assert document.purposes[purpose].description.said("en")[:40] in html
    assert "On, because you said yes." in html and "Off, until you say yes." in html
    assert "It rests on a legitimate interest." in html


@pytest.mark.clause("E10")
def test_it_says_what_cannot_be_switched_off_and_why(reader, client, centre):
    html = client.get(centre).content.decode()
    assert 'name="purpose.service.message"' not in html
    assert "Messages about your service" in html
    assert "It rests on an agreement with you. Without it the service cannot be given." in html
    assert "It rests on a legal obligation. The law leaves no choice here, to you or to us." in html
    assert "You can object by writing to objections@smartmediasolutions.example" in html


@pytest.mark.clause("D2")
def test_what_a_purpose_rests_on_is_told_for_the_persons_own_region(client):
    american = a_reader(region=Region.US, email="bo@example.org")
    html = client.get(f"/p/{american.link(Kind.PREFERENCES)}").content.decode()
    assert "the law where you are, which permits it until you say no" in html


@pytest.mark.clause("E3", "E13", "C11")
def test_a_save_takes_effect_at_once_and_gives_receipts(reader, client, centre):
    filled = opened(client, centre)
    assert filled["purpose.marketing.email"] == "on"
    del filled["purpose.marketing.email"]
    filled["purpose.analytics.predict"] = "on"
    answer = client.post(centre, filled)
    assert answer.status_code == 200 and not answer.cookies
    assert reader.choices()[1:] == [("marketing.email", "withdrawn"), ("analytics.predict", "granted")]
    assert not reader.permitted("marketing.email") and reader.permitted("analytics.predict")
    receipts = re.findall(r"/receipt/[0-9a-f-]{36}/[\w-]{55}", answer.content.decode())
    assert client.get(receipts[0]).status_code == 200


@pytest.mark.clause("D5")
def test_nothing_is_on_that_nobody_said_yes_to(client):
    """A new person: every consent purpose is off, and saving the page as it is records nothing."""
    workspace = make.workspace()
    person = make.person(workspace)
    address = f"/p/{make.token(Kind.PREFERENCES, workspace, person)}"
    filled = opened(client, address)
    rules = in_force(workspace.pk).rules
    assert not [name for name in filled if name.startswith("purpose.") and rules[name[8:]].consent_regions >> 1 & 1]
    assert "Nothing was changed." in client.post(address, filled).content.decode()
    assert not Activity.objects.filter(counts__has_key="choice_granted", subject_id=person).exists()


def test_saving_twice_changes_nothing_the_second_time(reader, client, centre):
    filled = opened(client, centre)
    del filled["purpose.marketing.email"]
    client.post(centre, filled)
    before = reader.choices()
    assert "Nothing was changed." in client.post(centre, filled).content.decode()
    assert reader.choices() == before


def test_an_old_page_does_not_undo_what_was_chosen_meanwhile(reader, client, centre):
    """Two tabs: the second knows nothing of the first, and only what was changed in it is saved."""
    old = opened(client, centre)
    make.choice(reader.workspace, reader.person, state="withdrawn")
    old["purpose.analytics.predict"] = "on"
    client.post(centre, old)
    assert not reader.permitted("marketing.email") and reader.permitted("analytics.predict")


@pytest.mark.clause("E10")
@pytest.mark.parametrize("purpose", ["service.message", "rights.fulfil", "sell.everything", "", "x" * 200])
def test_a_purpose_that_one_has_no_say_in_is_left_alone(reader, client, centre, purpose):
    before = reader.choices()
    for was, now in (("0", "on"), ("1", "")):
        answer = client.post(centre, {f"was.purpose.{purpose}": was, f"purpose.{purpose}": now})
        assert answer.status_code == 200
    assert reader.choices() == before


@pytest.mark.clause("E13")
def test_lists_are_left_and_joined(reader, client, centre):
    filled = opened(client, centre)
    public = next(name for name in filled if name.startswith("was.list.") and filled[name] == "0")[4:]
    del filled[f"list.{reader.news.pk}"]
    client.post(centre, filled | {public: "on"})
    assert reader.standing() == {"News": "unsubscribed", "Events": "subscribed", "Open house": "subscribed"}


def test_a_list_that_is_not_public_cannot_be_joined(reader, client, centre):
    html = client.get(centre).content.decode()
    assert "Staff only" not in html
    from tillit.people.models import MailingList

    hidden = MailingList.objects.get(name="Staff only").pk
    client.post(centre, {f"was.list.{hidden}": "0", f"list.{hidden}": "on"})
    assert "Staff only" not in reader.standing()


def test_one_who_left_may_come_back(reader, client, centre):
    client.post(f"/u/{reader.link(Kind.UNSUBSCRIBE)}")
    client.post(centre, opened(client, centre) | {f"list.{reader.news.pk}": "on"})
    assert reader.standing()["News"] == "subscribed"


@pytest.mark.clause("E9")
def test_everything_is_stopped_with_one_button(reader, client, centre):
    answer = client.post(f"{centre}/stop")
    assert b"All marketing is stopped" in answer.content
    assert set(reader.standing().values()) == {"unsubscribed"}
    assert not reader.permitted("marketing.email") and not reader.permitted("leads.share")


@pytest.mark.clause("E1", "E8")
def test_names_are_corrected(reader, client, centre):
    answer = client.post(
        f"{centre}/names", {"name.first_name": " Anna \x00 ", "name.last_name": "Berg", "name.title": "X"}
    )
    assert b"corrected" in answer.content
    with processing(reader.workspace.pk, "audience.administer", by="test", act="look"):
        rows = dict(Traits.objects.filter(person_id=reader.person).values_list("category", "values"))
    assert rows == {"identity": {"first_name": "Anna", "last_name": "Berg"}}


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "{{ 7*7 }}", "a" * 5000, "\u202eevil"])
def test_names_are_shown_as_they_are(reader, client, centre, value):
    html = client.post(f"{centre}/names", {"name.first_name": value}).content.decode()
    assert "<script>alert" not in html and ">49<" not in html


def test_the_language_is_the_persons_from_then_on(reader, client, centre):
    assert '<html lang="sv">' in client.post(f"{centre}/language", {"language": "sv"}).content.decode()
    assert '<html lang="sv">' in client.get(centre, headers={"accept-language": "en"}).content.decode()
    client.post(f"{centre}/language", {"language": "xx"})
    with processing(reader.workspace.pk, "audience.administer", by="test", act="look"):
        assert Person.objects.get(pk=reader.person).language == "sv"


def test_a_link_of_another_workspace_shows_nobody(reader, client):
    elsewhere = make.workspace()
    answer = client.get(f"/p/{make.token(Kind.PREFERENCES, elsewhere, reader.person)}")
    assert answer.status_code == 410
    assert b"We hold nothing about you here" in answer.content


@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.CLICK, Kind.CONFIRM, Kind.UNSUBSCRIBE])
def test_a_link_of_another_kind_opens_nothing(reader, client, kind):
    assert client.get(f"/p/{reader.link(kind)}").status_code == 404


def test_every_look_and_every_save_is_in_the_ledger(reader, client, centre):
    client.post(centre, opened(client, centre))
    acts = Activity.objects.filter(subject_id=reader.person, actor=f"person:{reader.person}")
    assert {"preferences.show", "preferences.save"} <= set(acts.values_list("act", flat=True))


@pytest.mark.clause("F2", "E9")
def test_a_browser_that_signals_no_sale_is_heeded_once(client):
    """Global Privacy Control in a region of opt-out: sharing for advertising stops, and nothing else does."""
    american = a_reader(region=Region.US_CA, email="bo@example.org")
    address = f"/p/{american.link(Kind.PREFERENCES)}"
    before = len(american.choices())
    assert american.permitted("advertising.audience")
    html = client.get(address, headers={"Sec-GPC": "1"}).content.decode()
    assert "Global Privacy Control" in html and "/receipt/" in html
    assert american.choices()[before:] == [("advertising.audience", "objected")]
    assert not american.permitted("advertising.audience") and american.permitted("marketing.email")
    assert "Global Privacy Control" not in client.get(address, headers={"Sec-GPC": "1"}).content.decode()
    assert len(american.choices()) == before + 1


@pytest.mark.parametrize(("region", "signal"), [(Region.EEA, "1"), (Region.US_CA, "0"), (Region.US_CA, "")])
def test_no_signal_or_no_sale_by_opt_out_changes_nothing(client, region, signal):
    somebody = a_reader(region=region, email="cy@example.org")
    make.choice(somebody.workspace, somebody.person, "advertising.audience")
    before = somebody.choices()
    headers = {"Sec-GPC": signal} if signal else {}
    assert client.get(f"/p/{somebody.link(Kind.PREFERENCES)}", headers=headers).status_code == 200
    assert somebody.choices() == before


def test_a_reference_in_a_description_is_shown_and_kept_as_evidence_in_words(reader, client, centre):
    """What a person reads, and what the receipt proves they read, are words and no `{{…}}`."""
    text = make.POLICY.read_text().replace(
        "Mail about products, offers and events", "Mail of {{operator:name}} about products, offers and events", 1
    )
    publish(reader.workspace.pk, text, by=None, now=timezone.now())
    html = client.get(centre).content.decode()
    assert "Mail of Smart Media Solutions AB about products" in html and "{{" not in html
    client.post(centre, {"was.purpose.marketing.email": "1"})
    assert "Mail of Smart Media Solutions AB about" in Notice.objects.latest("first_shown_at").text


@pytest.mark.clause("C11", "E13")
def test_lists_are_called_and_told_of_in_the_readers_language(reader, client, centre):
    reader.news.titles = {"sv": "Nyheter"}
    reader.news.topics = {"en": "What is new.", "sv": "Det senaste."}
    reader.news.save()
    swedish = client.get(f"{centre}?lang=sv").content.decode()
    assert "Nyheter</h3>" in swedish and "Det senaste." in swedish and "What is new" not in swedish
    english = client.get(f"{centre}?lang=en").content.decode()
    assert "News</h3>" in english and "What is new." in english and "Nyheter" not in english

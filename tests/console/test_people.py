"""The pages about people: finding, showing, adding, correcting."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.consent.actions import choose
from tillit.consent.models import Choice, ChoiceEvidence
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people import queries, records
from tillit.people.models import MailingList, Person, Source, Subscription
from tillit.policy.regions import Region
from tillit.rights.actions import erase

FILE = "email,first name,last name,company,country,status\n" + "".join(
    f"p{n:03}@example.org,Anna,Berg{n},Bolaget,{'Sweden' if n % 2 else 'USA'},{'unsubscribed' if n % 10 == 0 else ''}\n"
    for n in range(120)
)


@pytest.fixture
def club(house, bring):
    bring(house, FILE, chunk_rows=5000)
    return house


def text(response) -> str:
    return response.content.decode()


def test_people_are_listed_fifty_a_page(club, viewer):
    first = viewer.get(f"/w/{club.pk}/people")
    assert first.status_code == 200
    assert text(first).count('<th scope="row">') == 50
    assert "p119@example.org" in text(first) and "p069@example.org" not in text(first)
    following = first.context["listing"].next_href
    second = viewer.get(f"/w/{club.pk}/people{following}")
    assert "p069@example.org" in text(second)
    back = viewer.get(f"/w/{club.pk}/people{second.context['listing'].previous_href}")
    assert "p119@example.org" in text(back)
    assert viewer.get(f"/w/{club.pk}/people?after=nonsense").status_code == 400


def test_people_are_found_and_filtered(club, viewer):
    news = MailingList.objects.get(workspace=club)
    assert text(viewer.get(f"/w/{club.pk}/people?q=berg11")).count('<th scope="row">') == 11
    out = viewer.get(f"/w/{club.pk}/people?list={news.pk}&state=unsubscribed")
    assert text(out).count('<th scope="row">') == 12
    eea = viewer.get(f"/w/{club.pk}/people?region={int(Region.EEA)}&q=p00")
    assert text(eea).count('<th scope="row">') == 5
    assert "Nobody found" in text(viewer.get(f"/w/{club.pk}/people?q=zzz"))


def test_a_row_says_whether_marketing_mail_is_permitted_and_why(club, viewer):
    page = text(viewer.get(f"/w/{club.pk}/people?q=p001@example.org"))
    assert "Not permitted" in page and "no consent" in page
    page = text(viewer.get(f"/w/{club.pk}/people?q=p002@example.org"))
    assert "until they say no" in page
    page = text(viewer.get(f"/w/{club.pk}/people?q=p010@example.org"))
    assert "said no" in page


def test_a_list_page_costs_the_same_for_few_and_many(club, viewer):
    def cost(query):
        viewer.get(f"/w/{club.pk}/people{query}")
        with CaptureQueriesContext(connection) as caught:
            viewer.get(f"/w/{club.pk}/people{query}")
        return len(caught)

    assert cost("?q=p00") == cost("?q=p0") <= cost("") + 2


def test_every_look_is_recorded(club, viewer):
    before = Activity.objects.filter(act="people.read").count()
    viewer.get(f"/w/{club.pk}/people?q=p001")
    row = Activity.objects.filter(act="people.read").order_by("-id").first()
    assert Activity.objects.filter(act="people.read").count() == before + 1
    assert row.counts == {"persons": 1} and "p001" not in str(vars(row))


def test_an_empty_workspace_says_what_to_do_first(house, editor, viewer):
    assert "Import people" in text(editor.get(f"/w/{house.pk}/people"))
    assert "Import people" not in text(viewer.get(f"/w/{house.pk}/people"))


def test_what_is_found_can_be_exported(club, editor, viewer):
    assert f"/w/{club.pk}/people/export?q=p01" in text(editor.get(f"/w/{club.pk}/people?q=p01"))
    assert "people/export" not in text(viewer.get(f"/w/{club.pk}/people?q=p01"))


@pytest.mark.clause("A3", "B4")
def test_a_person_is_added_with_a_source(house, editor, person_id):
    news, source = MailingList.objects.get(workspace=house), Source.objects.get()
    given = {"email": "Anna@Example.org", "source": source.pk, "lists": [news.pk], "country": "SE", "language": "sv"}
    response = editor.post(f"/w/{house.pk}/people/new", {**given, "field_first_name": "Anna"})
    anna = person_id(house, "anna@example.org")
    assert response["Location"] == f"/w/{house.pk}/people/{anna}"
    page = text(editor.get(response["Location"]))
    assert "Anna" in page and "A fair" in page and "News" in page
    with processing(house.pk, "audience.administer", by="t", act="look"):
        person = Person.objects.get(pk=anna)
    assert (person.region, person.language) == (Region.EEA, "sv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"email": "nonsense"}, "not an email address"),
        ({"source": ""}, "required"),
        ({"field_points": "many"}, "not a number"),
    ],
)
def test_a_person_that_cannot_be_added_is_refused_at_the_field(house, editor, change, message):
    house.fields.create(name="points", label="Points", type="number", category="demographics")
    given = {"email": "a@example.org", "source": Source.objects.get().pk, **change}
    response = editor.post(f"/w/{house.pk}/people/new", given)
    assert response.status_code == 422
    assert message in text(response)
    with processing(house.pk, "audience.administer", by="t", act="look"):
        assert not Person.objects.exists()


def test_a_source_that_has_ended_is_not_offered(house, editor):
    Source.objects.update(valid_until="2020-01-01")
    page = text(editor.get(f"/w/{house.pk}/people/new"))
    assert "A fair" not in page and "no source" in page


def test_a_person_page_shows_everything(club, viewer, person_id):
    person = person_id(club, "p001@example.org")
    records.restrict(club.pk, person, by="user:1")
    page = text(viewer.get(f"/w/{club.pk}/people/{person}"))
    for expected in ("Anna Berg1", "Bolaget", "EEA", "News", "A fair", "Processing restricted", "Measuring our mail"):
        assert expected in page, expected
    for unwanted in ("Correct<", "Take off", "Record a choice"):
        assert unwanted not in page, unwanted


def test_a_person_of_another_workspace_is_not_there(club, person_id):
    from django.test import Client

    person = person_id(club, "p001@example.org")
    other = make.workspace()
    client = Client()
    client.force_login(make.member(other, role=Role.OWNER))
    assert client.get(f"/w/{other.pk}/people/{person}").status_code == 404
    for verb in ("edit", "restrict", "lift-restriction", "choices"):
        assert client.post(f"/w/{other.pk}/people/{person}/{verb}", {"purpose": "marketing.email"}).status_code == 404


@pytest.mark.clause("E1", "E8")
def test_what_is_known_is_corrected(club, editor, person_id):
    person = person_id(club, "p001@example.org")
    form = editor.get(f"/w/{club.pk}/people/{person}/edit")
    given = {name: field.initial or "" for name, field in form.context["form"].fields.items()}
    given |= {"region": int(Region.UK), "language": "en", "field_first_name": "Ann", "field_company": ""}
    assert editor.post(f"/w/{club.pk}/people/{person}/edit", given).status_code == 302
    with processing(club.pk, "audience.administer", by="t", act="look"):
        found = queries.record(club.pk, person)
    assert found.values == {"first_name": "Ann", "last_name": "Berg1", "country": "Sweden"}
    assert (found.person.region, found.person.language) == (Region.UK, "en")


@pytest.mark.clause("E2")
def test_processing_is_restricted_and_the_restriction_lifted(club, editor, viewer, person_id):
    person = person_id(club, "p001@example.org")
    assert viewer.post(f"/w/{club.pk}/people/{person}/restrict").status_code == 403
    page = editor.post(f"/w/{club.pk}/people/{person}/restrict", follow=True)
    assert "Lift the restriction" in text(page)
    page = editor.post(f"/w/{club.pk}/people/{person}/lift-restriction", follow=True)
    assert "Restrict processing" in text(page)


@pytest.mark.clause("E9")
def test_staff_put_people_on_lists_but_not_back(club, editor, person_id):
    news = MailingList.objects.get(workspace=club)
    gone = person_id(club, "p010@example.org")
    page = editor.post(f"/w/{club.pk}/people/{gone}/lists/{news.pk}/join", follow=True)
    assert "Only they can join it" in text(page)
    here = person_id(club, "p011@example.org")
    editor.post(f"/w/{club.pk}/people/{here}/lists/{news.pk}/leave")
    with processing(club.pk, "audience.administer", by="t", act="look"):
        assert Subscription.objects.get(person_id=here).state == "unsubscribed"
    other = make.workspace().lists.create(name="Elsewhere")
    assert editor.post(f"/w/{club.pk}/people/{here}/lists/{other.pk}/join").status_code == 404


@pytest.mark.clause("E3", "E13")
def test_a_choice_is_recorded_on_request_and_has_a_receipt(club, editor, person_id):
    person = person_id(club, "p001@example.org")
    source = Source.objects.create(workspace=club, name="Telephone", warranty="Calls that we log.")
    other = Source.objects.create(workspace=make.workspace(), name="Theirs", warranty="w")
    where, yes = f"/w/{club.pk}/people/{person}/choices", {"purpose": "marketing.email", "state": "granted"}
    for proof in (
        {},
        {"source": source.pk},
        {"obtained": "Rang on 3 May"},
        {"source": other.pk, "obtained": "Rang us"},
    ):
        assert "needs its proof" in text(editor.post(where, {**yes, **proof}, follow=True))
    page = editor.post(where, {**yes, "source": source.pk, "obtained": "Rang us on 3 May"}, follow=True)
    assert "Source: Telephone" in text(page) and "Rang us on 3 May" in text(page)
    assert "Marketing mail permitted" in text(page)
    with processing(club.pk, "audience.administer", by="t", act="look"):
        choice = Choice.objects.get(person_id=person)
    assert (choice.method, choice.state) == ("operator", "granted")
    receipt = editor.get(f"/w/{club.pk}/people/{person}/choices/{choice.pk}")
    assert json.loads(receipt.content)["dpv:hasIdentifier"] == str(choice.pk)
    page = editor.post(
        f"/w/{club.pk}/people/{person}/choices", {"purpose": "marketing.email", "state": "withdrawn"}, follow=True
    )
    assert "Marketing mail not permitted" in text(page)
    for wrong in ({"purpose": "x", "state": "granted"}, {"purpose": "marketing.email", "state": "x"}):
        assert editor.post(f"/w/{club.pk}/people/{person}/choices", wrong).status_code == 404


@pytest.mark.clause("E9", "D5")
def test_a_yes_after_an_objection_needs_its_proof_and_keeps_it(club, editor, person_id):
    person = person_id(club, "p001@example.org")
    choose(club.pk, person, {"marketing.email": "objected"}, method="one-click", now=timezone.now())
    source = Source.objects.create(workspace=club, name="Telephone", warranty="Calls that we log.")
    where, yes = f"/w/{club.pk}/people/{person}/choices", {"purpose": "marketing.email", "state": "granted"}
    assert "Marketing mail not permitted" in text(editor.post(where, yes, follow=True))
    proof = {"source": source.pk, "obtained": "Rang us on 3 May"}
    assert "Marketing mail permitted" in text(editor.post(where, {**yes, **proof}, follow=True))
    with processing(club.pk, "audience.administer", by="t", act="look"):
        choice = Choice.objects.filter(person_id=person).latest("id")
        kept = ChoiceEvidence.objects.get(person_id=person)
    assert (choice.method, choice.source_id) == ("operator", source.pk)
    assert (kept.choice_id, kept.obtained) == (choice.pk, "Rang us on 3 May")
    erase(club.pk, person, by="user:1", now=timezone.now())
    with processing(club.pk, "rights.fulfil", by="t", act="look"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM consent_choiceevidence")
        assert cursor.fetchone() == (0,)


@pytest.mark.clause("E1")
def test_a_request_is_taken_up_from_the_persons_page(club, editor, person_id):
    person = person_id(club, "p001@example.org")
    page = editor.get(f"/w/{club.pk}/people/{person}")
    given = {"email": "p001@example.org", "received": page.context["today"], "kind": "erasure"}
    assert "They ask to be erased" in text(page)
    assert "Erase the person" in text(editor.post(f"/w/{club.pk}/requests/new", given, follow=True))


@pytest.mark.clause("E10")
def test_what_cannot_be_refused_is_refused_in_plain_words(club, editor, person_id):
    person = person_id(club, "p001@example.org")
    given = {"purpose": "service.message", "state": "refused"}
    response = editor.post(f"/w/{club.pk}/people/{person}/choices", given)
    assert response.status_code == 409
    assert "cannot be switched off" in text(response)


def test_notes_are_written_by_editors_and_read_by_everybody(club, editor, viewer, person_id):
    person = person_id(club, "p001@example.org")
    where = f"/w/{club.pk}/people/{person}"
    assert viewer.post(f"{where}/notes", {"text": "x"}).status_code == 403
    assert "Write something" in text(editor.post(f"{where}/notes", {"text": " "}, follow=True))
    editor.post(f"{where}/notes", {"text": "<b>Rang</b> about the fair"})
    assert "&lt;b&gt;Rang&lt;/b&gt; about the fair" in text(viewer.get(where))
    note = viewer.get(where).context["notes"][0].note
    assert viewer.post(f"{where}/notes/{note.pk}/delete").status_code == 403
    assert "The note was deleted" in text(editor.post(f"{where}/notes/{note.pk}/delete", follow=True))
    assert "about the fair" not in text(viewer.get(where))


@pytest.mark.clause("E8")
def test_a_corrected_value_says_who_and_on_whose_word(club, editor, viewer, person_id):
    person = person_id(club, "p001@example.org")
    form = editor.get(f"/w/{club.pk}/people/{person}/edit").context["form"]
    given = {name: field.initial or "" for name, field in form.fields.items()}
    given |= {"region": int(Region.EEA), "language": "", "field_company": "Nybolaget", "word": "person"}
    editor.post(f"/w/{club.pk}/people/{person}/edit", given)
    page = text(viewer.get(f"/w/{club.pk}/people/{person}"))
    assert "Nybolaget" in page and "said by the person" in page and "Bolaget → Nybolaget" in page


def test_the_timeline_and_everything_held_are_pages_of_their_own(club, editor, viewer, person_id):
    person = person_id(club, "p001@example.org")
    editor.post(f"/w/{club.pk}/people/{person}/notes", {"text": "Rang about the fair"})
    line = text(viewer.get(f"/w/{club.pk}/people/{person}/timeline"))
    assert "Rang about the fair" in line and "Recorded here" in line
    only = text(viewer.get(f"/w/{club.pk}/people/{person}/timeline?kind=list"))
    assert "Rang about the fair" not in only and "News: Subscribed" in only
    assert "Nothing of this kind" in text(viewer.get(f"/w/{club.pk}/people/{person}/timeline?kind=mail&before=x"))
    held = text(viewer.get(f"/w/{club.pk}/people/{person}/held"))
    for expected in ("Addresses and numbers", "p001@example.org", "Words of names", "A fair", "Rang about the fair"):
        assert expected in held, expected
    other = make.workspace()
    viewer.force_login(make.member(other, role=Role.OWNER))
    for page in ("timeline", "held"):
        assert viewer.get(f"/w/{other.pk}/people/{person}/{page}").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, bring, person_id, scheme, width):
    house = make_house()
    bring(house, FILE)
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    person = person_id(house, "p001@example.org")
    pages = [f"people/{person}{tab}" for tab in ("", "/edit", "/timeline", "/held")]
    for path in ("people", "people?q=zzz", "people/new", *pages):
        browser_page.goto(f"/w/{house.pk}/{path}")
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_the_list_follows_what_one_types(served, browser_page, sign_in, make_house, bring):
    house = make_house()
    bring(house, FILE)
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.goto(f"/w/{house.pk}/people")
    browser_page.get_by_role("searchbox").fill("p003")
    browser_page.get_by_role("link", name="Anna Berg3").wait_for()
    expect(browser_page.locator("#listing tbody tr")).to_have_count(1)
    expect(browser_page).to_have_url(re.compile("q=p003"))
    browser_page.get_by_role("link", name="Anna Berg3").click()
    browser_page.get_by_role("button", name="More").click()
    browser_page.get_by_role("button", name="Restrict processing").click()
    browser_page.get_by_role("dialog").get_by_role("button", name="Restrict").click()
    browser_page.get_by_text("the information is stored and not used").wait_for()

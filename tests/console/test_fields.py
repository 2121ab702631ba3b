"""The pages about fields."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.people import fields
from tillit.people.importing.purposes import PURCHASES
from tillit.people.models import Field

GIVEN = {"label_en": "T-shirt size", "label_sv": "Tröjstorlek", "type": "choice", "category": "demographics"}
LONG = "A label that is as long as somebody in a hurry might make it, with averyveryverylongwordwithoutanyspaceinit too"


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def owner(house) -> Client:
    client = Client()
    client.force_login(make.member(house, role=Role.OWNER))
    return client


def test_a_field_is_made_and_changed(house, editor):
    page = editor.post(f"/w/{house.pk}/fields/new", {**GIVEN, "choices": "Small\n Large \nsmall\n\n"}, follow=True)
    assert page.redirect_chain[-1][0] == f"/w/{house.pk}/fields"
    made = Field.objects.get(workspace=house, name="t_shirt_size")
    assert (made.said("sv"), made.choices, made.category) == ("Tröjstorlek", ["Small", "Large"], "demographics")
    assert "one of Small, Large" in text(page)
    changed = {"label_en": "Size", "choices": "S\nM"}
    editor.post(f"/w/{house.pk}/fields/{made.pk}", changed)
    made.refresh_from_db()
    assert (made.said(), made.labels, made.choices, made.type) == ("Size", {"en": "Size"}, ["S", "M"], "choice")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"label_en": "", "label_sv": ""}, "Say in one language at least"),
        ({"choices": " \n"}, "Say what can be chosen"),
        ({"name": "First name"}, "Begin with a letter"),
        ({"name": "first_name"}, "uses this name"),
        ({"type": "number", "min": "ten"}, "This is not a number"),
        ({"type": "date", "min": "2025-01-01", "max": "2024-01-01"}, "The most is less"),
        ({"category": "recruitment"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_at_its_input(house, editor, given, problem):
    page = editor.post(f"/w/{house.pk}/fields/new", {**GIVEN, "choices": "S", **given})
    assert page.status_code == 422 and problem in text(page)


def test_checks_are_kept_as_values_of_the_type(house, editor):
    given = {"label_en": "Born", "type": "date", "category": "identity", "min": "1.1.1900", "mask": "9999"}
    editor.post(f"/w/{house.pk}/fields/new", given)
    assert Field.objects.get(workspace=house, name="born").checks == {"min": "1900-01-01"}


@pytest.mark.clause("B8", partly="sales as values of a person; orders come with partners")
def test_how_many_lose_a_value_is_said_of_what_staff_may_not_see_too(house, owner, bring):
    sold = house.fields.create(name="last_order", label="Last order", type="date", category="purchases")
    bring(house, "Email,Last order\nann@example.org,2024-05-01\n", purpose=PURCHASES, mailing_list=None)
    page = text(owner.get(f"/w/{house.pk}/fields/{sold.pk}/retire"))
    assert "says nothing of anybody" not in page and "<strong>1</strong> person" in page
    offered = text(owner.get(f"/w/{house.pk}/people/bulk"))
    assert "City" in offered and "Last order" not in offered, "staff may not set what they may not see"


@pytest.mark.clause("I1")
def test_a_field_is_retired_by_an_owner_who_is_told_what_uses_it(house, owner, editor, bring):
    bring(house, "email,city\na@example.org,Umeå\nb@example.org,Kiruna\n")
    city = Field.objects.get(workspace=house, name="city")
    make.campaign(house, name="Dear {{ city }}", subject="{{ city }}")
    page = text(owner.get(f"/w/{house.pk}/fields/{city.pk}/retire"))
    assert "<strong>2</strong> people" in page and "Dear {{ city }}" in page
    assert editor.post(f"/w/{house.pk}/fields/{city.pk}/retire").status_code == 403
    done = owner.post(f"/w/{house.pk}/fields/{city.pk}/retire", follow=True)
    assert "Waiting for a worker" in text(done)
    assert owner.get(f"/w/{house.pk}/fields/{city.pk}").status_code == 404
    fields.erase_values(city.pk)
    fragment = text(owner.get(f"/w/{house.pk}/fields/{city.pk}/progress"))
    assert "It was erased of 2 people." in fragment and "hx-trigger" not in fragment
    assert "erased of 2 people" in text(editor.get(f"/w/{house.pk}/fields?show=retired"))


def test_a_viewer_changes_nothing_and_nobody_another_workspaces_field(house, editor, viewer):
    city = Field.objects.get(workspace=house, name="city")
    other = make.workspace().fields.create(name="x", label="X", category="identity")
    for verb in ("", "/move", "/retire", "/erase-rest"):
        assert viewer.post(f"/w/{house.pk}/fields/{city.pk}{verb}").status_code == 403
    assert editor.get(f"/w/{house.pk}/fields/{other.pk}").status_code == 404
    assert editor.post(f"/w/{house.pk}/fields/{other.pk}/move").status_code == 404
    shown = text(viewer.get(f"/w/{house.pk}/fields"))
    assert "City" in shown and "New field" not in shown and "Retire “" not in shown


def test_fields_are_called_in_the_readers_language(house, editor):
    editor.post(f"/w/{house.pk}/fields/new", {**GIVEN, "choices": "S"})
    assert "Tröjstorlek" in text(editor.get(f"/w/{house.pk}/fields", headers={"accept-language": "sv"}))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, scheme, width):
    house = make_house()
    sign_in(make.member(house, role=Role.OWNER))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    made = fields.make_field(
        house.pk,
        name="long",
        labels={"en": LONG},
        type="choice",
        category="demographics",
        choices=[LONG[:60], "Other"],
        by="test",
    )
    make.campaign(house, name=LONG, body="{{ long }}")
    gone = Field.objects.get(workspace=house, name="city")
    fields.retire_field(gone, by="user:1", now=timezone.now())
    paths = ("fields", "fields?show=retired", "fields/new", f"fields/{made.pk}", f"fields/{made.pk}/retire")
    for path in (*paths, f"fields/{gone.pk}/retired"):
        browser_page.goto(f"/w/{house.pk}/{path}")
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.browser
def test_a_form_asks_for_what_the_type_needs(served, browser_page, sign_in, make_house):
    house = make_house()
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.goto(f"/w/{house.pk}/fields/new")
    expect(browser_page.get_by_label("Choices")).to_be_hidden()
    browser_page.get_by_label("Label in English").fill("Size")
    browser_page.get_by_label("Type").select_option("choice")
    browser_page.get_by_label("Choices").fill("Small\nLarge")
    expect(browser_page.get_by_label("Longest text")).to_be_hidden()
    browser_page.get_by_label("Privacy category").select_option(label="Demographics")
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_text("The field “Size” was made.")).to_be_visible()
    expect(browser_page.get_by_text("one of Small, Large")).to_be_visible()

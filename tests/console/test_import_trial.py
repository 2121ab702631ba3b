"""Seeing in the console what an import would change, choosing modes, and finding last month's mapping again."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.people.importing.run import run_import
from tillit.people.importing.trial import run_trial
from tillit.people.models import Import, Person, Source

FILE = b"email,first name,city\nanna@example.org,Anne,Lund\nnew@example.org,Ny,\nbroken,,\n"
MAPPED = {"column-0": "email", "column-1": "field:first_name", "column-2": "field:city", "mode-2": "empty"}


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def draft(house, editor) -> Import:
    make.person(house, email="anna@example.org", traits={"identity": {"first_name": "Anna"}})
    source = Source.objects.filter(workspace=house).first()
    told = {"file": SimpleUploadedFile("r.csv", FILE), "source": source.pk, "list": "", "consent": ""}
    editor.post(f"/w/{house.pk}/imports/new", told)
    return Import.objects.get()


def test_a_file_is_tried_and_then_imported_as_it_was_mapped(house, editor, draft):
    there = f"/w/{house.pk}/imports/{draft.pk}"
    assert "See what would change" in text(editor.get(there))
    assert editor.post(f"{there}/start", {**MAPPED, "as": "trial"})["Location"] == f"{there}/trial"
    assert 'hx-trigger="every 1s"' in text(editor.get(f"{there}/trial"))
    run_trial(draft.pk)
    page = text(editor.get(f"{there}/trial/progress"))
    for expected in ("Nothing is stored yet", "Anne", "anna@example.org", "not an email address", "First name"):
        assert expected in page, expected
    assert Person.objects.count() == 0 and "every 1s" not in page
    assert '<option value="empty" selected>' in text(editor.get(there))
    assert editor.post(f"{there}/start", {"as": "mapped"})["Location"] == there
    done = run_import(draft.pk)
    assert done.state == "done" and done.options["columns"][2]["mode"] == "empty"
    assert editor.get(f"{there}/trial")["Location"] == there
    assert editor.get(f"{there}/trial/progress")["HX-Redirect"] == there


def test_a_mapping_that_cannot_be_is_not_tried(house, editor, draft):
    there = f"/w/{house.pk}/imports/{draft.pk}"
    refused = editor.post(f"{there}/start", {"column-1": "field:first_name", "as": "trial"})
    assert refused.status_code == 422 and "Say which one does" in text(refused)
    assert editor.get(f"{there}/trial").status_code == 302


def test_the_next_file_of_that_kind_is_mapped_as_the_last(house, editor, draft):
    editor.post(f"/w/{house.pk}/imports/{draft.pk}/start", {**MAPPED, "column-1": ""})
    run_import(draft.pk)
    source = Source.objects.filter(workspace=house).first()
    told = {"file": SimpleUploadedFile("next.csv", FILE), "source": source.pk, "list": "", "consent": ""}
    page = text(editor.post(f"/w/{house.pk}/imports/new", told, follow=True))
    assert "is filled in as for" in page and "r.csv" in page and '<option value="empty" selected>' in page


def test_only_editors_see_what_would_change(house, editor, viewer, draft):
    there = f"/w/{house.pk}/imports/{draft.pk}"
    editor.post(f"{there}/start", {**MAPPED, "as": "trial"})
    for path in ("trial", "trial/progress"):
        assert viewer.get(f"{there}/{path}").status_code == 403
    other = make.workspace()
    editor.force_login(make.member(other, role=Role.OWNER))
    for path in ("trial", "trial/progress"):
        assert editor.get(f"/w/{other.pk}/imports/{draft.pk}/{path}").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, tmp_path, scheme, width):
    house = make_house()
    make.person(house, email="anna@example.org", traits={"identity": {"first_name": "Anna"}})
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.goto(f"/w/{house.pk}/imports/new")
    path = tmp_path / "people.csv"
    path.write_bytes(FILE)
    browser_page.locator("#id_file").set_input_files(path)
    browser_page.get_by_role("button", name="Upload and look at it").click()
    mode = browser_page.get_by_label("What becomes of first name")
    expect(mode).to_be_visible()
    expect(browser_page.get_by_label("What becomes of email")).to_be_hidden()
    browser_page.get_by_label("What first name means").select_option("")
    expect(mode).to_be_hidden()
    browser_page.get_by_label("What first name means").select_option("field:first_name")
    assert_accessible(browser_page)
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    browser_page.get_by_role("button", name="See what would change").click()
    browser_page.get_by_text("Waiting for a worker").wait_for()
    run_trial(Import.objects.get().pk)
    browser_page.get_by_text("Anne", exact=True).wait_for()
    assert_accessible(browser_page)
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width

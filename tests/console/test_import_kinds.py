"""Uploading what is no CSV: workbooks with a choice of sheet, archives, JSON, pasted rows, and what is too large."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tests.console.test_imports import text, upload
from tests.people.test_archives import packed
from tests.people.test_formats import SAMPLES
from tests.people.test_workbooks import book, saved
from tillit.accounts.models import Role
from tillit.people.importing import files
from tillit.people.importing.run import run_import
from tillit.people.importing.start import path_of
from tillit.people.models import Import, Source

SHEETS = [("Members", [["Email", "City"], ["a@example.org", "Umeå"]]), ("Old", [["Email"], ["b@example.org"]])]


def test_another_sheet_is_chosen(house, editor):
    page = text(editor.get(upload(editor, house, content=saved(book(*SHEETS)), name="all.xlsx")["Location"]))
    assert "<option selected>Members</option><option>Old</option>" in page and "Umeå" in page
    assert "Separator" not in page
    item = Import.objects.get()
    there = f"/w/{house.pk}/imports/{item.pk}/layout"
    assert "b@example.org" in text(editor.post(there, {"sheet": "Old"}, follow=True))
    assert editor.post(there, {"sheet": "Members", "dates": "soon"}).status_code == 404
    missing = editor.post(there, {"sheet": "Nowhere"})
    assert missing.status_code == 422 and "The workbook has no sheet “Nowhere”" in text(missing)
    editor.post(f"/w/{house.pk}/imports/{item.pk}/discard")
    assert list(files.folder().iterdir()) == []


def test_an_archive_and_json_are_said_to_be_such(house, editor):
    page = text(editor.get(upload(editor, house, content=packed({"x/a.csv": "email\na@b.se\n"}))["Location"]))
    assert "The tables in the archive, joined: a.csv." in page
    assert "one object a person" in text(editor.get(upload(editor, house, content=b'{"email": "a@b.se"}')["Location"]))


def test_the_order_of_dates_is_said_and_what_cannot_be_read_is_told(house, editor):
    house.fields.create(name="met", label="Met", type="date", category="demographics")
    upload(editor, house, content=b"email,Met\na@example.org,03/04/2024\nb@example.org,soon\n")
    item = Import.objects.get()
    there = f"/w/{house.pk}/imports/{item.pk}"
    said = editor.post(f"{there}/layout", {"encoding": "utf-8", "delimiter": ",", "dates": "dmy"}, follow=True)
    assert '<option value="dmy" selected>' in text(said)
    editor.post(f"{there}/start", {"column-0": "email", "column-1": "field:met"})
    run_import(item.pk)
    done = text(editor.get(there))
    assert "Values of “Met” left out: they are not what the column means" in done
    assert "Refused rows and values" in done


@pytest.mark.clause("B4")
def test_what_a_files_name_says_is_told(house, editor):
    page = text(editor.get(upload(editor, house, content=b"email\na@b.se\n", name="bounced.csv")["Location"]))
    assert "says “cleaned” of everybody in it" in page and "Member status" in page
    plain = text(editor.get(upload(editor, house, content=b"email\na@b.se\n", name="people.csv")["Location"]))
    assert "of everybody in it" not in plain


@pytest.mark.clause("B4")
def test_an_export_is_named_and_what_it_lacks(house, editor):
    known = (SAMPLES / "listmonk.csv").read_bytes()
    page = text(editor.get(upload(editor, house, content=known)["Location"]))
    assert "This is an export of listmonk." in page and "comes in as somebody who left" in page
    lacking = (SAMPLES / "mautic.csv").read_bytes()
    page = text(editor.get(upload(editor, house, content=lacking)["Location"]))
    assert "no column of it says who left there" in page


def paste(client, house, pasted, **given):
    told = {"pasted": pasted, "source": Source.objects.get(workspace=house).pk, "list": "", "consent": "", **given}
    return client.post(f"/w/{house.pk}/imports/new", told)


@pytest.mark.clause("A4")
def test_pasted_rows_are_imported(house, editor):
    page = text(editor.get(paste(editor, house, "Email\tOrt\r\na@example.org\tUmeå\r\n")["Location"]))
    assert "Pasted rows" in page and "Umeå" in page
    assert run_import(Import.objects.get().pk).state == "draft"
    editor.post(f"/w/{house.pk}/imports/{Import.objects.get().pk}/start", {"column-0": "email", "column-1": ""})
    assert run_import(Import.objects.get().pk).counts["new"] == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pasted": ""}, "Choose a file, or paste rows below."),
        ({"pasted": "\n \n"}, "Choose a file, or paste rows below."),
        ({"pasted": "\0\1\2\3" * 50}, "Null characters|not text"),
        ({"pasted": "x" * 1_000_001}, "at most 1000000 characters"),
    ],
)
def test_what_cannot_be_pasted_is_said(house, editor, given, message):
    import re

    response = paste(editor, house, **given)
    assert response.status_code == 422 and re.search(message, text(response))
    assert list(files.folder().iterdir()) == []


def test_a_file_and_pasted_rows_are_one_too_many(house, editor):
    response = upload(editor, house, pasted="a@example.org")
    assert response.status_code == 422 and "Choose one of the two" in text(response)


def test_a_file_that_was_too_large_to_come_is_explained(house, editor):
    page = text(editor.get(f"/w/{house.pk}/imports/new?too-large"))
    assert "The file is larger than 512 MB." in page


def test_a_broken_workbook_is_refused_beside_the_file(house, editor):
    response = upload(editor, house, content=saved(book(*SHEETS))[:500], name="x.xlsx")
    assert response.status_code == 422 and "it cannot be unpacked" in text(response)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, queue, scheme, width):
    house = make_house()
    house.fields.create(name="met", label="Met", type="date", category="demographics")
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.goto(f"/w/{house.pk}/imports/new?too-large")
    browser_page.get_by_text("Paste rows instead").click()
    expect(browser_page.get_by_label("Or paste it here")).to_be_visible()
    assert_accessible(browser_page)
    for content in (
        saved(book(*SHEETS)),
        (SAMPLES / "mautic.csv").read_bytes(),
        (SAMPLES / "listmonk.csv").read_bytes(),
    ):
        draft = queue(house, content)
        Import.objects.filter(pk=draft.pk).update(state="draft")
        browser_page.goto(f"/w/{house.pk}/imports/{draft.pk}")
        expect(browser_page.get_by_role("heading", name="How the file was read")).to_be_visible()
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
        assert path_of(draft).exists()


@pytest.mark.browser
def test_pasting_by_hand(served, browser_page, sign_in, make_house):
    house = make_house()
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.goto(f"/w/{house.pk}/imports/new")
    browser_page.get_by_text("Paste rows instead").click()
    browser_page.get_by_label("Or paste it here").fill("Ann Berg <ann@example.org>, bo@example.org")
    browser_page.get_by_role("button", name="Upload and look at it").click()
    expect(browser_page.get_by_role("cell", name="ann@example.org", exact=True).first).to_be_visible()

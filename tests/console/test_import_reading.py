"""A large workbook is read while its page waits, in the console."""

from __future__ import annotations

import pytest

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tests.console.test_imports import text, upload
from tests.people.test_reading import MEMBERS, OLD
from tests.people.test_workbooks import book, saved
from tillit.accounts.models import Role
from tillit.people.importing import reading
from tillit.people.models import Import

pytestmark = pytest.mark.usefixtures("reads_by_job")
BOOK = saved(book(MEMBERS, OLD))


def test_the_upload_answers_at_once_and_the_page_waits(house, editor, viewer):
    here = upload(editor, house, BOOK, "all.xlsx")["Location"]
    item = Import.objects.get()
    waiting = text(editor.get(here))
    assert "The file is being read" in waiting and 'hx-trigger="every 1s"' in waiting
    Import.objects.update(options={**item.options, "reading": {**item.options["reading"], "rows": 12345}})
    assert "12,345 rows so far" in text(viewer.get(f"{here}/reading"))
    assert "Cancel" not in text(viewer.get(f"{here}/reading"))
    assert "Being read" in text(viewer.get(f"/w/{house.pk}/imports"))
    reading.read(item.pk)
    assert editor.get(f"{here}/reading")["HX-Redirect"] == here
    assert "First name" in text(editor.get(here))
    editor.post(f"{here}/layout", {"sheet": "Old"})
    assert "The file is being read" in text(editor.get(here))
    reading.read(item.pk)
    assert "old@example.org" in text(editor.get(here))


def test_what_cannot_be_read_is_said_on_the_page(house, editor):
    here = upload(editor, house, saved(book(("Nothing", []))), "all.xlsx")["Location"]
    reading.read(Import.objects.get().pk)
    page = text(editor.get(here))
    assert "The file cannot be read" in page and "is empty" in page and "Upload another file" in page
    assert "every 1s" not in page
    assert "is empty" in text(editor.get(f"{here}/reading"))
    assert editor.post(f"{here}/resume").status_code == 302
    assert Import.objects.get().state == "failed"


def test_a_file_that_is_being_read_is_discarded(house, editor, import_folder):
    here = upload(editor, house, BOOK, "all.xlsx")["Location"]
    assert editor.post(f"{here}/discard").status_code == 302
    assert not Import.objects.exists() and not list(import_folder.iterdir())


def test_another_sheet_that_cannot_be_read_is_said_above_the_columns(house, editor):
    here = upload(editor, house, saved(book(MEMBERS, ("Nothing", []))), "all.xlsx")["Location"]
    item = Import.objects.get()
    reading.read(item.pk)
    editor.post(f"{here}/layout", {"sheet": "Nothing"})
    reading.read(item.pk)
    page = text(editor.get(here))
    assert "“Nothing” is empty" in page and "p1@example.org" in page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, client, scheme, width):
    house = make_house()
    user = make.member(house, role=Role.EDITOR)
    client.force_login(user)
    waiting = upload(client, house, BOOK, "a" * 60 + " all our members.xlsx")["Location"]
    broken = upload(client, house, saved(book(("Nothing", []))), "broken.xlsx")["Location"]
    reading.read(int(broken.rpartition("/")[2]))
    sign_in(user)
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    for path in (waiting, broken):
        browser_page.goto(path)
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_the_page_goes_to_the_columns_by_itself(served, browser_page, sign_in, make_house, client):
    house = make_house()
    user = make.member(house, role=Role.EDITOR)
    client.force_login(user)
    here = upload(client, house, BOOK, "all.xlsx")["Location"]
    sign_in(user)
    browser_page.goto(here)
    browser_page.get_by_role("heading", name="The file is being read").wait_for()
    reading.read(int(here.rpartition("/")[2]))
    browser_page.get_by_text("p1@example.org").first.wait_for()

"""The page that says what undoing an import would do, and undoes it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.people.importing.undo import run_undo
from tillit.people.models import Import, Person

FILE = "email,first name,status\nanna@example.org,Anna,\nbo@example.org,Bo,unsubscribed\n"


def text(response) -> str:
    return response.content.decode()


def test_an_import_is_weighed_undone_and_told_of(house, editor, bring):
    make.person(house, email="anna@example.org")
    done, later = bring(house, FILE), bring(house, "email\nbo@example.org\n")
    there = f"/w/{house.pk}/imports/{done.pk}"
    assert f"{there}/undo" in text(editor.get(there))
    page = text(editor.get(f"{there}/undo"))
    assert "are in another import too" in page and f"/imports/{later.pk}" in page
    assert editor.post(f"{there}/undo")["Location"] == there
    under_way = text(editor.get(there))
    assert "Undoing the import" in under_way and 'hx-trigger="every 1s"' in under_way
    run_undo(done.pk)
    told = text(editor.get(there))
    assert "The import was undone" in told and "People stay who are in another import too" in told
    assert f"{there}/undo" not in told
    again = editor.post(f"{there}/undo", follow=True)
    assert "undone already" in text(again)
    assert "Undone" in text(editor.get(f"/w/{house.pk}/imports"))


def test_an_undo_that_broke_off_goes_on(house, editor, bring):
    done = bring(house, FILE)
    there = f"/w/{house.pk}/imports/{done.pk}"
    editor.post(f"{there}/undo")
    Import.objects.filter(pk=done.pk).update(error="The program failed.")
    page = text(editor.get(there))
    assert "The program failed." in page and f"{there}/undo/resume" in page
    editor.post(f"{there}/undo/resume")
    assert run_undo(done.pk).state == "undone"
    assert editor.post(f"{there}/undo/resume").status_code == 404


def test_only_editors_undo_and_only_in_their_workspace(house, editor, viewer, bring):
    done = bring(house, FILE)
    there = f"/w/{house.pk}/imports/{done.pk}"
    assert "/undo" not in text(viewer.get(there))
    for path in ("undo", "undo/resume"):
        assert viewer.post(f"{there}/{path}").status_code == 403
    other = make.workspace()
    editor.force_login(make.member(other, role=Role.OWNER))
    for path in ("undo", "undo/resume"):
        assert editor.post(f"/w/{other.pk}/imports/{done.pk}/{path}").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, bring, scheme, width):
    house = make_house()
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    done = bring(house, FILE)
    bring(house, "email\nbo@example.org\n")
    browser_page.goto(f"/w/{house.pk}/imports/{done.pk}/undo")
    assert_accessible(browser_page)
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    browser_page.get_by_role("button", name="Undo the import").click()
    browser_page.get_by_text("Undoing the import").wait_for()
    run_undo(done.pk)
    browser_page.get_by_text("The import was undone").wait_for()
    assert_accessible(browser_page)
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    assert Import.objects.get(pk=done.pk).finished_at <= timezone.now() and not Person.objects.exists()

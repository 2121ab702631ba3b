"""The register, the data map and the assessments in a browser: by keyboard, by click, as pictures, for everybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, Served, assert_accessible
from tillit.accounts.models import Role, User, Workspace
from tillit.governance.assessments import Content, write

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def house(served: Served, sign_in: Callable[[User], None]) -> Workspace:
    workspace = make.workspace(name="House", kind="house")
    user = make.member(workspace, role=Role.OWNER)
    risks = [{"text": "Sorted wrongly", "likelihood": 3, "severity": 3, "measure": "", "left": 0}]
    content = Content(
        kind="dpia",
        title="Predictions",
        purposes=("analytics.predict",),
        parts={"description": "*What* is done", "risks": risks},
        outcome="open",
        conducted_on=timezone.localdate(),
        review_by=None,
    )
    write(workspace.pk, content, by=user.pk, now=timezone.now())
    sign_in(user)
    return workspace


def test_a_purpose_opens_by_keyboard(house: Workspace, browser_page: Page) -> None:
    browser_page.goto(f"/w/{house.pk}/policy/register")
    button = browser_page.get_by_role("button", name="All about News and offers by email")
    button.focus()
    browser_page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    opened = browser_page.locator("#more-marketing-email")
    expect(opened).to_contain_text("EU-US Data Privacy Framework")
    browser_page.keyboard.press("Enter")
    expect(opened).to_be_hidden()


def test_words_find_purposes_while_one_types(house: Workspace, browser_page: Page) -> None:
    browser_page.goto(f"/w/{house.pk}/policy/register")
    browser_page.get_by_role("searchbox").fill("relaypoint")
    browser_page.get_by_text("Recruitment", exact=True).wait_for(state="detached")
    expect(browser_page.locator("th[scope=row]", has_text="News and offers by email")).to_be_visible()


@pytest.mark.clause("A6")
def test_a_click_in_the_picture_follows_a_name_and_lets_it_go(house: Workspace, browser_page: Page) -> None:
    browser_page.goto(f"/w/{house.pk}/policy/map")
    picture = browser_page.locator("#map-picture svg")
    picture.get_by_text("News and offers by email").click()
    browser_page.wait_for_url("**purpose=marketing.email**")
    browser_page.locator("th[scope=row]", has_text="Device and network address").wait_for(state="detached")
    expect(browser_page.locator("th[scope=row]", has_text="Contact details")).to_be_visible()
    picture.get_by_text("News and offers by email").click()
    browser_page.locator("th[scope=row]", has_text="Device and network address").wait_for()


def test_numbers_come_by_themselves(house: Workspace, browser_page: Page) -> None:
    make.person(house)
    browser_page.goto(f"/w/{house.pk}/policy/map")
    place = browser_page.locator("#rows-contact-people_person")
    browser_page.get_by_text("Rows of this workspace").wait_for()
    expect(place).to_have_text("1")


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_the_picture_can_be_kept(
    house: Workspace, browser_page: Page, tmp_path: Path, kind: str, begins: bytes
) -> None:
    browser_page.goto(f"/w/{house.pk}/policy/map")
    browser_page.locator("#map-picture svg").wait_for()
    browser_page.get_by_role("button", name="Export").click()
    with browser_page.expect_download() as waiting:
        browser_page.locator(f"[data-picture={kind}]").click()
    file = tmp_path / "picture"
    waiting.value.save_as(file)
    assert waiting.value.suggested_filename == f"data-map.{kind}"
    assert file.read_bytes().startswith(begins)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_keep_to_the_width(
    house: Workspace, browser_page: Page, width: int, theme: str
) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.add_init_script(f"localStorage.setItem('tillit-theme', '{theme}')")
    for path in ("register", "map?category=contact", "assessments", "assessments/1", "assessments/1/edit"):
        browser_page.goto(f"/w/{house.pk}/policy/{path}")
        if path == "register":
            browser_page.locator("[data-opens]").first.click()
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width, path

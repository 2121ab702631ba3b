"""People's pages in a real browser: by keyboard, without a script, on a phone, in the dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tests.public.conftest import Reader, a_reader
from tests.public.mail import link, waiting
from tests.public.test_subscribe import person_of
from tillit.edge.tokens import Kind
from tillit.rights import actions

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def someone(served) -> Reader:
    cache.clear()
    return a_reader()


@pytest.fixture
def plain_page(chromium: Browser, served: Served) -> Page:
    """A page of a phone's browser whose scripts are switched off."""
    context = chromium.new_context(
        base_url=served.url, java_script_enabled=False, viewport={"width": WIDTHS[1], "height": 800}, locale="en-GB"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def requested(someone: Reader, kind: str, template: str) -> str:
    actions.ask(someone.workspace.pk, someone.person, kind, now=timezone.now())
    return link(waiting(someone.workspace, someone.person, template)[0])


def addresses(someone: Reader) -> dict[str, str]:
    choice = make.choice(someone.workspace, someone.person, "measurement.email")
    preferences = someone.link(Kind.PREFERENCES)
    return {
        "unsubscribe": f"/u/{someone.link(Kind.UNSUBSCRIBE)}",
        "preferences": f"/p/{preferences}",
        "why": f"/why/{someone.link(Kind.WHY)}",
        "receipt": f"/receipt/{choice}/{preferences}",
        "statement": f"/privacy/{someone.workspace.pk}",
        "subscribe": f"/subscribe/{someone.workspace.pk}/{someone.news.pk}",
        "copy": requested(someone, "access", "rights.access"),
        "erase": requested(someone, "erasure", "rights.erasure"),
        "forged": "/p/nonsense",
        "expired": f"/p/{someone.link(Kind.PREFERENCES, days_old=500)}",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_accessible_and_fits_a_phone(someone, chromium, served, scheme, width):
    """axe-core finds nothing serious, and nothing has to be scrolled sideways."""
    context = chromium.new_context(
        base_url=served.url, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    for name, address in addresses(someone).items():
        page.goto(address)
        assert_accessible(page)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
        if name == "copy":
            page.get_by_role("button", name="Show my information").click()
            expect(page.get_by_text("ann.berg@example.org")).to_be_visible()
            assert_accessible(page)
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
    context.close()


@pytest.mark.clause("E5", "E9")
def test_leaving_and_coming_back_without_a_script(someone, plain_page):
    plain_page.goto(f"/u/{someone.link(Kind.UNSUBSCRIBE)}")
    plain_page.get_by_role("button", name="Unsubscribe").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert someone.standing()["News"] == "unsubscribed"
    plain_page.get_by_role("button", name="Undo").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("You are back")
    assert someone.standing()["News"] == "subscribed"


@pytest.mark.clause("E13", "E3")
def test_preferences_are_saved_without_a_script(someone, plain_page):
    plain_page.goto(f"/p/{someone.link(Kind.PREFERENCES)}")
    plain_page.get_by_role("switch", name="News and offers by email").uncheck()
    plain_page.get_by_role("switch", name="Open house").check()
    plain_page.get_by_role("button", name="Save").click()
    expect(plain_page.get_by_role("status")).to_contain_text("News and offers by email: off")
    assert not someone.permitted("marketing.email") and someone.standing()["Open house"] == "subscribed"
    plain_page.get_by_role("link", name="receipt", exact=True).click()
    expect(plain_page.locator("body")).to_contain_text("You took back your consent")


def test_preferences_are_set_by_the_keyboard_alone(someone, browser_page):
    browser_page.goto(f"/p/{someone.link(Kind.PREFERENCES)}")
    switch = browser_page.get_by_role("switch", name="News and offers by email")
    switch.focus()
    browser_page.keyboard.press("Space")
    browser_page.keyboard.press("Enter")
    browser_page.get_by_role("status").wait_for()
    assert not someone.permitted("marketing.email")


def test_the_language_follows_the_reader_and_the_switch(someone, browser_page):
    browser_page.goto(f"/p/{someone.link(Kind.PREFERENCES)}")
    browser_page.get_by_role("link", name="Svenska").click()
    expect(browser_page.locator("html")).to_have_attribute("lang", "sv")
    browser_page.get_by_role("button", name="Spara").click()
    expect(browser_page.get_by_role("status")).to_contain_text("Inget ändrades.")


@pytest.mark.clause("E1")
def test_from_the_copy_to_the_erasure(someone, browser_page):
    browser_page.goto(requested(someone, "access", "rights.access"))
    browser_page.get_by_role("button", name="Show my information").click()
    expect(browser_page.get_by_text("ann.berg@example.org")).to_be_visible()
    with browser_page.expect_download() as download:
        browser_page.get_by_role("button", name="Download as CSV (zip)").click()
    assert download.value.suggested_filename == "my-information.zip"
    browser_page.goto(requested(someone, "erasure", "rights.erasure"))
    browser_page.get_by_role("button", name="Erase me for good").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("You are erased")
    browser_page.goto(f"/p/{someone.link(Kind.PREFERENCES)}")
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("We hold nothing about you here")


@pytest.mark.clause("D5")
def test_from_the_form_to_the_list_without_a_script(someone, plain_page):
    plain_page.goto(f"/subscribe/{someone.workspace.pk}/{someone.other.pk}")
    plain_page.get_by_label("Your email address").fill("cleo@example.org")
    plain_page.get_by_role("button", name="Sign up").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Look in your mailbox")
    cleo = person_of(someone.other, "cleo@example.org")
    plain_page.goto(link(waiting(someone.workspace, cleo, "rights.confirm")[0]))
    plain_page.get_by_role("button", name="Yes, I want to join").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Welcome")
    plain_page.wait_for_load_state()
    assert "cleo" not in plain_page.content()


def test_no_page_asks_another_site_for_anything_or_keeps_a_cookie(someone, browser_context, browser_page, served):
    asked: set[str] = set()
    browser_page.on("request", lambda request: asked.add(request.url))
    for address in addresses(someone).values():
        browser_page.goto(address)
    assert {url for url in asked if not url.startswith(served.url)} <= {url for url in asked if url.startswith("data:")}
    assert browser_context.cookies() == []
    assert browser_page.evaluate("localStorage.length + sessionStorage.length") == 0

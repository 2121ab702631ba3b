"""The console in a real browser: with a keyboard, on a phone, in the dark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests import make
from tests.browser import WIDTHS, Served, assert_accessible
from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.campaigns.models import Campaign
from tillit.ledger.models import Activity
from tillit.people.models import MailingList

pytestmark = pytest.mark.browser
SignIn = Callable[[User], None]
#: A fingerprint reader as Chromium simulates it. Source: W3C Web Authentication, section 11 (user agent automation).
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def owner(served: Served) -> User:
    workspace = make.workspace(name="Northern Lights")
    Campaign.objects.create(workspace=workspace, name="Spring news", state=Campaign.State.SENDING)
    MailingList.objects.create(workspace=workspace, name="Newsletter")
    for act, counts in (("people.import", {"persons": 40}), ("message.outcome", {"sent": 900, "failed": 3})):
        Activity.objects.create(
            workspace_id=workspace.id,
            purpose="delivery.operate",
            act=act,
            actor="system",
            counts=counts,
            at=timezone.now(),
        )
    make.member(workspace, role=Role.VIEWER, name="Bo Ek", email="bo.ek@example.com")
    return make.member(workspace, role=Role.OWNER, name="Ada Lindqvist", email="ada@example.com")


def home(owner: User) -> str:
    return f"/w/{workspace_of(owner).id}/"


def workspace_of(user: User) -> Workspace:
    return Membership.objects.select_related("workspace").get(user=user).workspace


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_accessible_and_fit(
    owner: User, browser_page: Page, sign_in: SignIn, scheme: str, width: int
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    shown = ["/account/login/", "/account/password/reset/"]
    for address in shown:
        page.goto(address)
        check(page)
    sign_in(owner)
    for path in ("", "ledger", "settings", "settings/users", "settings/users/invite"):
        page.goto(home(owner) + path)
        check(page)
    for address in ("/profile", "/account/2fa/", "/account/password/change/"):
        page.goto(address)
        check(page)


def check(page: Page) -> None:
    assert_accessible(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{page.url} is {overflow} px wider than the screen"


def test_one_signs_in_and_reads_in_the_other_language(owner: User, browser_page: Page) -> None:
    page = browser_page
    page.goto("/")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    page.get_by_role("button", name="Ada Lindqvist").click()
    page.get_by_role("button", name="Svenska").click()
    expect(page.get_by_role("heading", name="Översikt", level=1)).to_be_visible()


def test_the_appearance_is_kept(owner: User, browser_page: Page, sign_in: SignIn) -> None:
    page = browser_page
    sign_in(owner)
    page.goto(home(owner))
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Ada Lindqvist").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_people_are_counted_and_the_chart_is_drawn(owner: User, browser_page: Page, sign_in: SignIn) -> None:
    page = browser_page
    sign_in(owner)
    page.goto(home(owner))
    expect(page.get_by_text("whose information is kept here")).to_be_visible()
    expect(page.locator("figure.chart svg")).to_be_visible()
    page.get_by_text("The numbers as a table").click()
    expect(page.get_by_role("cell", name="900")).to_be_visible()


def test_the_keyboard_reaches_everything(owner: User, browser_page: Page, sign_in: SignIn) -> None:
    page = browser_page
    sign_in(owner)
    page.goto(home(owner))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Ledger", level=1)).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_list_narrows_while_one_types(owner: User, browser_page: Page, sign_in: SignIn) -> None:
    page = browser_page
    sign_in(owner)
    page.goto(home(owner) + "settings/users")
    expect(page.get_by_text("ada@example.com")).to_have_count(2)  # the row, and the menu's foot
    page.get_by_role("searchbox").press_sequentially("bo.ek")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"q=bo\.ek"))
    page.get_by_role("searchbox").fill("nobody at all")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_removing_somebody_asks_first(owner: User, browser_page: Page, sign_in: SignIn) -> None:
    page = browser_page
    sign_in(owner)
    page.goto(home(owner) + "settings/users")
    for answer in ("Cancel", "Remove"):
        page.get_by_role("button", name="Change Bo Ek").click()
        page.get_by_role("button", name="Remove from the workspace").click()
        dialog = page.get_by_role("dialog", name="Remove this user?")
        expect(dialog).to_be_visible()
        assert Membership.objects.filter(user__email="bo.ek@example.com").exists()
        dialog.get_by_role("button", name=answer, exact=True).click()
        expect(dialog).to_be_hidden()
    expect(page.get_by_text("Bo Ek no longer belongs to this workspace.")).to_be_visible()
    assert not Membership.objects.filter(user__email="bo.ek@example.com").exists()


def test_a_phone_opens_the_navigation_over_the_page(owner: User, browser_page: Page, sign_in: SignIn) -> None:
    page = browser_page
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(owner)
    page.goto(home(owner))
    ledger = page.get_by_role("navigation", name="Main").get_by_role("link", name="Ledger")
    expect(ledger).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    expect(ledger).to_be_visible()
    page.keyboard.press("Escape")
    expect(ledger).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    ledger.click()
    expect(page.get_by_role("heading", name="Ledger", level=1)).to_be_visible()


def test_a_passkey_signs_in_without_a_password(owner: User, browser_page: Page) -> None:
    page = browser_page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/account/login/?next=/account/2fa/webauthn/add/")
    page.get_by_label("Email").fill("ada@example.com")
    for button in ("Sign in", "Continue"):  # the second time because it changes how one signs in
        pressed = page.get_by_role("button", name=button, exact=True)
        pressed.wait_for()
        page.get_by_label("Password").fill(make.PASSWORD)
        pressed.click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Unused codes")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()

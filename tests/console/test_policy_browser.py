"""An officer changes the policy in a browser, a second person approves it, and the database obeys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force
from tillit.people.models import Person
from tillit.policy.regions import Region

pytestmark = pytest.mark.browser

#: Long enough to weigh something.
WEIGHED = "We need to know what is read, and count it without following anybody. " * 5


def permitted(workspace, purpose: str) -> int:
    """How many people a query under a purpose sees now."""
    with processing(workspace.pk, purpose, by="test", act="test.count"):
        return Person.objects.count()


def write_it(page, workspace) -> None:
    """Begin a draft, and change how long contacts are kept."""
    page.goto(f"/w/{workspace.pk}/policy")
    assert_accessible(page)
    page.get_by_role("link", name="New draft").click()
    page.get_by_label("What is to change").fill("Ask in Switzerland, keep contacts for a shorter time")
    page.get_by_role("button", name="Begin the draft").click()
    page.get_by_role("link", name="Retention", exact=False).first.click()
    page.get_by_role("link", name="Contact details").click()
    page.get_by_label("Number").fill("18")
    page.get_by_label("Unit").select_option("months")
    page.keyboard.press("Control+s")
    page.get_by_text("Saved.").wait_for()


def save_purpose(page, *, ground: str, weighed: str) -> None:
    """Fill in the form of a purpose, and save it."""
    page.get_by_label("Switzerland (CH)").select_option(ground)
    for language in ("English", "Swedish"):
        page.get_by_role("group", name="Balancing test").get_by_label(language).fill(weighed)
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()


@pytest.mark.clause("J1", "J2", "C8")
def test_a_change_goes_from_form_to_force(browser_page, sign_in):
    page = browser_page
    workspace = make.workspace()
    officer = make.member(workspace, role=Role.EDITOR, name="Ann Berg")
    owner = make.member(workspace, role=Role.OWNER, name="Olle Nordin")
    make.person(workspace, region=Region.CH)
    make.person(workspace, region=Region.EEA)
    assert permitted(workspace, "measurement.email") == 1

    sign_in(officer)
    write_it(page, workspace)
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Purposes").click()
    page.get_by_role("searchbox").fill("measurement")
    page.get_by_role("link", name="Surveys").wait_for(state="detached")
    page.get_by_role("link", name="Measuring our mail").click()
    save_purpose(page, ground="opt-out", weighed="")
    page.get_by_text("to be mended here").wait_for()
    expect(page.locator("#field-balancing")).to_contain_text("balancing test", ignore_case=True)
    assert_accessible(page)
    save_purpose(page, ground="consent", weighed=WEIGHED)
    page.get_by_text("Saved.").wait_for()
    expect(page.get_by_text("to be mended here")).not_to_be_visible()
    page.get_by_role("navigation", name="Draft").get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Submit for review").click()
    page.get_by_text("The draft is in review.").wait_for()
    assert permitted(workspace, "measurement.email") == 1

    sign_in(owner)
    page.reload()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("The draft is approved.").wait_for()
    page.get_by_role("link", name="Publish").click()
    page.get_by_label("What changes, in your words").fill("We ask before we measure in Switzerland.")
    assert_accessible(page)
    page.locator("form.publish").get_by_role("button", name="Publish").click()
    page.get_by_text("Version 2 is in force").first.wait_for()

    assert permitted(workspace, "measurement.email") == 0
    document = in_force(workspace.pk).document
    assert str(document.retention["contact"].keep) == "18 months"
    assert document.purposes["measurement.email"].basis["CH"] == "consent"
    page.goto(f"/privacy/{workspace.pk}")
    expect(page.get_by_text("Version 2").first).to_be_visible()
    expect(page.get_by_text("18 months").first).to_be_visible()


def test_the_yaml_is_checked_while_one_writes(browser_page, sign_in):
    page = browser_page
    workspace = make.workspace()
    officer = make.member(workspace, role=Role.EDITOR)
    sign_in(officer)
    draft = make.draft(workspace, by=officer)
    page.goto(f"/w/{workspace.pk}/policy/drafts/{draft.pk}")
    page.get_by_role("textbox", name="The document as YAML").wait_for()
    assert_accessible(page)
    page.locator(".cm-line", has_text="country: SE").first.click()
    page.keyboard.press("End")
    page.keyboard.type("X")
    problem = page.get_by_role("button", name="line 11", exact=True)
    problem.wait_for()
    expect(page.get_by_text("“SEX” is no country code.").first).to_be_visible()
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    page.locator(".cm-content").press("Control+Home")
    problem.click()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    problem.wait_for(state="detached")
    page.keyboard.type("  # where we are")
    page.keyboard.press("Control+s")
    page.get_by_text("Saved.").wait_for()
    expect(page.locator(".cm-content")).to_contain_text("country: SE  # where we are")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_hold_on_a_phone_and_in_the_dark(browser_page, sign_in, width, theme):
    page = browser_page
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    workspace = make.workspace()
    owner = make.member(workspace, role=Role.OWNER)
    sign_in(owner)
    draft = make.draft(workspace, by=owner, name="A name that goes on and on " * 4)
    base = f"/w/{workspace.pk}/policy"
    paths = ("", "/versions", "/versions/1", "/drafts", f"/drafts/{draft.pk}/summary", f"/drafts/{draft.pk}")
    entries = (f"/drafts/{draft.pk}/s/purposes", f"/drafts/{draft.pk}/s/rights/gdpr")
    for path in (*paths, *entries):
        page.goto(base + path)
        assert_accessible(page)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path


def test_leaving_with_unsaved_changes_asks_first(browser_page, sign_in):
    page = browser_page
    workspace = make.workspace()
    officer = make.member(workspace, role=Role.EDITOR)
    sign_in(officer)
    draft = make.draft(workspace, by=officer)
    page.goto(f"/w/{workspace.pk}/policy/drafts/{draft.pk}/s/operator")
    page.get_by_label("Telephone").fill("+46 8 111 11 11")
    asked: list[str] = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.get_by_role("navigation", name="Sections").get_by_role("link", name="Rights").click(no_wait_after=True)
    assert asked == ["beforeunload"]
    expect(page.get_by_label("Telephone")).to_have_value("+46 8 111 11 11")

"""An officer reads in a browser what a draft changes and for whom, publishes it for later, and tells people."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import assert_accessible
from tests.governance import policies
from tillit.accounts.models import Role
from tillit.edge.tokens import Kind
from tillit.governance import notices
from tillit.governance.models import ChangeNotice
from tillit.policy.regions import Region

pytestmark = pytest.mark.browser
MARKETING = "marketing.email"


@pytest.fixture
def scene(served):
    """Nine people, of whom three said yes to mail, and a draft under which mail uses more."""
    workspace = make.workspace(name="Smart Media Solutions")
    owner = make.member(workspace, role=Role.OWNER, name="Olle Owner")
    people = [
        make.person(workspace, email=f"reader{n}@example.org", region=Region.US if n < 3 else Region.EEA)
        for n in range(9)
    ]
    for person in people[3:6]:
        make.choice(workspace, person, MARKETING)
    text = policies.with_part(
        "site.measure", ("US-CA: opt-out}", "US-CA: opt-out, AU: opt-out}"), text=policies.USES_PURCHASES
    )
    draft = make.draft(workspace, by=owner, text=text, name="Mail by what people bought")
    return workspace, owner, people, draft


@pytest.mark.clause("J1", "D5", "C8")
def test_from_a_draft_to_the_people_it_concerns(served, browser_page, sign_in, scene):
    workspace, owner, people, draft = scene
    page = browser_page
    sign_in(owner)
    page.goto(f"/w/{workspace.pk}/policy/drafts/{draft.pk}/changes")
    page.get_by_text("Counted in the database").wait_for()
    expect(page.locator(".change-figures").get_by_text("Asked again")).to_be_visible()
    assert_accessible(page)

    page.goto(f"/w/{workspace.pk}/policy/drafts/{draft.pk}/publish")
    page.get_by_text("Counted in the database").wait_for()
    expect(page.get_by_label("On a day and at a time")).to_be_checked()
    expect(page.get_by_label("Without notice, because …")).not_to_be_visible()
    page.get_by_label("At once").check()
    expect(page.get_by_label("Without notice, because …")).to_be_visible()
    page.get_by_label("On a day and at a time").check()
    page.get_by_label("What changes, in your words").fill("We look at what you bought.")
    assert_accessible(page)
    page.locator("form.publish").get_by_role("button", name="Publish").click()

    page.get_by_text("Nobody was told of version 2 by mail").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Tell people").click()
    page.get_by_role("heading", name="Notice of version 2").wait_for()
    page.get_by_label("English", exact=True).fill("Write to us if you wonder.")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your words were saved.").wait_for()
    page.locator("iframe.mail-frame").wait_for()
    mail = page.frame_locator("iframe.mail-frame")
    mail.get_by_text("Write to us if you wonder.").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Write to 6 people").click()
    page.get_by_role("dialog").get_by_role("button", name="Tell people").click()
    page.get_by_text("People are being told.").wait_for()
    notices.queue_all(ChangeNotice.objects.get().pk, now=timezone.now())
    page.get_by_text("0 of 6 settled").wait_for()  # the page asks by itself
    assert_accessible(page)

    centre = f"/p/{make.token(Kind.PREFERENCES, workspace, people[4])}?lang=en"
    page.goto(centre)
    page.get_by_text("Our privacy policy changes on").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Read what changes").click()
    page.get_by_text("also uses “Purchases and invoices”").wait_for()
    assert_accessible(page)

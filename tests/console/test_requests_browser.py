"""The desk in a browser: accessible, on a phone, and an erasure that asks first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.rights import actions, queries

pytestmark = pytest.mark.browser


@pytest.mark.clause("E1", "E6")
def test_a_late_request_is_seen_and_answered(browser_page, sign_in):
    workspace = make.workspace()
    sign_in(make.member(workspace, role=Role.EDITOR))
    person = make.person(workspace, email="ann.berg@example.org")
    long_ago = timezone.now() - timedelta(days=60)
    actions.receive(workspace.pk, person, "erasure", received_at=long_ago, by="test")
    for width in WIDTHS:
        browser_page.set_viewport_size({"width": width, "height": 900})
        browser_page.goto(f"/w/{workspace.pk}/requests?open=1&sort=due")
        assert_accessible(browser_page)
        assert not browser_page.evaluate("document.documentElement.scrollWidth > innerWidth")
    expect(browser_page.get_by_text("late", exact=True)).to_be_visible()
    browser_page.get_by_role("link", name="ann.berg@example.org").click()
    erase = browser_page.get_by_role("button", name="Erase the person")
    erase.wait_for()
    assert_accessible(browser_page)
    erase.click()
    browser_page.get_by_role("dialog").get_by_role("button", name="Erase", exact=True).click()
    browser_page.get_by_text("The person was erased. Tell them so").wait_for()
    [request] = queries.requests_of(workspace.pk, person, by="test")
    assert request.state == "fulfilled"

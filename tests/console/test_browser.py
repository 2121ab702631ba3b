"""The console in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests import make
from tests.browser import WIDTHS, Served, assert_accessible
from tillit.accounts.models import User

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_overview_is_accessible(
    served: Served, browser_page: Page, sign_in: Callable[[User], None], scheme: str, width: int
) -> None:
    workspace = make.workspace(name="Northern Lights")
    sign_in(make.member(workspace, name="Ada Lindqvist"))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.goto(f"/w/{workspace.id}/")
    assert_accessible(browser_page)

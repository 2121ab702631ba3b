"""Fixtures for tests with a real browser: the site served on a port, a page in Chromium, and an accessibility check.

    @pytest.mark.browser
    def test_something(served, browser_page, sign_in):
        workspace = make.workspace()
        sign_in(make.member(workspace))
        browser_page.goto(f"{served.url}/w/{workspace.id}/")

Rows are really committed (`committed_db`), since the server reads them on connections of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import path as chromium_path
from tests.environment import alone

if TYPE_CHECKING:  # most runs start no browser
    from django.test.testcases import LiveServerThread
    from playwright.sync_api import Browser, BrowserContext, Page

    from tillit.accounts.models import User

WIDTHS = (1280, 390)


class Served:
    """The site on a port of this machine."""

    def __init__(self, thread: LiveServerThread) -> None:
        self.url = f"http://localhost:{thread.port}"


@pytest.fixture
def served(committed_db: None) -> Iterator[Served]:
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.test.testcases import LiveServerThread

    from tillit.conf.frontend import build

    with alone():
        build()
    thread = LiveServerThread("localhost", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield Served(thread)
    thread.terminate()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; its loop runs in this thread, where the ORM would refuse to work unless told."""
    from playwright.sync_api import expect, sync_playwright

    path = chromium_path()
    if path is None:
        pytest.fail("Browser tests need Chromium: apt-get install chromium")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=10_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def browser_context(chromium: Browser, served: Served) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=served.url, viewport={"width": WIDTHS[0], "height": 900}, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def browser_page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test when a script fails or the content security policy stops something."""
    page = browser_context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if _is_fault(message.type, message.text) else None)
    yield page
    assert not faults, faults


def _is_fault(kind: str, text: str) -> bool:
    # A page that answers 4xx on purpose is also written to the console, by the browser itself.
    return kind == "error" and not text.startswith("Failed to load resource")


@pytest.fixture
def sign_in(browser_context: BrowserContext, served: Served) -> Callable[[User], None]:
    """Sign a user in without the form, by a session cookie."""
    from django.conf import settings
    from django.test import Client

    def signed_in(user: User) -> None:
        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        browser_context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": served.url}])

    return signed_in


def assert_accessible(page: Page) -> None:
    """Fail on serious findings of axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_load_state("networkidle")
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in {"serious", "critical"}]
    words = [f"{each['id']}: {each['help']}: {[node['html'][:120] for node in each['nodes'][:4]]}" for each in found]
    assert not found, "\n".join(words)


def settle(page: Page) -> None:
    """Wait until htmx listens to what it put into a page; what happens to it before is lost, 20 ms after it is seen."""
    from playwright.sync_api import expect

    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-added, .htmx-settling")).to_have_count(0)

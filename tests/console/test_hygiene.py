"""The pages about list hygiene, and the command."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tests.people.outcomes import people
from tillit.accounts.models import Role
from tillit.people.hygiene.command import hygiene_command
from tillit.people.hygiene.looking import PER_PAGE
from tillit.people.models import ListCheck, ListMending, MailingList

FILE = (
    "email,first name\nanna@gmial.com,Anna\ninfo@example.org,\nx@mailinator.com,\nbo@example.org,Bo\n"
    + "averyveryveryverylonglocalpartofanaddressindeeditis@hotmail.con,Cia\n"
)


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def news(house, bring) -> MailingList:
    bring(house, FILE)
    return MailingList.objects.get(workspace=house)


@pytest.fixture
def path(news) -> str:
    return f"/w/{news.workspace_id}/lists/{news.pk}/hygiene"


@pytest.mark.clause("E8")
def test_a_list_is_looked_through_mended_cleaned_and_put_back(news, path, editor):
    assert "Nobody has looked through this list yet" in text(editor.get(path))
    page = text(editor.post(f"{path}/look", follow=True))
    assert "5 people on the list" in page and "@gmial.com" in page and "@gmail.com" in page
    mended = text(editor.post(f"{path}/mend", {"domain": "gmial.com"}, follow=True))
    assert "1 address was mended." in mended and "@gmial.com → @gmail.com" in mended
    assert "anna@gmail.com" in people(news.workspace)
    cleaned = text(editor.post(f"{path}/role/remove", follow=True))
    assert "1 person was taken off." in cleaned
    assert people(news.workspace)["info@example.org"]["lists"] == ["unsubscribed"]
    act = ListMending.objects.get(act="remove")
    undone = text(editor.post(f"{path}/acts/{act.pk}/undo", follow=True))
    assert "1 was put back" in undone
    assert people(news.workspace)["info@example.org"]["lists"] == ["subscribed"]


def test_a_kind_lists_its_people_page_by_page(news, path, editor, bring):
    page = text(editor.get(f"{path}/typo"))
    assert "anna@gmial.com" in page and "anna@gmail.com" in page and "Take all 2 off the list" in page
    assert "bo@example.org" not in page
    bring(news.workspace, "email\n" + "".join(f"p{n}@gmial.com\n" for n in range(PER_PAGE)))
    first = editor.get(f"{path}/typo")
    assert len(first.context["people"]) == PER_PAGE and "Next page" in text(first)
    assert len(editor.get(f"{path}/typo?after={first.context['next']}").context["people"]) == 2
    assert "Nobody of this kind" in text(editor.get(f"{path}/dormant?after=nonsense"))
    assert editor.get(f"{path}/nothing").status_code == 404


def test_what_is_fine_is_not_mended(path, editor):
    refused = editor.post(f"{path}/mend", {"domain": "example.org"})
    assert refused.status_code == 409 and "is not taken for mistyped" in text(refused)


def test_a_viewer_sees_and_does_nothing_and_another_workspaces_list_is_not_there(news, path, viewer, editor):
    editor.post(f"{path}/look")
    shown = text(viewer.get(path))
    assert "@gmial.com" in shown and "<button" not in shown.split('id="progress"')[1].split("</main>")[0]
    for verb in ("look", "mend", "role/remove", "acts/1/undo"):
        assert viewer.post(f"{path}/{verb}").status_code == 403
    other = make.workspace().lists.create(name="Elsewhere")
    for verb in ("", "/progress", "/role"):
        assert editor.get(f"/w/{news.workspace_id}/lists/{other.pk}/hygiene{verb}").status_code == 404
    elsewhere = ListMending.objects.create(
        list=other, act="remove", kind="role", at=timezone.now(), moved_at=timezone.now(), by="x"
    )
    assert editor.post(f"{path}/acts/{elsewhere.pk}/undo").status_code == 404


def test_while_something_runs_the_page_asks_again(news, path, viewer):
    ListCheck.objects.create(list=news, begun_at=timezone.now(), by="x")
    assert 'hx-trigger="every 1s"' in text(viewer.get(f"{path}/progress"))


def test_the_command_counts_mends_and_removes(news):
    def run(*arguments: str, answer: str = "") -> str:
        done = CliRunner().invoke(hygiene_command, ["News", *arguments], input=answer)
        assert done.exit_code == 0 or answer == "n\n", done.output
        return done.output

    assert "5 people on the list" in " ".join(run().split())
    assert "1 mended, 0 left" in run("--mend", "gmial.com", "--yes")
    assert "Aborted" in run("--remove", "role", answer="n\n")
    assert "1 taken off" in run("--remove", "role", "--yes")
    assert "0 taken off" in run("--remove", "role", "--yes")
    assert "1 mended" in run("--mend", "all", answer="y\n")
    done = CliRunner().invoke(hygiene_command, ["News", "--mend", "example.org"])
    assert done.exit_code == 1 and "looks mistyped" in done.output


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, bring, scheme, width):
    house = make_house()
    bring(house, FILE)
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    path = f"/w/{house.pk}/lists/{MailingList.objects.get(workspace=house).pk}/hygiene"
    browser_page.goto(path)
    assert_accessible(browser_page)
    browser_page.get_by_role("button", name="Look through the list").click()
    expect(browser_page.get_by_text("5 people on the list")).to_be_visible()
    browser_page.get_by_role("button", name="Mend the addresses at gmial.com").click()
    expect(browser_page.get_by_text("1 address was mended.")).to_be_visible()
    for each in (path, f"{path}/typo"):
        browser_page.goto(each)
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width, each
    browser_page.get_by_role("button", name="off the list").click()
    browser_page.get_by_role("button", name="Take off", exact=True).click()
    expect(browser_page.get_by_text("1 person was taken off.")).to_be_visible()

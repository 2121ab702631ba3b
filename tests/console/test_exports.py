"""The pages that take people out as files."""

# ruff: noqa: F811  fixtures are imported and then named
from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tests.people.test_export import SHARE, club, export_folder  # noqa: F401  fixtures
from tillit.accounts.models import Role
from tillit.ledger.models import Activity
from tillit.people.exporting import files, start
from tillit.people.exporting.run import run_export
from tillit.people.models import Export, MailingList


def text(response) -> str:
    return response.content.decode()


def rows(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


@pytest.mark.clause("A6", "F1")
def test_a_small_export_comes_at_once_and_stays_in_the_history_without_its_file(club, editor):
    news = MailingList.objects.get(workspace=club)
    page = text(editor.get(f"/w/{club.pk}/people/export?list={news.pk}&state=subscribed"))
    assert "The list “News”, subscribed" in page and "2 people" in page
    asked = {"list": news.pk, "state": "subscribed", "purpose": "audience.administer", "format": "csv"}
    response = editor.post(f"/w/{club.pk}/people/export", {**asked, "column": ["email", "last_name"]})
    assert response["Content-Disposition"].startswith('attachment; filename="people-')
    assert rows(response)[-1] == {"email": "anna@example.org", "last_name": "'=Berg"}
    made = Export.objects.get()
    assert (made.state, made.path, list(files.folder().iterdir())) == ("done", "", [])
    assert "The list “News”, subscribed" in text(editor.get(f"/w/{club.pk}/exports"))
    assert "There is no file (any more)." in text(editor.get(f"/w/{club.pk}/exports/{made.pk}"))
    assert editor.get(f"/w/{club.pk}/exports/{made.pk}/download").status_code == 409
    assert Activity.objects.get(act="people.export").object_ref == f"export:{made.pk}"


def test_purpose_and_recipient_decide_what_is_offered(club, editor):
    page = text(editor.get(f"/w/{club.pk}/people/export?purpose={SHARE}&recipient=distributor-nordic"))
    assert "1 person" in page and 'value="company"' in page
    assert 'value="city"' not in page and 'value="lists"' not in page
    asked = {"purpose": SHARE, "recipient": "distributor-nordic", "format": "csv", "column": ["email", "city"]}
    refused = editor.post(f"/w/{club.pk}/people/export", asked)
    assert refused.status_code == 409 and "city" in text(refused)
    assert not Export.objects.exists()
    assert rows(editor.post(f"/w/{club.pk}/people/export", {**asked, "column": "email"})) == [
        {"email": "anna@example.org"}
    ]


def test_a_large_export_is_written_by_a_job_and_downloaded_until_it_is_deleted(club, editor, monkeypatch):
    monkeypatch.setattr(start, "AT_ONCE", 3)
    response = editor.post(f"/w/{club.pk}/people/export", {"format": "xlsx"})
    made = Export.objects.get()
    assert response["Location"] == f"/w/{club.pk}/exports/{made.pk}"
    waiting = text(editor.get(response["Location"]))
    assert 'hx-trigger="every 1s"' in waiting and "Waiting for a worker" in waiting
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'people.export'")
        assert cursor.fetchone() == (1,)
    run_export(made.pk)
    done = text(editor.get(f"/w/{club.pk}/exports/{made.pk}/progress"))
    assert "every 1s" not in done and "4 people" in done and "Download" in done
    assert editor.get(f"/w/{club.pk}/exports/{made.pk}/download").content.startswith(b"PK")
    assert Activity.objects.filter(act="people.export.download").count() == 1
    editor.post(f"/w/{club.pk}/exports/{made.pk}/delete")
    assert list(files.folder().iterdir()) == []


def test_a_waiting_export_can_be_stopped(club, editor, monkeypatch):
    monkeypatch.setattr(start, "AT_ONCE", 3)
    editor.post(f"/w/{club.pk}/people/export", {"format": "csv", "q": "anna@example.org"})
    editor.post(f"/w/{club.pk}/people/export", {"format": "csv"})
    made = Export.objects.latest("pk")
    editor.post(f"/w/{club.pk}/exports/{made.pk}/stop")
    assert run_export(made.pk).state == "stopped"


def test_a_viewer_takes_nothing_out_and_nobody_anothers(club, editor, viewer):
    other = make.workspace()
    elsewhere = MailingList.objects.create(workspace=other, name="Elsewhere")
    assert viewer.get(f"/w/{club.pk}/people/export").status_code == 403
    assert viewer.post(f"/w/{club.pk}/people/export", {}).status_code == 403
    assert editor.get(f"/w/{club.pk}/people/export?list={elsewhere.pk}").status_code == 404
    editor.post(f"/w/{club.pk}/people/export", {"format": "csv"})
    made = Export.objects.get()
    for verb in ("stop", "delete"):
        assert viewer.post(f"/w/{club.pk}/exports/{made.pk}/{verb}").status_code == 403
    assert viewer.get(f"/w/{club.pk}/exports/{made.pk}/download").status_code == 403
    assert "Download" not in text(viewer.get(f"/w/{club.pk}/exports/{made.pk}"))
    assert editor.get(f"/w/{other.pk}/exports/{made.pk}").status_code == 404


def test_the_history_costs_the_same_for_few_and_many(club, editor):
    def cost():
        editor.get(f"/w/{club.pk}/exports")
        with CaptureQueriesContext(connection) as caught:
            editor.get(f"/w/{club.pk}/exports")
        return len(caught)

    editor.post(f"/w/{club.pk}/people/export", {"format": "csv"})
    few = cost()
    for kind in ("csv", "jsonl", "xlsx"):
        editor.post(f"/w/{club.pk}/people/export", {"format": kind})
    assert cost() == few


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, monkeypatch, scheme, width):
    house = make_house()
    news = MailingList.objects.get(workspace=house)
    make.reader(house, email="anna@example.org", on=[news], may=[SHARE])
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.goto(f"/w/{house.pk}/exports")
    assert_accessible(browser_page)
    browser_page.goto(f"/w/{house.pk}/people/export?list={news.pk}")
    assert_accessible(browser_page)
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    browser_page.get_by_label("Standing on the list").wait_for()
    browser_page.get_by_label("What for").select_option(SHARE)
    browser_page.get_by_label("For whom").get_by_role("option", name="Nordisk").wait_for(state="attached")
    assert_accessible(browser_page)
    monkeypatch.setattr(start, "AT_ONCE", 0)
    browser_page.get_by_role("button", name="Export").click()
    browser_page.get_by_text("Waiting for a worker").wait_for()
    assert_accessible(browser_page)
    run_export(Export.objects.get().pk)
    browser_page.get_by_role("link", name="Download").wait_for()
    assert_accessible(browser_page)
    browser_page.goto(f"/w/{house.pk}/exports")
    browser_page.get_by_role("link", name="The list “News”").wait_for()
    assert_accessible(browser_page)
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width

"""The pages about imports and sources: from the file to what came of it."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.people.importing import files
from tillit.people.importing.run import run_import
from tillit.people.models import Import, MailingList, Source

FILE = "E-post;Förnamn;Sko\nanna@example.se;Åsa;43\nbo@example.se;Björn;44\nfel;;\n".encode("cp1252")


def text(response) -> str:
    return response.content.decode()


def upload(client, house, content=FILE, name="register.csv", **given):
    source = Source.objects.filter(workspace=house).first()
    told = {"file": SimpleUploadedFile(name, content), "source": source.pk, "list": "", "consent": "", **given}
    return client.post(f"/w/{house.pk}/imports/new", told)


@pytest.mark.clause("A4", "B4")
def test_a_file_goes_from_upload_to_result(house, editor):
    news = MailingList.objects.get(workspace=house)
    response = upload(editor, house, list=news.pk)
    item = Import.objects.get()
    assert response["Location"] == f"/w/{house.pk}/imports/{item.pk}"
    page = text(editor.get(response["Location"]))
    assert "Windows-1252" in page and "Åsa" in page and "Nothing is stored yet" in page
    assert re.search(r'<option value="field:first_name" selected>', page)
    given = {"column-0": "email", "column-1": "field:first_name", "column-2": ""}
    assert editor.post(f"/w/{house.pk}/imports/{item.pk}/start", given).status_code == 302
    waiting = text(editor.get(f"/w/{house.pk}/imports/{item.pk}"))
    assert 'hx-trigger="every 1s"' in waiting
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'people.import'")
        assert cursor.fetchone() == (1,)
    run_import(item.pk)
    done = text(editor.get(f"/w/{house.pk}/imports/{item.pk}/progress"))
    assert "every 1s" not in done
    for expected in ("Everything is in", "not an email address", "Columns left out:", "Sko", "The file was removed"):
        assert expected in done, expected
    report = editor.get(f"/w/{house.pk}/imports/{item.pk}/refused")
    assert b"invalid_address" in report.content
    assert "register.csv" in text(editor.get(f"/w/{house.pk}/imports"))


def test_whoever_may_only_look_sees_no_cell_of_a_file(house, editor, viewer):
    """What is not brought in yet is shown to those who set it up: it may be of a purpose that viewers' pages lack."""
    where = upload(editor, house)["Location"]
    seen, hidden = text(editor.get(where)), text(viewer.get(where))
    assert "Åsa" in seen and "anna@example.se" in seen
    assert "Förnamn" in hidden and "Åsa" not in hidden and "anna@example.se" not in hidden


@pytest.mark.clause("B8", partly="sales as values of a person; orders come with partners")
def test_a_report_of_sales_is_brought_in_for_its_own_purpose(house, editor):
    house.fields.create(name="last_order", label="Last order", type="date", category="purchases")
    assert "Purchase history" in text(editor.get(f"/w/{house.pk}/imports/new"))
    sales = b"Email,Last order,Status\nanna@example.se,2024-05-01,subscribed\n"
    news = MailingList.objects.get(workspace=house)
    refused = upload(editor, house, sales, purpose="purchases.record", list=news.pk)
    assert refused.status_code == 422 and "What a seller reports puts nobody on a list" in text(refused)
    where = upload(editor, house, sales, purpose="purchases.record")["Location"]
    page = text(editor.get(where))
    assert '<option value="field:last_order" selected>' in page and 'value="unsubscribed"' not in page
    given = {"column-0": "email", "column-1": "field:last_order", "column-2": ""}
    assert editor.post(f"{where}/start", given).status_code == 302
    item = Import.objects.get()
    assert run_import(item.pk).counts["new"] == 1
    assert "Brought in for Purchase history." in text(editor.get(where))


def test_a_new_source_and_a_new_list_are_made_on_the_way(house, editor):
    given = {
        "source": "new",
        "source_name": "Webinar",
        "warranty": "Signed up in May.",
        "list": "new",
        "list_name": "W",
    }
    assert upload(editor, house, **given).status_code == 302
    item = Import.objects.get()
    assert (item.source.name, item.source.warranty, item.list.name) == ("Webinar", "Signed up in May.", "W")


def test_a_try_that_failed_does_not_stand_in_the_way(house, editor):
    given = {
        "source": "new",
        "source_name": "Webinar",
        "warranty": "Signed up in May.",
        "list": "new",
        "list_name": "W",
    }
    refused = upload(editor, house, content=b"", **given)
    assert refused.status_code == 422 and "empty" in text(refused)
    assert upload(editor, house, **given).status_code == 302
    assert Source.objects.filter(name="Webinar").count() == 1


@pytest.mark.clause("B4")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": ""}, "required"),
        ({"source": "new"}, "Say this about the new source"),
        ({"source": "new", "source_name": "A fair", "warranty": "Other"}, "Another source has this name"),
        ({"list": "new", "list_name": "News"}, "Another list has this name"),
        ({"list": "new"}, "what the new list is called"),
        ({"content": b"PK\x03\x04" + bytes(60)}, "cannot be unpacked"),
        ({"content": b"\x00\x01\x02\x03" * 400}, "not text"),
    ],
)
def test_what_is_missing_is_said_at_the_field(house, editor, given, message):
    response = upload(editor, house, **given)
    assert response.status_code == 422
    assert message in text(response)
    assert not Import.objects.exists() and not list(files.folder().glob("*"))


@pytest.mark.clause("D5")
def test_consent_is_offered_in_plain_words_for_what_asks_for_it(house, editor):
    page = text(editor.get(f"/w/{house.pk}/imports/new"))
    assert "Everybody in the file has consented to “News and offers by email”" in page
    assert "service.message" not in page
    assert upload(editor, house, consent="service.message").status_code == 422


def test_a_mapping_without_address_is_sent_back(house, editor):
    upload(editor, house)
    item = Import.objects.get()
    given = {"column-0": "", "column-1": "field:first_name", "column-2": ""}
    response = editor.post(f"/w/{house.pk}/imports/{item.pk}/start", given)
    assert response.status_code == 422 and "Say which one does" in text(response)


def test_a_file_is_read_again_in_another_way(house, editor):
    upload(editor, house, content=b"email,name\na@example.org,x|y\n")
    item = Import.objects.get()
    editor.post(f"/w/{house.pk}/imports/{item.pk}/layout", {"encoding": "utf-8", "delimiter": "|"})
    item.refresh_from_db()
    assert [column["name"] for column in item.options["columns"]] == ["email,name"]
    wrong = editor.post(f"/w/{house.pk}/imports/{item.pk}/layout", {"encoding": "klingon", "delimiter": "|"})
    assert wrong.status_code == 404


def test_an_import_is_stopped_resumed_and_discarded(house, editor):
    upload(editor, house)
    item = Import.objects.get()
    editor.post(f"/w/{house.pk}/imports/{item.pk}/start", {"column-0": "email"})
    page = editor.post(f"/w/{house.pk}/imports/{item.pk}/stop", follow=True)
    assert "Go on" in text(page)
    editor.post(f"/w/{house.pk}/imports/{item.pk}/resume")
    assert run_import(item.pk).state == "done"
    assert editor.post(f"/w/{house.pk}/imports/{item.pk}/resume").status_code == 404
    upload(editor, house)
    draft = Import.objects.first()
    editor.post(f"/w/{house.pk}/imports/{draft.pk}/discard")
    assert not Import.objects.filter(pk=draft.pk).exists()
    assert [path.name for path in files.folder().glob("*")] == [f"{item.pk}-refused.csv"]


def test_a_file_that_is_gone_is_said_to_be(house, editor):
    upload(editor, house)
    item = Import.objects.get()
    (files.folder() / item.path).unlink()
    assert "no longer there" in text(editor.get(f"/w/{house.pk}/imports/{item.pk}"))
    Import.objects.update(state="failed")
    page = editor.post(f"/w/{house.pk}/imports/{item.pk}/resume", follow=True)
    assert "Upload it again" in text(page)


def test_a_viewer_looks_and_nobody_sees_another_workspaces_import(house, editor, viewer):
    upload(editor, house)
    item = Import.objects.get()
    assert viewer.get(f"/w/{house.pk}/imports/{item.pk}").status_code == 200
    for verb in ("start", "stop", "resume", "discard", "layout"):
        assert viewer.post(f"/w/{house.pk}/imports/{item.pk}/{verb}").status_code == 403
    assert viewer.get(f"/w/{house.pk}/imports/{item.pk}/refused").status_code == 403
    other = make.workspace()
    editor.force_login(make.member(other, role=Role.OWNER))
    for path in ("", "/progress", "/refused"):
        assert editor.get(f"/w/{other.pk}/imports/{item.pk}{path}").status_code == 404
    for verb in ("start", "stop", "resume", "discard", "layout"):
        assert editor.post(f"/w/{other.pk}/imports/{item.pk}/{verb}").status_code == 404


@pytest.mark.clause("B4")
def test_sources_are_written_down_and_renewed(house, editor, viewer):
    given = {"name": "Webinar", "warranty": "Signed up in May.", "valid_until": "2020-01-01"}
    assert editor.post(f"/w/{house.pk}/imports/sources/new", given).status_code == 302
    made = Source.objects.get(name="Webinar")
    assert "Ended" in text(viewer.get(f"/w/{house.pk}/imports/sources"))
    assert "Webinar" not in text(editor.get(f"/w/{house.pk}/imports/new"))
    renewed = {**given, "valid_until": "2099-01-01"}
    there = f"/w/{house.pk}/imports/sources/{made.pk}?next=/w/{house.pk}/imports/new"
    assert editor.post(there, renewed)["Location"] == f"/w/{house.pk}/imports/new"
    elsewhere = f"/w/{house.pk}/imports/sources/{made.pk}?next=https://example.com/"
    assert editor.post(elsewhere, renewed)["Location"] == f"/w/{house.pk}/imports/sources"
    assert "Webinar" in text(editor.get(f"/w/{house.pk}/imports/new"))
    taken = editor.post(f"/w/{house.pk}/imports/sources/new", {**given, "name": "A fair"})
    assert taken.status_code == 422 and "Another source" in text(taken)
    assert viewer.post(f"/w/{house.pk}/imports/sources/new", given).status_code == 403
    other = Source.objects.create(workspace=make.workspace(), name="X", warranty="y")
    assert editor.get(f"/w/{house.pk}/imports/sources/{other.pk}").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, queue, bring, scheme, width):
    house = make_house()
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.goto(f"/w/{house.pk}/imports")
    assert_accessible(browser_page)
    draft, done = queue(house, FILE), bring(house, FILE)
    Import.objects.filter(pk=draft.pk).update(state="draft")
    for path in ("", "/new", f"/{draft.pk}", f"/{done.pk}", "/sources", "/sources/new"):
        browser_page.goto(f"/w/{house.pk}/imports{path}")
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_progress_shows_without_reloading(served, browser_page, sign_in, make_house, tmp_path):
    house = make_house()
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.goto(f"/w/{house.pk}/imports/new")
    path = tmp_path / "people.csv"
    path.write_bytes(FILE)
    browser_page.locator("#id_file").set_input_files(path)
    browser_page.get_by_label("List", exact=True).select_option(label="A new list …")
    browser_page.get_by_label("Name of the new list").fill("Friends")
    browser_page.get_by_role("button", name="Upload and look at it").click()
    browser_page.get_by_role("cell", name="Åsa", exact=True).first.wait_for()
    browser_page.get_by_role("button", name="Import", exact=True).click()
    browser_page.get_by_text("Waiting for a worker").wait_for()
    run_import(Import.objects.get().pk)
    browser_page.get_by_text("Everything is in").wait_for()
    assert MailingList.objects.filter(name="Friends").exists()


@pytest.mark.clause("B4")
def test_a_source_holds_who_collected_it_and_the_proof(house, editor, viewer):
    proof = SimpleUploadedFile("../agreement.pdf", b"%PDF-1.7 signed")
    given = {
        "name": "Partner",
        "warranty": "Agreement of May.",
        "collected_by": "The partner",
        "basis": "consent",
        "country": "SE",
    }
    assert editor.post(f"/w/{house.pk}/imports/sources/new", {**given, "evidence": proof}).status_code == 302
    made = Source.objects.get(name="Partner")
    assert (made.collected_by, made.basis, made.country, made.evidence_name) == (
        "The partner",
        "consent",
        "SE",
        "agreement.pdf",
    )
    listed = text(viewer.get(f"/w/{house.pk}/imports/sources"))
    assert "Collected by The partner." in listed and "Consent of the people" in listed and "agreement.pdf" in listed
    there = f"/w/{house.pk}/imports/sources/{made.pk}"
    kept = viewer.get(f"{there}/evidence")
    assert kept.content == b"%PDF-1.7 signed" and kept["Content-Disposition"].startswith("attachment")
    assert editor.post(there, {**given, "basis": "public"}).status_code == 302
    assert viewer.get(f"{there}/evidence").content == b"%PDF-1.7 signed"
    wrong = editor.post(there, {**given, "evidence": SimpleUploadedFile("a.pdf", b"\x89PNG\x00\x01")})
    assert wrong.status_code == 422
    other = make.workspace()
    editor.force_login(make.member(other, role=Role.OWNER))
    assert editor.get(f"/w/{other.pk}/imports/sources/{made.pk}/evidence").status_code == 404

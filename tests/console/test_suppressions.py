"""The pages about what nothing is sent to."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tests.people.test_suppression import flags, silence
from tillit.accounts.models import Role
from tillit.people.models import Person, Suppression


def text(response) -> str:
    return response.content.decode()


def form(what: str, **more: str) -> dict[str, str]:
    return {"what": what, "reason": "asked", "note": "", **more}


BECAUSE = {"because": "Wrote to us on 3 May that they want mail again"}


@pytest.mark.clause("E9")
def test_addresses_are_suppressed_asked_about_and_lifted(house, editor):
    anna = make.person(house, email="anna@example.org")
    page = editor.post(f"/w/{house.pk}/suppressions/new", form("Anna@example.org\n\nbo@example.org", note="By post"))
    assert page["Location"] == f"/w/{house.pk}/suppressions"
    shown = text(editor.get(page["Location"]))
    assert "2 entries were added. 1 person gets no more mail." in shown and "By post" in shown
    assert "anna@example.org" not in shown.lower()
    assert flags(house, anna) == Person.SUPPRESSED
    told = text(editor.post(f"/w/{house.pk}/suppressions/check", {"asked": "anna+x@example.org"}))
    assert "Nothing is sent to anna+x@example.org." in told and "The address itself" in told
    assert "is not suppressed" in text(editor.post(f"/w/{house.pk}/suppressions/check", {"asked": "cy@example.org"}))
    assert editor.post(f"/w/{house.pk}/suppressions/check", {"asked": "cy"}).status_code == 422
    for each in Suppression.objects.all():
        lifting = f"/w/{house.pk}/suppressions/{each.pk}/lift"
        assert "When and how did the person say" in text(editor.get(lifting))
        assert editor.post(lifting, {"because": "ok"}).status_code == 422
        assert editor.post(lifting, {"because": "Wrote to us on 3 May <b>"}).status_code == 302
    told = text(editor.post(f"/w/{house.pk}/suppressions/check", {"asked": "anna@example.org"}))
    assert "Was suppressed before" in told and "Wrote to us on 3 May &lt;b&gt;" in told
    assert (Suppression.objects.count(), flags(house, anna)) == (0, 0)


def test_a_domain_that_silences_people_is_asked_about_first(house, editor):
    for number in range(3):
        make.person(house, email=f"p{number}@mail.firm.example")
    asked = editor.post(f"/w/{house.pk}/suppressions/new", form("firm.example"))
    assert asked.status_code == 422 and "3 people of this workspace would get no more mail." in text(asked)
    assert not Suppression.objects.exists()
    changed = editor.post(f"/w/{house.pk}/suppressions/new", form("else.example\nfirm.example", sure="2"))
    assert changed.status_code == 422
    assert editor.post(f"/w/{house.pk}/suppressions/new", form("firm.example", sure="3")).status_code == 302
    assert "The domain firm.example" in text(
        editor.post(f"/w/{house.pk}/suppressions/check", {"asked": "x@firm.example"})
    )


def test_what_cannot_be_read_is_shown(house, editor):
    page = editor.post(f"/w/{house.pk}/suppressions/new", form("anna@example.org\nnonsense\n<b>"))
    assert page.status_code == 422 and "Neither an address nor a domain: “nonsense”, “&lt;b&gt;”" in text(page)
    many = editor.post(f"/w/{house.pk}/suppressions/new", form("\n".join(f"p{n}@example.org" for n in range(1001))))
    assert "more than 1,000 lines" in text(many)
    assert not Suppression.objects.exists()


def test_a_list_is_brought_in_and_taken_out(house, editor):
    content = b"email\nanna@example.org\nnonsense\nfirm.example\nanna@example.org\n"
    given = {"file": SimpleUploadedFile("cleaned.csv", content), "reason": "moved", "note": ""}
    page = text(editor.post(f"/w/{house.pk}/suppressions/import", given, follow=True))
    assert "2 entries were added." in page
    assert "1 lines were left out: neither an address nor a domain. The first: 3." in page
    file = text(editor.get(f"/w/{house.pk}/suppressions/export"))
    assert file.count("\n") == 3 and "firm.example" in file and "anna" not in file
    again = {"file": SimpleUploadedFile("out.csv", file.encode()), "reason": "moved", "note": ""}
    assert "2 were suppressed already." in text(editor.post(f"/w/{house.pk}/suppressions/import", again, follow=True))


def test_the_installations_suppressions_are_its_operators_alone(house, editor, client):
    other = make.workspace()
    there = make.person(other, email="b@firm.example")
    silence(None, "else.example")
    everywhere = Suppression.objects.get()
    editor.post(f"/w/{house.pk}/suppressions/new", form("firm.example", everywhere="on"))
    assert Suppression.objects.latest("pk").workspace_id == house.pk  # who is no operator cannot say everywhere
    assert editor.post(f"/w/{house.pk}/suppressions/{everywhere.pk}/lift", BECAUSE).status_code == 404
    assert "else.example" not in text(editor.get(f"/w/{house.pk}/suppressions?where=everywhere"))
    client.force_login(make.member(house, role=Role.EDITOR, is_operator=True))
    assert "else.example" in text(client.get(f"/w/{house.pk}/suppressions?where=everywhere"))
    client.post(f"/w/{house.pk}/suppressions/new", form("firm.example", everywhere="on"))
    assert flags(other, there) == Person.SUPPRESSED
    for each in Suppression.objects.filter(workspace=None):
        assert client.post(f"/w/{house.pk}/suppressions/{each.pk}/lift", BECAUSE).status_code == 302
    assert flags(other, there) == 0


def test_a_viewer_looks_and_changes_nothing_and_nobody_anothers(house, editor, viewer):
    silence(house, "firm.example")
    other = make.workspace()
    silence(other, "else.example")
    ours, theirs = Suppression.objects.get(workspace=house), Suppression.objects.get(workspace=other)
    shown = text(viewer.get(f"/w/{house.pk}/suppressions"))
    assert "firm.example" in shown and "else.example" not in shown and "Lift" not in shown.split("<dialog")[0]
    assert viewer.post(f"/w/{house.pk}/suppressions/{ours.pk}/lift", BECAUSE).status_code == 403
    assert editor.post(f"/w/{house.pk}/suppressions/{theirs.pk}/lift", BECAUSE).status_code == 404
    assert viewer.post(f"/w/{house.pk}/suppressions/new", form("x.example")).status_code == 403
    assert Suppression.objects.count() == 2


def test_a_person_is_suppressed_on_their_page(house, editor, person_id):
    anna = make.person(house, email="anna@example.org")
    assert "Suppress the address" in text(editor.get(f"/w/{house.pk}/people/{anna}"))
    page = text(editor.post(f"/w/{house.pk}/people/{anna}/suppress", follow=True))
    assert "1 person gets no more mail." in page and "Suppress the address</span>" not in page
    assert str(anna) in text(editor.get(f"/w/{house.pk}/people?state=suppressed"))
    assert editor.post(f"/w/{house.pk}/people/{make.person(make.workspace())}/suppress").status_code == 404


def test_a_page_of_suppressions_costs_the_same_for_few_and_many(house, viewer):
    def cost():
        viewer.get(f"/w/{house.pk}/suppressions")
        with CaptureQueriesContext(connection) as caught:
            viewer.get(f"/w/{house.pk}/suppressions")
        return len(caught)

    silence(house, "firm.example")
    few = cost()
    silence(house, *(f"firm{number}.example" for number in range(70)))
    assert cost() == few


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, scheme, width):
    house = make_house()
    sign_in(make.member(house, role=Role.EDITOR, is_operator=True))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    for full in (False, True):
        if full:
            silence(house, "anna@example.org", "a-rather-long-name-of-a-firm.example", note="Asked by letter " * 5)
            silence(None, "traps.example", reason="trap")
        for path in ("suppressions", "suppressions?where=everywhere", "suppressions/new", "suppressions/import"):
            browser_page.goto(f"/w/{house.pk}/{path}")
            assert_accessible(browser_page)
            assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    browser_page.goto(f"/w/{house.pk}/suppressions")
    browser_page.get_by_label("Address or domain").fill("anna+tag@example.org")
    browser_page.get_by_role("button", name="Look").click()
    browser_page.get_by_text("Nothing is sent to anna+tag@example.org.").wait_for()
    assert_accessible(browser_page)
    for reason in ("asked", "complaint"):
        silence(house, f"{reason}@example.org", reason=reason)
        row = Suppression.objects.latest("id")
        browser_page.goto(f"/w/{house.pk}/suppressions/{row.pk}/lift")
        assert_accessible(browser_page)
        if reason == "asked":
            browser_page.get_by_label("When and how").fill("Wrote to us on 3 May " * 20)
            browser_page.get_by_role("button", name="Lift it").click()
            browser_page.get_by_text("The suppression was lifted.").wait_for()
            browser_page.get_by_text("Lifted", exact=True).click()
            expect(browser_page.get_by_text("Wrote to us on 3 May")).to_be_visible()
            assert_accessible(browser_page)
            assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    make.person(house, email="bo@example.org")
    browser_page.goto(f"/w/{house.pk}/suppressions/new")
    browser_page.get_by_label("Addresses and domains").fill("example.org")
    browser_page.get_by_role("button", name="Suppress").click()
    browser_page.get_by_text("1 person of this workspace would get no more mail.").wait_for()
    assert_accessible(browser_page)


@pytest.mark.clause("E9")
def test_what_somebody_complained_about_is_an_owners_to_lift(house, editor):
    silence(house, "anna@example.org", reason="complaint")
    [row] = Suppression.objects.all()
    lifting = f"/w/{house.pk}/suppressions/{row.pk}/lift"
    page = text(editor.get(lifting))
    assert "Only an owner of this workspace" in page and "<textarea" not in page
    assert editor.post(lifting, BECAUSE).status_code == 409 and Suppression.objects.exists()
    owner = Client()
    owner.force_login(make.member(house, role=Role.OWNER))
    assert owner.post(lifting, {"because": ""}).status_code == 422
    assert owner.post(lifting, BECAUSE).status_code == 302 and not Suppression.objects.exists()

"""Acts on many people in the console: chosen, previewed, begun, watched and undone; and filters that are kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tests.console.test_people import FILE, text
from tillit.accounts.models import Role
from tillit.people.bulk import run as running
from tillit.people.models import BulkAct, MailingList, SavedFilter


@pytest.fixture
def club(house, bring):
    bring(house, FILE)
    return house


def test_what_an_act_would_do_is_shown_before_anything_is_done(club, editor, viewer):
    fresh = make.mailing_list(club, name="Members")
    where = f"/w/{club.pk}/people/bulk?q=p00&verb=list.add&to={fresh.pk}"
    assert viewer.get(where).status_code == 403
    page = text(editor.get(where))
    assert "Put on “Members”" in page and "found by “p00”" in page and "Change 10 people" in page
    assert not BulkAct.objects.exists()


def test_an_act_is_begun_watched_and_undone(club, editor, viewer):
    fresh = make.mailing_list(club, name="Members")
    response = editor.post(f"/w/{club.pk}/people/bulk?q=p00&verb=list.add&to={fresh.pk}")
    act = BulkAct.objects.get()
    assert response["Location"] == f"/w/{club.pk}/people/bulk/acts/{act.pk}"
    running.run(act.pk)
    page = text(viewer.get(response["Location"]))
    assert "10 of 10" in page and "Can be undone until" in page and "Undo</button>" not in page
    assert viewer.post(f"{response['Location']}/undo").status_code == 403
    editor.post(f"{response['Location']}/undo")
    assert "left to set back" in text(editor.get(f"{response['Location']}/progress"))
    running.run(act.pk)
    assert "were set back" in text(editor.get(response["Location"]))
    assert "Put on “Members”" in text(viewer.get(f"/w/{club.pk}/people/bulk/acts"))


def test_the_ticked_are_meant_and_nobody_else(club, editor, person_id):
    news = MailingList.objects.get(workspace=club)
    ids = [person_id(club, f"p00{number}@example.org") for number in (1, 2)]
    where = f"/w/{club.pk}/people/bulk?chosen=1&id={ids[0]}&id={ids[1]}&id=x&verb=list.remove&to={news.pk}"
    assert "2 chosen people" in text(editor.get(where))
    editor.post(where)
    assert BulkAct.objects.get().total == 2
    nobody = editor.get(f"/w/{club.pk}/people/bulk?chosen=1&q=p00", follow=True)
    assert "Tick somebody first" in text(nobody)


def test_a_value_that_does_not_fit_is_refused_in_words(club, editor):
    club.fields.create(name="points", label="Points", type="number", category="demographics")
    response = editor.get(f"/w/{club.pk}/people/bulk?verb=field.set&field=points&text=many")
    assert response.status_code == 422
    assert "This is no value of “Points”" in text(response)
    page = text(editor.get(f"/w/{club.pk}/people/bulk?q=p001&verb=field.set&field=points&text=7"))
    assert "Set “Points” to “7”" in page and "Change 1 person" in page


def test_a_list_that_is_gone_is_refused_as_a_page(club, editor):
    response = editor.get(f"/w/{club.pk}/people/bulk?verb=list.add&to=999999")
    assert response.status_code == 409 and "no longer there" in text(response)


@pytest.mark.clause("C20")
def test_many_are_erased_by_an_owner_who_types_how_many(club, editor, client, person_id):
    where = f"/w/{club.pk}/people/bulk?q=p00&verb=person.erase"
    assert editor.get(where).status_code == 403
    assert "Erase</h2>" not in editor.get(f"/w/{club.pk}/people/bulk").content.decode()
    client.force_login(make.member(club, role=Role.OWNER))
    page = text(client.get(where))
    assert "<strong>10</strong> <span>will be erased" in page
    assert "cannot be undone" in page and "for 30 days" not in page
    for wrong in ("", "9", "yes"):
        response = client.post(where, {"sure": wrong})
        assert response.status_code == 422 and "Nobody was erased" in text(response)
    assert not BulkAct.objects.exists()
    begun = client.post(where, {"sure": "10"})
    act = running.run(BulkAct.objects.get().pk)
    assert (act.state, act.counts) == ("done", {"erased": 10})
    shown = text(client.get(begun["Location"]))
    assert "<strong>10</strong> <span>were erased" in shown and "Can be undone" not in shown
    assert client.post(f"{begun['Location']}/undo").status_code == 409


@pytest.mark.clause("C21")
def test_an_erasure_that_an_owner_stopped_is_not_gone_on_with_by_an_editor(club, editor, client):
    client.force_login(make.member(club, role=Role.OWNER))
    where = client.post(f"/w/{club.pk}/people/bulk?q=p00&verb=person.erase", {"sure": "10"})["Location"]
    assert "What is done cannot be undone" in text(client.post(f"{where}/stop", follow=True))
    client.force_login(make.member(club, role=Role.EDITOR))
    assert "Go on" not in text(client.get(where))
    assert client.post(f"{where}/resume").status_code == 403
    assert BulkAct.objects.get().state == "stopped"


@pytest.mark.clause("C20")
def test_editors_restrict_many_and_owners_lift_it(club, editor, client):
    where = f"/w/{club.pk}/people/bulk?q=p00&verb=person."
    assert "Change 10 people" in text(editor.get(where + "restrict"))
    assert editor.get(where + "lift").status_code == 403
    editor.post(where + "restrict")
    act = running.run(BulkAct.objects.get().pk)
    assert "<strong>10</strong> <span>were changed" in text(editor.get(f"/w/{club.pk}/people/bulk/acts/{act.pk}"))
    client.force_login(make.member(club, role=Role.OWNER))
    client.post(where + "lift")
    assert running.run(BulkAct.objects.first().pk).counts == {"change": 10}


def test_the_ticked_are_exported_and_nobody_else(club, editor, person_id):
    ids = [person_id(club, f"p00{number}@example.org") for number in (1, 2)]
    ticked = "&".join(f"id={each}" for each in ids)
    offered = editor.get(f"/w/{club.pk}/people/bulk?chosen=1&{ticked}").content.decode()
    assert f"/w/{club.pk}/people/export?{ticked.replace('&', '&amp;')}" in offered
    assert "People chosen one by one" in text(editor.get(f"/w/{club.pk}/people/export?{ticked}"))
    file = editor.post(f"/w/{club.pk}/people/export", {"id": ids, "column": "email"})
    lines = file.content.decode("utf-8-sig").split()
    assert sorted(lines[1:]) == ["p001@example.org", "p002@example.org"]


def test_acts_of_another_workspace_are_not_there(club, editor):
    fresh = make.mailing_list(club)
    editor.post(f"/w/{club.pk}/people/bulk?verb=list.add&to={fresh.pk}")
    act, other = BulkAct.objects.get(), make.workspace()
    editor.force_login(make.member(other, role=Role.OWNER))
    assert editor.get(f"/w/{other.pk}/people/bulk/acts/{act.pk}").status_code == 404
    for verb in ("stop", "resume", "undo"):
        assert editor.post(f"/w/{other.pk}/people/bulk/acts/{act.pk}/{verb}").status_code == 404


def test_a_filter_is_kept_used_and_forgotten(club, editor, viewer):
    news = MailingList.objects.get(workspace=club)
    query = f"list={news.pk}&state=unsubscribed"
    assert viewer.post(f"/w/{club.pk}/people/filters?{query}", {"name": "Gone"}).status_code == 403
    editor.post(f"/w/{club.pk}/people/filters?{query}&q=anna", {"name": "Gone"})
    kept = SavedFilter.objects.get()
    assert kept.selection == {"list_id": news.pk, "state": "unsubscribed"}
    page = text(viewer.get(f"/w/{club.pk}/people"))
    assert "Gone" in page and f"?{query}".replace("&", "&amp;") in page
    assert "Another filter has this name" in text(
        editor.post(f"/w/{club.pk}/people/filters?{query}", {"name": "Gone"}, follow=True)
    )
    assert "Choose a list" in text(editor.post(f"/w/{club.pk}/people/filters", {"name": "All"}, follow=True))
    editor.post(f"/w/{club.pk}/people/filters/{kept.pk}/delete")
    assert not SavedFilter.objects.exists()


@pytest.mark.browser
def test_people_are_ticked_and_changed(served, browser_page, sign_in, make_house, bring):
    house = make_house()
    bring(house, FILE)
    make.mailing_list(house, name="Members")
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.goto(f"/w/{house.pk}/people?q=p00")
    change = browser_page.get_by_role("button", name="Change the ticked")
    expect(change).to_be_disabled()
    browser_page.get_by_label("Tick everybody on this page").check()
    expect(change).to_contain_text("(10)")
    browser_page.get_by_label("Tick Anna Berg3").uncheck()
    expect(change).to_contain_text("(9)")
    change.click()
    expect(browser_page.get_by_text("9 chosen people")).to_be_visible()
    browser_page.locator("#to-add").select_option(label="Members")
    browser_page.get_by_role("button", name="Preview Put on a list").click()
    browser_page.get_by_role("button", name="Change 9 people").click()
    expect(browser_page.get_by_role("heading", name="Put on “Members”")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, bring, client, scheme, width):
    house = make_house()
    bring(house, FILE)
    user = make.member(house, role=Role.OWNER)
    client.force_login(user)
    news = MailingList.objects.get(workspace=house)
    client.post(f"/w/{house.pk}/people/bulk?q=p00&verb=list.remove&to={news.pk}")
    client.post(f"/w/{house.pk}/people/filters?state=subscribed", {"name": "On a list"})
    act = BulkAct.objects.get()
    running.run(act.pk)
    sign_in(user)
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    preview = f"people/bulk?q=p00&verb=list.add&to={news.pk}"
    erasing = "people/bulk?q=p00&verb=person.erase"
    for path in (
        *("people?state=subscribed", "people/bulk", preview, erasing, "people/bulk/acts"),
        f"people/bulk/acts/{act.pk}",
    ):
        browser_page.goto(f"/w/{house.pk}/{path}")
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width

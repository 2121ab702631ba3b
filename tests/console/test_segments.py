"""The pages of segments: built or written, counted, and said what they may be used for."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings

from tests import make
from tests.browser import WIDTHS, assert_accessible, settle
from tests.people.segment_trees import WORDS, trees, unhurried
from tillit.accounts.models import Role
from tillit.console import segment_builder as builder
from tillit.console.segment_rows import show
from tillit.people.models import Field, MailingList, Segment
from tillit.people.segments import actions
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import parse
from tillit.people.segments.queries import text_of
from tillit.people.segments.uses import Use

FILE = "email,first name,last name,city,country,status\n" + "".join(
    f"p{n:03}@example.org,Anna,Berg{n},{'Lund' if n % 2 else 'Oslo'},Sweden,\n" for n in range(20)
)
LUND = {
    "name": "Lund",
    "description": "",
    "match-0": "all",
    "node": "1:0:row",
    "about-1": "field:city",
    "op-1": "=",
    "value-1": "lund",
}


@pytest.fixture
def club(house, bring):
    bring(house, FILE)
    return house


def text(response: Any) -> str:
    return response.content.decode()


def kept(workspace: Any, conditions: str, name: str = "Swedes") -> Segment:
    return actions.make_segment(workspace.pk, name=name, tree=parse(conditions, vocabulary(workspace.pk)), by="user:1")


def sent(root: builder.Group) -> QueryDict:
    """A form as a browser would send it."""
    form = QueryDict(mutable=True)
    for node, parent in builder.nodes(root):
        if parent is not None:
            form.appendlist("node", f"{node.id}:{parent.id}:{'group' if node.is_group else 'row'}")
        if isinstance(node, builder.Group):
            form[f"match-{node.id}"] = node.match
        else:
            for name in builder.Row.PARTS:
                form[f"{name}-{node.id}"] = getattr(node, name)
            if node.negated:
                form[f"negated-{node.id}"] = "1"
    return form


@settings(unhurried, suppress_health_check=[HealthCheck.too_slow])
@given(trees())
def test_every_segment_can_be_put_together_in_the_builder(tree):
    root = show(builder.group_of(tree), WORDS)
    again = builder.read(sent(root))
    assert builder.tree_of(again, WORDS) == WORDS.tidy(tree)


def test_a_segment_is_built_saved_and_shown(club, editor):
    page = editor.post(f"/w/{club.pk}/segments/new", LUND, follow=True)
    segment = Segment.objects.get(workspace=club)
    assert page.redirect_chain[-1][0] == f"/w/{club.pk}/segments/{segment.pk}"
    assert text_of(segment) == 'city = "lund"'
    assert "News and offers by email" in text(page)
    counted = text(editor.get(f"/w/{club.pk}/segments/{segment.pk}/count?explained"))
    assert "<b>10</b> of 20 people" in counted
    assert "values of fields" in counted
    assert "20 people" not in text(editor.get(f"/w/{club.pk}/segments/{segment.pk}/count?purpose=marketing.email"))
    taken = editor.post(f"/w/{club.pk}/segments/new", LUND)
    assert taken.status_code == 422 and "Another segment has this name" in text(taken)
    listed = text(editor.get(f"/w/{club.pk}/segments?q=lun"))
    assert "city = &quot;lund&quot;" in listed
    assert "Nothing found" in text(editor.get(f"/w/{club.pk}/segments?q=zzz"))
    assert 'Lund,,"city = ""lund"""' in text(editor.get(f"/w/{club.pk}/segments?format=csv"))
    editor.post(f"/w/{club.pk}/segments/{segment.pk}/delete")
    assert not Segment.objects.exists()


def test_rows_are_added_and_taken_out_without_a_script(club, editor):
    page = editor.post(f"/w/{club.pk}/segments/new", {**LUND, "do": "add:0"})
    root = page.context["root"]
    assert [part.about for part in root.parts] == ["field:city", ""]
    assert "<html" in text(page)
    page = editor.post(f"/w/{club.pk}/segments/new", {**LUND, "do": "group:0"})
    assert [part.is_group for part in page.context["root"].parts] == [False, True]
    fragment = editor.post(f"/w/{club.pk}/segments/new", {**LUND, "do": "remove:1"}, HTTP_HX_REQUEST="true")
    assert [part.about for part in fragment.context["root"].parts] == [""]
    assert "<html" not in text(fragment)
    assert not Segment.objects.exists()


def test_the_tabs_carry_the_conditions_over(club, editor):
    address = f"/w/{club.pk}/segments/new"
    page = editor.post(address, {**LUND, "do": "text"})
    assert page.context["draft"].text == 'city = "lund"'
    back = editor.post(address, {"as": "text", "text": 'city = "Lund" or not on list "News"', "do": "builder"})
    assert back.context["root"].match == "any"
    assert [part.negated for part in back.context["root"].parts] == [False, True]
    unread = editor.post(address, {"as": "text", "text": 'cty = "Lund"', "do": "builder"})
    assert "no field “cty”" in text(unread)
    assert "<mark>cty</mark>" in text(unread)
    unbuilt = editor.post(address, {**LUND, "value-1": "", "do": "text"})
    assert "A value is missing" in text(unbuilt)
    saved = editor.post(address, {"name": "Lund", "as": "text", "text": "city = Lund"})
    assert saved.status_code == 302
    assert text_of(Segment.objects.get()) == 'city = "Lund"'


def test_what_is_wrong_stands_beside_its_row(club, editor):
    wrong = editor.post(f"/w/{club.pk}/segments/new", {**LUND, "name": "", "about-1": "added", "value-1": "soon"})
    assert wrong.status_code == 422
    assert "Choose a day" in text(wrong)
    assert not Segment.objects.exists()


def test_the_count_follows_the_form(club, editor):
    address = f"/w/{club.pk}/segments/count"
    assert "<b>10</b> of 20 people" in text(editor.post(address, LUND))
    assert "Finish the conditions" in text(editor.post(address, {**LUND, "value-1": ""}))
    assert "<b>20</b> of 20 people" in text(editor.post(address, {"as": "text", "text": "not opened"}))
    Field.objects.create(workspace=club, name="spent", label="Spent", type="number", category="purchases")
    refused = text(editor.post(address, {"as": "text", "text": "spent > 5"}))
    assert "may not use “Purchases and invoices”" in refused


@pytest.mark.clause("C8")
def test_a_segment_says_which_purposes_may_not_use_it(club, viewer):
    segment = kept(club, "opened within 90 days")
    page = text(viewer.get(f"/w/{club.pk}/segments/{segment.pk}"))
    assert "The policy does not let this purpose use “What you do with our messages”" in page
    assert page.count("is-ok") >= 1
    refused = viewer.get(f"/w/{club.pk}/segments/{segment.pk}/count?purpose=marketing.email")
    assert "may not use" in text(refused)


def test_the_people_of_a_segment_are_listed(club, viewer):
    segment = kept(club, 'city = "Lund"')
    page = viewer.get(f"/w/{club.pk}/people?segment={segment.pk}")
    assert len(page.context["listing"].rows) == 10
    assert len(viewer.get(f"/w/{club.pk}/people?segment={segment.pk}&q=p001").context["listing"].rows) == 1


def test_a_segment_about_what_is_gone_says_so(club, viewer):
    segment = kept(club, 'on list "News" and city = "Lund"')
    MailingList.objects.filter(workspace=club).delete()
    page = viewer.get(f"/w/{club.pk}/segments/{segment.pk}")
    assert "can no longer be used" in text(page)
    assert "#" in page.context["text"]
    refused = viewer.get(f"/w/{club.pk}/people?segment={segment.pk}")
    assert refused.status_code == 409 and "cannot be used" in text(refused)


def test_a_segment_in_use_is_not_deleted(club, editor, monkeypatch):
    segment = kept(club, 'city = "Lund"')
    monkeypatch.setattr("tillit.people.segments.uses._users", [lambda used: iter([Use("list", 1, "The spring mail")])])
    refused = editor.post(f"/w/{club.pk}/segments/{segment.pk}/delete")
    assert refused.status_code == 409 and "The spring mail" in text(refused)
    assert Segment.objects.exists()


def test_a_viewer_changes_nothing_and_nobody_another_workspaces_segment(club, editor, viewer):
    segment = kept(club, 'city = "Lund"')
    elsewhere = make.workspace()
    Field.objects.create(workspace=elsewhere, name="city", label="City", category="demographics")
    other = kept(elsewhere, 'city = "Lund"')
    assert viewer.post(f"/w/{club.pk}/segments/new", LUND).status_code == 403
    assert viewer.post(f"/w/{club.pk}/segments/count", LUND).status_code == 403
    for verb in ("edit", "delete"):
        assert viewer.post(f"/w/{club.pk}/segments/{segment.pk}/{verb}", LUND).status_code == 403
        assert editor.post(f"/w/{club.pk}/segments/{other.pk}/{verb}", LUND).status_code == 404
    assert viewer.get(f"/w/{club.pk}/segments/{other.pk}/count").status_code == 404
    assert "New segment" not in text(viewer.get(f"/w/{club.pk}/segments"))


def test_empty_segments_say_what_to_do_first(house, editor, viewer):
    assert "No segments yet" in text(editor.get(f"/w/{house.pk}/segments"))
    assert "An editor of this workspace can make one" in text(viewer.get(f"/w/{house.pk}/segments"))


@pytest.mark.browser
def test_a_segment_is_built_in_a_browser(served, browser_page, sign_in, make_house, bring):
    from playwright.sync_api import expect

    house = make_house()
    bring(house, FILE)
    sign_in(make.member(house, role=Role.EDITOR))
    page = browser_page
    page.goto(f"/w/{house.pk}/segments/new")
    page.get_by_label("Name").fill("Lund without news")
    page.get_by_label("What is asked about").select_option("field:city")
    settle(page)
    page.get_by_label("Value").fill("Lund")
    expect(page.locator("#count")).to_contain_text("10 of 20 people")
    page.get_by_role("button", name="Condition", exact=True).click()
    expect(page.get_by_label("What is asked about")).to_have_count(2)
    settle(page)
    page.get_by_label("What is asked about").nth(1).select_option("did:on list")
    expect(page.get_by_label("Which", exact=True)).to_be_visible()
    settle(page)
    page.get_by_label("Which", exact=True).select_option("News")
    expect(page.locator("#count")).to_contain_text("10 of 20 people")
    page.get_by_label("Whether it holds").select_option("Who not")
    expect(page.locator("#count")).to_contain_text("0 of 20 people")
    page.get_by_role("button", name="Text").click()
    expect(page.get_by_label("Conditions as text")).to_have_value('city = "Lund" and not on list "News"')
    settle(page)
    page.get_by_label("Conditions as text").fill('city = "Lund" or on list "News"')
    expect(page.locator("#count")).to_contain_text("20 of 20 people")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("Lund without news")
    expect(page.get_by_text("What finding them takes")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, bring, scheme, width):
    house = make_house()
    bring(house, FILE)
    many = 'country = "Sweden" and (city in ("Lund", "Oslo") or added within 90 days or not (opened or clicked))'
    segment = kept(house, f'{many} and not on list "News" since 2026-01-01 before 2026-03-01', name="S" + "e" * 100)
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    for path in ("segments", "segments/new", f"segments/{segment.pk}", f"segments/{segment.pk}/edit"):
        browser_page.goto(f"/w/{house.pk}/{path}")
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_campaign_chooses_a_segment(club, editor):
    news = MailingList.objects.get(workspace=club)
    lund, opened = kept(club, 'city = "Lund"', "Lund"), kept(club, "opened", "Readers")
    form = {
        "name": "Spring",
        "purpose": "marketing.email",
        "lists": [news.pk],
        "subject": "Hello",
        "body": "Hi",
        "kind": "markdown",
        "language": "en",
        "from_email": "news@example.com",
    }
    assert "of 10 may get it" in text(editor.post(f"/w/{club.pk}/campaigns/audience", {**form, "segment": lund.pk}))
    assert "may not use" in text(editor.post(f"/w/{club.pk}/campaigns/audience", {**form, "segment": opened.pk}))
    refused = editor.post(f"/w/{club.pk}/campaigns/new", {**form, "without": opened.pk})
    assert refused.status_code == 422 and "may not use" in text(refused)
    made = editor.post(f"/w/{club.pk}/campaigns/new", {**form, "segment": lund.pk, "review": "1"}, follow=True)
    assert "only those in the segment “Lund”" in text(made)
    assert "Spring" in text(editor.get(f"/w/{club.pk}/segments/{lund.pk}"))
    kept_back = editor.post(f"/w/{club.pk}/segments/{lund.pk}/delete")
    assert kept_back.status_code == 409 and "“Spring”" in text(kept_back)

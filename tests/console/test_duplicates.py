"""The pages about duplicates: searched for, compared, merged, called different, split."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.console.merging_page import split_in_words
from tillit.ledger.processing import processing
from tillit.people.duplicates.finding import run, search
from tillit.people.duplicates.queries import suggestions
from tillit.people.models import DuplicateSearch, Merge, NotDuplicate, Person, Traits
from tillit.rights.merging.actions import Parted


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def house(db):
    return make.workspace(name="House")


@pytest.fixture
def editor(client, house):
    client.force_login(make.member(house, role=Role.EDITOR))
    return client


def two(house, domain: str = "bolaget.se", part: str = "a.berg"):
    """Two records of Anna Berg, the second of whom said no."""
    names = {"identity": {"first_name": "Anna", "last_name": "Berg"}}
    one = make.person(house, email=f"anna.{part}@{domain}", traits=names, language="en")
    more = {"occupation": {"title": "Director"}, "identity": {"first_name": "A", "last_name": "Berg", "nick": "Annie"}}
    other = make.person(house, email=f"{part}@{domain}", traits=more)
    make.choice(house, one)
    make.choice(house, other, state="objected")
    make.mailing_list(house, one, other, name=f"News of {domain}")
    return one, other


@pytest.mark.clause("C20")
def test_from_the_search_to_the_merge_and_back(house, editor):
    one, other = two(house)
    path = f"/w/{house.pk}/people"
    assert "Nobody has searched for duplicates yet" in text(editor.get(f"{path}/duplicates"))
    begun = text(editor.post(f"{path}/duplicates/find", follow=True))
    assert "Searching for duplicates" in begun
    assert "A search is under way already." in text(editor.post(f"{path}/duplicates/find", follow=True))
    run(house.pk)
    assert "1 pair was found" in text(editor.get(f"{path}/duplicates/progress"))
    found = text(editor.get(f"{path}/duplicates"))
    assert all(
        each in found for each in ("anna.a.berg@bolaget.se", ">a.berg@bolaget.se", "Mail at the same organisation")
    )
    compared = text(editor.get(f"{path}/{one}/merge/{other}"))
    assert "Are these one person?" in compared and "Annie" in compared and "gained" in compared
    assert "A no of either counts for both" in compared
    merged = text(editor.post(f"{path}/{one}/merge/{other}", follow=True))
    assert "The two records are one now." in merged and "Marketing mail not permitted" in merged
    assert "a.berg@bolaget.se" in merged and "Merged records" in merged
    gone = editor.get(f"{path}/{other}")
    assert gone.status_code == 302 and gone["Location"].endswith(str(one))
    assert editor.get(f"{path}/{one}/merge/{other}").status_code == 302
    assert "Merged with another record" in text(editor.get(f"{path}/{one}/timeline?kind=merge"))
    with processing(house.pk, "audience.administer", by="test", act="look"):
        made = Merge.objects.get()
    parted = text(editor.post(f"{path}/{one}/merges/{made.pk}/split", follow=True))
    assert "The records are two again." in parted and "a.berg@bolaget.se" in parted
    assert "Marketing mail permitted" in text(editor.get(f"{path}/{one}"))
    assert editor.post(f"{path}/{one}/merges/{made.pk}/split").status_code == 409
    assert "Split from the other record" in text(editor.get(f"{path}/{other}/timeline"))


def test_two_people_are_not_suggested_again(house, editor):
    one, other = two(house)
    search(house.pk, by="test", now=timezone.now())
    path = f"/w/{house.pk}/people"
    said = text(editor.post(f"{path}/{one}/differ/{other}", follow=True))
    assert "They are remembered as two people" in said and "a.berg@bolaget.se" not in said
    with processing(house.pk, "audience.administer", by="test", act="look"):
        assert NotDuplicate.objects.count() == 2


def test_another_record_is_chosen_by_a_text_or_from_what_is_alike(house, editor):
    one, other = two(house)
    search(house.pk, by="test", now=timezone.now())
    path = f"/w/{house.pk}/people/{one}/merge"
    assert f"{one}/merge/{other}" in text(editor.get(path))
    found = text(editor.get(f"{path}?q=a.berg"))
    assert f"{path}/{other}" in found and f"{path}/{one}" not in found
    assert "Nobody else found" in text(editor.get(f"{path}?q=nobody"))


def test_a_search_that_broke_off_says_so(house, editor):
    editor.post(f"/w/{house.pk}/people/duplicates/find")
    DuplicateSearch.objects.update(state="failed")
    assert "The search broke off." in text(editor.get(f"/w/{house.pk}/people/duplicates"))


def test_pages_of_suggestions(house, editor):
    for n in range(3):
        two(house, domain=f"bolaget{n}.se", part=f"berg{n}")
    search(house.pk, by="test", now=timezone.now())
    with processing(house.pk, "audience.administer", by="test", act="look"):
        first, second = suggestions(limit=2), suggestions(limit=2, page=2)
    assert (len(first.pairs), first.more, len(second.pairs), second.more) == (2, True, 1, False)
    assert not {row.one.person.pk for row in first.pairs} & {row.one.person.pk for row in second.pairs}
    path = f"/w/{house.pk}/people/duplicates"
    assert len(editor.get(path).context["pairs"]) == 3
    assert len(editor.get(f"{path}?why=1").context["pairs"]) == 0
    assert len(editor.get(f"{path}?why=2&page=nonsense").context["pairs"]) == 3
    assert len(editor.get(f"{path}?page=2").context["pairs"]) == 0


def test_a_viewer_sees_suggestions_and_changes_nothing(house, client):
    one, other = two(house)
    search(house.pk, by="test", now=timezone.now())
    client.force_login(make.member(house, role=Role.VIEWER))
    path = f"/w/{house.pk}/people"
    seen = text(client.get(f"{path}/duplicates"))
    assert "a.berg@bolaget.se" in seen and "Two people" not in seen and "Search again" not in seen
    for verb in ("duplicates/find", f"{one}/merge/{other}", f"{one}/differ/{other}", f"{one}/merges/{one}/split"):
        assert client.post(f"{path}/{verb}").status_code == 403
    assert client.get(f"{path}/{one}/merge").status_code == 403


def test_what_is_not_there_is_not_found(house, editor):
    one, _other = two(house)
    stranger = make.person(make.workspace())
    path = f"/w/{house.pk}/people"
    assert editor.get(f"{path}/{one}/merge/{stranger}").status_code == 404
    assert editor.post(f"{path}/{one}/merge/{stranger}").status_code == 404
    assert editor.get(f"{path}/{one}/merge/{one}").status_code == 404
    assert editor.post(f"{path}/{one}/differ/{stranger}").status_code == 404
    assert editor.get(f"{path}/{stranger}/merge").status_code == 404
    assert editor.post(f"{path}/{one}/merges/{one}/split").status_code == 404
    assert editor.post(f"{path}/{one}/merge/{one}").status_code == 409
    with processing(house.pk, "audience.administer", by="test", act="look"):
        assert Person.objects.count() == 2


def test_a_long_comparison_costs_no_more_queries_than_a_short_one(house, editor, django_assert_num_queries):
    """Fifty fields and fifty lists of each record are read as few are."""
    short, long = two(house), two(house, domain="langa.se", part="b.berg")
    for each in long:
        make.mailing_list(house, each, name=f"Own of {each}")
        for n in range(50):
            make.mailing_list(house, each, name=f"{n} of {each}")
    with processing(house.pk, "audience.administer", by="test", act="fill"):
        Traits.objects.filter(person_id__in=long, category="occupation").delete()
        Traits.objects.bulk_create(
            Traits(
                workspace_id=house.pk,
                person_id=each,
                category="occupation",
                values={f"field{n}": f"{n} of {each}" for n in range(50)},
                updated_at=timezone.now(),
            )
            for each in long
        )
    path = f"/w/{house.pk}/people"
    editor.get(f"{path}/{short[0]}/merge/{short[1]}")
    with CaptureQueriesContext(connection) as few:
        editor.get(f"{path}/{short[0]}/merge/{short[1]}")
    with django_assert_num_queries(len(few)):
        shown = text(editor.get(f"{path}/{long[0]}/merge/{long[1]}"))
    assert shown.count("49 of ") >= 4 and "mail goes here" in shown
    editor.post(f"{path}/{long[0]}/merge/{long[1]}")
    assert text(editor.get(f"{path}/{long[0]}")).count("49 of ") >= 2


@pytest.mark.clause("A6")
def test_what_staff_may_not_see_is_not_named_to_them_after_a_split(house):
    one, other = two(house)
    changed = {"occupation": ["title"], "health": ["diagnosis"]}
    said = split_in_words(house.pk, Parted(one, other, lists=[], fields=changed, rows=0, refusals=0))
    assert "title" in said and "diagnosis" not in said


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, scheme, width):
    house = make.workspace(name="House")
    one, other = two(house, part="averyveryverylonglocalpartofanaddressindeeditis")
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    path = f"/w/{house.pk}/people"
    browser_page.goto(f"{path}/duplicates")
    assert_accessible(browser_page)
    search(house.pk, by="test", now=timezone.now())
    for each in ("duplicates", f"{one}/merge", f"{one}/merge/{other}"):
        browser_page.goto(f"{path}/{each}")
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width, each
    browser_page.get_by_role("button", name="Merge", exact=True).click()
    expect(browser_page.get_by_text("The two records are one now.")).to_be_visible()
    assert_accessible(browser_page)
    browser_page.get_by_role("button", name="Split", exact=True).click()
    browser_page.get_by_role("dialog").get_by_role("button", name="Split").click()
    expect(browser_page.get_by_text("The records are two again.")).to_be_visible()

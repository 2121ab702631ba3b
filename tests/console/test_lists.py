"""The pages about lists."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.browser import WIDTHS, assert_accessible
from tillit.accounts.models import Role
from tillit.ledger.processing import processing
from tillit.people.models import MailingList, Subscription

FILE = "email,first name,last name,country,status\n" + "".join(
    f"p{n:03}@example.org,Anna,Berg{n},Sweden,{'unsubscribed' if n % 10 == 0 else ''}\n" for n in range(70)
)


@pytest.fixture
def club(house, bring):
    bring(house, FILE, chunk_rows=5000)
    return house


def text(response) -> str:
    return response.content.decode()


def test_lists_show_how_many_stand_how(club, viewer):
    MailingList.objects.create(workspace=club, name="Archive", archived_at="2025-01-01T00:00Z")
    response = viewer.get(f"/w/{club.pk}/lists")
    (figures,) = response.context["figures"]
    assert (figures.list.name, figures.subscribed, figures.unsubscribed) == ("News", 63, 7)
    assert "Archive" not in text(response).split("</nav>")[-1]
    assert "Archive" in text(viewer.get(f"/w/{club.pk}/lists?show=archived"))
    assert "Nothing found" in text(viewer.get(f"/w/{club.pk}/lists?q=zzz"))


def test_people_who_are_many_are_counted_once_the_page_is_there(club, viewer, monkeypatch):
    news = MailingList.objects.get(workspace=club)
    monkeypatch.setattr("tillit.people.queries.SOON", 0)
    for place in ("lists?sort=-name", f"lists/{news.pk}?range=30"):
        page = viewer.get(f"/w/{club.pk}/{place}")
        counted = viewer.get(page.context["counting"])
        assert page.context["counting"] == f"/w/{club.pk}/{place}&counted=1" and not counted.context["counting"]
        uncounted, figures = (each.context["figures"] for each in (page, counted))
        uncounted, figures = (each[0] if isinstance(each, list) else each for each in (uncounted, figures))
        assert (uncounted.subscribed, figures.subscribed, figures.unsubscribed) == (None, 63, 7)


def test_a_page_of_lists_costs_the_same_for_few_and_many(club, viewer):
    def cost():
        viewer.get(f"/w/{club.pk}/lists")
        with CaptureQueriesContext(connection) as caught:
            viewer.get(f"/w/{club.pk}/lists")
        return len(caught)

    few = cost()
    for number in range(30):
        MailingList.objects.create(workspace=club, name=f"List {number}")
    assert cost() == few


def test_a_list_shows_its_people_and_growth(club, viewer):
    news = MailingList.objects.get(workspace=club)
    page = viewer.get(f"/w/{club.pk}/lists/{news.pk}")
    assert text(page).count('<th scope="row"><a class="row-link"') == 50
    growth = page.context["growth"]
    assert (growth.range, growth.joined, growth.left, growth.net) == ("90", 63, 7, "+56")
    assert [series.values[-1] for series in growth.chart.series] == [63, 7]
    left = viewer.get(f"/w/{club.pk}/lists/{news.pk}?state=unsubscribed")
    assert text(left).count('<th scope="row"><a class="row-link"') == 7
    assert left.context["growth"] is None


@pytest.mark.parametrize(("range_", "bars"), [("30", 30), ("90", 90), ("365", 53), ("all", 19), ("other", 90)])
def test_growth_is_shown_by_day_week_or_month(house, bring, viewer, range_, bars):
    bring(house, "email\na@example.org\nb@example.org\n")
    news = MailingList.objects.get(workspace=house)
    with processing(house.pk, "audience.administer", by="test", act="age"):
        people = Subscription.objects.filter(list_id=news.pk).order_by("person_id").values_list("person_id", flat=True)
        Subscription.objects.filter(person_id=people[0]).update(since=timezone.now() - timedelta(days=550))
    growth = viewer.get(f"/w/{house.pk}/lists/{news.pk}?range={range_}").context["growth"]
    assert len(growth.chart.labels) in {bars, bars + 1}
    assert growth.joined == (2 if range_ == "all" else 1)


def test_a_list_on_which_nothing_happened_lately_says_so(house, bring, viewer):
    bring(house, "email\na@example.org\n")
    news = MailingList.objects.get(workspace=house)
    with processing(house.pk, "audience.administer", by="test", act="age"):
        Subscription.objects.filter(list_id=news.pk).update(since=timezone.now() - timedelta(days=550))
    page = viewer.get(f"/w/{house.pk}/lists/{news.pk}?range=30")
    assert page.context["growth"].chart is None and "Nobody joined or left" in text(page)


def test_a_welcome_is_written_checked_and_shown(house, editor, viewer):
    news = MailingList.objects.get(workspace=house)
    path = f"/w/{house.pk}/lists/{news.pk}/welcome"
    given = {"subject_sv": "Välkommen", "body_sv": "Hej {{ first_name | default('du') }}!", "subject_en": " "}
    page = editor.post(path, given, follow=True)
    news.refresh_from_db()
    assert news.welcome == {"sv": {"subject": "Välkommen", "body": "Hej {{ first_name | default('du') }}!"}}
    [(language, mail)] = page.context["previews"]
    assert (str(language), mail.subject) == ("Swedish", "Välkommen") and "Hej du!" in mail.html
    for wrong, said in (
        ({"body_en": "Hello"}, "needs a subject and a text"),
        ({"subject_en": "A", "body_en": "{{ company }}"}, "company"),
    ):
        refused = editor.post(path, {**given, **wrong})
        assert refused.status_code == 422 and said in text(refused)
    assert viewer.post(path, given).status_code == 403
    editor.post(path, {"subject_sv": ""})
    news.refresh_from_db()
    assert news.welcome == {}


@pytest.mark.clause("A4")
def test_a_list_is_made_changed_put_away_and_taken_up(house, editor):
    given = {"name": "Club", "topic_en": "For friends", "title_sv": "Klubben", "public": "on", "opt_in": "double"}
    page = editor.post(f"/w/{house.pk}/lists/new", given, follow=True)
    club = MailingList.objects.get(name="Club")
    assert (club.title("en"), club.title("sv"), club.topic("sv")) == ("Club", "Klubben", "For friends")
    assert page.redirect_chain[-1][0] == f"/w/{house.pk}/lists/{club.pk}"
    taken = editor.post(f"/w/{house.pk}/lists/new", given)
    assert taken.status_code == 422 and "Another list has this name" in text(taken)
    taken = editor.post(f"/w/{house.pk}/lists/{club.pk}/edit", {**given, "name": "News"})
    assert taken.status_code == 422
    editor.post(f"/w/{house.pk}/lists/{club.pk}/edit", {**given, "name": "Circle", "opt_in": "single", "public": ""})
    club.refresh_from_db()
    assert (club.name, club.opt_in, club.public) == ("Circle", "single", False)
    editor.post(f"/w/{house.pk}/lists/{club.pk}/archive")
    club.refresh_from_db()
    assert club.archived_at
    assert "Take up again" in text(editor.get(f"/w/{house.pk}/lists/{club.pk}"))
    editor.post(f"/w/{house.pk}/lists/{club.pk}/restore")
    club.refresh_from_db()
    assert club.archived_at is None


def test_a_viewer_changes_nothing_and_nobody_another_workspaces_list(house, editor, viewer):
    news = MailingList.objects.get(workspace=house)
    other = make.workspace().lists.create(name="Elsewhere")
    for verb in ("edit", "archive", "restore"):
        assert viewer.post(f"/w/{house.pk}/lists/{news.pk}/{verb}").status_code == 403
        assert editor.post(f"/w/{house.pk}/lists/{other.pk}/{verb}").status_code == 404
    assert viewer.post(f"/w/{house.pk}/lists/new", {"name": "X"}).status_code == 403
    assert "New list" not in text(viewer.get(f"/w/{house.pk}/lists"))


def test_an_empty_list_says_what_to_do_first(house, editor):
    news = MailingList.objects.get(workspace=house)
    assert "Nobody on this list yet" in text(editor.get(f"/w/{house.pk}/lists/{news.pk}"))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible(served, browser_page, sign_in, make_house, bring, scheme, width):
    house = make_house()
    bring(house, FILE)
    sign_in(make.member(house, role=Role.EDITOR))
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": width, "height": 900})
    news = MailingList.objects.get(workspace=house)
    for path in (
        "lists",
        "lists?show=archived",
        "lists/new",
        f"lists/{news.pk}",
        f"lists/{news.pk}/edit",
        f"lists/{news.pk}/welcome",
    ):
        browser_page.goto(f"/w/{house.pk}/{path}")
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_numbers_of_many_people_come_by_themselves(
    served, browser_page, sign_in, make_house, bring, committed_db, monkeypatch
):
    house = make_house()
    bring(house, FILE, chunk_rows=5000)
    sign_in(make.member(house, role=Role.VIEWER))
    monkeypatch.setattr("tillit.people.queries.SOON", 0)
    browser_page.goto(f"/w/{house.pk}/lists")
    expect(browser_page.get_by_role("cell", name="63")).to_be_visible()
    browser_page.get_by_role("link", name="News").click()
    expect(browser_page.locator("#figures .stat-value").first).to_have_text("63")
    expect(browser_page.locator("#growth-card canvas, #growth-card svg").first).to_be_visible()

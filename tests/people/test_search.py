"""People are found by address, name, list, standing and region, a page at a time and at one cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make
from tillit.consent.actions import choose
from tillit.ledger.processing import processing
from tillit.people import lists, queries, records
from tillit.people.models import MailingList, Source, Subscription
from tillit.people.search import Wanted, find
from tillit.policy.regions import Region

ADMINISTER, MARKETING = "audience.administer", "marketing.email"


@pytest.fixture
def club(house, bring):
    """Fifty people: p00 … p49; every third on News, of those every second unsubscribed; every fifth in the EEA."""
    rows = ["email,first name,last name,country,status"]
    for n in range(50):
        status = ["unsubscribed", "subscribed"][n % 2] if n % 3 == 0 else "none"
        first, country = ["Anna Maria", "Örjan", "Bo"][n % 3], "" if n % 5 else "Sweden"
        rows.append(f"p{n:02}@example.org,{first},Berg{n},{country},{status}")
    bring(house, "\n".join(rows) + "\n")
    return house


def look(workspace, **wanted):
    with processing(workspace.pk, ADMINISTER, by="test", act="look"):
        return find(workspace.pk, Wanted(**wanted))


def addresses(workspace, **wanted):
    return sorted(row.address for row in look(workspace, limit=200, **wanted).rows)


def test_pages_follow_each_other_both_ways(club):
    first = look(club, limit=20)
    second = look(club, limit=20, after=first.rows[-1].person.pk)
    third = look(club, limit=20, after=second.rows[-1].person.pk)
    assert (first.newer, first.older, third.newer, third.older) == (False, True, True, False)
    ids = [row.person.pk for page in (first, second, third) for row in page.rows]
    assert len(ids) == len(set(ids)) == 50
    assert ids == sorted(ids, reverse=True)
    back = look(club, limit=20, before=third.rows[0].person.pk)
    assert [row.person.pk for row in back.rows] == [row.person.pk for row in second.rows]
    assert (back.newer, look(club, limit=20, before=second.rows[0].person.pk).newer) == (True, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p07@example.org", ["p07@example.org"]),
        (" P07@Example.org ", ["p07@example.org"]),
        ("p4", [f"p4{n}@example.org" for n in range(10)]),
        ("berg17", ["p17@example.org"]),
        ("maria berg6", ["p06@example.org"]),
        ("örjan berg1", ["p01@example.org", *(f"p{n}@example.org" for n in (10, 13, 16, 19))]),
        ("Berg1 Nobody", []),
        ("%", []),
        ("_", []),
        ('"', []),
        ("p07@example.org or so", []),
        ("first_name", []),
    ],
)
def test_a_text_finds_addresses_that_begin_so_and_names_with_such_words(club, text, expected):
    assert addresses(club, text=text) == expected


def test_lists_standings_and_regions_narrow_together(club):
    news = MailingList.objects.get(workspace=club)
    threes = [n for n in range(50) if n % 3 == 0]
    assert addresses(club, list_id=news.pk) == [f"p{n:02}@example.org" for n in threes]
    out = addresses(club, list_id=news.pk, state="unsubscribed")
    assert out == [f"p{n:02}@example.org" for n in threes if n % 2 == 0]
    assert addresses(club, state="unsubscribed") == out
    both = addresses(club, list_id=news.pk, region=int(Region.EEA), text="p")
    assert both == [f"p{n:02}@example.org" for n in threes if n % 5 == 0]
    assert addresses(club, list_id=news.pk + 1) == []


def test_restricted_and_unreachable_people_are_found(club):
    person = look(club, text="p03@example.org").rows[0].person.pk
    records.restrict(club.pk, person, by="user:1")
    assert addresses(club, state="restricted") == ["p03@example.org"]
    assert addresses(club, state="unreachable") == []
    records.lift_restriction(club.pk, person, by="user:1")
    assert addresses(club, state="restricted") == []


def test_pages_of_a_list_follow_each_other(club):
    news = MailingList.objects.get(workspace=club)
    seen, after = [], None
    while True:
        page = look(club, list_id=news.pk, limit=4, after=after)
        seen += [row.address for row in page.rows]
        if not page.older:
            break
        after = page.rows[-1].person.pk
    assert sorted(seen) == addresses(club, list_id=news.pk)


def test_a_row_shows_name_and_lists(club):
    row = look(club, text="p03@example.org").rows[0]
    assert (row.name, row.lists) == ("Anna Maria Berg3", [("News", "subscribed")])


def test_a_page_costs_the_same_for_few_and_many(club):
    def cost(limit):
        with (
            processing(club.pk, ADMINISTER, by="test", act="look"),
            CaptureQueriesContext(
                connection,
            ) as caught,
        ):
            find(club.pk, Wanted(limit=limit))
        return len(caught)

    assert cost(2) == cost(50) == 6 + 4  # four set the time limit and take it away again


def test_another_workspace_finds_nobody(club):
    other = make.workspace()
    assert addresses(other) == addresses(other, text="p07@example.org") == []


def test_a_search_without_context_finds_nobody(club):
    assert find(club.pk, Wanted()).rows == []


def test_a_record_holds_what_is_known_with_its_source(club):
    person = look(club, text="p03@example.org").rows[0].person.pk
    choose(club.pk, person, {MARKETING: "granted"}, method="operator", now=timezone.now(), by="user:1")
    from tillit.ledger.versions import in_force

    with processing(club.pk, ADMINISTER, by="test", act="look"):
        found = queries.record(club.pk, person)
        permitted = {each.id: each.decision for each in queries.permissions(in_force(club.pk), found.person)}
    assert found.address == "p03@example.org"
    assert [known.category for known in found.known] == ["identity"]
    assert found.known[0].values == [("First name", "first_name", "Anna Maria"), ("Last name", "last_name", "Berg3")]
    assert found.known[0].source == Source.objects.get()
    assert found.standings[0].subscription.state == "subscribed"
    assert permitted[MARKETING].permitted and permitted[MARKETING].reason == "permitted_by_consent"
    assert not permitted["recruitment.assess"].permitted
    with processing(club.pk, ADMINISTER, by="test", act="look"):
        assert queries.record(make.workspace().pk, person) is not None  # the context decides, not the argument
    other = make.workspace()
    with processing(other.pk, ADMINISTER, by="test", act="look"):
        assert queries.record(other.pk, person) is None


def test_lists_are_counted_by_standing_and_day(club):
    news = MailingList.objects.get(workspace=club)
    empty = lists.make_list(club.pk, name="Empty", by="user:1")
    with processing(club.pk, ADMINISTER, by="test", act="look"):
        found = {each.list.name: each for each in queries.figures([news, empty])}
        grown = queries.growth(news, since=timezone.now() - timezone.timedelta(days=1))
    assert (found["News"].subscribed, found["News"].unsubscribed, found["News"].pending) == (8, 9, 0)
    assert found["Empty"].counts == {}
    assert list(grown.values()) == [{"subscribed": 8, "unsubscribed": 9}]


# -- acts about people and lists --------------------------------------------------------------------------------------
@pytest.mark.clause("A4")
def test_lists_are_made_changed_and_put_away(house):
    made = lists.make_list(house.pk, name="Club", by="user:1", public=False)
    with pytest.raises(lists.NameTaken):
        lists.make_list(house.pk, name="Club", by="user:1")
    with pytest.raises(lists.NameTaken):
        lists.change_list(made, name="News", by="user:1")
    lists.change_list(made, name="Circle", description="Friends", by="user:1")
    lists.archive(made, by="user:1", now=timezone.now())
    assert [each.name for each in queries.lists(house.pk)] == ["News"]
    assert [each.description for each in queries.lists(house.pk, archived=True)] == ["Friends"]
    lists.restore(made, by="user:1")
    assert queries.lists(house.pk).count() == 2


@pytest.mark.clause("E9")
def test_staff_cannot_put_back_who_unsubscribed(club):
    news = MailingList.objects.get(workspace=club)
    gone = look(club, text="p06@example.org").rows[0].person.pk
    new = look(club, text="p01@example.org").rows[0].person.pk
    assert lists.put_on_list(news, [gone, new], by="user:1", now=timezone.now()) == 1
    assert lists.take_off_list(news, [new], by="user:1", now=timezone.now()) == 1
    assert lists.put_on_list(news, [new], by="user:1", now=timezone.now()) == 0
    with processing(club.pk, ADMINISTER, by="test", act="look"):
        assert Subscription.objects.get(person_id=gone).state == "unsubscribed"


@pytest.mark.clause("A3", "B4")
def test_a_person_is_added_from_a_source(house):
    news, source = MailingList.objects.get(workspace=house), Source.objects.get()
    values = {"first_name": "Anna", "city": "Umeå", "company": " "}
    person = records.add(
        house.pk, email="Anna@example.org", source=source, by="user:1", now=timezone.now(), values=values, lists=(news,)
    )
    with processing(house.pk, ADMINISTER, by="test", act="look"):
        found = queries.record(house.pk, person)
    assert found.values == {"first_name": "Anna", "city": "Umeå"}
    assert {known.source for known in found.known} == {source}
    again = records.add(house.pk, email="anna@example.org", source=source, by="user:1", now=timezone.now())
    assert again == person
    Source.objects.update(valid_until="2020-01-01")
    source.refresh_from_db()
    with pytest.raises(records.Refused, match="2020-01-01"):
        records.add(house.pk, email="b@example.org", source=source, by="user:1", now=timezone.now())


@pytest.mark.clause("E1", "E8")
def test_values_are_changed_and_removed(club):
    club.fields.create(name="points", label="Points", type="number", category="demographics")
    person = look(club, text="p03@example.org").rows[0].person.pk
    values = {"first_name": "Ann", "last_name": "", "points": "3,5", "unknown": "x"}
    assert records.change_values(club.pk, person, values, by="user:1") == 2
    assert records.change_values(club.pk, person, values, by="user:1") == 0
    with processing(club.pk, ADMINISTER, by="test", act="look"):
        found = queries.record(club.pk, person)
    assert found.values == {"first_name": "Ann", "points": 3.5}
    assert {known.source for known in found.known if known.category == "demographics"} == {None}
    with pytest.raises(records.UnreadableValue):
        records.change_values(club.pk, person, {"points": "many"}, by="user:1")


@pytest.mark.clause("E2")
def test_a_restriction_stops_every_use_but_storage(club):
    person = look(club, text="p03@example.org").rows[0].person.pk
    choose(club.pk, person, {MARKETING: "granted"}, method="operator", now=timezone.now(), by="user:1")

    def reached():
        with processing(club.pk, MARKETING, by="test", act="count"):
            return len(find(club.pk, Wanted()).rows)

    assert reached() == 1
    records.restrict(club.pk, person, by="user:1")
    assert reached() == 0
    assert addresses(club, text="p03@example.org") == ["p03@example.org"]
    records.lift_restriction(club.pk, person, by="user:1")
    assert reached() == 1


def test_nobody_is_changed_in_another_workspace(club):
    person = look(club, text="p03@example.org").rows[0].person.pk
    other = make.workspace()
    for act in (
        lambda: records.restrict(other.pk, person, by="user:1"),
        lambda: records.change_values(other.pk, person, {"first_name": "X"}, by="user:1"),
        lambda: records.change_place(other.pk, person, region=5, language="en", by="user:1"),
    ):
        with pytest.raises(records.NobodyHere):
            act()

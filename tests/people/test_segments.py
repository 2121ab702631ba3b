"""Who is in a segment: the SQL finds whom plain Python finds; a purpose that may not know is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tests.people.segment_people import ADMINISTER, CROWD, DAYS, FIELDS, NOW, NUMBERS, SPANS, TOWNS, holds, made, people
from tests.people.segment_trees import trees, unhurried
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused, processing
from tillit.people.actions import make_default_fields
from tillit.people.field_uses import uses
from tillit.people.models import Field, MailingList, Segment
from tillit.people.search import Wanted, find
from tillit.people.segments import actions, queries
from tillit.people.segments.compile import compile_segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import parse, write
from tillit.people.segments.tree import Compare, Event, Mistake, Node, When, from_json
from tillit.people.segments.uses import Use, add_uses
from tillit.people.segments.vocabulary import AROUND, KNOWN, Vocabulary
from tillit.people.selection import Selection, statement

pytestmark = pytest.mark.django_db
MARKETING = "marketing.email"


@pytest.fixture
def club():
    """A workspace with a field of every type and three lists."""
    workspace = make.workspace()
    make_default_fields(workspace.pk)
    for name, kind, category in FIELDS:
        choices = ["Gold", "Silver"] if kind == "choice" else []
        Field.objects.create(workspace=workspace, name=name, label=name, type=kind, category=category, choices=choices)
    for name in ("News", "Customers", "Friends"):
        make.mailing_list(workspace, name=name)
    return workspace


def found(workspace, tree: Node, purpose: str = ADMINISTER) -> list[Any]:
    """The ids that the SQL of a segment gives, in order."""
    words = vocabulary(workspace.pk)
    query = compile_segment(words.tidy(tree), words, now=NOW)
    with processing(workspace.pk, purpose, by="test", act="test.find"), connection.cursor() as cursor:
        cursor.execute(query.sql, query.parameters)
        return sorted(row[0] for row in cursor.fetchall())


def about_people(words: Vocabulary) -> st.SearchStrategy[Node]:
    """Random segments over what this package knows, with values that random people have."""
    own = replace(words, happenings={name: each for name, each in words.happenings.items() if name.endswith("list")})
    return trees(
        own,
        text=st.sampled_from([*TOWNS, "SV", "example", "org", "m"]),
        phone=st.just("+46701234567"),
        country=st.sampled_from(["SE", "NO"]),
        number=st.sampled_from(NUMBERS),
        date=st.sampled_from(DAYS),
        moment=st.sampled_from(DAYS),
        span=st.sampled_from(SPANS),
    )


@settings(unhurried, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_sql_and_python_find_the_same_people(club, data):
    lists = list(MailingList.objects.filter(workspace=club).order_by("pk"))
    everybody = data.draw(st.lists(people(), min_size=1, max_size=8))
    with processing(club.pk, ADMINISTER, by="test", act="test.clear"), connection.cursor() as cursor:
        for table in ("people_person", "people_identity", "people_traits", "people_subscription"):
            cursor.execute(f"DELETE FROM {table}")
    there = {made(club, one, lists): one for one in everybody}
    for one in everybody:
        one.standing = {lists[place].pk: standing for place, standing in one.standing.items()}
    words = vocabulary(club.pk)
    for tree in data.draw(st.lists(about_people(words), min_size=1, max_size=10)):
        expected = sorted(person for person, one in there.items() if holds(tree, one, words))
        assert found(club, tree) == expected, write(tree, words)


def questions(words: Vocabulary) -> Iterator[Node]:
    """Every question about everything known, with each value that somebody has."""
    values: dict[str, list[Any]] = {
        "text": [*TOWNS, "org", "m"],
        "phone": ["+46701234567"],
        "country": ["SE", "NO"],
        "number": NUMBERS,
        "date": DAYS,
        "moment": DAYS,
        "boolean": [True, False],
    }
    for about in words.attributes.values():
        for op in about.ops:
            pool = list(about.choices) or values[about.type]
            if op in KNOWN:
                yield Compare(about.name, op)
            elif op in AROUND:
                yield from (Compare(about.name, op, span) for span in SPANS)
            elif op == "in":
                yield from (Compare(about.name, op, tuple(pool[:number])) for number in (1, 2))
            else:
                yield from (Compare(about.name, op, value) for value in pool)
    for kind, about in words.happenings.items():
        if kind.endswith("list"):
            whens = [
                When(),
                *(When(within=span) for span in SPANS),
                *(When(since=day, before=day + timedelta(31)) for day in DAYS),
            ]
            for number in words.objects["list"] if about.needed else [None]:
                yield from (Event(kind, number, 1, when) for when in whens)


def test_every_question_finds_whom_python_finds(club):
    lists = list(MailingList.objects.filter(workspace=club).order_by("pk"))
    there = {made(club, one, lists): one for one in CROWD}
    numbered = {
        person: replace(one, standing={lists[place].pk: each for place, each in one.standing.items()})
        for person, one in there.items()
    }
    words = vocabulary(club.pk)
    asked = 0
    with processing(club.pk, ADMINISTER, by="test", act="test.find"), connection.cursor() as cursor:
        for tree in questions(words):
            query = compile_segment(words.tidy(tree), words, now=NOW)
            cursor.execute(query.sql, query.parameters)
            ids = sorted(row[0] for row in cursor.fetchall())
            assert ids == sorted(person for person, one in numbered.items() if holds(tree, one, words)), tree
            asked += 1
    assert asked > 500


def test_a_value_of_another_type_than_its_field_is_no_value(club):
    strange = {"points": "many", "member_until": 7, "city": {"name": "Lund"}}
    make.person(club, traits={"demographics": strange, "occupation": {"vip": "yes", "tier": None}})
    words = vocabulary(club.pk)
    for text in ("points > 0", "points is set", "vip = yes", "vip is set", "tier is set"):
        assert found(club, parse(text, words)) == [], text


# -- kept, changed, deleted -------------------------------------------------------------------------------------------
def kept(workspace, text: str, name: str = "Swedes") -> Segment:
    return actions.make_segment(workspace.pk, name=name, tree=parse(text, vocabulary(workspace.pk)), by="user:1")


def test_a_segment_is_kept_changed_and_deleted(club):
    segment = kept(club, 'country = "SE"')
    assert queries.text_of(segment) == 'country = "SE"'
    with pytest.raises(actions.NameTaken):
        kept(club, "points > 3")
    tree = parse("points > 3", vocabulary(club.pk))
    actions.change_segment(segment, name="Active", tree=tree, by="user:1", description="Who buys")
    segment.refresh_from_db()
    assert (segment.name, segment.description, from_json(segment.tree)) == ("Active", "Who buys", tree)
    actions.delete_segment(segment, by="user:1")
    assert not Segment.objects.exists()
    acts = Activity.objects.filter(act__startswith="segment.").order_by("at").values_list("act", "object_ref")
    assert [act for act, _ in acts] == ["segment.make", "segment.change", "segment.delete"]
    assert {about for _, about in acts} == {f"segment:{acts[0][1].split(':')[1]}"}


def test_a_list_is_known_by_its_number_so_that_its_name_may_change(club):
    segment = kept(club, 'on list "News"')
    MailingList.objects.filter(name="News").update(name="Novelties")
    assert queries.text_of(segment) == 'on list "Novelties"'


def test_a_tree_that_makes_no_sense_is_not_kept(club):
    with pytest.raises(Mistake, match="no field “gone”"):
        actions.make_segment(club.pk, name="X", tree=Compare("field:gone", "=", "x"), by="user:1")
    other = make.mailing_list(make.workspace())
    with pytest.raises(Mistake, match="not there"):
        actions.make_segment(club.pk, name="X", tree=Event("on list", other.pk), by="user:1")


def test_what_needs_a_segment_keeps_it(club, monkeypatch):
    monkeypatch.setattr("tillit.people.segments.uses._users", [])
    segment = kept(club, 'country = "SE"')
    add_uses(lambda used: iter([Use("campaign", 7, "Spring", binding=used.pk == segment.pk)]))
    with pytest.raises(actions.InUse, match="“Spring”"):
        actions.delete_segment(segment, by="user:1")
    assert Segment.objects.exists()
    actions.delete_segment(kept(club, "points > 3", "Other"), by="user:1")


def test_a_field_that_segments_ask_about_says_so(club):
    kept(club, 'country = "SE" or not points > 3')
    named = {field.name: [use.title for use in uses(field)] for field in Field.objects.filter(workspace=club)}
    assert {name for name, titles in named.items() if titles == ["Swedes"]} == {"country", "points"}


# -- under which purpose ----------------------------------------------------------------------------------------------
@pytest.mark.clause("C8")
def test_a_purpose_that_may_not_know_is_refused_with_the_reason(club):
    words = vocabulary(club.pk)
    tree = parse("not opened", words)
    make.person(club)
    assert queries.count(club.pk, tree, by="user:1").number == 1
    with pytest.raises(queries.LacksCategory, match=r"News and offers by email.*What you do with our messages"):
        queries.count(club.pk, tree, by="user:1", purpose=MARKETING)
    segment = kept(club, "not opened")
    wanted = Selection(segment_id=segment.pk)
    with processing(club.pk, ADMINISTER, by="test", act="test.find"):
        assert statement(club.pk, wanted)
    with pytest.raises(Refused, match="may not use"), processing(club.pk, MARKETING, by="test", act="test.find"):
        statement(club.pk, wanted)


@pytest.mark.clause("C8", "C11")
def test_a_count_holds_only_whom_the_purpose_permits(club):
    tree = parse('country = "SE"', vocabulary(club.pk))
    swede = {"demographics": {"country": "SE"}}
    make.reader(club, may=[MARKETING], traits=swede)
    make.reader(club, traits=swede)
    make.reader(club, may=[MARKETING])
    make.person(make.workspace(), traits=swede)
    administered, mailed = (queries.count(club.pk, tree, by="user:1", purpose=each) for each in (ADMINISTER, MARKETING))
    assert (administered.number, administered.everybody, administered.exact) == (2, 3, True)
    assert (mailed.number, mailed.everybody) == (1, 2)
    assert Activity.objects.filter(act="segment.count", purpose=MARKETING).get().counts == {"persons": 1}


def test_a_count_that_takes_too_long_is_stopped(club):
    for _ in range(3):
        make.person(club, traits={"demographics": {"country": "SE"}})
    with processing(club.pk, ADMINISTER, by="test", act="test.count"):
        assert queries._number("SELECT count(*) FROM people_person, pg_sleep(30)", {}, 0.05) is None
        assert queries._number("SELECT count(*) FROM people_person", {}, 1) == 3
        query = queries.compiled(club.pk, parse('country = "SE"', vocabulary(club.pk)), ADMINISTER)
        assert queries._sampled(query, 3, 5) == 3


# -- as a set of people -----------------------------------------------------------------------------------------------
def test_a_segment_narrows_every_search(club):
    swede = {"demographics": {"country": "SE"}}
    news = MailingList.objects.get(workspace=club, name="News")
    both = make.reader(club, email="anna@example.org", on=[news], traits=swede)
    make.reader(club, email="bo@example.org", on=[news])
    away = make.reader(club, email="anna@example.com", traits=swede)
    segment = kept(club, 'country = "SE"')

    def chosen(**wanted: Any) -> list[Any]:
        with processing(club.pk, ADMINISTER, by="test", act="test.find"), connection.cursor() as cursor:
            cursor.execute(*statement(club.pk, Selection(segment_id=segment.pk, **wanted)))
            ids = sorted(row[0] for row in cursor.fetchall())
            page = find(club.pk, Wanted(segment_id=segment.pk, **wanted))
            assert sorted(row.person.pk for row in page.rows) == ids
            return ids

    assert chosen() == sorted([both, away])
    assert chosen(list_id=news.pk) == chosen(list_id=news.pk, state="subscribed") == [both]
    assert chosen(text="anna@example.org") == [both]
    assert chosen(ids=(away,)) == [away]
    wanted = Selection(segment_id=segment.pk)
    assert Selection.of(wanted.kept()) == wanted
    assert not wanted.anything


@pytest.mark.parametrize("near", [1, 3, 1000])
def test_pages_of_a_segment_go_on_where_the_last_one_ended(club, monkeypatch, near):
    monkeypatch.setattr("tillit.people.search.NEAR", near)
    segment = kept(club, 'city = "Lund" and email_domain = "example.org" and not on any list and not opened')
    for number in range(14):
        make.person(club, traits={"demographics": {"city": "Lund" if number % 3 else "Oslo"}})
    with processing(club.pk, ADMINISTER, by="test", act="test.find"):
        whole = [row.person.pk for row in find(club.pk, Wanted(segment_id=segment.pk)).rows]
        assert whole == sorted(whole, reverse=True)
        first = find(club.pk, Wanted(segment_id=segment.pk, limit=4))
        second = find(club.pk, Wanted(segment_id=segment.pk, limit=4, after=first.rows[-1].person.pk))
        third = find(club.pk, Wanted(segment_id=segment.pk, limit=4, after=second.rows[-1].person.pk))
        pages = [[row.person.pk for row in page.rows] for page in (first, second, third)]
        assert [*pages[0], *pages[1], *pages[2]] == whole
        assert (len(whole), third.older) == (9, False)
        back = find(club.pk, Wanted(segment_id=segment.pk, limit=4, before=second.rows[0].person.pk))
        assert [row.person.pk for row in back.rows] == pages[0]


def test_a_segment_of_another_workspace_or_a_deleted_one_is_refused(club):
    elsewhere = make.workspace()
    make_default_fields(elsewhere.pk)
    other = kept(elsewhere, 'country = "SE"')
    with (
        processing(club.pk, ADMINISTER, by="test", act="test.find"),
        pytest.raises(queries.Outdated, match="deleted"),
    ):
        statement(club.pk, Selection(segment_id=other.pk))


def test_a_segment_about_a_retired_field_is_refused(club):
    segment = kept(club, "points > 3")
    Field.objects.filter(name="points").update(retired_at=NOW)
    with (
        processing(club.pk, ADMINISTER, by="test", act="test.find"),
        pytest.raises(queries.Outdated, match="no field “points”"),
    ):
        statement(club.pk, Selection(segment_id=segment.pk))

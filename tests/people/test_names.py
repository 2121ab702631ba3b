"""People are found by every word of their name and by any identifier; the words follow what is known."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from tests import make
from tillit.ledger.processing import processing
from tillit.people import actions, names, records
from tillit.people.models import Identity, NameWord, Person
from tillit.people.search import Wanted, find
from tillit.people.selection import Selection, statement
from tillit.policy.regions import Region
from tillit.rights.actions import access, erase

ADMINISTER = "audience.administer"


def found(workspace, text, **wanted):
    with processing(workspace.pk, ADMINISTER, by="test", act="look"):
        return {row.person.pk for row in find(workspace.pk, Wanted(text=text, **wanted)).rows}


def everybody(workspace, text):
    with processing(workspace.pk, ADMINISTER, by="test", act="look"), connection.cursor() as cursor:
        cursor.execute(*statement(workspace.pk, Selection(text=text)))
        return {row[0] for row in cursor.fetchall()}


def named(workspace, first="", last="", **more):
    return make.person(workspace, traits={"identity": {"first_name": first, "last_name": last}}, **more)


def kept(workspace, person):
    with processing(workspace.pk, ADMINISTER, by="test", act="look"):
        rows = NameWord.objects.filter(workspace_id=workspace.pk, person_id=person)
        return sorted(rows.values_list("word", flat=True))


LETTERS = st.characters(max_codepoint=0x52F, exclude_characters="\0", exclude_categories=("Cs", "Cn"))


@given(st.text(LETTERS, max_size=60))
@example("Anna-Karin Öberg")
@example("Þórður Åsa ŁUKASZ Straße İpek Νίκος ﬁn")
@example("x" * 50)
@pytest.mark.django_db
def test_a_text_has_the_same_words_here_and_in_the_database(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT array(SELECT tillit_name_words(%s))", [text])
        assert cursor.fetchone()[0] == names.words(text)


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("anna", True),
        ("KARIN", True),
        ("oberg anna", True),
        ("Öberg", True),
        ("Anna-Karin Öb", True),
        ("berg", False),
        ("anna berg", False),
        ("-", False),
        ("", True),
    ],
)
def test_every_word_begins_a_word_of_the_name(db, text, hit):
    workspace = make.workspace()
    person = named(workspace, "Anna-Karin", "Öberg")
    assert (person in found(workspace, text)) is hit
    assert (person in everybody(workspace, text)) is hit


@pytest.mark.parametrize(
    "text",
    ["+46701234567", "+46 70 123", "0046701234567", "070-123 45 67", "(070) 1234567", "Cust 0", "cust 0042", "ID"],
)
def test_people_are_found_by_any_identifier(db, text):
    workspace = make.workspace()
    person = make.person(workspace)
    with processing(workspace.pk, ADMINISTER, by="test", act="add"):
        for kind, value in (("phone", "+46701234567"), ("customer", "Cust 0042"), ("customer", "cust 0042")):
            key, normal = actions.identity_key(workspace.pk, kind, value)
            Identity.everyone.create(key=key, workspace_id=workspace.pk, person_id=person, kind=kind, value=normal)
    make.person(workspace)
    assert found(workspace, str(person) if text == "ID" else text) == {person}


@pytest.mark.clause("A6", "C8")
def test_nobody_of_another_workspace_is_found(db):
    mine, other = make.workspace(), make.workspace()
    person = named(other, "Anna")
    assert found(mine, "anna") == set()
    assert found(mine, str(person)) == set()
    assert found(other, "anna") == {person}


@pytest.mark.clause("C8")
def test_a_purpose_without_names_finds_nobody_by_name(db):
    workspace = make.workspace()
    person = named(workspace, "Anna")
    with processing(workspace.pk, "delivery.operate", by="test", act="look"):
        assert Person.objects.filter(pk=person).exists()
        assert find(workspace.pk, Wanted(text="anna")).rows == []


def test_the_words_follow_what_is_known(db):
    workspace = make.workspace()
    workspace.fields.create(name="first_name", label="First name", category="identity")
    person = named(workspace, "Anna", "Anna Berg")
    assert kept(workspace, person) == ["anna", "anna", "berg"]
    records.change_values(workspace.pk, person, {"first_name": "Bo"}, by="user:1")
    assert kept(workspace, person) == ["anna", "berg", "bo"]
    records.change_values(workspace.pk, person, {"first_name": ""}, by="user:1")
    assert kept(workspace, person) == ["anna", "berg"]
    with processing(workspace.pk, ADMINISTER, by="test", act="change") as activity:
        actions.set_traits(activity, person, category="occupation", values={"company": "Acme"})
    assert kept(workspace, person) == ["anna", "berg"]


@pytest.mark.clause("A3")
def test_an_import_writes_the_words_of_new_people_and_known(house, bring):
    bring(house, "email,first name,last name\na@example.org,Åsa,Ek\n")
    bring(house, "email,first name,last name\na@example.org,Åsa,Lund\nb@example.org,Bo,Ek\n")
    assert len(found(house, "asa lund")) == len(found(house, "bo")) == len(found(house, "ek")) == 1


@pytest.mark.clause("E1", "E8")
def test_a_copy_shows_the_words_and_an_erasure_takes_them(db):
    workspace = make.workspace()
    person, other = named(workspace, "Anna", "Berg"), named(workspace, "Anna", "Lund")
    copy = access(workspace.pk, person, by="test", now=timezone.now())
    shown = next(table for table in copy.tables if table.name == "people.nameword")
    assert sorted(row["word"] for row in shown.rows) == ["anna", "berg"]
    erase(workspace.pk, person, by="test", now=timezone.now())
    assert kept(workspace, person) == []
    assert found(workspace, "anna") == {other}


def test_people_of_a_list_or_a_standing_are_found_by_name(db):
    workspace = make.workspace()
    people = [named(workspace, f"Anna {n}", region=Region.UK if n % 2 else Region.EEA) for n in range(8)]
    news = make.mailing_list(workspace, *people[4:])
    assert found(workspace, "anna", list_id=news.pk) == set(people[4:])
    assert found(workspace, "anna", list_id=news.pk, state="unsubscribed") == set()
    assert found(workspace, "anna", list_id=news.pk, region=int(Region.UK)) == {people[5], people[7]}
    assert found(workspace, "anna", state="subscribed") == set(people[4:])


def test_a_rare_standing_is_found_however_many_have_the_name(db):
    workspace = make.workspace()
    people = [named(workspace, "Anna") for _ in range(30)]
    news = make.mailing_list(workspace, people[0])
    assert found(workspace, "anna", list_id=news.pk, limit=2) == {people[0]}


def test_pages_of_a_name_follow_each_other_both_ways(db):
    workspace = make.workspace()
    people = [named(workspace, "Anna", "Anna") for _ in range(9)]
    seen, after = [], None
    with processing(workspace.pk, ADMINISTER, by="test", act="look"):
        while True:
            page = find(workspace.pk, Wanted(text="anna", limit=4, after=after))
            seen += [row.person.pk for row in page.rows]
            if not page.older:
                break
            after = seen[-1]
        back = find(workspace.pk, Wanted(text="anna", limit=4, before=seen[8]))
    assert seen == people[::-1]
    assert [row.person.pk for row in back.rows] == seen[4:8]

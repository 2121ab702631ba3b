"""Two records made one and parted again: nothing is lost, and no yes outlives a no."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tests.rights.rows import fill, remains
from tillit.accounts.models import Workspace
from tillit.consent.actions import NobodyThere
from tillit.consent.queries import preferences
from tillit.ledger.processing import processing
from tillit.ledger.rls import PERSON, personal_models
from tillit.people.merges import present_id
from tillit.people.models import Identity, Merge, Person, Subscription, Traits
from tillit.policy.regions import Region
from tillit.rights.actions import access, erase, receive
from tillit.rights.merging.actions import CannotMerge, CannotSplit, merge, split

pytestmark = pytest.mark.usefixtures("committed_db")
MAIL = "marketing.email"


@pytest.fixture
def workspace(committed_db) -> Workspace:
    return make.workspace()


def merged(workspace: Workspace, kept: UUID, gone: UUID) -> Merge:
    return merge(workspace.pk, kept, gone, by="test", now=timezone.now())


def parted(workspace: Workspace, found: Merge):
    return split(workspace.pk, found.pk, by="test", now=timezone.now())


def permitted(workspace: Workspace, person: UUID, purpose: str = MAIL) -> bool:
    with processing(workspace.pk, purpose, by="test", act="look"):
        return Person.objects.filter(pk=person).exists()


def rows(*people: UUID) -> dict[str, list[Any]]:
    """Table → every row of some people, seen past row-level security; without what only says what happened."""
    found = {}
    with superuser() as look:
        for model, _ in personal_models():
            own = "id" if model._meta.label == PERSON else "person_id"
            statement = f'SELECT to_jsonb(t) FROM "{model._meta.db_table}" t WHERE {own} = ANY (%s) ORDER BY t::text'
            found[model._meta.db_table] = [row[0] for row in look.execute(statement, [list(people)]).fetchall()]
    return found


def mend(hand: psycopg.Connection) -> None:
    """Make what `fill` wrote possible: choices of a purpose that there is, nobody erased."""
    hand.execute("SET session_replication_role = replica")  # what was chosen is never changed but by these tests
    hand.execute("UPDATE consent_choice SET purpose = 'marketing.email', state = 'granted'")
    hand.execute("SET session_replication_role = origin")
    hand.execute("UPDATE people_identity SET erased_at = NULL")


@pytest.mark.clause("C20")
def test_merging_and_splitting_gives_every_row_back(workspace):
    """A row in every table of both records, in the same category, list, import and act too."""
    kept = make.person(workspace, region=Region.UK, traits={"identity": {"first_name": "Ann"}})
    gone = make.person(
        workspace, region=Region.US, traits={"identity": {"first_name": "Anna", "last_name": "Berg"}}, language="sv"
    )
    both_on = make.mailing_list(workspace, kept, gone)
    make.mailing_list(workspace, gone)
    fill(workspace, kept)
    fill(workspace, gone, first=5000)
    with superuser() as hand:
        mend(hand)
        hand.execute("UPDATE people_subscription SET state = 'unsubscribed' WHERE person_id = %s", [gone])
        for table, column in (("people_importtrace", "import_id"), ("people_bulkchange", "act_id")):
            hand.execute(f"UPDATE {table} SET {column} = 7")
    before = rows(kept, gone)
    found = merged(workspace, kept, gone)
    assert not remains(gone).keys() - {
        "consent_choice",
        "consent_voidedchoice",
        "people_paststanding",
        "people_nameword",
    }
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        person = Person.objects.get(pk=kept)
        assert (person.region, person.language) == (Region.UNKNOWN, "sv")
        assert Traits.objects.get(person_id=kept, category="identity").values == {
            "first_name": "Ann",
            "last_name": "Berg",
        }
        assert Subscription.objects.get(person_id=kept, list_id=both_on.pk).state == "unsubscribed"
    left = parted(workspace, found)
    assert (left.lists, left.fields, left.rows, left.refusals) == ([], {}, 0, 0)
    after = rows(kept, gone)
    for told in ("people_paststanding", "people_merge", "people_notduplicate"):
        assert len(after.pop(told)) > len(before.pop(told))
    assert after == before


def test_records_are_parted_although_their_tables_changed_meanwhile(workspace):
    kept, gone = make.person(workspace), make.person(workspace, traits={"identity": {"first_name": "Ann"}})
    news = make.mailing_list(workspace, kept, gone)
    fill(workspace, kept)
    fill(workspace, gone, first=5000)
    with superuser() as hand:
        mend(hand)
        hand.execute("UPDATE people_importtrace SET import_id = 7")
    found = merged(workspace, kept, gone)
    tables = ("people_person", "people_subscription", "people_traits", "people_importtrace")
    with superuser() as hand:
        for table in tables:
            hand.execute(f"ALTER TABLE {table} ADD COLUMN made_since integer NOT NULL DEFAULT 7")
    try:
        parted(workspace, found)
        with superuser() as look:
            told = look.execute("SELECT made_since FROM people_subscription WHERE list_id = %s", [news.pk]).fetchall()
            traced = look.execute("SELECT made_since FROM people_importtrace WHERE import_id = 7").fetchall()
        assert told == traced == [(7,), (7,)] and permitted(workspace, gone, "audience.administer")
    finally:
        with superuser() as hand:
            for table in tables:
                hand.execute(f"ALTER TABLE {table} DROP COLUMN made_since")


def test_the_words_of_a_name_follow_the_record(workspace):
    kept = make.person(workspace, traits={"identity": {"first_name": "Ann"}})
    gone = make.person(workspace, traits={"identity": {"last_name": "Berg"}})
    before = rows(kept, gone)["people_nameword"]
    found = merged(workspace, kept, gone)
    assert {row["word"] for row in rows(kept)["people_nameword"]} == {"ann", "berg"}
    parted(workspace, found)
    assert rows(kept, gone)["people_nameword"] == before


@pytest.mark.clause("C20", "A4")
@pytest.mark.parametrize("said", ["refused", "withdrawn", "objected"])
def test_a_no_of_either_record_stands_for_both(workspace, said):
    yes, no = make.person(workspace), make.person(workspace)
    make.choice(workspace, yes)
    make.choice(workspace, no, state=said)
    found = merged(workspace, yes, no)
    assert not permitted(workspace, yes)
    parted(workspace, found)
    assert permitted(workspace, yes) and not permitted(workspace, no)
    merged(workspace, no, yes)
    assert not permitted(workspace, no)


def test_what_is_chosen_after_the_merge_counts_on_top(workspace):
    yes, no = make.person(workspace), make.person(workspace)
    make.choice(workspace, no, state="refused")
    found = merged(workspace, yes, no)
    make.choice(workspace, yes)
    assert permitted(workspace, yes)
    parted(workspace, found)
    assert permitted(workspace, yes) and not permitted(workspace, no)


@pytest.mark.clause("A4")
def test_a_no_that_was_said_meanwhile_stays_with_both(workspace):
    kept, gone = make.person(workspace), make.person(workspace)
    make.choice(workspace, kept)
    make.choice(workspace, gone)
    found = merged(workspace, kept, gone)
    assert permitted(workspace, kept)
    make.choice(workspace, kept, state="withdrawn")
    assert parted(workspace, found).refusals == 1
    assert not permitted(workspace, kept) and not permitted(workspace, gone)


def test_a_yes_said_meanwhile_does_not_undo_the_no_of_before(workspace):
    kept, gone = make.person(workspace), make.person(workspace)
    make.choice(workspace, kept, state="objected")
    found = merged(workspace, kept, gone)
    make.choice(workspace, kept)
    assert permitted(workspace, kept)
    parted(workspace, found)
    assert not permitted(workspace, kept) and not permitted(workspace, gone)


def test_the_latest_merge_is_split_first(workspace):
    first, second, third = (make.person(workspace) for _ in range(3))
    make.choice(workspace, first)
    make.choice(workspace, third, state="refused")
    before = rows(first, second, third)
    inner, outer = merged(workspace, second, third), merged(workspace, first, second)
    assert present_id(workspace.pk, third) == first and not permitted(workspace, first)
    with pytest.raises(CannotSplit):
        parted(workspace, inner)
    parted(workspace, outer)
    assert present_id(workspace.pk, third) == second and permitted(workspace, first)
    parted(workspace, inner)
    after = rows(first, second, third)
    for told in ("people_merge", "people_notduplicate", "people_paststanding"):
        after.pop(told), before.pop(told)
    assert after == before
    with pytest.raises(CannotSplit):
        parted(workspace, inner)


@pytest.mark.clause("E1")
def test_erasing_the_kept_record_erases_both(workspace):
    kept, gone = make.person(workspace), make.person(workspace)
    make.choice(workspace, gone)
    merged(workspace, kept, gone)
    erase(workspace.pk, kept, by="test", now=timezone.now())
    assert remains(kept) == {"rights_request": 1}
    assert remains(gone) == {"consent_choice": 1, "rights_request": 1}


@pytest.mark.clause("E1")
def test_a_copy_holds_what_lies_under_the_gone_id(workspace):
    kept, gone = make.person(workspace), make.person(workspace)
    receipt = make.choice(workspace, gone)
    merged(workspace, kept, gone)
    copy = access(workspace.pk, kept, by="test", now=timezone.now())
    [choices] = [table for table in copy.tables if table.name == "consent.choice"]
    assert [row["id"] for row in choices.rows] == [str(receipt)]
    known = preferences(workspace.pk, kept, by="test")
    assert known and [choice.pk for choice in known.choices] == [receipt]


def test_who_asked_to_be_erased_is_answered_first(workspace):
    kept, gone = make.person(workspace), make.person(workspace)
    receive(workspace.pk, gone, "erasure", received_at=timezone.now(), by="test")
    with pytest.raises(CannotMerge):
        merged(workspace, kept, gone)


def test_nobody_is_merged_across_workspaces_or_with_themselves(workspace):
    kept, other = make.person(workspace), make.person(make.workspace())
    with pytest.raises(NobodyThere):
        merged(workspace, kept, other)
    with pytest.raises(CannotMerge):
        merged(workspace, kept, kept)
    assert present_id(workspace.pk, kept) == kept


def test_what_was_changed_since_stays_and_is_told(workspace):
    kept = make.person(workspace, traits={"identity": {"first_name": "Ann"}})
    gone = make.person(workspace, traits={"identity": {"first_name": "Anna", "last_name": "Berg"}})
    on = make.mailing_list(workspace, gone)
    found = merged(workspace, kept, gone)
    with superuser() as hand:
        hand.execute(
            'UPDATE people_traits SET values = values || \'{"first_name": "Anne"}\' WHERE person_id = %s', [kept]
        )
        hand.execute("UPDATE people_subscription SET state = 'unsubscribed' WHERE person_id = %s", [kept])
    left = parted(workspace, found)
    assert (left.fields, left.lists) == ({"identity": ["first_name"]}, [str(on.pk)])
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        names = dict(Traits.objects.filter(category="identity").values_list("person_id", "values"))
        assert names == {kept: {"first_name": "Anne"}, gone: {"first_name": "Anna", "last_name": "Berg"}}
        assert set(Subscription.objects.values_list("person_id", "state")) == {
            (kept, "unsubscribed"),
            (gone, "unsubscribed"),
        }
        assert Identity.objects.filter(person_id=gone).count() == 1

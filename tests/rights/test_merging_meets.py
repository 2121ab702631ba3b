"""What a merge meets: restrictions, bounces, requests, campaigns, imports and other merges under way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tests.rights.rows import remains
from tillit.accounts.models import Workspace
from tillit.campaigns import actions as campaigns
from tillit.consent.actions import NobodyThere
from tillit.delivery.models import Message
from tillit.delivery.reasons import MERGED
from tillit.edge.tokens import Kind
from tillit.ledger.processing import processing
from tillit.people import records
from tillit.people.duplicates.finding import search
from tillit.people.duplicates.queries import suggestions
from tillit.people.field_erasure import erase_batch
from tillit.people.fields import retire_field
from tillit.people.merges import forget_kept, ids_of, present_id
from tillit.people.models import Field, Identity, ImportTrace, Merge, MergeTrace, Person, Subscription
from tillit.people.suppression.actions import Why, suppress
from tillit.rights.actions import access, erase, receive
from tillit.rights.merging.actions import CannotMerge, CannotSplit, call_different, merge, split
from tillit.rights.models import Request

pytestmark = pytest.mark.usefixtures("committed_db")
MAIL = "marketing.email"


@pytest.fixture
def house(committed_db) -> Workspace:
    return make.workspace(postal_address="Drottninggatan 1\n111 51 Stockholm")


def merged(house: Workspace, kept: UUID, gone: UUID) -> Merge:
    return merge(house.pk, kept, gone, by="test", now=timezone.now())


def parted(house: Workspace, found: Merge):
    return split(house.pk, found.pk, by="test", now=timezone.now())


def person(house: Workspace, found: UUID) -> Person:
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        return Person.objects.get(pk=found)


def permitted(house: Workspace, found: UUID) -> bool:
    with processing(house.pk, MAIL, by="test", act="look"):
        return Person.objects.filter(pk=found).exists()


def bounced(*people: UUID) -> None:
    with superuser() as hand:
        hand.execute("UPDATE people_person SET flags = flags | 2 WHERE id = ANY (%s)", [list(people)])


# -- restrictions, suppressions, bounces ------------------------------------------------------------------------------
@pytest.mark.clause("E2")
@pytest.mark.parametrize("which", [0, 1])
def test_whose_processing_is_restricted_is_not_merged(house, which):
    """Restricted information is stored, and used for nothing else (GDPR art 18)."""
    both = make.person(house), make.person(house)
    records.restrict(house.pk, both[which], by="test")
    with pytest.raises(CannotMerge):
        merged(house, *both)
    records.lift_restriction(house.pk, both[which], by="test")
    assert merged(house, *both)


@pytest.mark.clause("A4")
def test_a_restriction_after_the_merge_is_both_records_after_a_split(house):
    kept, gone = make.person(house), make.person(house)
    found = merged(house, kept, gone)
    records.restrict(house.pk, kept, by="test")
    parted(house, found)
    assert person(house, kept).restricted and person(house, gone).restricted


@pytest.mark.clause("A4")
@pytest.mark.parametrize("which", [0, 1])
def test_a_suppressed_address_silences_both(house, which):
    both = make.person(house, email="one@example.org"), make.person(house, email="two@example.org")
    for each in both:
        make.choice(house, each)
    suppress(house.pk, [("email", ("one@example.org", "two@example.org")[which])], why())
    found = merged(house, *both)
    assert not permitted(house, both[0])
    parted(house, found)
    assert [permitted(house, each) for each in both] == [which == 1, which == 0]


def why() -> Why:
    return Why(reason="asked", by="test", now=timezone.now())


@pytest.mark.parametrize(("first", "reachable"), [(True, True), (False, False)])
def test_who_bounces_is_told_by_the_address_that_mail_goes_to(house, first, reachable):
    """Mail goes to the address that was known first: another one that bounces stops nothing."""
    old, new = make.person(house), make.person(house)
    bounced(new if first else old)
    found = merged(house, new, old)
    assert person(house, new).unreachable != reachable
    parted(house, found)
    assert (person(house, old).unreachable, person(house, new).unreachable) == (not first, first)


# -- requests ---------------------------------------------------------------------------------------------------------
@pytest.mark.clause("E1")
def test_both_requests_are_answered_by_one_copy(house):
    kept, gone = make.person(house), make.person(house)
    for each in (gone, kept):
        receive(house.pk, each, "access", received_at=timezone.now() - timedelta(days=3), by="test")
    merged(house, kept, gone)
    access(house.pk, kept, by="test", now=timezone.now())
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert set(Request.objects.values_list("person_id", "state")) == {(kept, "fulfilled")}


@pytest.mark.clause("E1")
def test_a_request_after_the_merge_stays_with_the_kept_record(house):
    kept, gone = make.person(house), make.person(house)
    found = merged(house, kept, gone)
    receive(house.pk, kept, "erasure", received_at=timezone.now(), by="test")
    parted(house, found)
    erase(house.pk, kept, by="test", now=timezone.now())
    assert person(house, gone)


@pytest.mark.clause("E1")
def test_erasing_after_two_merges_leaves_nothing_of_any_of_the_three(house):
    people = [make.person(house, traits={"identity": {"first_name": f"P{n}"}}) for n in range(3)]
    for each in people:
        make.choice(house, each)
    make.mailing_list(house, *people)
    merged(house, people[1], people[0])
    merged(house, people[2], people[1])
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert set(ids_of(people[2])) == set(people)
    copy = access(house.pk, people[2], by="test", now=timezone.now())
    assert len(next(table for table in copy.tables if table.name == "consent.choice").rows) == 3
    erase(house.pk, people[2], by="test", now=timezone.now())
    for each in people:
        assert remains(each).keys() == {"consent_choice", "rights_request"}
        assert present_id(house.pk, each) == each


@pytest.mark.clause("E1")
def test_nothing_of_somebody_else_names_who_was_erased(house):
    kept, gone = make.person(house), make.person(house)
    parted(house, merged(house, kept, gone))
    erase(house.pk, gone, by="test", now=timezone.now())
    with superuser() as look:
        for table in ("people_notduplicate", "people_likeness"):
            assert not look.execute(f"SELECT 1 FROM {table} WHERE other_id = %s", [gone]).fetchone()


def test_a_merge_whose_person_was_erased_cannot_be_split(house):
    kept, gone = make.person(house), make.person(house)
    found = merged(house, kept, gone)
    erase(house.pk, kept, by="test", now=timezone.now())
    with pytest.raises(NobodyThere):
        parted(house, found)


# -- lists, choices, imports ------------------------------------------------------------------------------------------
@pytest.mark.clause("A4", "E5")
def test_who_was_taken_off_since_is_put_back_by_no_split(house):
    """As undoing an act on many does: the row is gone, and with it the other record's place."""
    kept, gone = make.person(house), make.person(house)
    make.mailing_list(house, kept, gone)
    found = merged(house, kept, gone)
    with superuser() as hand:
        hand.execute("DELETE FROM people_subscription WHERE person_id = %s", [kept])
    parted(house, found)
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert not Subscription.objects.exists()


@pytest.mark.clause("A4")
def test_three_records_in_a_chain_keep_every_no_through_merges_and_splits(house):
    a, b, c = (make.person(house) for _ in range(3))
    for each in (a, b, c):
        make.choice(house, each)
    inner, outer = merged(house, b, c), merged(house, a, b)
    assert permitted(house, a)
    make.choice(house, a, state="withdrawn")
    parted(house, outer)
    assert [permitted(house, each) for each in (a, b)] == [False, False]
    parted(house, inner)
    assert [permitted(house, each) for each in (a, b, c)] == [False] * 3
    merged(house, c, a)
    again = merged(house, b, c)
    make.choice(house, b)
    assert permitted(house, b)
    parted(house, again)
    assert [permitted(house, each) for each in (b, c)] == [False, False]  # either had said no before


def test_two_that_went_into_one_are_split_the_latest_first(house):
    a, b, c = (make.person(house) for _ in range(3))
    first, second = merged(house, a, b), merged(house, a, c)
    with pytest.raises(CannotSplit):
        parted(house, first)
    parted(house, second)
    parted(house, first)
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert dict(Identity.objects.values_list("person_id", "kind")).keys() == {a, b, c}


def traced(house: Workspace, *people: UUID) -> None:
    """What an import keeps of people so that it can be undone."""
    with superuser() as hand:
        for each in people:
            hand.execute(
                "INSERT INTO people_importtrace (import_id, workspace_id, person_id, part, category, before, after)"
                " VALUES (7, %s, %s, 'values', 'occupation', '{\"values\": {\"size\": \"secret\"}}',"
                ' \'{"size": "secret"}\')',
                [house.pk, each],
            )


def kept_for_splitting() -> str:
    with superuser() as look:
        return "".join(row[0] for row in look.execute("SELECT to_jsonb(t)::text FROM people_mergetrace t").fetchall())


@pytest.mark.clause("A4")
def test_a_retired_field_leaves_what_is_kept_for_splitting(house):
    field = Field.objects.create(workspace=house, name="size", label="Size", category="occupation")
    kept, gone = make.person(house), make.person(house)
    traced(house, kept, gone)
    merged(house, kept, gone)
    assert "secret" in kept_for_splitting()
    retire_field(field, by="test", now=timezone.now())
    while erase_batch(field.pk):
        pass
    assert "secret" not in kept_for_splitting()


def test_what_an_import_cannot_be_undone_by_any_more_leaves_merges_too(house):
    kept, gone = make.person(house), make.person(house)
    traced(house, kept, gone)
    merged(house, kept, gone)
    for number, there in ((8, True), (7, False)):
        with processing(house.pk, "rights.fulfil", by="test", act="forget"):
            forget_kept(ImportTrace, "import_id", [number])
        assert ("secret" in kept_for_splitting()) == there


# -- suggestions ------------------------------------------------------------------------------------------------------
def test_who_is_not_the_same_as_a_record_is_not_the_same_as_what_it_went_into(house):
    names = {"identity": {"first_name": "Anna", "last_name": "Berg"}}
    first, kept, gone = (make.person(house, email=f"{n}@bolaget.se", traits=names) for n in ("aa", "bb", "cc"))
    search(house.pk, by="test", now=timezone.now())
    call_different(house.pk, first, gone, by="test", now=timezone.now())
    merged(house, kept, gone)
    with processing(house.pk, "audience.administer", by="test", act="look"):
        assert suggestions().pairs == []
    search(house.pk, by="test", now=timezone.now())
    with processing(house.pk, "audience.administer", by="test", act="look"):
        assert suggestions().pairs == []


def test_two_searches_at_once_find_the_same(house):
    names = {"identity": {"first_name": "Anna", "last_name": "Berg"}}
    for n in ("aa", "bb"):
        make.person(house, email=f"{n}@bolaget.se", traits=names)
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda _: closing(search, house.pk, by="test", now=timezone.now()), range(2)))
    assert [each["pairs"] for each in counts] == [1, 1]
    with processing(house.pk, "audience.administer", by="test", act="look"):
        assert len(suggestions().pairs) == 1


# -- campaigns --------------------------------------------------------------------------------------------------------
def test_who_waits_for_a_campaign_twice_gets_it_once(house, settings):
    settings.BASE_URL = "https://mail.example.com"
    news = make.mailing_list(house, name="News")
    kept, gone, had = (make.reader(house, on=[news], may=[MAIL]) for _ in range(3))
    draft = make.campaign(house, lists=[news])
    campaigns.send(draft, by="user:1", now=timezone.now())
    assert campaigns.prepare(draft.pk) == 3
    with superuser() as hand:
        hand.execute("UPDATE delivery_message SET state = 'sent' WHERE person_id = %s", [had])
    merged(house, kept, gone)
    assert waiting(house) == {kept: ["queued", "withheld"], had: ["sent"]}
    merged(house, kept, had)
    assert waiting(house) == {kept: ["sent", "withheld", "withheld"]}
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert set(Message.objects.filter(state="withheld").values_list("reply", flat=True)) == {MERGED}


def waiting(house: Workspace) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        for each, state in Message.objects.order_by("state").values_list("person_id", "state"):
            found.setdefault(each, []).append(state)
    return found


# -- at once ----------------------------------------------------------------------------------------------------------
def closing(act, *arguments, **more):
    """Run in a thread, and give its connection back; what is refused is returned."""
    try:
        return act(*arguments, **more)
    except (NobodyThere, CannotMerge, CannotSplit) as refused:
        return refused
    finally:
        connection.close()


def until_somebody_waits(running) -> None:
    """Come back when a statement waits for a lock."""
    while True:
        assert not running.done(), running.result()
        with superuser() as look:
            if look.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]:
                return


def test_two_merges_of_the_same_people_at_once_make_one(house):
    one, other = make.person(house), make.person(house)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            merged(house, one, other)
            running = pool.submit(closing, merge, house.pk, other, one, by="test", now=timezone.now())
            until_somebody_waits(running)
        assert isinstance(running.result(), NobodyThere)
    assert present_id(house.pk, other) == one and person(house, one)


def test_two_splits_at_once_make_one(house):
    kept, gone = make.person(house), make.person(house)
    found = merged(house, kept, gone)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            parted(house, found)
            running = pool.submit(closing, split, house.pk, found.pk, by="test", now=timezone.now())
            until_somebody_waits(running)
        assert isinstance(running.result(), CannotSplit)
    assert person(house, kept) and person(house, gone)


@pytest.mark.clause("E5", "A4")
def test_a_no_that_comes_while_the_records_are_merged_is_heard(house):
    """One click in the mail to the record that goes, at the very moment: it waits, and is the merged person's."""
    kept, gone = make.person(house), make.person(house)
    news = make.mailing_list(house, kept, gone)
    for each in (kept, gone):
        make.choice(house, each)
    token = make.token(Kind.UNSUBSCRIBE, house, gone)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            merged(house, kept, gone)
            running = pool.submit(closing, Client().post, f"/u/{token}/stop")
            until_somebody_waits(running)
        assert running.result().status_code == 200
    assert not permitted(house, kept)
    with processing(house.pk, "rights.fulfil", by="test", act="look"):
        assert list(Subscription.objects.filter(list_id=news.pk).values_list("person_id", "state")) == [
            (kept, "unsubscribed")
        ]


# -- what a trace holds -----------------------------------------------------------------------------------------------
@pytest.mark.clause("A6")
def test_a_purpose_sees_the_traces_of_its_categories_alone(house):
    everything = {"identity": {"first_name": "Ann"}, "demographics": {"age": "40"}}
    kept, gone = (make.person(house, traits=everything) for _ in range(2))
    merged(house, kept, gone)
    with processing(house.pk, "preferences.manage", by="test", act="look"):
        seen = set(MergeTrace.objects.values_list("category", flat=True))
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT category FROM people_mergetrace")
            assert {row[0] for row in cursor.fetchall()} == seen
    assert "identity" in seen and "demographics" not in seen

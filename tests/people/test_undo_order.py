"""Several imports are undone in any order, and what each stood for goes with the last that did."""

from __future__ import annotations

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tests.people.outcomes import HEAD, MANAGE, MARKETING, bit, people
from tests.people.undoing import FULL, known, seen, undone
from tillit.consent.actions import choose
from tillit.consent.fold import refold
from tillit.consent.models import Choice, VoidedChoice
from tillit.ledger.processing import processing
from tillit.people import records
from tillit.people.importing.run import run_import
from tillit.people.importing.undo import begin, preview, run_undo
from tillit.people.models import Import, ImportTrace, Person


def test_an_import_since_keeps_what_it_confirms(house, bring):
    first = bring(house, HEAD + "a@example.org,Ann,,Bolaget,Sweden\nb@example.org,Bo,,,\n", consent=MARKETING)
    bring(house, "email,first name\na@example.org,Ann\n", mailing_list=None)
    found = preview(first, by="user:1", now=timezone.now())
    assert (found.staying, len(found.later)) == ({"imported": 1}, 1)
    assert undone(first).undo["counts"] == {"kept.imported": 1, "removed": 1, "voided": 2}
    [(address, left)] = people(house).items()
    assert (address, left["traits"], left["lists"], left["bits"]) == (
        "a@example.org",
        {"first_name": "Ann"},
        [],
        (0, 0),
    )


@pytest.mark.clause("A4", "E8")
def test_what_an_import_undone_earlier_left_goes_with_the_later_one(house, bring):
    known(house)
    before = seen(house)
    both = HEAD + "anna@example.org,Anne,,Bolaget,Sweden\nnew@example.org,Ny,,Firman,\n"
    first = bring(house, both, consent=MARKETING)
    second = bring(house, HEAD + "anna@example.org,Annie,,,\nnew@example.org,Ny,,,\n", consent=MARKETING)
    assert undone(first).undo["counts"]["kept.imported"] == 1
    left = people(house)
    assert (left["anna@example.org"]["traits"]["first_name"], left["new@example.org"]["lists"]) == (
        *("Annie", ["subscribed"]),
    )
    found = preview(second, by="user:1", now=timezone.now())
    assert (found.made, found.known, found.going, found.staying) == (1, 1, 1, {})
    assert undone(second).undo["counts"]["removed"] == 1
    assert seen(house) == before
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        assert not ImportTrace.objects.exists()


@pytest.mark.parametrize("first", [0, 1])
def test_imports_that_ran_side_by_side_are_undone_in_either_order(house, queue, monkeypatch, first):
    """Each wrote something after the other began, so each is the later one for whomever it named last."""
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 256)
    anna, bo = known(house), make.person(house, email="bo@example.org")
    before = seen(house)
    filling = "".join(f"p{n}@example.org,,,subscribed\n" for n in range(30))
    head = "email,first name,company,status\n"
    one = queue(house, f"{head}bo@example.org,Bosse,Firman,subscribed\n{filling}anna@example.org,Anne,,unsubscribed\n")
    two = queue(house, f"{head}anna@example.org,Annie,Bolaget,subscribed\n{filling}bo@example.org,Bo,,unsubscribed\n")
    ran = []

    def beside(_item: Import) -> None:
        if not ran:
            ran.append(run_import(two.pk, chunk_rows=10))

    done = [run_import(one.pk, beside, chunk_rows=10), *ran]
    assert [item.state for item in done] == ["done", "done"] and anna != bo
    for item in (done[first], done[1 - first]):
        undone(item)
    assert seen(house) == before


@pytest.mark.parametrize("order", [(2, 0, 1), (2, 1, 0), (0, 1, 2), (1, 2, 0)])
def test_whoever_found_what_an_import_left_inherits_it(house, queue, monkeypatch, order):
    """One writes before and after two others: it is undone into the one that wrote first after it."""
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 256)
    known(house)
    before = seen(house)
    filling = "".join(f"p{n}@example.org,\n" for n in range(40))
    late = f"email,company\nanna@example.org,Third\n{filling}anna@example.org,Fourth\n"
    items = [queue(house, f"email,company\nanna@example.org,{said}\n") for said in ("Second", "First")]
    items.append(queue(house, late))
    ran = []

    def beside(_item: Import) -> None:
        if not ran:
            ran.extend(run_import(items[place].pk) for place in (1, 0))

    assert run_import(items[2].pk, beside, chunk_rows=10).state == "done"
    for place in order:
        undone(Import.objects.get(pk=items[place].pk))
    assert seen(house) == before


def test_two_undos_side_by_side_take_back_the_part_of_both(house, bring):
    """The later one has taken back whom it made, and still has to set back whom it knew."""
    known(house)
    before, head = seen(house), "email,status\n"
    first, second = (bring(house, f"{head}anna@example.org,{said}\n") for said in ("subscribed", "unsubscribed"))
    began = []

    def beside(_item: Import) -> None:
        if not began:
            began.append(undone(first))

    begin(second, by="user:1", now=timezone.now(), defer=False)
    assert run_undo(second.pk, beside).state == "undone" and len(began) == 1
    assert seen(house) == before


def test_what_staff_changed_between_two_imports_stays_when_both_are_undone(house, bring):
    anna = known(house)
    first = bring(house, HEAD + "anna@example.org,Anne,,,\nnew@example.org,Ny,,,\n")
    records.change_values(house.pk, anna, {"last_name": "Strand"}, by="user:1")
    second = bring(house, HEAD + "anna@example.org,Annie,,,\nnew@example.org,Nyare,,,\n")
    choose(house.pk, people(house)["new@example.org"]["id"], {MARKETING: "granted"}, method="form", now=timezone.now())
    for item in (first, second):
        undone(item)
    left = people(house)
    assert left["anna@example.org"]["traits"] == {"first_name": "Anna", "last_name": "Strand"}
    assert (left["new@example.org"]["traits"], left["new@example.org"]["lists"]) == ({}, ["subscribed"])


def test_a_later_import_keeps_the_opt_out_that_it_repeats(house, bring):
    known(house)
    text = "email,status\nanna@example.org,unsubscribed\n"
    first, _second = bring(house, text), bring(house, text)
    undone(first)
    left = people(house)["anna@example.org"]
    assert (left["bits"], left["lists"]) == ((0, bit(house, MARKETING)), ["unsubscribed"])


ADDRESS = st.sampled_from([f"p{n}@example.org" for n in range(6)])
CELL = st.sampled_from(["", "A", "B", "C"])
ROW = st.tuples(
    ADDRESS,
    st.sampled_from(["", "+46701234561", "+46701234562"]),
    st.sampled_from(["", "K1", "K2"]),
    CELL,
    CELL,
    CELL,
    st.sampled_from(["", "Sweden", "USA"]),
    st.sampled_from(["", "sv", "en"]),
    st.sampled_from(["", "subscribed", "unsubscribed", "other"]),
)
FILES = st.lists(
    st.tuples(st.lists(ROW, min_size=1, max_size=8), st.booleans(), st.booleans(), st.integers(1, 4)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(brought=FILES)
def test_undoing_the_newest_first_brings_back_each_state(house, bring, small_blocks, brought):
    states, done = [seen(house)], []
    for rows, consents, joins, _chunk in brought:
        text = FULL + "".join(",".join(row) + "\n" for row in rows)
        options = {} if joins else {"mailing_list": None}
        done.append(bring(house, text, consent=MARKETING if consents else "", **options))
        states.append(seen(house))
    for item in reversed(done):
        assert states.pop() == seen(house)
        told = undone(item, batch=2).undo
        assert not any(name.startswith("kept") for name in told["counts"]), told["counts"]
        folded_as_history_says(house)
    assert states == [seen(house)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(brought=FILES, order=st.permutations(range(3)))
def test_undoing_in_any_order_brings_back_the_beginning(house, bring, small_blocks, brought, order):
    before, done = seen(house), []
    for rows, consents, joins, _chunk in brought:
        text = FULL + "".join(",".join(row) + "\n" for row in rows)
        options = {} if joins else {"mailing_list": None}
        done.append(bring(house, text, consent=MARKETING if consents else "", **options))
    for place in order:
        if place < len(done):
            undone(done[place], batch=2)
            folded_as_history_says(house)
    assert seen(house) == before
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        assert not ImportTrace.objects.exists()


def folded_as_history_says(house) -> None:
    """The integers are those that folding what is left of the choices gives."""
    with processing(house.pk, MANAGE, by="test", act="look"):
        rows = list(Person.objects.order_by("id").values_list("id", "granted", "refused"))
        refold(house.pk, [row[0] for row in rows], now=timezone.now())
        assert list(Person.objects.order_by("id").values_list("id", "granted", "refused")) == rows
        voided = VoidedChoice.objects.values_list("choice_id", flat=True)
        assert Choice.objects.filter(pk__in=voided).exclude(method="import").count() == 0

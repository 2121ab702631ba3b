"""Undoing an import takes back all that it wrote and nobody touched since, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from tests import make
from tests.environment import ROOT
from tests.people.outcomes import ADMINISTER, HEAD, MANAGE, MARKETING, bit, people
from tillit.consent.actions import choose
from tillit.consent.fold import refold
from tillit.consent.marketing import stop_marketing
from tillit.consent.models import Choice, VoidedChoice
from tillit.consent.subscriptions import unsubscribe
from tillit.delivery.models import Message
from tillit.ledger.processing import SYSTEM, processing
from tillit.people import lists, notes, records
from tillit.people.actions import make_default_fields, set_subscription
from tillit.people.bulk import actions as bulk
from tillit.people.bulk import run as bulk_run
from tillit.people.importing import cleaning, files, undo
from tillit.people.importing.run import run_import
from tillit.people.importing.start import resume
from tillit.people.importing.undo import CannotUndo, begin, preview, run_undo
from tillit.people.models import BulkAct, BulkChange, Import, ImportChunk, ImportTrace, MailingList, Person, Source
from tillit.people.selection import Selection
from tillit.people.timeline import tell
from tillit.rights.actions import erase

TABLES = ("people_person", "people_identity", "people_traits", "people_subscription")
FULL = "email,phone,customer number,first name,company,city,country,language,status\n"


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 4096)


def everything() -> dict[str, list]:
    """Every row and column of the tables that an import writes, but for the history that is only added to."""
    with connection.cursor() as cursor:
        rows = {}
        for table in TABLES:
            cursor.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY 1")
            rows[table] = [row[0] for row in cursor.fetchall()]
    return rows


def seen(workspace) -> dict[str, list]:
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        return everything()


def undone(item: Import, **more) -> Import:
    begin(item, by="user:1", now=timezone.now(), defer=False)
    return run_undo(item.pk, **more)


def known(house, address="anna@example.org", **values):
    return make.person(house, email=address, traits={"identity": {"first_name": "Anna", "last_name": "Ek"}, **values})


@pytest.mark.clause("A4", "E8")
def test_a_mistaken_import_is_undone_completely(house, bring):
    anna, bo = known(house), make.person(house, email="bo@example.org", region=0)
    news = MailingList.objects.get(workspace=house)
    on = make.person(house, email="on@example.org", traits={"demographics": {"city": "Lund"}})
    with processing(house.pk, ADMINISTER, by="t", act="fill") as activity:
        set_subscription(activity, [on], news, "subscribed", now=timezone.now())
    make.choice(house, on)
    before = seen(house)
    rows = [
        "anna@example.org,+46701234567,A1,Anne,Bolaget,Umeå,Sweden,sv,subscribed",
        "bo@example.org,+46701234568,B1,Bo,,,USA,en,",
        "on@example.org,,,,Firman,Malmö,,,unsubscribed",
        "new@example.org,+46701234569,N1,Ny,X,Y,Norway,no,subscribed",
        "out@example.org,,,Ute,,,,,unsubscribed",
        "new@example.org,+46701234570,N2,Nyare,,,,,",
    ]
    done = bring(house, FULL + "\n".join(rows) + "\n", consent=MARKETING)
    assert done.counts["new"] == 2 and done.counts["known"] == 3 and done.counts["changed"] == 3
    assert seen(house) != before
    assert people(house)["on@example.org"]["bits"] == (0, bit(house, MARKETING))
    found = preview(done, by="user:1", now=timezone.now())
    assert (found.made, found.known, found.going, found.staying, found.whole) == (2, 3, 2, {}, True)
    result = undone(done)
    assert seen(house) == before
    assert (result.state, result.undo["counts"]) == ("undone", {"removed": 2, "restored": 3, "voided": 5})
    assert people(house)["on@example.org"]["bits"] == (bit(house, MARKETING), 0)
    assert {anna, bo, on} == {entry["id"] for entry in people(house).values()}
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        assert not ImportTrace.objects.exists()


def test_what_was_undone_comes_in_again_as_if_it_had_never_been(house, bring):
    known(house)
    text = HEAD + "anna@example.org,Anne,,Bolaget,Sweden\nnew@example.org,Ny,,,\n"
    first = bring(house, text, consent=MARKETING)
    outcome = people(house)
    undone(first)
    second = bring(house, text, consent=MARKETING)
    assert second.counts == first.counts
    again = people(house)
    for address, entry in outcome.items():
        assert {**again[address], "id": 0, "choices": 0} == {**entry, "id": 0, "choices": 0}


@pytest.mark.clause("E3", "E8")
def test_the_timeline_says_which_choices_count_no_more(house, bring):
    done = bring(house, "email\nanna@example.org\n", consent=MARKETING)
    person = people(house)["anna@example.org"]["id"]
    make.mailing_list(house, person, name="Club")
    choose(house.pk, person, {"measurement.email": "granted"}, method="preferences", now=timezone.now())
    undone(done)
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        told = tell(house.pk, person, before=timezone.now(), limit=20, kind="choice")
    details = [moment.detail for moment in told.moments]
    assert details[0] == "Preference centre"
    assert details[1].startswith("Import with evidence; counts no more since ")
    assert details[1].endswith(", when the import was undone")


@pytest.mark.clause("E9", "C11")
def test_a_persons_own_no_outlives_the_import_that_is_undone(house, bring):
    anna = known(house)
    done = bring(house, "email,status\nanna@example.org,\nnew@example.org,\n", consent=MARKETING)
    new = people(house)["new@example.org"]["id"]
    for person in (anna, new):
        choose(house.pk, person, {MARKETING: "withdrawn"}, method="preferences", now=timezone.now())
    found = preview(done, by="user:1", now=timezone.now())
    assert (found.going, found.staying) == (0, {"chose": 1})
    counts = undone(done).undo["counts"]
    assert counts == {"kept.chose": 1, "restored": 1, "voided": 2}
    left = people(house)
    for address in ("anna@example.org", "new@example.org"):
        assert left[address]["bits"] == (0, bit(house, MARKETING))
        assert left[address]["lists"] == []


def test_a_no_by_leaving_the_list_stays(house, bring):
    known(house)
    done = bring(house, "email\nanna@example.org\nnew@example.org\n")
    news = MailingList.objects.get(workspace=house)
    for address in ("anna@example.org", "new@example.org"):
        unsubscribe(house.pk, people(house)[address]["id"], [news.pk], now=timezone.now())
    assert undone(done).undo["counts"] == {"kept.list": 1, "restored": 1, "lists_kept": 1}
    left = people(house)
    assert left["anna@example.org"]["lists"] == left["new@example.org"]["lists"] == ["unsubscribed"]


@pytest.mark.clause("E5", "E9")
def test_whoever_says_no_once_more_after_the_file_did_keeps_it(house, bring):
    news, now = MailingList.objects.get(workspace=house), timezone.now()
    who = [known(house, f"{name}@example.org") for name in ("anna", "bo", "cia")]
    with processing(house.pk, ADMINISTER, by="t", act="fill") as activity:
        set_subscription(activity, who, news, "subscribed", now=now)
    for person in who:
        make.choice(house, person)
    rows = [f"{name}@example.org,unsubscribed" for name in ("anna", "bo", "cia", "new", "newer")]
    done = bring(house, "email,status\n" + "\n".join(rows) + "\n")
    found = people(house)
    for name in ("anna", "new"):
        unsubscribe(house.pk, found[f"{name}@example.org"]["id"], [news.pk], now=timezone.now())
    for name in ("bo", "newer"):
        stop_marketing(house.pk, found[f"{name}@example.org"]["id"], method="one-click", now=timezone.now())
    lists.take_off_list(news, [found["cia@example.org"]["id"]], by="user:1", now=timezone.now())  # they rang
    undone(done)
    left = people(house)
    assert {address: entry["lists"] for address, entry in left.items()} == {each: ["unsubscribed"] for each in found}
    refused = bit(house, MARKETING)
    for name in ("bo", "newer"):
        granted, no = left[f"{name}@example.org"]["bits"]
        assert (granted, no & refused) == (0, refused)


def test_who_said_yes_of_their_own_stays_on_the_list(house, bring):
    known(house)
    done = bring(house, "email\nanna@example.org\nnew@example.org\n")
    for address in ("anna@example.org", "new@example.org"):
        make.choice(house, people(house)[address]["id"])
    undone(done)
    left = people(house)
    assert left["anna@example.org"]["lists"] == left["new@example.org"]["lists"] == ["subscribed"]


def test_what_staff_changed_since_stays_and_the_rest_goes(house, bring):
    anna = known(house)
    done = bring(house, HEAD + "anna@example.org,Anne,Berg,Bolaget,\nnew@example.org,Ny,Person,Firman,\n")
    new = people(house)["new@example.org"]["id"]
    records.change_values(house.pk, anna, {"last_name": "Strand"}, by="user:1")
    records.change_values(house.pk, new, {"first_name": "Nyare"}, by="user:1")
    counts = undone(done).undo["counts"]
    assert counts == {"kept.edited": 1, "restored": 1, "values_kept": 1}
    left = people(house)
    assert left["anna@example.org"]["traits"] == {"first_name": "Anna", "last_name": "Strand"}
    assert left["new@example.org"]["traits"] == {"first_name": "Nyare", "last_name": "Person"}
    assert left["new@example.org"]["lists"] == []


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda house, who: records.change_place(house.pk, who, region=2, language="en", by="user:1"), "edited"),
        (lambda house, who: records.restrict(house.pk, who, by="user:1"), "restricted"),
        (lambda house, who: records.change_place(house.pk, who, region=0, language="en", by="user:1"), "edited"),
        (lambda house, who: notes.add(house.pk, who, "Rang about the fair", by="user:1"), "noted"),
        (lambda house, who: in_bulk(house, who, "field.set", field="city", text="Umeå"), "edited"),
        (lambda house, who: make.mailing_list(house, who, name="Club"), "list"),
    ],
)
def test_who_was_touched_since_stays(house, bring, act, reason):
    done = bring(house, "email\na@example.org\nb@example.org\n")
    act(house, people(house)["a@example.org"]["id"])
    assert undone(done).undo["counts"] == {f"kept.{reason}": 1, "removed": 1}
    assert set(people(house)) == {"a@example.org"}


def in_bulk(house, person, verb: str, **arguments) -> BulkAct:
    act = bulk.begin(house.pk, Selection(ids=(person,)), verb, arguments, by="user:1", defer=False)
    return bulk_run.run(act.pk)


def test_whom_an_act_on_many_left_as_they_were_goes_with_what_it_noted(house, bring):
    done = bring(house, "email\na@example.org\nb@example.org\nc@example.org\n")
    news, found = MailingList.objects.get(workspace=house), people(house)
    assert in_bulk(house, found["a@example.org"]["id"], "list.add", list=news.pk).counts == {"same": 1}
    undoing = in_bulk(house, found["b@example.org"]["id"], "list.add", list=make.mailing_list(house, name="Club").pk)
    bulk.undo(undoing, now=timezone.now(), by="user:1", defer=False)
    assert bulk_run.run(undoing.pk).counts == {"undone": 1}
    assert undone(done).undo["counts"] == {"removed": 3}
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        assert not BulkChange.objects.exists()


def test_who_was_sent_a_mail_stays(house, bring):
    done = bring(house, "email\na@example.org\nb@example.org\n")
    who = people(house)["a@example.org"]["id"]
    with processing(house.pk, ADMINISTER, by="t", act="mail"):
        Message.objects.bulk_create(
            [Message(id=uuid7(), workspace_id=house.pk, person_id=who, campaign_id=1, purpose=MARKETING)]
        )
    assert undone(done).undo["counts"] == {"kept.active": 1, "removed": 1}
    assert set(people(house)) == {"a@example.org"}


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


@pytest.mark.clause("E1")
def test_who_was_erased_since_stays_erased(house, bring):
    anna = known(house)
    done = bring(house, HEAD + "anna@example.org,Anne,,,\nnew@example.org,Ny,,,\nb@example.org,B,,,\n")
    for person in (anna, people(house)["new@example.org"]["id"]):
        erase(house.pk, person, by=SYSTEM, now=timezone.now())
    assert undone(done).undo["counts"] == {"removed": 1, "gone_before": 1}
    assert people(house) == {}
    again = bring(house, HEAD + "anna@example.org,Anne,,,\nnew@example.org,Ny,,,\n")
    assert again.counts["refused.erased"] == 2


def test_an_import_is_undone_once_and_only_when_it_is_over(house, bring, queue):
    waiting = queue(house, "email\nx@example.org\n")
    with pytest.raises(CannotUndo, match="Stop it first"):
        begin(waiting, by="user:1", now=timezone.now(), defer=False)
    done = bring(house, "email\na@example.org\n")
    with pytest.raises(CannotUndo, match="30 days"):
        begin(done, by="user:1", now=timezone.now() + timedelta(days=31), defer=False)
    stale = Import.objects.get(pk=done.pk)
    undone(done)
    with pytest.raises(CannotUndo, match="undone already"):
        begin(stale, by="user:1", now=timezone.now(), defer=False)
    with pytest.raises(CannotUndo, match="undone already"):
        begin(Import.objects.get(pk=done.pk), by="user:1", now=timezone.now(), defer=False)
    assert run_undo(done.pk).state == "undone"
    resume(done)
    assert run_import(done.pk).state == "undone"


def test_an_import_from_before_is_not_undone_by_half(house, bring):
    done = bring(house, "email\na@example.org\n")
    ImportChunk.objects.all().delete()
    with pytest.raises(CannotUndo, match="before imports could be undone"):
        preview(done, by="user:1", now=timezone.now())


def test_an_import_that_was_broken_off_is_undone_with_its_file(committed_db, make_house, queue, small_blocks):
    house = make_house()
    item = queue(house, HEAD + "".join(f"p{n}@example.org,P,Q,,\n" for n in range(900)))
    calls = []

    def fail(_):
        calls.append(1)
        if len(calls) == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_import(item.pk, fail, chunk_rows=100)
    item.refresh_from_db()
    assert people(house)
    result = undone(item)
    assert result.state == "undone" and people(house) == {}
    assert not (files.folder() / item.path).exists()


ROWS = HEAD + "".join(
    f"p{n}@example.org,N{n},B,Bolag{n % 3},{'Sweden' if n % 2 else ''}\n" for n in (*range(600), *range(0, 600, 7))
)


@pytest.mark.parametrize("broken_at", [1, 3, 5, 8])
def test_an_undo_that_breaks_off_goes_on_where_it_was(committed_db, make_house, bring, small_blocks, broken_at):
    house = make_house()
    for n in range(0, 600, 5):
        make.person(house, email=f"p{n}@example.org", region=0)
    before = seen(house)
    done = bring(house, ROWS, chunk_rows=100, consent=MARKETING)
    assert done.counts["known"] == 120 and done.counts["new"] == 480
    calls = []

    def fail(_):
        calls.append(1)
        if len(calls) == broken_at:
            raise ZeroDivisionError

    begin(done, by="user:1", now=timezone.now(), defer=False)
    with pytest.raises(ZeroDivisionError):
        run_undo(done.pk, fail, batch=30)
    halted = Import.objects.get(pk=done.pk)
    assert halted.state == "undoing" and "go on" in halted.error
    assert cleaning.resume_stalled(now=timezone.now() + timedelta(hours=1)) == 0
    undo.go_on(halted)
    result = run_undo(done.pk, batch=50)
    assert result.state == "undone" and result.undo["done"] == result.undo["total"] == done.counts["rows"]
    assert result.undo["counts"]["removed"] == 480 and result.undo["counts"]["restored"] == 120
    assert seen(house) == before


KILLED = """
import os, sys
sys.path.insert(0, {root!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "tillit.conf.settings"
import django; django.setup()
from tillit.people.importing import undo
real, count = undo.undo_made, []
def dying(step, *, chunk):
    real(step, chunk=chunk)
    count.append(1)
    if len(count) == 3:
        os._exit(9)
undo.undo_made = dying
undo.run_undo({item})
"""


def test_an_undo_whose_process_is_killed_is_taken_up_again(committed_db, make_house, bring, small_blocks):
    house = make_house()
    before = seen(house)
    done = bring(house, ROWS, chunk_rows=100)
    begin(done, by="user:1", now=timezone.now(), defer=False)
    script = KILLED.format(root=str(ROOT), item=done.pk)
    died = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, check=False)
    assert died.returncode == 9, died.stderr.decode()
    assert 0 < len(people(house)) < 600
    assert cleaning.resume_stalled(now=timezone.now() + cleaning.STALLED_AFTER) == 1
    assert run_undo(done.pk).state == "undone"
    assert seen(house) == before


def test_traces_go_when_the_import_can_be_undone_no_more(house, bring):
    known(house)
    done = bring(house, HEAD + "anna@example.org,Anne,,,\nnew@example.org,Ny,,,\n")
    assert cleaning.forget_traces(now=timezone.now() + timedelta(days=29)) == 0
    assert cleaning.forget_traces(now=timezone.now() + timedelta(days=31)) == 3  # seen, values, list
    assert not ImportChunk.objects.exists()
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        assert not ImportTrace.objects.exists()
    with pytest.raises(CannotUndo):
        begin(done, by="user:1", now=timezone.now(), defer=False)


@pytest.mark.clause("A6")
def test_a_purpose_sees_only_its_own_categories_of_a_trace(house, bring):
    known(house)
    bring(house, HEAD + "anna@example.org,Anne,,Bolaget,\n", consent=MARKETING)
    with processing(house.pk, "rights.fulfil", by="t", act="look"):
        whole = set(ImportTrace.objects.values_list("category", flat=True))
    with processing(house.pk, "delivery.operate", by="t", act="look"):
        part = set(ImportTrace.objects.values_list("category", flat=True))
    assert whole == {"contact", "identity", "occupation", "preferences"}
    assert part == {"contact", "preferences"}


def test_another_workspace_is_left_alone(house, bring, make_house):
    other = make.workspace(name="Other")
    make_default_fields(other.pk)
    Source.objects.create(workspace=other, name="S", warranty="w")
    MailingList.objects.create(workspace=other, name="L")
    bring(other, "email\na@example.org\n")
    before = seen(other)
    undone(bring(house, "email\na@example.org\n"))
    assert seen(other) == before and people(house) == {}


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

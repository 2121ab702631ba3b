"""Undoing an import takes back all that it wrote and nobody touched since, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from tests import make
from tests.people.outcomes import ADMINISTER, HEAD, MARKETING, bit, people
from tests.people.undoing import FULL, known, seen, undone
from tillit.consent.actions import choose
from tillit.consent.marketing import stop_marketing
from tillit.consent.subscriptions import unsubscribe
from tillit.delivery.models import Message
from tillit.ledger.processing import SYSTEM, processing
from tillit.people import lists, notes, records
from tillit.people.actions import make_default_fields, set_subscription
from tillit.people.bulk import actions as bulk
from tillit.people.bulk import run as bulk_run
from tillit.people.importing import cleaning
from tillit.people.importing.run import run_import
from tillit.people.importing.start import resume
from tillit.people.importing.undo import CannotUndo, begin, preview, run_undo
from tillit.people.models import BulkAct, BulkChange, Import, ImportChunk, ImportTrace, MailingList, Source
from tillit.people.selection import Selection
from tillit.people.timeline import tell
from tillit.rights.actions import erase


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

"""Trying an import says what it would change, and changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from tests import make
from tests.people.outcomes import HEAD, MARKETING, people
from tests.people.undoing import known, seen, undone
from tillit.ledger.models import Activity
from tillit.people.importing import cleaning, files, trial
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.run import run_import
from tillit.people.importing.start import map_columns, path_of, start
from tillit.people.importing.trial import begin, run_trial, sample_of
from tillit.people.models import Import, ImportChunk, MailingList, Source

TEXT = HEAD + (
    "anna@example.org,Anne,,Bolaget,Sweden\n"
    "bo@example.org,,,,\n"
    "new@example.org,Ny,Person,,Norway\n"
    "broken,,,,\n"
    "NEW@example.org,Nyare,,,\n"
)


@pytest.fixture
def tried(queue):
    def ran(house, text, **options) -> Import:
        draft = queue(house, text, draft_only=True, **options)
        begin(draft, by="user:1", now=timezone.now(), defer=False)
        return run_trial(draft.pk, chunk_rows=1000)

    return ran


@pytest.mark.clause("A4")
def test_a_trial_tells_what_an_import_then_does(house, tried):
    known(house)
    make.reader(house, email="bo@example.org", said_no=[MARKETING])
    before = seen(house)
    done = tried(house, TEXT, consent=MARKETING)
    assert done.trial["state"] == "done" and done.state == "draft"
    assert seen(house) == before and not ImportChunk.objects.exists()
    counts = done.trial["counts"]
    assert (counts["new"], counts["known"], counts["changed"], counts["kept_out"]) == (1, 2, 2, 1)
    assert (counts["refused.invalid_address"], counts["duplicates"]) == (1, 1)
    assert done.trial["fields"] == {"first_name": [1, 1], "company": [1, 0], "country": [1, 0]}
    changes = {(each["who"], name): (was, now) for each in sample_of(done) for name, was, now in each["changes"]}
    assert changes["anna@example.org", "first_name"] == ("Anna", "Anne")
    assert changes["anna@example.org", "company"] == (None, "Bolaget")
    assert changes["bo@example.org", "list"] == (None, "subscribed")
    assert Activity.objects.filter(act="people.import.try", object_ref=f"import:{done.pk}").count() == 1
    start(done, now=timezone.now())
    real = run_import(done.pk, chunk_rows=1000)
    assert {name: number for name, number in real.counts.items() if number} == {
        name: number for name, number in counts.items() if number
    }
    assert not files.tried(path_of(real)).exists()


def test_chunks_that_repeat_people_are_counted_as_the_import_does(house, tried, monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 2048)
    text = HEAD + "".join(f"p{n % 150}@example.org,P{n},,,\n" for n in range(400))
    draft = tried(house, text)
    again = run_again(draft)
    start(again, now=timezone.now())
    real = run_import(again.pk, chunk_rows=50)
    for name in ("rows", "new", "duplicates", "refused"):
        assert real.counts.get(name, 0) == again.trial["counts"].get(name, 0), name
    assert real.counts["new"] == 150


def run_again(draft: Import) -> Import:
    begin(draft, by="user:1", now=timezone.now(), defer=False)
    return run_trial(draft.pk, chunk_rows=50)


@pytest.mark.clause("B4")
def test_a_trial_meets_what_the_import_would_meet(house, queue):
    draft = queue(house, TEXT, draft_only=True)
    Source.objects.update(valid_until=date(2020, 1, 1))
    begin(draft, by="user:1", now=timezone.now(), defer=False)
    failed = run_trial(draft.pk)
    assert failed.trial["state"] == "failed" and "ended" in failed.trial["error"]


def test_a_trial_that_nobody_waits_for_ends(house, queue):
    draft = queue(house, TEXT, draft_only=True)
    begin(draft, by="user:1", now=timezone.now(), defer=False)
    start(Import.objects.get(pk=draft.pk), now=timezone.now())
    assert run_trial(draft.pk).state == "queued"
    stale = queue(house, TEXT, draft_only=True)
    begin(stale, by="user:1", now=timezone.now(), defer=False)

    def tried_anew(_item: Import) -> None:
        Import.objects.filter(pk=stale.pk).update(trial={"state": "queued", "anew": True})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "check_source", lambda *args, **more: tried_anew(stale))
        assert run_trial(stale.pk).trial == {"state": "queued", "anew": True}


MODES = "email,first name,last name,city\nanna@example.org,Anne,Berg,Umeå\nnew@example.org,Ny,Person,Lund\n"


def test_a_trial_whose_worker_died_begins_anew(house, queue):
    draft = queue(house, TEXT, draft_only=True)
    begin(draft, by="user:1", now=timezone.now(), defer=False)

    def die(_item: Import) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trial(draft.pk, die, chunk_rows=1)
    draft.refresh_from_db()
    assert draft.trial["state"] == "running"
    now = timezone.now()
    assert cleaning.resume_stalled(now=now) == 0
    assert [cleaning.resume_stalled(now=now + cleaning.STALLED_AFTER) for _ in range(2)] == [1, 0], "its job waits then"
    assert run_trial(draft.pk).trial["counts"]["new"] == 3


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        ("overwrite", {"first_name": "Anne", "last_name": "Berg", "city": "Umeå"}),
        ("empty", {"first_name": "Anna", "last_name": "Ek", "city": "Umeå"}),
        ("keep", {"first_name": "Anna", "last_name": "Ek"}),
    ],
)
def test_each_mode_treats_what_is_known_already_its_way(house, bring, mode, left):
    known(house)
    before = seen(house)
    done = bring(house, MODES, modes=dict.fromkeys(("first name", "last name", "city"), mode))
    found = people(house)
    assert found["anna@example.org"]["traits"] == left
    assert found["new@example.org"]["traits"] == {"first_name": "Ny", "last_name": "Person", "city": "Lund"}
    undone(done)
    assert seen(house) == before


def test_modes_are_mixed_and_must_be_known(house, bring, queue):
    known(house)
    bring(house, MODES, modes={"first name": "empty", "city": "keep"})
    assert people(house)["anna@example.org"]["traits"] == {"first_name": "Anna", "last_name": "Berg"}
    with pytest.raises(BadMapping, match="no way to treat"):
        queue(house, MODES, modes={"city": "guess"})


def test_a_mapping_is_remembered_by_header_and_list(house, bring, queue):
    text = "Mail,Who,Where,Odd\na@example.org,Ann,Lund,x\n"
    first = bring(house, text, wanted={"Mail": "email", "Who": "first_name", "Odd": ""}, modes={"Who": "empty"})
    again = queue(house, text, draft_only=True)
    assert again.options["columns"] == first.options["columns"]
    assert again.options["as_import"] == first.pk
    assert again.options["columns"][1] == {"name": "Who", "target": "field:first_name", "mode": "empty"}
    other = queue(house, "who,mail,city\nBo,b@example.org,Lund\n", draft_only=True)
    assert [column["target"] for column in other.options["columns"]] == ["field:first_name", "email", "field:city"]
    elsewhere = MailingList.objects.create(workspace=house, name="Else")
    unlike = queue(house, "who,mail,city\nBo,b@example.org,Lund\n", draft_only=True, mailing_list=elsewhere)
    assert unlike.options["columns"][0]["target"] == "" and unlike.options["as_import"] is None
    undone(first)
    forgotten = queue(house, text, draft_only=True)
    assert forgotten.options["as_import"] is None


def test_a_remembered_field_that_is_gone_is_not_used(house, bring, queue):
    from tillit.people.models import Field

    text = "Mail,Who\na@example.org,Ann\n"
    bring(house, text, wanted={"Mail": "email", "Who": "title"})
    Field.objects.filter(name="title").delete()
    again = queue(house, text, draft_only=True)
    assert [column["target"] for column in again.options["columns"]] == ["email", ""]
    map_columns(again, ["email", "field:city"], now=timezone.now())

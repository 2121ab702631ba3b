"""Many are restricted or freed and that is undone; many are erased, which is not."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people import records
from tillit.people.bulk import actions
from tillit.people.bulk import run as running
from tillit.people.bulk.actions import NotPossible
from tillit.people.bulk.one_by_one import work_on
from tillit.people.models import BulkAct, BulkChange, Person
from tillit.people.selection import Selection
from tillit.rights import bulk as rights_bulk
from tillit.rights.actions import erase
from tillit.rights.merging.actions import merge
from tillit.rights.models import Request

BY, FULFIL = "user:7", "rights.fulfil"
RESTRICT, LIFT, ERASE = "person.restrict", "person.lift", "person.erase"


@pytest.fixture
def workspace(db):
    return make.workspace()


@pytest.fixture
def five(workspace):
    return [make.person(workspace, email=f"p{number}@example.org") for number in range(5)]


def begun(workspace, name, *ids) -> BulkAct:
    return actions.begin(workspace.pk, Selection(ids=tuple(ids)), name, {}, by=BY, defer=False)


def begin(workspace, name, *ids) -> BulkAct:
    return running.run(begun(workspace, name, *ids).pk, slice_size=2)


def undo(act: BulkAct) -> BulkAct:
    actions.undo(act, now=timezone.now(), by=BY, defer=False)
    return running.run(act.pk, slice_size=2)


def restricted(workspace) -> set[object]:
    with processing(workspace.pk, FULFIL, by="test", act="look"):
        return {person.pk for person in Person.objects.all() if person.restricted}


def there(workspace) -> set[object]:
    with processing(workspace.pk, FULFIL, by="test", act="look"):
        return set(Person.objects.values_list("pk", flat=True))


@pytest.mark.clause("C20")
def test_many_are_restricted_and_set_back_as_they_were(workspace, five):
    records.restrict(workspace.pk, five[0], by=BY)
    act = begin(workspace, RESTRICT, *five[:4])
    assert (act.state, act.counts) == ("done", {"same": 1, "change": 3})
    assert restricted(workspace) == set(five[:4])
    assert undo(act).counts == {"same": 1, "undone": 3}
    assert restricted(workspace) == {five[0]}


@pytest.mark.clause("C20")
@pytest.mark.parametrize("again", ["by hand", "by another act"])
def test_whoever_is_restricted_again_since_stays_so(workspace, five, again):
    act = begin(workspace, RESTRICT, *five[:2])
    if again == "by hand":
        records.restrict(workspace.pk, five[0], by=BY)
    else:
        begin(workspace, RESTRICT, five[0])
    assert undo(act).counts == {"kept": 1, "undone": 1}
    assert restricted(workspace) == {five[0]}


@pytest.mark.clause("C20")
def test_restrictions_are_lifted_and_put_back(workspace, five):
    begin(workspace, RESTRICT, *five)
    act = begin(workspace, LIFT, *five[:3])
    assert (act.counts, restricted(workspace)) == ({"change": 3}, set(five[3:]))
    undo(act)
    assert restricted(workspace) == set(five)


@pytest.mark.clause("C20", "I2")
def test_many_are_erased_each_with_their_evidence(workspace, five):
    records.restrict(workspace.pk, five[4], by=BY)
    verb = actions.meant_by(workspace.pk, ERASE, {})
    told = actions.preview(workspace.pk, Selection(ids=tuple(five[1:])), verb, by=BY)
    assert (told.total, told.change, told.left_out) == (4, 3, {"restricted": 1})
    act = begin(workspace, ERASE, *five[1:])
    assert (act.state, act.counts, act.done) == ("done", {"erased": 3, "restricted": 1}, act.total)
    assert there(workspace) == {five[0], five[4]}
    with processing(workspace.pk, FULFIL, by="test", act="look"):
        assert set(Request.objects.values_list("person_id", "state")) == {(each, "fulfilled") for each in five[1:4]}
        assert set(BulkChange.objects.values_list("person_id", "verdict")) == {(five[4], "restricted")}
    erased = Activity.objects.filter(act="person.erase", actor=BY)
    assert set(erased.values_list("subject_id", flat=True)) == set(five[1:4])


@pytest.mark.clause("C20")
def test_an_erasure_cannot_be_undone(workspace, five):
    act = begin(workspace, ERASE, *five[:2])
    assert not actions.can_undo(act, now=timezone.now())
    with pytest.raises(NotPossible):
        undo(act)


def test_an_erasure_that_broke_off_goes_on_with_whoever_is_left(workspace, five, monkeypatch):
    act, whole = begun(workspace, ERASE, *five), rights_bulk.erase
    calls = []

    def breaking(workspace_id, person_id, **more):
        calls.append(person_id)
        if len(calls) == 3:
            raise RuntimeError("the power went")
        return whole(workspace_id, person_id, **more)

    monkeypatch.setattr(rights_bulk, "erase", breaking)
    with pytest.raises(RuntimeError):
        running.run(act.pk)
    act.refresh_from_db()
    assert act.state == "failed" and len(there(workspace)) == 3
    BulkAct.objects.filter(pk=act.pk).update(state="queued")
    done = running.run(act.pk)
    assert (done.state, done.counts, there(workspace)) == ("done", {"erased": 5}, set())


def test_a_stopped_erasure_erases_nobody_more(workspace, five):
    act = begun(workspace, ERASE, *five)
    assert actions.stop(act)
    running.run(act.pk)
    assert there(workspace) == set(five)


def test_somebody_erased_meanwhile_is_counted_and_harms_nothing(workspace, five):
    act = begun(workspace, ERASE, *five)
    erase(workspace.pk, five[0], by=BY, now=timezone.now())
    assert running.run(act.pk).counts == {"erased": 5}


@pytest.mark.clause("E2")
def test_whoever_is_restricted_while_an_erasure_rests_is_spared(workspace, five, monkeypatch):
    act = begun(workspace, ERASE, *five)

    def breaking(*_whom, **_more):
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(rights_bulk, "erase", breaking)
        running.run(act.pk)  # everybody was judged
    records.restrict(workspace.pk, five[2], by=BY)
    BulkAct.objects.filter(pk=act.pk).update(state="queued")
    done = running.run(act.pk)
    assert (done.state, done.counts, there(workspace)) == ("done", {"erased": 4, "restricted": 1}, {five[2]})


@pytest.mark.clause("E2")
def test_whoever_is_restricted_in_the_middle_of_a_slice_is_spared(workspace, five):
    class Meanwhile(rights_bulk.Erase):
        def each(self, workspace_id, person_id, *, by, now):
            if person_id == min(five):
                records.restrict(workspace.pk, max(five), by="user:8")
            super().each(workspace_id, person_id, by=by, now=now)

    act = begun(workspace, ERASE, *five)
    while work_on(act, Meanwhile()):
        act.refresh_from_db()
    act.refresh_from_db()
    assert (act.state, act.counts, there(workspace)) == ("done", {"erased": 4, "restricted": 1}, {max(five)})
    spared = Activity.objects.filter(act="person.erase", outcome="refused")
    assert [each.subject_id for each in spared] == [max(five)]


@pytest.mark.clause("C20")
def test_somebody_into_whom_a_chosen_one_was_merged_since_is_not_erased(workspace, five):
    act = begun(workspace, ERASE, *five[:2])
    merge(workspace.pk, five[4], five[0], by=BY, now=timezone.now())
    assert running.run(act.pk).counts == {"erased": 1, "merged": 1}
    assert there(workspace) == set(five[2:])


@pytest.mark.clause("C20")
@pytest.mark.parametrize("since", ["restricted", "merged"])
def test_what_happened_since_a_run_broke_off_counts(workspace, five, monkeypatch, since):
    act = begun(workspace, ERASE, *five[:2])
    monkeypatch.setattr(rights_bulk, "erase", lambda *_told, **_more: (_ for _ in ()).throw(RuntimeError))
    with pytest.raises(RuntimeError):
        running.run(act.pk)
    monkeypatch.undo()
    if since == "restricted":
        records.restrict(workspace.pk, five[0], by=BY)
    else:
        merge(workspace.pk, five[4], five[0], by=BY, now=timezone.now())
    BulkAct.objects.filter(pk=act.pk).update(state="queued")
    assert running.run(act.pk).counts == {"erased": 1, since: 1}
    assert five[4] in there(workspace)


@pytest.mark.clause("I2")
def test_two_workers_erase_everybody_and_neither_fails(committed_db):
    workspace = make.workspace()
    people = [make.person(workspace) for _ in range(12)]
    act = begun(workspace, ERASE, *people)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            running.run(act.pk)
        except BaseException as error:  # the test says it
            failed.append(error)
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert not failed
    act.refresh_from_db()
    assert (act.state, act.counts, there(workspace)) == ("done", {"erased": 12}, set())

"""An undo beside other imports that run: neither takes back, nor refuses, what the other just wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tests.people.outcomes import HEAD, people
from tillit.people.importing import cleaning, trial
from tillit.people.importing.run import run_import
from tillit.people.importing.undo import begin, run_undo
from tillit.people.models import Import

SAID = HEAD + "".join(f"p{n:02}@example.org,Said,,,\n" for n in range(40))


def known(house) -> list[str]:
    made = [make.person(house, email=f"p{n:02}@example.org", region=0) for n in range(40)]
    return [str(each) for each in sorted(made)]


def names(house) -> set[str | None]:
    return {entry["traits"].get("first_name") for entry in people(house).values()}


@contextmanager
def holding(*statements: tuple[str, list]) -> Iterator[psycopg.Connection]:
    """A transaction of somebody else who holds locks; rolled back unless it is committed."""
    with superuser() as other:
        other.autocommit = False
        for statement, told in statements:
            other.execute(statement, told)
        yield other
        other.rollback()


def lock(person: str) -> tuple[str, list]:
    return "SELECT id FROM people_person WHERE id = %s FOR UPDATE", [person]


def until_somebody_waits() -> None:
    """Come back once a lock is waited for; the work that should wait ends the test otherwise."""
    ends = monotonic() + 60
    with superuser() as look:
        while look.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):
            assert monotonic() < ends, "nobody waits for a lock"
            sleep(0.01)


def beside(pool: ThreadPoolExecutor, act: Callable[[], Import]) -> Future[Import]:
    def run() -> Import:
        try:
            return act()
        finally:
            connection.close()

    return pool.submit(run)


def taken(item: Import) -> Import:
    begin(item, by="user:1", now=timezone.now(), defer=False)
    return item


def test_what_an_import_says_again_while_another_is_undone_stays(committed_db, make_house, bring):
    house = make_house()
    known(house)
    first = taken(bring(house, SAID))
    rerun: list[Import] = []

    def say_again(_: Import) -> None:
        if len(rerun) == 0:
            rerun.append(first)
        elif len(rerun) == 1:  # after the chunk and the first of the people who were known
            rerun.append(bring(house, SAID, mailing_list=None))

    run_undo(first.pk, say_again, batch=10)
    assert names(house) == {"Said"}


def test_what_an_import_wrote_while_an_undo_waited_for_somebody_stays(committed_db, make_house, queue, bring):
    house = make_house()
    ids = known(house)
    first = taken(bring(house, SAID))
    found = people(house)
    last = next(address for address, entry in found.items() if str(entry["id"]) == ids[-1])
    again = queue(house, HEAD + f"{last},Said,,,\n", mailing_list=None)
    with holding(lock(ids[0])) as other, ThreadPoolExecutor(2) as pool:
        undoing = beside(pool, lambda: run_undo(first.pk))
        until_somebody_waits()
        assert beside(pool, lambda: run_import(again.pk)).result().state == "done"
        other.rollback()
        assert undoing.result().state == "undone"
    assert {address: entry["traits"] for address, entry in people(house).items() if entry["traits"]} == {
        last: {"first_name": "Said"}
    }


def test_whom_an_undo_removes_while_an_import_waits_for_them_comes_in_anew(committed_db, make_house, queue, bring):
    house = make_house()
    first = bring(house, HEAD + "new@example.org,Ny,,,\n")
    [entry] = people(house).values()
    person = str(entry["id"])
    again = queue(house, HEAD + "other@example.org,Annan,,,\nnew@example.org,Nyare,,,\n")
    with holding(lock(person)) as other, ThreadPoolExecutor(1) as pool:
        importing = beside(pool, lambda: run_import(again.pk))
        until_somebody_waits()
        other.execute("SET LOCAL session_replication_role = replica")  # what an undo does, at this very moment
        for table in ("people_traits", "people_subscription", "people_identity"):
            other.execute(f"DELETE FROM {table} WHERE person_id = %s", [person])
        other.execute("DELETE FROM people_person WHERE id = %s", [person])
        other.commit()
        done = importing.result()
    assert (done.counts["new"], done.counts.get("refused", 0)) == (2, 0)
    assert people(house)["new@example.org"]["traits"] == {"first_name": "Nyare"}
    assert first.counts["new"] == 1


def test_an_undo_that_meets_a_deadlock_tries_again(committed_db, make_house, bring):
    house = make_house()
    ids = known(house)
    first = taken(bring(house, SAID))
    # Only the undo looks for deadlocks, so it is the one that is broken off.
    with holding(("SET LOCAL deadlock_timeout = '60s'", []), lock(ids[1])) as other, ThreadPoolExecutor(1) as pool:
        undoing = beside(pool, lambda: run_undo(first.pk))
        until_somebody_waits()
        other.execute(*lock(ids[0]))
        other.rollback()
        assert undoing.result().state == "undone"
    assert names(house) == {None}


def test_an_undo_that_the_database_broke_off_is_taken_up_again(committed_db, make_house, bring):
    house = make_house()
    ids = known(house)
    first = taken(bring(house, SAID))
    with holding(lock(ids[1])) as other, ThreadPoolExecutor(1) as pool:
        undoing = beside(pool, lambda: run_undo(first.pk))
        until_somebody_waits()
        with superuser() as killing:
            killing.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        with pytest.raises(OperationalError):
            undoing.result()
        other.rollback()
    halted = Import.objects.get(pk=first.pk)
    assert halted.state == "undoing"
    later = timezone.now() + cleaning.STALLED_AFTER + timedelta(seconds=1)
    assert cleaning.resume_stalled(now=later) == 1
    assert run_undo(first.pk).state == "undone"
    assert names(house) == {None}


def test_a_trial_that_meets_a_deadlock_tries_again(committed_db, make_house, queue):
    house = make_house()
    ids = known(house)
    draft = queue(house, SAID)
    Import.objects.filter(pk=draft.pk).update(state="draft")
    trial.begin(draft, by="user:1", now=timezone.now(), defer=False)
    with holding(("SET LOCAL deadlock_timeout = '60s'", []), lock(ids[1])) as other, ThreadPoolExecutor(1) as pool:
        trying = beside(pool, lambda: trial.run_trial(draft.pk))
        until_somebody_waits()
        other.execute(*lock(ids[0]))
        other.rollback()
        told = trying.result().trial
    assert told["state"] == "done" and told["counts"]["known"] == told["counts"]["changed"] == 40

"""Several writers of one import leave behind what one writer would have, whatever happens on the way."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection
from django.utils import timezone

from tests.conftest import superuser
from tests.environment import ROOT
from tests.people.outcomes import HEAD, MARKETING, people, report, tables
from tests.people.test_undo_beside import beside, holding, until_somebody_waits
from tillit.people.actions import identity_key
from tillit.people.importing import cleaning, files, run, undo, writers
from tillit.people.importing.run import run_import
from tillit.people.importing.start import stop
from tillit.people.models import Import, ImportChunk
from tillit.people.suppression.known import LOCK

PERSONAL = ("people_identity", "people_person", "people_traits", "people_subscription", "consent_choice")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 2048)


def mixed(rows: int, *, seed: int) -> str:
    """Rows whose addresses, telephones and customer numbers come again anywhere in the file, some with an opt-out."""
    chance = random.Random(seed)
    told = ["email,first name,phone,customer id,country,status\n"]
    for number in range(rows):
        who = chance.randrange(rows * 2 // 3)
        told.append(
            f"{'broken' if number % 17 == 5 else f'p{who}@example.org'},Name {number},"
            f"07012{chance.randrange(300):05},K{chance.randrange(400)},{chance.choice(['Sweden', 'India', ''])},"
            f"{chance.choice(['subscribed'] * 9 + ['unsubscribed'])}\n"
        )
    return "".join(told)


def empty() -> None:
    with superuser() as tampering:
        tampering.execute("SET session_replication_role = replica")
        tampering.execute(f"TRUNCATE {', '.join(PERSONAL)}, people_nameword, people_importtrace")


def numbers() -> list[tuple[str, str, str]]:
    """Which telephone and customer number belongs to whom."""
    with superuser() as looking:
        return sorted(
            looking.execute(
                "SELECT i.kind, i.value, (SELECT e.value FROM people_identity e WHERE e.person_id = i.person_id"
                " AND e.kind = 'email') FROM people_identity i WHERE i.kind <> 'email'"
            ).fetchall()
        )


@pytest.mark.parametrize("told_apart", [True, False])
def test_several_writers_do_what_one_does(committed_db, make_house, queue, monkeypatch, told_apart):
    """Also where nobody looks whether two chunks name the same people, so that locks alone must keep their order."""
    if not told_apart:
        monkeypatch.setattr(writers, "_same_people", lambda chunk, other: False)
        monkeypatch.setattr(writers, "LOOK_AFTER_S", 0.05)
    house, text = make_house(), mixed(600, seed=told_apart)
    one = run_import(queue(house, text, consent=MARKETING).pk, chunk_rows=50, writers=1)
    expected, belong, listed = tables(), numbers(), files.refused_path(one.pk).read_bytes()
    empty()
    many = run_import(queue(house, text, consent=MARKETING).pk, chunk_rows=50, writers=4)
    assert (many.state, many.counts) == ("done", one.counts)
    assert tables() == expected
    assert numbers() == belong
    assert files.refused_path(many.pk).read_bytes() == listed
    chunks = list(ImportChunk.objects.filter(import_id=many.pk).order_by("id"))
    assert [chunk.first_id for chunk in chunks] == sorted(chunk.first_id for chunk in chunks)
    again = run_import(queue(house, text, consent=MARKETING).pk, chunk_rows=50, writers=4)
    assert (again.counts.get("new", 0), again.counts.get("opted_out", 0)) == (0, 0)
    for item in (again, many):
        undo.begin(item, by="user:1", now=timezone.now(), defer=False)
        assert undo.run_undo(item.pk).state == "undone"
    assert people(house) == {}


# The third chunk is worked on until the one behind it is ready to be committed; then the process dies.
KILLED = """
import os, sys, threading
sys.path.insert(0, {root!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "tillit.conf.settings"
import django; django.setup()
from django.conf import settings
from pathlib import Path
settings.IMPORT_FOLDER = Path({folder!r})
from tillit.people.importing import run, table, writers
table.BLOCK_BYTES = 2048
here, behind = threading.local(), threading.Event()
begin, write, take = run._write, run.write, writers.Turn.take
def beginning(work, chunk, turn):
    here.place = turn._place
    begin(work, chunk, turn)
def writing(*told, **more):
    write(*told, **more)
    if here.place == 2:
        assert behind.wait(60)
        os._exit(9)
def taking(turn):
    if here.place == 3:
        behind.set()
    take(turn)
run._write, run.write, writers.Turn.take = beginning, writing, taking
run.run_import({item}, chunk_rows=60, writers=2)
"""


def test_a_chunk_that_is_ready_before_the_one_in_front_of_it_dies_with_it(
    committed_db, make_house, queue, import_folder
):
    house = make_house()
    text = HEAD + "".join(f"p{n}@example.org,P{n},Berg,,\n" if n % 9 else f"broken {n},,,,\n" for n in range(900))
    item = queue(house, text, consent=MARKETING)
    script = KILLED.format(root=str(ROOT), folder=str(import_folder), item=item.pk)
    died = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, check=False)
    assert died.returncode == 9, died.stderr.decode()
    item.refresh_from_db()
    assert item.state == "running" and ImportChunk.objects.count() == 2
    assert len(people(house)) == item.counts["new"]
    assert cleaning.resume_stalled(now=timezone.now() + cleaning.STALLED_AFTER) == 1
    done = run_import(item.pk, chunk_rows=60, writers=2)
    assert (done.state, done.counts["rows"], done.counts["new"]) == ("done", 900, 800)
    assert "known" not in done.counts and len(people(house)) == 800
    assert [row["line"] for row in report(done)] == [str(n + 2) for n in range(900) if not n % 9]
    undo.begin(done, by="user:1", now=timezone.now(), defer=False)
    assert undo.run_undo(done.pk).undo["counts"]["removed"] == 800
    assert people(house) == {}


def test_imports_of_one_file_in_both_directions_side_by_side_end(committed_db, make_house, queue):
    """Each holds what the other wants, some of it in chunks that wait for their turn, which PostgreSQL cannot see."""
    house = make_house()
    lines = [f"p{n}@example.org,P{n},Berg,,\n" for n in range(600)]
    items = [queue(house, HEAD + "".join(each), consent=MARKETING) for each in (lines, lines[::-1])]

    def work(item: Import) -> Import:
        try:
            return run_import(item.pk, chunk_rows=60, writers=4)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, items))
    assert [item.state for item in done] == ["done"] * 2
    found = people(house)
    assert len(found) == 600 == sum(item.counts.get("new", 0) for item in done)
    assert all(entry["choices"] == [(MARKETING, "granted", "import")] for entry in found.values())


@pytest.mark.parametrize("seen", [True, False])
def test_a_chunk_gives_way_to_the_one_before_it(committed_db, make_house, queue, bring, monkeypatch, seen):
    """Two addresses of one person stand in two chunks; the later is held first, and its row still counts last.

    Also where nobody can see that the earlier waits, as behind a pooler of connections.
    """
    if not seen:
        monkeypatch.setattr(writers.Turns, "blocked", lambda turns: False)
        monkeypatch.setattr(writers, "MOST_LOOKS", 3)
    house = make_house()
    bring(house, "email,customer id\nold@example.org,K1\n")
    with superuser() as joining:
        joining.execute(
            "INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)"
            " SELECT %s, workspace_id, person_id, kind, %s, now() FROM people_identity WHERE kind = 'email'",
            identity_key(house.pk, "email", "new@example.org"),
        )
    held, real, gave_way = Event(), run.write, []

    def later_first(activity, plan, terms, chunk, *, now):
        if any("old@example.org" in line for line in chunk.staged):
            assert held.wait(60)
        real(activity, plan, terms, chunk, now=now)
        if any("new@example.org" in line for line in chunk.staged):
            gave_way.append(1)
            held.set()

    monkeypatch.setattr(run, "write", later_first)
    filling = "".join(f"p{n}@example.org,P,,,\n" for n in range(100))
    item = queue(house, HEAD + "old@example.org,Old,,,\n" + filling + "new@example.org,New,,,\n")
    done = run_import(item.pk, chunk_rows=50, writers=4)
    assert done.state == "done"
    assert len(gave_way) == 2
    assert people(house)["old@example.org"]["traits"] == {"first_name": "New"}


def test_nothing_is_committed_after_an_import_is_stopped(committed_db, make_house, queue):
    house = make_house()
    item = queue(house, HEAD + "".join(f"p{n}@example.org,P{n},Berg,,\n" for n in range(600)))
    done = run_import(item.pk, lambda running: stop(running, now=timezone.now()), chunk_rows=50, writers=4)
    assert done.state == "stopped"
    assert ImportChunk.objects.count() == 1
    assert len(people(house)) == done.counts["new"] == done.counts["rows"] < 600


def test_a_bug_in_one_chunk_ends_all_behind_it(committed_db, make_house, queue, monkeypatch):
    house, real, last = make_house(), run.write, "p420@example.org"
    item = queue(house, HEAD + "".join(f"p{n}@example.org,P{n},Berg,,\n" for n in range(600)))

    def broken(activity, plan, terms, chunk, *, now):
        real(activity, plan, terms, chunk, now=now)
        if any(last in line for line in chunk.staged):
            raise ZeroDivisionError

    monkeypatch.setattr(run, "write", broken)
    with pytest.raises(ZeroDivisionError):
        run_import(item.pk, chunk_rows=50, writers=4)
    item.refresh_from_db()
    assert item.state == "failed"
    assert len(people(house)) == item.counts["new"] <= 420
    assert set(people(house)) == {f"p{n}@example.org" for n in range(item.counts["rows"])}


def test_a_chunk_holds_nobody_while_it_waits_for_who_suppresses(committed_db, make_house, queue):
    """Who held addresses and waited for that lock would be waited for by others who have it: a deadlock of three."""
    house = make_house()
    item = queue(house, HEAD + "a@example.org,Anna,,,\n")
    suppressing = ("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, house.pk])
    with ThreadPoolExecutor(1) as pool, holding(suppressing):
        running = beside(pool, lambda: run_import(item.pk, writers=2))
        until_somebody_waits()
        with superuser() as looking:
            held = looking.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE relation = 'people_identity'::regclass AND mode = 'RowExclusiveLock'"
            ).fetchone()
        assert held == (0,)
    assert running.result().state == "done"

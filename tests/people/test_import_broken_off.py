"""Imports that are broken off, run side by side, stopped or kept."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from tests.conftest import superuser
from tests.environment import ROOT
from tests.people.outcomes import HEAD, MARKETING, people, report, tables
from tillit.people.importing import cleaning, files, run
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.run import run_import
from tillit.people.importing.start import path_of, resume, start, stop
from tillit.people.models import Import, Source

MIXED = HEAD + "".join(
    f"p{n % 900}@example.org,P{n},Berg,Bolaget {n % 7},{'Sweden' if n % 3 else ''}\n" if n % 11 else f"broken {n},,,,\n"
    for n in range(1500)
)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 4096)


def test_an_import_that_fails_between_chunks_is_resumed_to_the_same_end(
    committed_db, make_house, bring, queue, small_blocks, import_folder
):
    whole = bring(make_house(), MIXED, chunk_rows=100, consent=MARKETING)
    expected, expected_report = tables(), files.refused_path(whole.pk).read_bytes()
    with superuser() as tampering:
        tampering.execute("SET session_replication_role = replica")
        for table in ("people_identity", "people_person", "people_traits", "people_subscription", "consent_choice"):
            tampering.execute(f"TRUNCATE {table}")
    item = queue(Source.objects.get().workspace, MIXED, consent=MARKETING)
    for broken_off in range(4):
        progressed = []

        def fail(_, progressed=progressed) -> None:
            progressed.append(1)
            if len(progressed) == 2:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            run_import(item.pk, fail, chunk_rows=100 + 30 * broken_off)
        item.refresh_from_db()
        assert item.state == "failed" and 0 < item.read_bytes < item.total_bytes
        resume(item)
    done = run_import(item.pk, chunk_rows=77)
    assert done.state == "done"
    assert tables() == expected
    assert done.counts == whole.counts
    assert files.refused_path(done.pk).read_bytes() == expected_report


KILLED = """
import os, sys
sys.path.insert(0, {root!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "tillit.conf.settings"
import django; django.setup()
from django.conf import settings
from pathlib import Path
settings.IMPORT_FOLDER = Path({folder!r})
from tillit.people.importing import run, table
table.BLOCK_BYTES = 4096
real, seen = run._note, []
def dying(work, chunk, *, now):
    noted = real(work, chunk, now=now)
    seen.append(1)
    if len(seen) == 3:
        os._exit(9)
    return noted
run._note = dying
run.run_import({item}, chunk_rows=100)
"""


def test_an_import_whose_process_is_killed_goes_on_where_it_was(
    committed_db, make_house, queue, small_blocks, import_folder
):
    house = make_house()
    item = queue(house, MIXED)
    script = KILLED.format(root=str(ROOT), folder=str(import_folder), item=item.pk)
    died = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, check=False)
    assert died.returncode == 9, died.stderr.decode()
    item.refresh_from_db()
    assert item.state == "running" and 0 < item.read_bytes < item.total_bytes
    assert cleaning.resume_stalled(now=timezone.now() + cleaning.STALLED_AFTER) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = 'people.import'")
        assert cursor.fetchall() == [(f'{{"import_id": {item.pk}}}',)]
    done = run_import(item.pk, chunk_rows=100)
    assert done.state == "done"
    assert done.counts["new"] == len(people(house)) == len({n % 900 for n in range(1500) if n % 11})
    assert len(report(done)) == len([n for n in range(1500) if not n % 11]) == done.counts["refused"]


def test_an_import_whose_job_was_lost_before_it_began_is_queued_again(house, queue):
    item = queue(house, "email\na@example.org\n")
    assert cleaning.resume_stalled(now=timezone.now()) == 0
    later = timezone.now() + cleaning.STALLED_AFTER
    assert [cleaning.resume_stalled(now=later) for _ in range(2)] == [1, 0]
    assert run_import(item.pk).state == "done"


def test_imports_of_one_file_side_by_side_bring_everybody_once(committed_db, make_house, queue, small_blocks):
    house = make_house()
    items = [queue(house, MIXED, consent=MARKETING) for _ in range(3)]

    def work(item: Import) -> Import:
        try:
            return run_import(item.pk, chunk_rows=100)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(work, items))
    assert [item.state for item in done] == ["done"] * 3
    found = people(house)
    assert len(found) == sum(item.counts.get("new", 0) for item in done)
    assert all(entry["choices"] == [(MARKETING, "granted", "import")] for entry in found.values())


def test_two_workers_on_one_import_write_it_once(committed_db, make_house, queue, small_blocks):
    item = queue(make_house(), MIXED)

    def work(_: int) -> None:
        try:
            run_import(item.pk, chunk_rows=100)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    item.refresh_from_db()
    assert (item.state, item.counts["rows"]) == ("done", 1500)


def test_a_stopped_import_stops_after_its_chunk(house, queue, small_blocks):
    item = queue(house, MIXED)
    done = run_import(item.pk, lambda running: stop(running, now=timezone.now()), chunk_rows=100)
    assert done.state == "stopped"
    assert 0 < done.counts["rows"] < 1500


def test_a_draft_is_queued_with_the_mapping_it_was_given(house, queue):
    item = queue(house, "Adress,Namn\na@example.org,Anna\n", wanted={"Adress": "email", "Namn": "first_name"})
    Import.objects.update(state="draft")
    with pytest.raises(BadMapping, match="other columns"):
        start(item, ["email"], now=timezone.now())
    start(item, ["email", "field:last_name"], now=timezone.now())
    run_import(item.pk)
    assert people(house)["a@example.org"]["traits"] == {"last_name": "Anna"}


@pytest.mark.clause("I1")
def test_what_lies_beside_a_table_goes_with_it(house, queue, import_folder):
    """The workbook of a draft stays with it; what a crash left of making a table goes after an hour."""
    draft = queue(house, "email\na@example.org\n")
    Import.objects.filter(pk=draft.pk).update(state="draft")
    beside = files.beside(path_of(draft))
    for path in (beside, import_folder / "stray.body", import_folder / "stray.part", import_folder / "stray.xlsx"):
        path.write_text("x")
    now = timezone.now()
    kept = {draft.path, beside.name}
    for hours, left in [(0, 5), (2, 2), (25, 0)]:
        cleaning.clean(now=now + run.timezone.timedelta(hours=hours))
        names = {path.name for path in import_folder.iterdir()}
        assert len(names) == left and (kept <= names or not left)


def test_files_are_kept_no_longer_than_said(house, queue, bring, import_folder):
    failed = queue(house, "email\na@example.org\n")
    Import.objects.filter(pk=failed.pk).update(state="failed", finished_at=timezone.now())
    done = bring(house, "email\nb@example.org\nbroken\n")
    stray = import_folder / "stray.csv"
    stray.write_text("left by a crash")
    names = {failed.path, f"{done.pk}-refused.csv", "stray.csv"}
    now = timezone.now()
    for days, left in [(0, names), (1, names - {"stray.csv"}), (8, {f"{done.pk}-refused.csv"}), (31, set())]:
        cleaning.clean(now=now + run.timezone.timedelta(days=days) if days else now)
        assert {path.name for path in import_folder.glob("*.csv")} == left

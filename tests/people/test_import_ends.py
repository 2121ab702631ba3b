"""What is left when an import's worker dies, or another does its work, just as it ends."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.people.outcomes import HEAD, people, report
from tillit.ledger.processing import processing
from tillit.people.importing import cleaning, files, run
from tillit.people.importing.run import run_import
from tillit.people.importing.start import path_of, resume, stop
from tillit.people.models import Identity, Import, ImportChunk

LINES = [f"p{n}@example.org,P{n},Berg,,\n" if n % 9 else f"broken {n},,,,\n" for n in range(300)]
TEXT = HEAD + "".join(LINES)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 1024)


def test_a_worker_that_dies_after_the_last_chunk_leaves_an_import_that_ends(house, queue, monkeypatch):
    item, end = queue(house, TEXT), run._end

    def die(*_told, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_end", die)
    with pytest.raises(KeyboardInterrupt):
        run_import(item.pk, chunk_rows=50)
    monkeypatch.setattr(run, "_end", end)
    assert cleaning.resume_stalled(now=timezone.now() + cleaning.STALLED_AFTER) == 1
    done = run_import(item.pk, chunk_rows=50)
    assert (done.state, done.error, done.counts["rows"]) == ("done", "", 300)
    assert not path_of(done).exists()


def test_an_import_that_is_stopped_after_its_last_chunk_goes_on_to_its_end(house, queue):
    item = queue(house, TEXT)

    def stop_at_the_end(running: Import) -> None:
        if running.counts["rows"] == 300:
            stop(running, now=timezone.now())

    stopped = run_import(item.pk, stop_at_the_end, chunk_rows=50)
    assert (stopped.state, stopped.counts["rows"]) == ("stopped", 300)
    resume(stopped)
    done = run_import(item.pk, chunk_rows=50)
    assert (done.state, done.error) == ("done", "")


def test_the_report_of_a_stopped_import_has_what_it_counts(house, queue):
    item = queue(house, TEXT)
    stopped = run_import(item.pk, lambda running: stop(running, now=timezone.now()), chunk_rows=50)
    assert stopped.state == "stopped"
    assert ImportChunk.objects.count() == 1
    assert len(report(stopped)) == stopped.counts["refused"]


@pytest.mark.clause("E1")
@pytest.mark.parametrize("chunk_rows", [1000, 1])
def test_the_report_says_nothing_of_a_row_about_somebody_who_was_erased(house, bring, queue, chunk_rows):
    """Neither of the row that counts nor of one before it about the same address, whatever else is wrong with it."""
    bring(house, "email\ngone@example.org\n")
    gone = people(house)["gone@example.org"]["id"]
    with processing(house.pk, "rights.fulfil", by="t", act="erase"):
        Identity.everyone.filter(person_id=gone).update(person_id=None, value=None, erased_at=timezone.now())
    first, second = "gone@example.org,Atlantis,Secret", "Gone@example.org,Sweden,Secret"
    done = run_import(queue(house, f"email,country,first name\n{first}\n{second}\n").pk, chunk_rows=chunk_rows)
    assert done.counts["refused.erased"] >= 1
    told = files.refused_path(done.pk).read_text("utf-8-sig").lower()
    assert "erased" in told
    assert "gone@" not in told and "secret" not in told

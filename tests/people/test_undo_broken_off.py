"""An undo that breaks off anywhere goes on where it was."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from tests.environment import ROOT
from tests.people.outcomes import HEAD, MARKETING, people
from tests.people.undoing import seen, undone
from tillit.people.importing import cleaning, files, undo
from tillit.people.importing.run import run_import
from tillit.people.importing.undo import begin, run_undo
from tillit.people.models import Import


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

"""A file that takes long is turned into a table by a job, which may die, be repeated, or find nobody waiting."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone, translation

from tests.people.outcomes import people
from tests.people.test_formats import SAMPLES
from tests.people.test_workbooks import book, saved
from tillit.people.importing import canonical, cleaning, files, reading, reception, start
from tillit.people.importing.drafts import Begun
from tillit.people.importing.files import NotReadable
from tillit.people.importing.run import run_import
from tillit.people.models import Import

pytestmark = pytest.mark.usefixtures("reads_by_job")
MEMBERS = ("Members", [["Email", "First name"], *([f"p{n}@example.org", f"P{n}"] for n in range(20))])
OLD = ("Old", [["Email"], ["old@example.org"]])


@pytest.fixture
def send(house):
    def sent(content: bytes, name: str = "all.xlsx", **more) -> Import:
        source, news = house.sources.get(), house.lists.get()
        told = {"source": source, "mailing_list": news, "by": "user:1", "now": timezone.now(), "later": True}
        return start.receive([content], file_name=name, **told, **more)

    return sent


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'people.read_import'")
        return int(cursor.fetchone()[0])


def fresh(item: Import) -> Import:
    return Import.objects.get(pk=item.pk)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.clause("A4")
def test_a_workbook_waits_for_a_job_and_is_a_draft_then(house, send, import_folder):
    item = send(saved(book(MEMBERS)))
    assert (item.state, jobs(), kept(import_folder)) == ("reading", 1, [item.path])
    seen = []
    reading.read(item.pk, lambda rows: seen.append((rows, fresh(item).options["reading"]["rows"])))
    draft = fresh(item)
    assert (draft.state, [column["target"] for column in draft.options["columns"]]) == (
        "draft",
        ["email", "field:first_name"],
    )
    assert seen[-1] == (21, 20) and "reading" not in draft.options
    assert kept(import_folder) == [draft.path] != [item.path]
    start.start(draft, now=timezone.now())
    assert run_import(draft.pk).counts["new"] == 20
    assert kept(import_folder) == [files.refused_path(draft.pk).name]


def test_what_is_a_table_already_is_not_waited_for(send, house):
    assert send(b"Email\na@example.org\n", "people.csv").state == "draft"
    assert send(json.dumps({"email": "a@example.org"}).encode(), "people.jsonl").state == "reading"
    sample = next((SAMPLES / "mailchimp").glob("cleaned_*"))
    assert send(sample.read_bytes(), sample.name).state == "reading"


def test_the_command_line_waits_itself(house, queue):
    assert queue(house, saved(book(MEMBERS))).state == "queued"


def test_it_begins_by_itself_where_it_shall(house, send):
    begin = {"columns": {"First name": "last_name"}, "modes": {}}
    item = send(saved(book(MEMBERS)), begin=begin)
    reading.read(item.pk)
    assert fresh(item).state == "queued"
    run_import(item.pk)
    assert people(house)["p1@example.org"]["traits"] == {"last_name": "P1"}


def test_what_stands_in_the_way_of_beginning_is_noted(send):
    item = send(saved(book(MEMBERS)), begin={"columns": {"Shoe": "title"}, "modes": {}})
    reading.read(item.pk)
    draft = fresh(item)
    assert (draft.state, "begin" in draft.options) == ("draft", False)
    assert "shoe" in draft.error
    start.start(draft, now=timezone.now())
    assert run_import(item.pk).error == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.xlsx", saved(book(("Nothing", []))), "är tomt"),
        ("broken.jsonl", b'{"email": "a@example.org"}\n{"email": ', "Rad 2"),
    ],
)
def test_what_cannot_be_read_says_why_in_the_senders_language(send, import_folder, name, content, said):
    with translation.override("sv"):
        item = send(content, name)
    reading.read(item.pk)
    ended = fresh(item)
    assert (ended.state, reading.failed(ended)) == ("failed", True)
    assert said in ended.error
    assert kept(import_folder) == []


def test_what_is_plainly_broken_is_told_at_once(send, import_folder):
    with pytest.raises(NotReadable):
        send(b"PK\x03\x04 and nothing more", "broken.xlsx")
    assert (kept(import_folder), Import.objects.count()) == ([], 0)


def test_a_worker_that_died_is_followed_by_another(send, import_folder):
    item = send(saved(book(MEMBERS)))

    def die(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reading.read(item.pk, die)
    assert (fresh(item).state, kept(import_folder)) == ("reading", [item.path])
    Import.objects.filter(pk=item.pk).update(moved_at=timezone.now() - timedelta(minutes=6))
    assert cleaning.resume_stalled(now=timezone.now()) == 0, "its job waits"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    assert cleaning.resume_stalled(now=timezone.now()) == 1
    reading.read(item.pk)
    assert fresh(item).state == "draft"


@pytest.mark.parametrize("another_sheet", [False, True])
def test_a_file_that_ends_every_worker_is_given_up(send, import_folder, another_sheet):
    with translation.override("sv"):
        item = send(saved(book(MEMBERS, OLD)))
    if another_sheet:
        reading.read(item.pk)
        with translation.override("sv"):
            reading.choose_sheet(fresh(item), sheet="Old", now=timezone.now())
    for _try in range(3):
        assert fresh(item).state == "reading"
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        Import.objects.filter(pk=item.pk).update(moved_at=timezone.now() - timedelta(minutes=6))
        cleaning.resume_stalled(now=timezone.now())
    ended = fresh(item)
    assert "tre gånger" in ended.error
    assert ended.state == ("draft" if another_sheet else "failed")
    assert bool(kept(import_folder)) is another_sheet


def test_two_workers_leave_one_table(send, import_folder):
    item = send(saved(book(MEMBERS)))
    done = []

    def another(rows: int) -> None:
        if not done:
            done.append(rows)
            reading.read(item.pk)

    reading.read(item.pk, another)
    draft = fresh(item)
    assert (draft.state, kept(import_folder)) == ("draft", [draft.path])


def test_a_file_that_is_removed_meanwhile_leaves_nothing(send, import_folder):
    item = send(saved(book(MEMBERS)))
    reading.read(item.pk, lambda rows: start.discard(fresh(item)) if rows == 5 else None)
    assert (Import.objects.count(), kept(import_folder)) == (0, [])


def test_a_file_that_is_gone_says_so(send):
    item = send(saved(book(MEMBERS)))
    start.path_of(item).unlink()
    reading.read(item.pk)
    assert "no longer there" in fresh(item).error


def test_a_worker_that_dies_before_the_import_begins_is_followed_by_another(send, house, monkeypatch, import_folder):
    item = send(saved(book(MEMBERS)), begin={"columns": {}, "modes": {}})

    def die(*_told, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(reading, "start", die)
        reading.read(item.pk)
    assert (fresh(item).state, kept(import_folder)) == ("reading", [item.path])
    reading.read(item.pk)
    assert fresh(item).state == "queued"
    assert run_import(item.pk).counts["new"] == 20


def test_a_file_that_is_removed_just_when_it_was_read_leaves_nothing(send, import_folder):
    item = send(saved(book(MEMBERS, OLD)))
    reading.read(item.pk)
    assert start.discard(item), "as whoever looked at the page before sees it"
    assert (Import.objects.count(), kept(import_folder)) == (0, [])


def test_what_another_tab_began_is_not_changed_by_this_one(send, house, import_folder):
    """Neither removed, nor read in another way, nor begun again; its file stays for it."""
    item = send(saved(book(MEMBERS, OLD)))
    reading.read(item.pk)
    stale, begun = fresh(item), fresh(item)
    start.start(begun, now=timezone.now())
    Import.objects.filter(pk=item.pk).update(state="running")
    before = (fresh(item).options, kept(import_folder))
    assert not start.discard(stale)
    for change in (
        lambda: start.say_dates(stale, order="dmy"),
        lambda: start.relayout(stale, encoding="utf-8", delimiter=","),
        lambda: start.map_columns(stale, ["email", ""], now=timezone.now()),
        lambda: start.start(stale, now=timezone.now()),
        lambda: start.read_later(stale, sheet="Old", now=timezone.now()),
    ):
        with pytest.raises(Begun):
            change()
    assert (fresh(item).options, kept(import_folder)) == before
    assert fresh(item).state == "running"


def test_another_sheet_that_is_read_while_another_tab_begins_is_dropped(send, import_folder, monkeypatch):
    monkeypatch.setattr(reception, "AT_ONCE_BYTES", 4_000_000)
    item = send(saved(book(MEMBERS, OLD)))
    stale = fresh(item)

    def begin(rows: int) -> None:
        if fresh(item).state == "draft":
            Import.objects.filter(pk=item.pk).update(state="queued")

    watching = canonical.watcher.set(begin)
    try:
        with pytest.raises(Begun):
            reading.choose_sheet(stale, sheet="Old", now=timezone.now())
    finally:
        canonical.watcher.reset(watching)
    assert run_import(item.pk).counts["new"] == 20


@pytest.mark.parametrize("readable", [True, False])
def test_another_sheet_is_read_by_a_job_too(send, import_folder, readable):
    item = send(saved(book(MEMBERS, OLD, ("Nothing", []))))
    reading.read(item.pk)
    draft = fresh(item)
    before = kept(import_folder)
    reading.choose_sheet(draft, sheet="Old" if readable else "Nothing", now=timezone.now())
    assert fresh(item).state == "reading"
    reading.read(item.pk)
    after = fresh(item)
    rows = list(csv.reader(start.path_of(after).read_text().splitlines()))
    assert (after.state, after.options["sheet"]) == ("draft", "Old" if readable else "Members")
    assert rows[1][0] == ("old@example.org" if readable else "p0@example.org")
    assert bool(after.error) is not readable
    assert readable or kept(import_folder) == before
    assert kept(import_folder) == sorted([after.path, files.beside(start.path_of(after)).name])
    reading.choose_sheet(after, sheet="Members", now=timezone.now())
    reading.read(item.pk)
    assert fresh(item).options["sheet"] == "Members"


def test_a_small_archive_that_unpacks_to_much_takes_long(tmp_path, monkeypatch):
    monkeypatch.setattr(reception, "AT_ONCE_BYTES", 100_000)
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", "Email\n" + "a@example.org\n" * 20_000)
    assert path.stat().st_size < 5000
    assert reception.takes_long(path, file_name="all.zip")


def test_a_file_that_was_never_read_goes_after_a_day(send, import_folder):
    item = send(saved(book(MEMBERS)))
    cleaning.clean(now=timezone.now() + timedelta(hours=2))
    assert kept(import_folder) == [item.path]
    cleaning.clean(now=timezone.now() + timedelta(days=2))
    assert (kept(import_folder), Import.objects.count()) == ([], 0)

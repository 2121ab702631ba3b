"""Taking people out: under a purpose, for a recipient, only what both allow, and recorded."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tests.people.outcomes import ADMINISTER, MARKETING
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity
from tillit.ledger.processing import Refused
from tillit.people.exporting import files, run
from tillit.people.exporting.run import run_export
from tillit.people.exporting.start import Order, offer, open_again, purposes, resume_stalled, start, stop
from tillit.people.models import Export, Field, MailingList
from tillit.people.selection import Selection
from tillit.people.suppression.actions import Why, suppress
from tillit.policy.regions import Region

BY = "user:7"
SHARE = "leads.share"


@pytest.fixture(autouse=True)
def export_folder(settings, tmp_path) -> Path:
    settings.EXPORT_FOLDER = tmp_path / "exports"
    return settings.EXPORT_FOLDER


@pytest.fixture
def club(house):
    """Anna consented to mail and to being shared, Bo to nothing, Cy left; Dan is on no list."""
    news = MailingList.objects.get(workspace=house)
    known = {"identity": {"first_name": "Åsa", "last_name": "=Berg"}, "occupation": {"company": "Firm"}}
    both = (MARKETING, SHARE)
    make.reader(house, email="anna@example.org", on=[news], may=both, traits=known)
    make.reader(house, email="bo@example.org", on=[news], traits={"demographics": {"city": "Umeå"}})
    make.reader(house, email="cy@example.org", on=[news], state="unsubscribed", may=[MARKETING])
    make.reader(house, email="dan@example.org", may=[MARKETING], said_no=[SHARE], region=Region.US)
    return house


def made(workspace, *, defer: bool = False, **order) -> Export:
    order["selection"] = order.get("selection", Selection())
    return run_export(start(workspace.pk, Order(**order), by=BY, now=timezone.now(), defer=defer).pk)


def table(export: Export) -> list[dict[str, str]]:
    path = files.path_of(export)
    assert path is not None and export.state == "done", export.error
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_everybody_is_taken_out_with_what_is_known(club):
    news = MailingList.objects.get(workspace=club)
    export = made(club, selection=Selection(list_id=news.pk))
    rows = table(export)
    assert [row["email"] for row in rows] == ["cy@example.org", "bo@example.org", "anna@example.org"]
    anna = rows[2]
    assert (anna["first_name"], anna["last_name"], anna["company"]) == ("Åsa", "'=Berg", "Firm")
    assert (anna["status"], anna["lists"], rows[0]["status"]) == ("subscribed", "News (subscribed)", "unsubscribed")
    assert rows[1]["city"] == "Umeå"
    assert (export.total, export.written, export.size_bytes) == (3, 3, files.path_of(export).stat().st_size)
    assert files.path_of(export).stat().st_mode & 0o777 == 0o600


@pytest.mark.clause("A6", "C8")
def test_a_purpose_takes_out_only_whom_it_permits_and_what_it_uses(club):
    rows = table(made(club, purpose=MARKETING))
    assert {row["email"] for row in rows} == {"anna@example.org", "cy@example.org", "dan@example.org"}
    shared = made(club, purpose=SHARE, recipient="distributor-nordic")
    (anna,) = table(shared)
    assert anna["email"] == "anna@example.org" and anna["company"] == "Firm"
    assert not {"city", "language", "lists"} & set(anna)  # of the purpose, or of the recipient, these are not


@pytest.mark.clause("A6", "F1")
def test_columns_that_the_purpose_or_the_recipient_lacks_are_refused(club):
    order = {"purpose": SHARE, "recipient": "distributor-nordic"}
    for column in ("city", "lists", "nonsense"):
        with pytest.raises(Refused, match=column):
            offer(club.pk, Order(**order, columns=("email", column)), by=BY)
    assert [each.name for each in offer(club.pk, Order(**order, columns=("company", "email")), by=BY).columns] == [
        "company",
        "email",
    ]


@pytest.mark.clause("F1", "H1")
@pytest.mark.parametrize("recipient", ["nobody-knows", "mail-relay"])
def test_nothing_goes_to_a_recipient_whom_the_policy_does_not_name(club, recipient):
    with pytest.raises(Refused):
        start(club.pk, Order(purpose=SHARE, recipient=recipient), by=BY, now=timezone.now(), defer=False)
    assert not Export.objects.exists()


@pytest.mark.clause("C20", "F1")
def test_the_ledger_says_who_took_out_what_for_whom(club):
    export = made(club, purpose=SHARE, recipient="distributor-nordic", columns=("email", "company"))
    act = Activity.objects.get(act="people.export")
    assert (act.purpose, act.recipient, act.actor) == (SHARE, "distributor-nordic", BY)
    assert act.object_ref == f"export:{export.pk}"
    assert (act.counts, act.categories) == ({"persons": 1}, ["contact", "occupation"])
    made(club, columns=("email",))
    assert Activity.objects.filter(act="people.export").latest("id").recipient == BY


def test_people_are_not_chosen_by_what_the_purpose_does_not_use(club):
    news = MailingList.objects.get(workspace=club)
    order = Order(purpose="measurement.email", selection=Selection(list_id=news.pk))
    with pytest.raises(Refused, match="preferences"):
        offer(club.pk, order, by=BY)
    assert "measurement.email" not in purposes(club.pk)
    assert purposes(club.pk)[0] == ADMINISTER


@pytest.mark.clause("E9")
def test_a_purpose_that_sends_takes_out_nobody_who_is_suppressed(club):
    suppress(club.pk, [("email", "anna@example.org")], Why(reason="asked", by="t", now=timezone.now()))
    assert "anna@example.org" not in {row["email"] for row in table(made(club, purpose=MARKETING))}
    assert "anna@example.org" in {row["email"] for row in table(made(club, selection=Selection(state="suppressed")))}


def test_whoever_withdraws_before_the_file_is_written_is_not_in_it(club):
    waiting = start(club.pk, Order(purpose=MARKETING), by=BY, now=timezone.now(), defer=False)
    assert waiting.total == 3
    make.choice(club, make.reader(club, email="eve@example.org", may=[MARKETING]), state="withdrawn")
    suppress(club.pk, [("domain", "example.org")], Why(reason="asked", by="t", now=timezone.now()))
    assert run_export(waiting.pk).written == 0


def test_every_format_holds_the_same_people(club):
    kinds = {kind: made(club, format=kind, columns=("email", "first_name", "marketing", "why")) for kind in MAKES}
    lines = [json.loads(line) for line in files.path_of(kinds["jsonl"]).read_text().splitlines()]
    anna = {"email": "anna@example.org", "first_name": "Åsa", "marketing": True, "why": "permitted_by_consent"}
    assert anna in lines and len(lines) == 4
    assert {"email": "bo@example.org", "marketing": False, "why": "consent_missing"} in lines
    sheet = openpyxl.load_workbook(files.path_of(kinds["xlsx"])).active
    assert list(anna.values()) in [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(table(kinds["csv"])) == 4


MAKES = ("csv", "xlsx", "jsonl")


def test_a_csv_file_comes_in_again_as_it_went_out(club, bring):
    export = made(club, columns=("email", "first_name", "last_name", "company", "language"))
    other = make.workspace(name="Other")
    from tillit.people.actions import make_default_fields

    make_default_fields(other.pk)
    MailingList.objects.create(workspace=other, name="In")
    source = other.sources.create(name="Ours", warranty="Taken out of our own house.")
    done = bring(other, files.path_of(export).read_bytes(), source=source)
    assert (done.state, done.counts["new"]) == ("done", 4)
    again = made(other, selection=Selection(), columns=("email", "first_name", "company"))
    assert {"email": "anna@example.org", "first_name": "Åsa", "company": "Firm"} in table(again)


def test_a_field_that_is_called_like_a_column_stands_beside_it(club):
    Field.objects.create(workspace=club, name="phone", label="Desk phone", category="occupation")
    make.reader(club, email="fay@example.org", traits={"occupation": {"phone": "12"}})
    rows = {row["email"]: row for row in table(made(club, columns=("email", "phone", "field_phone")))}
    assert (rows["fay@example.org"]["phone"], rows["fay@example.org"]["field_phone"]) == ("", "12")


@pytest.mark.clause("E1")
def test_what_was_searched_is_not_kept_in_the_history(club):
    export = made(club, selection=Selection(text="anna@example.org", region=int(Region.EEA)))
    assert [row["email"] for row in table(export)] == ["anna@example.org"]
    assert export.selection == {"region": int(Region.EEA), "by_text": True}


@pytest.mark.clause("H1", "F1")
def test_a_file_is_not_fetched_for_a_recipient_who_may_no_longer_have_it(club, policy_text):
    export = made(club, purpose=SHARE, recipient="distributor-nordic")
    open_again(export, by=BY, now=timezone.now())
    without = policy_text.replace("recipients: [distributor-nordic, reseller-us]", "recipients: [reseller-us]")
    publish(club.pk, without, by=None, now=timezone.now())
    with pytest.raises(Refused, match="does not name the recipient"):
        open_again(export, by=BY, now=timezone.now())
    refused = Activity.objects.get(act="people.export.download", outcome="refused")
    assert refused.object_ref == f"export:{export.pk}"


@pytest.mark.clause("I1")
def test_a_file_expires_and_is_deleted(club):
    export, now = made(club), timezone.now()
    open_again(export, by=BY, now=now)
    assert Activity.objects.get(act="people.export.download").counts == {"persons": 4}
    with pytest.raises(Refused, match="three days"):
        open_again(export, by=BY, now=now + files.KEEP)
    path = files.path_of(export)
    assert files.clean(now=now + timedelta(hours=1)) == 0 and path.exists()
    stray = files.folder() / "stray.csv"
    stray.write_text("left by a crash")
    assert files.clean(now=now + files.KEEP + timedelta(hours=1)) == 2
    assert list(files.folder().iterdir()) == []
    export.refresh_from_db()
    assert (export.path, export.state, export.written) == ("", "done", 4)


def test_an_export_whose_worker_died_is_ended(club):
    order, now = Order(selection=Selection(text="anna@example.org")), timezone.now()
    export = start(club.pk, order, by=BY, now=now, defer=False)
    Export.objects.filter(pk=export.pk).update(state="running", moved_at=now - timedelta(hours=1))
    assert resume_stalled(now=now) == 0
    export.refresh_from_db()
    assert export.selection == {"by_text": True}
    assert (export.state, export.error.split(".")[0]) == ("failed", "The worker ended before the file was complete")


def test_an_export_whose_job_was_lost_is_queued_again_and_one_that_waits_is_not(club):
    now = timezone.now()
    lost = start(club.pk, Order(), by=BY, now=now, defer=False)
    waiting = start(club.pk, Order(), by=BY, now=now)
    later = now + files.STALLED_AFTER + timedelta(seconds=1)
    assert (resume_stalled(now=now), resume_stalled(now=later), resume_stalled(now=later)) == (0, 1, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'people.export' ORDER BY id")
        queued = [json.loads(args)["export_id"] for (args,) in cursor.fetchall()]
    assert queued == [waiting.pk, lost.pk]
    assert run_export(lost.pk).state == "done"


def test_a_policy_that_has_dropped_the_purpose_ends_the_export(club, policy_text):
    export = start(club.pk, Order(purpose=SHARE, columns=("email", "company")), by=BY, now=timezone.now(), defer=False)
    whole = "categories: [contact, identity, occupation, preferences, inquiry, location]\n    basis: {default: consent"
    narrower = policy_text.replace(whole, whole.replace(" occupation,", ""), 1)
    assert narrower != policy_text
    publish(club.pk, narrower, by=None, now=timezone.now())
    ended = run_export(export.pk)
    assert (ended.state, "company" in ended.error) == ("failed", True)
    assert list(files.folder().iterdir()) == []


@pytest.mark.usefixtures("committed_db")
def test_a_running_export_tells_how_far_it_is_and_can_be_stopped(make_house, monkeypatch):
    house = make_house()
    for number in range(5):
        make.person(house, email=f"p{number}@example.org")
    monkeypatch.setattr(run, "TELL_EVERY", 1)
    monkeypatch.setattr("tillit.people.exporting.rows.AT_ONCE", 2)
    export = start(house.pk, Order(), by=BY, now=timezone.now(), defer=False)
    told = []

    def look(*, stopping: bool) -> int:
        try:
            seen = Export.objects.get(pk=export.pk)
            if stopping:
                stop(seen, now=timezone.now())
            return seen.written
        finally:
            connection.close()

    def watch(written: int) -> None:
        with ThreadPoolExecutor(1) as elsewhere:  # as another process sees it
            told.append((written, elsewhere.submit(look, stopping=written == 2).result()))

    ended = run_export(export.pk, watch)
    assert told == [(2, 2)]
    assert (ended.state, ended.path, list(files.folder().iterdir())) == ("stopped", "", [])
    assert not Activity.objects.filter(act="people.export").exists()
    assert run_export(export.pk).state == "stopped"

"""An import brings in everybody once, keeps every "no", says why it refused a row, and can be broken off anywhere."""

from __future__ import annotations

import csv
import io
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from tests.conftest import superuser
from tests.environment import ROOT
from tillit.consent.actions import record_choice
from tillit.consent.models import Choice
from tillit.ledger.models import Activity, PurposeRule
from tillit.ledger.processing import Refused, processing
from tillit.people.actions import add_person, set_subscription
from tillit.people.importing import cleaning, files, run
from tillit.people.importing.files import NotReadable
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.run import run_import
from tillit.people.importing.start import resume, start, stop
from tillit.people.models import Identity, Import, MailingList, Person, Source, Subscription, Traits
from tillit.policy.regions import Region

ADMINISTER, MARKETING, MANAGE = "audience.administer", "marketing.email", "preferences.manage"
HEAD = "Email,First name,Last name,Company,Country\n"


def people(workspace) -> dict[str, dict]:
    """Address → everything that is known of its person, as staff see it."""
    with processing(workspace.pk, ADMINISTER, by="test", act="look"):
        found = {}
        for identity in Identity.objects.filter(kind="email"):
            person = Person.objects.get(pk=identity.person_id)
            traits = {}
            for row in Traits.objects.filter(person_id=person.pk):
                traits |= row.values
            states = dict(Subscription.objects.filter(person_id=person.pk).values_list("list_id", "state"))
            choices = list(
                Choice.objects.filter(person_id=person.pk).order_by("id").values_list("purpose", "state", "method")
            )
            found[identity.value] = {
                "id": person.pk,
                "region": person.region,
                "language": person.language,
                "bits": (person.granted, person.refused),
                "traits": traits,
                "lists": list(states.values()),
                "choices": choices,
            }
        return found


def tables() -> dict[str, list]:
    """What every table about persons holds, without what differs by the hour."""
    with superuser() as looking:
        return {
            "person": looking.execute("SELECT region, roles, granted, refused, language FROM people_person").fetchall(),
            "identity": sorted(looking.execute("SELECT key, value FROM people_identity").fetchall()),
            "traits": sorted(
                looking.execute(
                    'SELECT i.value, t.category, t."values"::text FROM people_traits t'
                    " JOIN people_identity i USING (person_id)"
                ).fetchall()
            ),
            "subscription": sorted(
                looking.execute(
                    "SELECT i.value, s.state FROM people_subscription s JOIN people_identity i USING (person_id)"
                ).fetchall()
            ),
            "choice": sorted(
                looking.execute(
                    "SELECT i.value, c.purpose, c.state FROM consent_choice c JOIN people_identity i USING (person_id)"
                ).fetchall()
            ),
        }


def report(item: Import) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files.refused_path(item.pk).read_text("utf-8-sig"))))


def bit(workspace, purpose: str) -> int:
    return 1 << PurposeRule.objects.get(version__in_force__workspace_id=workspace.pk, purpose=purpose).bit


@pytest.mark.clause("A3", "A4")
def test_people_come_in_with_all_that_the_file_knows(house, bring):
    done = bring(house, HEAD + "Anna@Example.ORG,Anna,Berg,Bolaget,Sverige\nbo@example.org,Bo,,,USA\n")
    assert (done.state, done.counts["new"], done.counts["rows"]) == ("done", 2, 2)
    found = people(house)
    assert found["anna@example.org"]["traits"] == {
        "first_name": "Anna",
        "last_name": "Berg",
        "company": "Bolaget",
        "country": "Sverige",
    }
    assert found["anna@example.org"]["region"] == Region.EEA
    assert found["bo@example.org"]["traits"] == {"first_name": "Bo", "country": "USA"}
    assert found["bo@example.org"]["lists"] == ["subscribed"]
    assert found["bo@example.org"]["choices"] == []


@pytest.mark.clause("A3")
def test_an_import_finds_the_people_that_are_there(house, bring):
    with processing(house.pk, ADMINISTER, by="t", act="add") as activity:
        ann = add_person(
            activity, email="anna@example.org", traits={"identity": {"first_name": "Anna", "last_name": "Ek"}}
        )
    done = bring(house, HEAD + "anna@example.org,,Berg,Bolaget,Sweden\nbo@example.org,Bo,,,\n")
    assert (done.counts["new"], done.counts["known"], done.counts["changed"]) == (1, 1, 1)
    found = people(house)["anna@example.org"]
    assert found["id"] == ann
    assert found["traits"] == {"first_name": "Anna", "last_name": "Berg", "company": "Bolaget", "country": "Sweden"}
    assert found["region"] == Region.EEA


@pytest.mark.clause("B7")
def test_a_known_region_is_not_changed_by_a_file(house, bring):
    bring(house, "email,country\na@example.org,Sweden\n")
    done = bring(house, "email,country\na@example.org,India\n")
    assert people(house)["a@example.org"]["region"] == Region.EEA
    assert done.counts["region_kept"] == 1


@pytest.mark.clause("E8")
def test_every_refused_row_has_its_reason_line_and_self(house, bring):
    rows = [
        ("", "Nobody", "x", "", ""),
        ("not an address", "Bad", "x", "", ""),
        ("ok@example.org", "Ok", "x", "", ""),
        ("a@example.org", "A", "x", "", "", "too", "many"),
        ("b@example.org", "B" * 2500, "x", "", ""),
        ("c@example.org", "C\0", "x", "", ""),
        ("=cmd@example.org", "=1+1", "-x", "", ""),
        ("+d..d@example.org", "D", "@x", "", ""),
    ]
    text = HEAD + "".join(",".join(row) + "\n" for row in rows) + 'e@example.org,"E\nf@example.org,F,x,,\n'
    done = bring(house, text)
    assert set(people(house)) == {"ok@example.org", "=cmd@example.org", "f@example.org"}
    assert done.counts["refused"] == 7
    found = report(done)
    assert [(row["line"], row["reason"]) for row in found] == [
        ("2", "no_address"),
        ("3", "invalid_address"),
        ("5", "too_many_columns"),
        ("6", "too_long"),
        ("7", "nul"),
        ("9", "invalid_address"),
        ("10", "quote"),
    ]
    assert found[1]["Email"] == "not an address"
    assert (found[5]["Email"], found[5]["Last name"]) == ("'+d..d@example.org", "'@x")
    counted = {key.removeprefix("refused."): n for key, n in done.counts.items() if key.startswith("refused.")}
    assert sum(counted.values()) == 7
    assert done.counts["rows"] == done.counts["new"] + done.counts["refused"]


def test_the_report_is_for_nobody_else_on_the_machine(house, bring):
    done = bring(house, HEAD + "broken,,,,\n")
    assert stat.S_IMODE(files.refused_path(done.pk).stat().st_mode) == 0o600
    assert stat.S_IMODE(files.folder().stat().st_mode) == 0o700


def test_the_same_address_twice_is_one_person_with_what_both_rows_say(house, bring):
    done = bring(house, HEAD + "a@example.org,Anna,Old,,\nA@Example.org ,,New,Bolaget,\nb@example.org,,,,\n")
    assert (done.counts["new"], done.counts["duplicates"], done.counts["rows"]) == (2, 1, 3)
    assert people(house)["a@example.org"]["traits"] == {"first_name": "Anna", "last_name": "New", "company": "Bolaget"}


def test_duplicates_are_counted_across_chunks(house, bring, monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 200)
    body = "".join(f"p{n % 50}@example.org,P,,,\n" for n in range(120))
    done = bring(house, HEAD + body, chunk_rows=10)
    assert (done.counts["new"], done.counts["duplicates"], done.counts["rows"]) == (50, 70, 120)
    again = bring(house, HEAD + body, chunk_rows=10)
    assert (again.counts["known"], again.counts["duplicates"], again.counts.get("new", 0)) == (50, 70, 0)


@pytest.mark.clause("E9", "C11")
def test_somebody_who_unsubscribed_stays_so(house, bring):
    bring(house, "email\na@example.org\nb@example.org\n")
    a = people(house)["a@example.org"]["id"]
    with processing(house.pk, MANAGE, by="t", act="leave") as activity:
        set_subscription(activity, [a], MailingList.objects.get(), "unsubscribed", now=timezone.now())
    done = bring(house, "email,status\na@example.org,subscribed\nb@example.org,subscribed\n", consent=MARKETING)
    assert people(house)["a@example.org"]["lists"] == ["unsubscribed"]
    assert done.counts["kept_out"] == 1


@pytest.mark.clause("E9", "E3", "C11")
@pytest.mark.parametrize("said", ["refused", "withdrawn", "objected"])
def test_a_no_is_not_overruled_by_a_file(house, bring, said):
    bring(house, "email\na@example.org\nb@example.org\n")
    a = people(house)["a@example.org"]["id"]
    with processing(house.pk, MANAGE, by="t", act="choose") as activity:
        record_choice(activity, [a], MARKETING, said, method="preferences", now=timezone.now())
    done = bring(house, "email\na@example.org\nb@example.org\n", consent=MARKETING)
    found = people(house)
    assert found["a@example.org"]["choices"] == [(MARKETING, said, "preferences")]
    assert found["a@example.org"]["bits"] == (0, bit(house, MARKETING))
    assert found["b@example.org"]["choices"] == [(MARKETING, "granted", "import")]
    assert found["b@example.org"]["bits"] == (bit(house, MARKETING), 0)
    assert (done.counts["kept_out"], done.counts["granted"]) == (1, 1)


@pytest.mark.clause("E9", "E5")
def test_opt_outs_in_the_file_are_opt_outs_here(house, bring):
    bring(house, "email\nknown@example.org\n", consent=MARKETING)
    text = (
        "email,status\nnew@example.org,Unsubscribed\nknown@example.org,cleaned\nok@example.org,subscribed\n"
        "odd@example.org,transactional\n"
    )
    done = bring(house, text, consent=MARKETING)
    found, mask = people(house), bit(house, MARKETING)
    assert found["new@example.org"]["lists"] == ["unsubscribed"]
    assert found["new@example.org"]["bits"] == (0, mask)
    assert found["new@example.org"]["choices"] == [(MARKETING, "refused", "import")]
    assert found["known@example.org"]["lists"] == ["unsubscribed"]
    assert found["known@example.org"]["bits"] == (0, mask)
    assert found["known@example.org"]["choices"] == [(MARKETING, "granted", "import"), (MARKETING, "refused", "import")]
    assert (found["ok@example.org"]["lists"], found["ok@example.org"]["bits"]) == (["subscribed"], (mask, 0))
    assert (found["odd@example.org"]["lists"], found["odd@example.org"]["choices"]) == ([], [])
    assert (done.counts["opted_out"], done.counts["granted"]) == (2, 1)


@pytest.mark.clause("E9")
def test_an_opt_out_in_one_of_two_rows_is_one(house, bring):
    bring(house, "email,unsubscribed\na@example.org,2024-02-01\na@example.org,\n")
    assert people(house)["a@example.org"]["lists"] == ["unsubscribed"]


@pytest.mark.clause("D5")
def test_consent_comes_only_with_the_option_and_only_to_rows_that_say_so(house, bring):
    text = "email,consent\na@example.org,yes\nb@example.org,\nc@example.org,no\n"
    bring(house, text)
    assert all(not found["choices"] for found in people(house).values())
    done = bring(house, text, consent=MARKETING)
    assert [address for address, found in people(house).items() if found["choices"]] == ["a@example.org"]
    assert done.counts["granted"] == 1
    choice = Choice._base_manager.model
    with processing(house.pk, ADMINISTER, by="t", act="look") as activity:
        row = choice.objects.get()
        assert (row.source_id, row.policy_version_id) == (Source.objects.get().pk, activity.policy_version_id)


@pytest.mark.clause("D5")
def test_consent_from_a_file_lapses_as_the_policy_says(house, bring):
    done = bring(house, "email\na@example.org\n", consent=MARKETING)
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        lapses = Choice.objects.get().expires_at
    assert (lapses.year, lapses.month) == (done.started_at.year + 3, done.started_at.month)


@pytest.mark.clause("D5")
def test_consent_to_what_nobody_is_asked_about_is_refused(house, queue):
    for purpose in ("service.message", "sell.everything"):
        with pytest.raises(Refused, match="asks nobody for consent"):
            queue(house, "email\na@example.org\n", consent=purpose)


@pytest.mark.clause("B4")
@pytest.mark.parametrize("what", ["expired", "without warranty"])
def test_a_source_that_warrants_nothing_gives_nothing(house, queue, import_folder, what):
    source = Source.objects.create(
        workspace=house,
        name="Bought",
        warranty=" " if what == "without warranty" else "They said so.",
        valid_until="2020-01-01" if what == "expired" else None,
    )
    source.refresh_from_db()
    with pytest.raises(Refused) as refused:
        queue(house, "email\na@example.org\n", source=source)
    assert refused.value.clause == "B4"
    assert Activity.objects.filter(act="people.import.receive", outcome="refused").count() == 1
    assert not list(import_folder.glob("*")) and not Import.objects.exists()


@pytest.mark.clause("B4")
def test_a_source_that_expires_before_the_import_runs_gives_nothing(house, queue):
    item = queue(house, "email\na@example.org\n")
    Source.objects.update(valid_until="2020-01-01")
    done = run_import(item.pk)
    assert done.state == "failed" and "ended on 2020-01-01" in done.error
    assert people(house) == {}


@pytest.mark.clause("B4")
def test_every_value_names_its_source(house, bring):
    bring(house, HEAD + "a@example.org,Anna,Berg,Bolaget,Sweden\n")
    source = Source.objects.get().pk
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        assert {row.source_id for row in Traits.objects.all()} == {source}
        assert {row.source_id for row in Subscription.objects.all()} == {source}


@pytest.mark.clause("E1")
def test_somebody_who_was_erased_is_not_brought_back(house, bring):
    bring(house, "email\na@example.org\nb@example.org\n")
    a = people(house)["a@example.org"]["id"]
    with processing(house.pk, "rights.fulfil", by="t", act="erase"):
        Identity.everyone.filter(person_id=a).update(person_id=None, value=None, erased_at=timezone.now())
        Person.objects.filter(pk=a).delete()
    done = bring(house, "email,name\nb@example.org,B\na@example.org,Anna\n", consent=MARKETING)
    assert set(people(house)) == {"b@example.org"}
    assert done.counts["refused.erased"] == 1
    assert [(row["line"], row["reason"], row["email"]) for row in report(done)] == [("3", "erased", None)]
    assert "Anna" not in files.refused_path(done.pk).read_text()


@pytest.mark.clause("A6")
def test_columns_that_mean_nothing_are_listed_and_not_stored(house, bring):
    done = bring(house, "email,Shoe size\na@example.org,43\n")
    assert [column for column in done.options["columns"] if not column["target"]] == [
        {"name": "Shoe size", "target": ""}
    ]
    assert people(house)["a@example.org"]["traits"] == {}


@pytest.mark.clause("A6")
def test_a_field_of_a_category_that_importing_lacks_is_not_written(house, queue):
    house.fields.create(name="cv", label="CV", category="recruitment")
    with pytest.raises(BadMapping, match="recruitment"):
        queue(house, "email,cv\na@example.org,x\n", wanted={"cv": "cv"})


def test_numbers_dates_and_yes_are_kept_as_such(house, bring):
    for name, kind in [("points", "number"), ("met", "date"), ("vip", "boolean")]:
        house.fields.create(name=name, label=name, type=kind, category="demographics")
    done = bring(house, "email;points;met;vip\na@example.org;1,5;2024-05-01;ja\nb@example.org;many;05/01/24;?\n")
    assert people(house)["a@example.org"]["traits"] == {"points": 1.5, "met": "2024-05-01", "vip": True}
    assert people(house)["b@example.org"]["traits"] == {}
    assert done.counts["unreadable_values"] == 3


def test_telephone_and_customer_number_are_identifiers(house, bring):
    done = bring(house, "email,phone,customer id,country\na@example.org,070-123 45 67,K1,Sweden\nb@example.org,1,K1,\n")
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        found = {(row.kind, row.value): row.person_id for row in Identity.objects.all()}
    assert found[("phone", "+46701234567")] == found[("email", "a@example.org")] == found[("customer", "K1")]
    assert done.counts["unreadable_phone"] == 1
    assert len(found) == 4


def test_cells_that_copy_would_misread_arrive_as_they_were(house, bring):
    odd = ["back\\slash", "tab\there", "line\nbreak", "\\N", "\\.", 'quo"te', "unit\x1fseparator", "\\x41"]
    written = io.StringIO()
    csv.writer(written).writerows([["email", "company"], *([f"p{n}@example.org", cell] for n, cell in enumerate(odd))])
    bring(house, written.getvalue())
    found = people(house)
    for number, cell in enumerate(odd):
        assert found[f"p{number}@example.org"]["traits"]["company"] == cell.replace("\x1f", " ")


@pytest.mark.parametrize("note", ["back\\slash", "two\nlines", "long" * 400])
def test_a_file_of_addresses_alone_brings_everybody_whatever_stands_beside_them(house, bring, note):
    done = bring(house, f'email,unknown,unknown too\na@example.org,"{note}","{note}"\nb@example.org,,\n')
    assert set(people(house)) == {"a@example.org", "b@example.org"}
    assert (done.counts["rows"], done.counts.get("refused", 0)) == (2, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_letters_arrive_in_every_encoding(house, bring, encoding):
    bring(house, "E-post;Förnamn;Ort\nanna@example.se;Åsa;Växjö\nbo@example.se;Jöns;Ängelholm\n".encode(encoding))
    assert people(house)["anna@example.se"]["traits"] == {"first_name": "Åsa", "city": "Växjö"}


def test_a_file_of_two_encodings_is_read_and_counted(house, bring):
    raw = "email,city\na@example.org,Växjö\nb@example.org,Umeå\n".encode() + "c@example.org,Malmö\n".encode("cp1252")
    done = bring(house, raw)
    assert people(house)["c@example.org"]["traits"] == {"city": "Malmö"}
    assert done.counts["recoded_lines"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n\n", "no rows"),
        (b"email" + b",x" * 300 + b"\n", "301 columns"),
        (b"PK\x03\x04" + bytes(100), "workbook"),
        (b"%PDF-1.7 x", "PDF"),
        (bytes(range(1, 32)) * 200, "not text"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(house, queue, import_folder, content, message):
    with pytest.raises(NotReadable, match=message):
        queue(house, content)
    assert list(import_folder.glob("*.csv")) == []


def test_a_header_alone_brings_nobody(house, bring):
    done = bring(house, HEAD)
    assert (done.state, done.counts.get("rows", 0)) == ("done", 0)


def test_a_file_without_an_address_column_asks_for_one(house, queue):
    with pytest.raises(BadMapping, match="email address"):
        queue(house, "name,city\nAnna,Umeå\n")


def test_a_file_that_is_too_large_is_refused_while_it_comes(house, queue, settings, import_folder):
    settings.MAX_UPLOAD_BYTES = 1000
    with pytest.raises(NotReadable, match="larger than"):
        queue(house, "email\n" + "a@example.org\n" * 200)
    assert list(import_folder.glob("*.csv")) == []


@pytest.mark.clause("I2")
def test_the_file_is_removed_when_all_is_in(house, bring, import_folder):
    done = bring(house, HEAD + "a@example.org,,,,\n")
    assert done.read_bytes == done.total_bytes
    assert [path.name for path in import_folder.glob("*.csv")] == [f"{done.pk}-refused.csv"]


def test_importing_again_changes_nothing(house, bring):
    text = HEAD + "".join(f"p{n}@example.org,P{n},Berg,Bolaget,Sweden\n" for n in range(200))
    bring(house, text, consent=MARKETING)
    with superuser() as _:
        before = people(house)
    done = bring(house, text, consent=MARKETING)
    assert people(house) == before
    assert (done.counts["known"], done.counts.get("changed", 0), done.counts.get("granted", 0)) == (200, 0, 0)


def test_every_chunk_is_an_activity_without_personal_values(house, bring):
    done = bring(house, HEAD + "a@example.org,Anna,,,\n")
    row = Activity.objects.get(act="people.import")
    assert (row.object_ref, row.actor, row.purpose) == (f"import:{done.pk}", "user:1", "audience.import")
    assert row.counts == {"persons_new": 1, "persons_known": 0}


# -- broken off and run side by side ----------------------------------------------------------------------------------
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
real, seen = run._write, []
def dying(item, plan, terms, chunk, report):
    size = report.size()
    report.write(chunk.refusals)
    seen.append(1)
    if len(seen) == 3:
        os._exit(9)
    report.cut(size)
    real(item, plan, terms, chunk, report)
run._write = dying
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

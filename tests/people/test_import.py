"""An import brings in everybody once, keeps every "no", says why it refused a row, and can be broken off anywhere."""

from __future__ import annotations

import csv
import io
import stat

import pytest

from tests.conftest import superuser
from tests.people.outcomes import ADMINISTER, HEAD, MARKETING, people, report
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.actions import add_person
from tillit.people.importing import files
from tillit.people.importing.files import NotReadable
from tillit.people.importing.mapping import BadMapping
from tillit.people.models import Identity
from tillit.policy.regions import Region


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
    assert [(row["line"], row["reason"]) for row in report(done)] == [
        ("3", "unreadable: points; unreadable: met; unreadable: vip")
    ]


def test_telephone_and_customer_number_are_identifiers(house, bring):
    done = bring(house, "email,phone,customer id,country\na@example.org,070-123 45 67,K1,Sweden\nb@example.org,1,K1,\n")
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        found = {(row.kind, row.value): row.person_id for row in Identity.objects.all()}
    assert found[("phone", "+46701234567")] == found[("email", "a@example.org")] == found[("customer", "K1")]
    assert done.counts["unreadable.phone"] == 1
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
        (b"PK\x03\x04" + bytes(100), "broken"),
        (b"%PDF-1.7 x", "PDF"),
        (bytes(range(1, 32)) * 200, "not text"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(house, queue, import_folder, content, message):
    with pytest.raises(NotReadable, match=message):
        queue(house, content)
    assert list(import_folder.iterdir()) == []


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
    assert list(import_folder.iterdir()) == []


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


def test_a_number_that_two_rows_name_is_the_earlier_ones(house, bring):
    """Decided by the file, not by the order in which PostgreSQL happens to sort equal keys."""
    rows = [f"p{number}@example.org,K{number % 40}\n" for number in range(400)]
    bring(house, "email,customer id\n" + "".join(rows))
    with processing(house.pk, ADMINISTER, by="t", act="look"):
        of = dict(Identity.objects.filter(kind="customer").values_list("value", "person_id"))
        addresses = dict(Identity.objects.filter(kind="email").values_list("person_id", "value"))
    assert {number: addresses[person] for number, person in of.items()} == {
        f"K{number}": f"p{number}@example.org" for number in range(40)
    }

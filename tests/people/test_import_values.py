"""Values in local forms, and those that cannot be read: each of them is counted, and listed with its line."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.people.outcomes import people, report
from tillit.ledger.processing import processing
from tillit.people.importing import start
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.run import run_import
from tillit.people.models import Identity


def test_local_dates_and_numbers_are_read_as_their_column_tells(house, bring):
    for name, kind in [("met", "date"), ("left", "date"), ("sum", "number")]:
        house.fields.create(name=name, label=name, type=kind, category="demographics")
    rows = "a@example.org;03/04/2024;03/04/2024;1,234\nb@example.org;31/12/2024;;1,5\n"
    done = bring(house, "email;met;left;sum\n" + rows)
    found = people(house)
    assert found["a@example.org"]["traits"] == {"met": "2024-04-03", "sum": 1.234}
    assert found["b@example.org"]["traits"] == {"met": "2024-12-31", "sum": 1.5}
    assert (done.counts["unreadable_values"], done.counts["ambiguous.left"]) == (1, 1)
    assert [(row["line"], row["reason"], row["left"]) for row in report(done)] == [
        ("2", "ambiguous: left", "03/04/2024")
    ]
    bring(house, "email;met;left;sum\n" + rows, dates="mdy")
    assert people(house)["a@example.org"]["traits"]["left"] == "2024-03-04"


def test_what_a_column_tells_holds_after_an_import_was_broken_off(house, queue, monkeypatch):
    """The form is kept with the first chunk, though a policy or a field may have changed since."""
    house.fields.create(name="met", label="met", type="date", category="demographics")
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 60)
    body = "".join(f"p{n}@example.org,03/04/2024\n" for n in range(20)) + "z@example.org,31/12/2024\n"
    item = queue(house, "email,met\n" + body)

    def stop(running):
        start.stop(running, now=timezone.now())

    assert run_import(item.pk, stop, chunk_rows=5).state == "stopped"
    item.refresh_from_db()
    assert 0 < item.read_bytes < item.total_bytes and item.options["forms"] == {"1": "dmy"}
    start.resume(item)
    assert run_import(item.pk, chunk_rows=5).state == "done"
    assert {row["traits"]["met"] for row in people(house).values()} == {"2024-04-03", "2024-12-31"}


def test_what_cannot_be_read_is_counted_by_column_and_listed(house, bring, monkeypatch):
    monkeypatch.setattr("tillit.people.importing.rows.LISTED_ROWS", 2)
    text = "email,phone,country,language\na@example.org,1,Atlantis,Klingon\n" + "b@example.org,2,,\nc@example.org,3,,\n"
    done = bring(house, text)
    assert set(people(house)) == {"a@example.org", "b@example.org", "c@example.org"}
    counted = {key: number for key, number in done.counts.items() if key.startswith("unreadable")}
    assert counted == {
        "unreadable_values": 5,
        "unreadable.phone": 3,
        "unreadable.country": 1,
        "unreadable.language": 1,
    }
    assert [row["line"] for row in report(done)] == ["2", "3"]


@pytest.mark.clause("E8")
def test_nothing_of_somebody_who_was_erased_is_listed(house, bring):
    bring(house, "email\na@example.org\n")
    with processing(house.pk, "rights.fulfil", by="t", act="erase"):
        Identity.everyone.update(person_id=None, value=None, erased_at=timezone.now())
    done = bring(house, "email,phone\na@example.org,wrong\n")
    assert [(row["line"], row["reason"], row["phone"]) for row in report(done)] == [("2", "erased", None)]


def test_a_long_cell_in_a_column_that_is_left_out_costs_nothing(house, bring):
    done = bring(house, f"email,unknown\na@example.org,{'x' * 5000}\n")
    assert (done.counts["new"], done.counts.get("refused", 0)) == (1, 0)


def test_a_whole_name_is_parted_where_no_column_has_its_parts(house, bring):
    done = bring(house, 'Namn,E-post\nAnna Maria Berg,a@example.org\n"Ek, Bo",b@example.org\nCher,c@example.org\n')
    assert {address: person["traits"] for address, person in people(house).items()} == {
        "a@example.org": {"first_name": "Anna", "last_name": "Maria Berg"},
        "b@example.org": {"first_name": "Bo", "last_name": "Ek"},
        "c@example.org": {"first_name": "Cher"},
    }
    assert "unreadable_values" not in done.counts
    bring(house, "Name,First name,Email\nWrong One,Ann,a@example.org\n")
    assert people(house)["a@example.org"]["traits"] == {"first_name": "Ann", "last_name": "Maria Berg"}


def test_a_whole_name_and_its_parts_are_one_thing(house, queue):
    with pytest.raises(BadMapping, match="mapped to the same thing"):
        queue(house, "Name,First name,Email\n", wanted={"Name": "name"})

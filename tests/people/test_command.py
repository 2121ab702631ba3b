"""`tillit import`: what it asks for, what it prints."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests import make
from tillit.people.command import import_command, undo_command
from tillit.people.models import Import, MailingList, Source


@pytest.fixture
def run(tmp_path):
    def ran(text: str, *options: str):
        path = tmp_path / "people.csv"
        path.write_text(text)
        return CliRunner().invoke(import_command, [str(path), *options])

    return ran


def test_a_file_is_brought_in_and_summed_up(house, run):
    text = "Email,Shoe size,Ort\na@example.org,43,Umeå\nb@example.org,,\nbroken,,\n"
    done = run(text, "--list", "Club", "--source", "A fair", "--consent", "marketing.email", "--map", "Ort=city")
    assert done.exit_code == 0, done.output
    for line in ("2 new people", "2 consents recorded", "1 rows refused", "1 invalid address", "brought in: Shoe size"):
        assert line in " ".join(done.output.split())
    assert Import.objects.get().list == MailingList.objects.get(name="Club")


def test_a_new_source_needs_its_warranty(house, run):
    refused = run("email\na@example.org\n", "--source", "Bought")
    assert refused.exit_code == 1 and "--warranty" in refused.output
    assert run("email\na@example.org\n", "--source", "Bought", "--warranty", "They said so.").exit_code == 0
    assert Source.objects.filter(name="Bought").count() == 1


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("name\nAnna\n", (), "No column holds the email address"),
        ("", (), "empty"),
        ("email\na@example.org\n", ("--consent", "sell.everything"), "asks nobody"),
        ("email\na@example.org\n", ("--map", "Nope=city"), "no column"),
        ("email\na@example.org\n", ("--map", "city"), "COLUMN=FIELD"),
        ("email\na@example.org\n", ("--workspace", "Elsewhere"), "no workspace"),
    ],
)
def test_a_mistake_is_told_in_plain_words(house, run, text, options, message):
    failed = run(text, "--source", "A fair", *options)
    assert failed.exit_code != 0
    assert message in failed.output


def test_several_workspaces_need_a_choice(house, run):
    make.workspace(name="Other")
    assert "--workspace" in run("email\na@example.org\n", "--source", "A fair").output
    assert run("email\na@example.org\n", "--source", "A fair", "--workspace", "House").exit_code == 0


def test_a_sheet_of_a_workbook_is_brought_in(house, tmp_path):
    from tests.people.test_workbooks import book, saved

    path = tmp_path / "all.xlsx"
    path.write_bytes(saved(book(("New", [["Email"], ["a@example.org"]]), ("Old", [["Email"], ["b@example.org"]]))))
    done = CliRunner().invoke(import_command, [str(path), "--source", "A fair", "--sheet", "Old"])
    assert done.exit_code == 0 and "1 new people" in " ".join(done.output.split())
    wrong = CliRunner().invoke(import_command, [str(path), "--source", "A fair", "--sheet", "None"])
    assert wrong.exit_code == 1 and "It has: New, Old." in wrong.output


def test_an_import_is_undone_by_its_number(house, run):
    done = run("email\na@example.org\n", "--source", "A fair")
    number = Import.objects.get().pk
    assert f"tillit undo-import {number}" in " ".join(done.output.split())
    asked = CliRunner().invoke(undo_command, [str(number)], input="n\n")
    assert asked.exit_code == 1 and "1 people made" in asked.output
    assert Import.objects.get().state == "done"
    undone = CliRunner().invoke(undo_command, [str(number), "--yes"])
    assert undone.exit_code == 0 and "1 people removed" in " ".join(undone.output.split())
    again = CliRunner().invoke(undo_command, [str(number), "--yes"])
    assert again.exit_code == 1 and "undone already" in again.output
    assert "no import 99" in CliRunner().invoke(undo_command, ["99"]).output


def test_a_dry_run_tells_and_brings_nobody_in(house, run):
    make.person(house, email="a@example.org", traits={"identity": {"first_name": "Ann"}})
    text = "email,first name\na@example.org,Anna\nb@example.org,Bo\n"
    told = run(text, "--source", "A fair", "--list", "Nowhere", "--dry-run")
    said = " ".join(told.output.split())
    assert told.exit_code == 0 and "1 new people" in said and "first_name: Ann → Anna" in said
    assert not Import.objects.exists() and not MailingList.objects.filter(name="Nowhere").exists()
    kept = run(text, "--source", "A fair", "--mode", "first name=keep", "--dry-run")
    assert "→" not in kept.output
    wrong = run(text, "--source", "A fair", "--mode", "first name=guess")
    assert wrong.exit_code == 1 and "no way to treat" in wrong.output

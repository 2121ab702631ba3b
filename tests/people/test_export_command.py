"""`tillit export`: what it asks for, what it writes."""

from __future__ import annotations

import csv

import pytest
from click.testing import CliRunner

from tests import make
from tests.people.test_export import SHARE, club, export_folder  # noqa: F401  fixtures
from tillit.accounts.models import Workspace
from tillit.ledger.processing import processing
from tillit.people.exporting import files
from tillit.people.exporting.command import export_command
from tillit.people.models import Identity
from tillit.people.segments.actions import make_segment
from tillit.people.segments.tree import Compare


@pytest.fixture
def run(club, tmp_path):  # noqa: F811
    def ran(name: str, *options: str):
        path = tmp_path / name
        done = CliRunner().invoke(export_command, [str(path), *options])
        return done.exit_code, " ".join(done.output.split()), path

    return ran


def test_a_list_is_written_and_nothing_stays_behind(run):
    code, told, path = run("people.csv", "--list", "News", "--state", "subscribed", "--columns", "email,status")
    assert code == 0 and "2 people written" in told, told
    with path.open(encoding="utf-8-sig", newline="") as handle:
        assert list(csv.reader(handle)) == [
            ["email", "status"],
            ["bo@example.org", "subscribed"],
            ["anna@example.org", "subscribed"],
        ]
    assert list(files.folder().iterdir()) == []


def test_the_files_name_says_the_format(run):
    assert run("people.xlsx")[2].read_bytes().startswith(b"PK")
    code, told, path = run(
        "people.jsonl", "--purpose", SHARE, "--recipient", "distributor-nordic", "--columns", "email"
    )
    assert (code, path.read_text()) == (0, '{"email": "anna@example.org"}\n'), told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--list", "Nope"), "no list"),
        (("--segment", "Nope"), "no segment"),
        (("--purpose", "sell.everything"), "no purpose"),
        (("--columns", "email,secrets"), "secrets"),
        (("--purpose", SHARE, "--recipient", "nobody"), "no recipient"),
        (("--purpose", "measurement.email", "--list", "News"), "preferences"),
        (("--workspace", "Elsewhere"), "no workspace"),
    ],
)
def test_a_mistake_is_told_in_plain_words(run, options, message):
    code, told, path = run("people.csv", *options)
    assert code == 1 and message in told
    assert not path.exists()


def test_a_segment_is_taken_out(run, club):  # noqa: F811
    tree = Compare("field:company", "=", "Firm")
    make_segment(club.pk, name="At the firm", tree=tree, by="user:1")
    code, told, path = run("people.jsonl", "--segment", "At the firm", "--columns", "email")
    assert (code, path.read_text()) == (0, '{"email": "anna@example.org"}\n'), told
    code, told, _path = run("people.csv", "--segment", "At the firm", "--purpose", "measurement.email")
    assert code == 1


def test_several_workspaces_need_a_choice(run):
    make.workspace(name="Other")
    assert "--workspace" in run("people.csv")[1]
    assert run("people.csv", "--workspace", "House")[0] == 0


def test_single_persons_are_written(run):
    with processing(Workspace.objects.get().pk, "audience.administer", by="test", act="look"):
        anna = Identity.objects.get(value="anna@example.org").person_id
    code, told, path = run("people.csv", "--person", str(anna), "--columns", "email")
    assert code == 0 and "1 people written" in told, told
    assert path.read_text("utf-8-sig").split() == ["email", "anna@example.org"]

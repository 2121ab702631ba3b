"""`tillit duplicates`: what it prints, and how it says what is wrong."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests import make
from tillit.ledger.processing import processing
from tillit.people.models import Person
from tillit.rights.merging.command import duplicates_command

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return make.workspace(name="House")


@pytest.fixture
def run(house):
    names = {"first_name": "Anna", "last_name": "[red]Berg[/red]"}
    one = make.person(house, email="anna@bolaget.se", traits={"identity": names})
    other = make.person(house, email="a.berg@bolaget.se", traits={"identity": {**names, "nick": "Annie"}})
    make.choice(house, one)
    make.choice(house, other, state="objected")
    make.mailing_list(house, one, name="News")
    return lambda *words, **more: CliRunner().invoke(duplicates_command, [*words], **more)


def people(house) -> int:
    with processing(house.pk, "audience.administer", by="test", act="look"):
        return Person.objects.count()


def test_pairs_are_found_listed_merged_and_split(house, run):
    assert "No pairs here" in run("list").output
    assert run("find").output.startswith("1 pairs.")
    listed = run("list").output
    assert "anna@bolaget.se" in listed and "a.berg@bolaget.se" in listed and "organisation, name" in listed
    asked = run("merge", "anna@bolaget.se", "a.berg@bolaget.se", input="n\n")
    assert "Annie" in asked.output and "News" in asked.output and asked.exit_code == 1
    assert "marketing.email" in asked.output and people(house) == 2
    done = run("merge", "anna@bolaget.se", "a.berg@bolaget.se", "--yes")
    assert "Merged into" in done.output and people(house) == 1
    again = run("merge", "anna@bolaget.se", "a.berg@bolaget.se", "--yes")
    assert again.exit_code == 1 and "itself" in again.output
    parted = run("split", "a.berg@bolaget.se", input="y\n")
    assert "a.berg@bolaget.se" in parted.output and "Two records again" in parted.output and people(house) == 2
    run("find")
    assert "No pairs here" in run("list").output


def test_two_people_are_remembered_as_such(run):
    run("find")
    assert "Remembered" in run("differ", "anna@bolaget.se", "a.berg@bolaget.se").output
    assert "No pairs here" in run("list").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("merge", "nobody@example.org", "anna@bolaget.se"), "Nobody is here as nobody@example.org"),
        (("split", "neither"), "neither a number of a person nor an address"),
        (("split", "00000000-0000-7000-8000-000000000000"), "Nobody is here"),
        (("split", "anna@bolaget.se"), "No record went into this one"),
        (("find", "--workspace", "Elsewhere"), "no workspace"),
    ],
)
def test_a_mistake_is_told_in_plain_words(run, words, said):
    failed = run(*words)
    assert failed.exit_code != 0
    assert said in failed.output

"""`tillit suppression`: what it does and prints."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests import make
from tillit.people.models import Suppression
from tillit.people.suppression.command import suppression_command


def run(*words: str):
    done = CliRunner().invoke(suppression_command, words)
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.clause("E9")
def test_addresses_are_suppressed_asked_about_and_lifted(house):
    make.person(house, email="anna@example.org")
    assert run("add", "Anna@example.org", "firm.example", "--reason", "complaint", "--note", "By post") == (
        0,
        "2 added; 1 people get no more mail.",
    )
    code, told = run("check", "anna+x@example.org")
    assert code == 0 and told.startswith("the address is suppressed here since") and told.endswith("(By post)")
    assert "the domain firm.example" in run("check", "bo@mail.firm.example")[1]
    assert run("check", "bo@example.org")[0] == 1
    code, told = run("lift", "anna@example.org")
    assert code == 1 and "Say it with --because." in told
    because = ("--because", "They wrote on 3 May: a mistake")
    assert run("lift", "anna@example.org", *because) == (0, "1 lifted; 1 people can get mail again.")
    assert run("lift", "anna@example.org", *because)[0] == 1


def test_everywhere_is_for_every_workspace(house):
    other = make.workspace()
    assert run("add", "firm.example")[0] == 1  # which workspace?
    assert run("add", "firm.example", "--everywhere")[0] == 0
    assert Suppression.objects.get().workspace_id is None
    assert run("check", "a@firm.example", "--workspace", other.name)[1].startswith(
        "the domain firm.example is suppressed everywhere"
    )
    assert run("add", "firm.example", "--everywhere", "--workspace", "House")[0] == 2


def test_lists_go_in_and_out(house, tmp_path):
    source, target = tmp_path / "list.txt", tmp_path / "out.csv"
    source.write_text("email\nanna@example.org\nnonsense\nbo@example.org\n")
    code, told = run("import", str(source), "--reason", "moved")
    assert code == 0 and "2 entries: 2 added, 0 known already" in told
    assert "1 lines left out: neither addresses nor domains. The first: 3." in told
    assert run("export", str(target))[0] == 0
    assert target.read_text().count("tillit:") == 2


def test_a_mistake_is_told(house):
    code, told = run("add", "nonsense")
    assert code == 2 and "neither an address nor a domain" in told

"""`tillit segment`: what it prints, and how it says what is wrong."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests import make
from tillit.people.actions import make_default_fields
from tillit.people.segments.command import segment_command

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    workspace = make.workspace(name="House")
    make_default_fields(workspace.pk)
    make.mailing_list(workspace, name="News")
    for country in ("SE", "SE", "NO"):
        make.person(workspace, traits={"demographics": {"country": country}})
    return lambda *words: CliRunner().invoke(segment_command, [*words])


def test_segments_are_kept_listed_shown_and_counted(run):
    assert "no segment yet" in run("list").output
    assert run("save", "Swedes", "country = SE").output.strip() == 'country = "SE"'
    assert run("save", "Swedes", 'country = SE and not on list "News"').exit_code == 0
    assert run("text", "Swedes").output.strip() == 'country = "SE" and not on list "News"'
    assert "Swedes: country" in run("list").output
    assert run("count", "Swedes").output.startswith("2 of 3 people")
    assert run("count", "--text", "country = NO").output.startswith("1 of 3 people")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("count", "Nobody"), "There is no segment “Nobody”"),
        (("count",), "Name a segment"),
        (("count", "--text", "opened", "--purpose", "marketing.email"), "may not use"),
        (("count", "--text", "cuntry = SE"), "Did you mean “country”"),
        (("count", "--text", "country = SE and"), "                  ^"),
        (("text", "7", "--workspace", "Elsewhere"), "no workspace"),
    ],
)
def test_a_mistake_is_told_in_plain_words(run, words, said):
    failed = run(*words)
    assert failed.exit_code != 0
    assert said in failed.output

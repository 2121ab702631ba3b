"""`tillit policy`, run in this process over the tests' database, and once as a person would."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.utils import timezone

from tests import make
from tests.conf.test_cli import tillit
from tests.environment import ROOT
from tests.governance import policies
from tillit.conf.policy_cli import policy
from tillit.ledger.models import Activity, PolicyVersion
from tillit.ledger.versions import in_force, scheduled
from tillit.policy.load import check_file, load
from tillit.policy.rules import MAX_PURPOSES

REFERENCE = ROOT / "policies" / "smart-media-solutions.yaml"
NEWSLETTER = (
    *("new", "--template", "newsletter-only", "--name", 'Byn: "Bladet"', "--address", "Storgatan 1, 223 50 Lund"),
    *("--country", "se", "--email", "hej@byabladet.example"),
)
COMMANDS = ("new", "check", "diff", "render", "publish", "versions", "show", "withdraw", "register")


def run(*arguments: object, answers: str = "") -> Result:
    done = CliRunner().invoke(policy, [str(each) for each in arguments], input=answers)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def flat(done: Result) -> str:
    return " ".join(done.output.split())


@pytest.fixture
def changed(tmp_path: Path, policy_text: str) -> Path:
    """The reference policy with less time for clicks and no mail without consent in California."""
    file = tmp_path / "changed.yaml"
    text = policy_text.replace("keep: 13 months", "keep: 12 months", 1)
    file.write_text(text.replace("{default: consent, US: opt-out, US-CA: opt-out}", "{default: consent}", 1))
    return file


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_an_example(command):
    said = run(command, "--help")
    assert said.exit_code == 0
    assert f"Example: tillit policy {command}" in flat(said)


# Making one


@pytest.mark.clause("A1")
def test_a_template_is_filled_in_so_that_it_checks_clean(tmp_path):
    file = tmp_path / "mine.yaml"
    made = run(*NEWSLETTER, "-o", file)
    assert made.exit_code == 0, made.output
    assert "It names no recipient." in made.output
    assert check_file(file) == []
    operator = load(file).operator
    assert (operator.name, operator.seat, operator.country) == ('Byn: "Bladet"', "Lund", "SE")
    assert run("check", file, "--strict").exit_code == 0


def test_what_is_not_given_is_asked_for(tmp_path):
    file = tmp_path / "mine.yaml"
    answers = [
        *("member-default", "Rum AB", "Gatan 2, 111 22 Stockholm", "Sverige", "SE", "no address", "hej@rum.example"),
        *("We furnish rooms.", "Vi inreder rum.", "Smart Media Solutions AB", "Exempelgatan 1, Stockholm", "se"),
    ]
    made = run("new", "-o", file, answers="\n".join(answers) + "\n")
    assert made.exit_code == 0, made.output
    assert "“Sverige” is no country code" in made.output and "“no address” is no email address" in made.output
    assert check_file(file) == []
    assert load(file).recipients["platform"].name == "Smart Media Solutions AB"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--country", "Sverige"), "“Sverige” is no country code"),
        (("--email", "nobody"), "“nobody” is no email address"),
        (("--name", " "), "Write what is true of you."),
        (("--name", "FILL IN name"), "Write what is true of you."),
        (("--template", "everything"), "'everything' is not one of"),
        (("-o", "/nowhere/mine.yaml"), "/nowhere/mine.yaml cannot be written"),
    ],
)
def test_an_answer_that_makes_no_sense_is_told(tmp_path, more, said):
    refused = run(*NEWSLETTER, "-o", tmp_path / "mine.yaml", *more)
    assert refused.exit_code in (1, 2)
    assert said in flat(refused)
    assert not (tmp_path / "mine.yaml").exists()


def test_no_file_is_written_over_and_no_question_left_open(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    assert "is there already" in run(*NEWSLETTER, "-o", file).output
    assert file.read_text() == "mine"
    assert run(*NEWSLETTER, "-o", file, "--force").exit_code == 0
    unanswered = run("new", "--template", "member-default", "-o", tmp_path / "other.yaml")
    assert unanswered.exit_code == 1 and "Not everything was answered" in flat(unanswered)


def test_a_processor_abroad_stands_under_a_safeguard(tmp_path):
    file = tmp_path / "mine.yaml"
    host = ("--processor", "Host Inc.", "--processor-address", "1 Road, Boston", "--processor-country", "US")
    made = run(*NEWSLETTER, *host, "-o", file)
    assert "outside the EEA" in made.output
    assert load(file).recipients["platform"].safeguard == "scc"
    assert check_file(file) == []


# Checking, comparing, rendering


def test_advice_is_told_apart_and_does_not_fail_unless_it_is_to(tmp_path):
    checked = run("check", REFERENCE)
    assert checked.exit_code == 0
    assert "Advice:" in checked.output and "1 piece(s) of advice" in flat(checked)
    assert run("check", REFERENCE, "--strict").exit_code == 1
    assert run("check", REFERENCE, "--today", "2100-01-01").exit_code == 1
    assert run("check", REFERENCE, "--today", "tomorrow").exit_code == 2
    assert "does not exist" in run("check", tmp_path / "none.yaml").output
    template = run("check", ROOT / "policies" / "newsletter-only.yaml")
    assert template.exit_code == 1 and "was never filled in" in template.output


@pytest.mark.clause("J1")
def test_what_changes_is_told_in_plain_words(changed):
    said = flat(run("diff", REFERENCE, changed))
    assert "needs consent in California" in said
    assert "Nothing changes" in run("diff", changed, changed).output
    assert "Kalifornien" in run("diff", REFERENCE, changed, "--language", "sv").output
    broken = run("diff", REFERENCE, ROOT / "policies" / "newsletter-only.yaml")
    assert broken.exit_code == 1 and "was never filled in" in broken.output


def test_the_statement_is_rendered_in_every_form(tmp_path):
    markdown = run("render", REFERENCE, "--language", "sv")
    assert markdown.output.startswith("<a id=") and "Integritetspolicy för Smart Media Solutions" in markdown.output
    assert "{{" not in markdown.output
    page = run("render", REFERENCE, "--format", "html", "--audience", "applicants").output
    assert page.startswith("<!doctype html>") and "If you apply for a job" in page and "On somebody" not in page
    assert json.loads(run("render", REFERENCE, "--format", "json").output)["@context"]
    file = tmp_path / "policy.pdf"
    assert run("render", REFERENCE, "--format", "pdf", "-o", file).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--language", "fi"), "The document has no “fi”. Choose one of en, sv."),
        (("--format", "pdf"), "A PDF cannot be printed here."),
        (("--audience", "martians"), "'martians' is not one of"),
        (("-o", "/nowhere/policy.md"), "cannot be written"),
    ],
)
def test_what_cannot_be_rendered_is_told(arguments, said):
    refused = run("render", REFERENCE, *arguments)
    assert refused.exit_code in (1, 2) and said in flat(refused)


# A workspace's versions


@pytest.mark.clause("J1", "J2")
def test_publishing_tells_what_changes_for_how_many_and_is_on_the_record(db, changed):
    workspace = make.workspace(name="House")
    make.person(workspace)
    refused = run("publish", changed, "--workspace", "House", answers="n\n")
    assert refused.exit_code == 1 and "Nothing was published." in refused.output
    assert "Of 1 people now" in refused.output and "needs consent in California" in flat(refused)
    assert in_force(workspace.pk).number == 1

    done = run("publish", changed, "--workspace", workspace.pk, "--note", "Shorter.", "--yes")
    assert done.exit_code == 0, done.output
    now = in_force(workspace.pk)
    assert (now.number, now.note) == (2, "Shorter.")
    record = Activity.objects.filter(workspace_id=workspace.pk, act="policy.publish").first()
    assert record is not None and (record.actor, record.object_ref) == ("system", "policy:2")
    again = run("publish", changed, "--workspace", "House", "--yes")
    assert again.exit_code == 1 and "says what version 2 says already" in flat(again)

    listed = run("versions", "--workspace", "House").output
    assert re.search(r"^ +2 .* Shorter\.$", listed, re.MULTILINE) and re.search(r"^ +1 ", listed, re.MULTILINE)


@pytest.mark.clause("J1")
def test_a_material_change_takes_effect_at_once_only_with_a_reason(db, tmp_path):
    workspace = make.workspace(name="House")
    more = tmp_path / "more.yaml"
    more.write_text(policies.USES_PURCHASES)
    for reason in ((), ("--without-notice", "  ")):
        refused = run("publish", more, "--workspace", "House", "--yes", *reason)
        assert refused.exit_code == 1 and "People must be told before such a change." in flat(refused)
    assert in_force(workspace.pk).number == 1
    done = run("publish", more, "--workspace", "House", "--note", "More.", "--without-notice", "A court.", "--yes")
    assert done.exit_code == 0, done.output
    assert in_force(workspace.pk).note == "More.\n\nWithout notice, because: A court."


@pytest.mark.clause("J1")
def test_a_material_change_that_takes_effect_later_needs_no_reason_and_keeps_none(db, tmp_path):
    workspace = make.workspace(name="House")
    more = tmp_path / "more.yaml"
    more.write_text(policies.USES_PURCHASES)
    soon = (timezone.now() + timedelta(days=40)).isoformat(timespec="minutes")
    done = run("publish", more, "--workspace", "House", "--at", soon, "--without-notice", "Unused.", "--yes")
    assert done.exit_code == 0, done.output
    assert PolicyVersion.objects.get(workspace=workspace, number=2).note == ""


@pytest.mark.clause("J1")
def test_what_changes_for_nobody_needs_no_reason(db, tmp_path):
    workspace = make.workspace(name="House")
    quiet = tmp_path / "quiet.yaml"
    quiet.write_text(policies.QUIET)
    assert run("publish", quiet, "--workspace", "House", "--yes").exit_code == 0
    assert in_force(workspace.pk).number == 2


@pytest.mark.clause("J1")
def test_a_version_is_scheduled_and_withdrawn(db, changed):
    workspace = make.workspace(name="House")
    at = (timezone.now() + timedelta(days=3)).isoformat(timespec="minutes")
    done = run("publish", changed, "--workspace", "House", "--at", at, "--yes")
    assert done.exit_code == 0 and "binds from" in done.output, done.output
    waiting = scheduled(workspace.pk, now=timezone.now())
    assert waiting is not None and waiting.number == 2
    assert "Version 2 is published and takes effect later" in flat(
        run("publish", changed, "--workspace", "House", "--yes")
    )
    kept = run("withdraw", "--workspace", "House", answers="n\n")
    assert kept.exit_code == 1 and "Nothing was withdrawn." in kept.output
    assert run("withdraw", "--workspace", "House", answers="y\n").exit_code == 0
    assert scheduled(workspace.pk, now=timezone.now()) is None
    assert "was withdrawn" in run("versions", "--workspace", "House").output
    assert "No version waits" in run("withdraw", "--workspace", "House", "--yes").output


@pytest.mark.clause("J2")
def test_every_version_is_shown_as_it_was_written(db, changed, policy_text):
    make.workspace(name="House", policy=policy_text)
    run("publish", changed, "--workspace", "House", "--yes")
    assert changed.read_text() in run("show", "--workspace", "House").output
    assert policy_text in run("show", "--workspace", "House", "--version", "1").output
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert changed.read_text() in run("show", "--workspace", "House", "--at", tomorrow).output
    early = run("show", "--workspace", "House", "--at", "2001-01-01")
    assert early.exit_code == 1 and "has no policy on 2001-01-01" in flat(early)
    assert "has no version 9" in run("show", "--workspace", "House", "--version", "9").output
    assert "not both" in run("show", "--workspace", "House", "--version", "1", "--at", tomorrow).output


def test_what_cannot_be_published_is_told(db, changed, tmp_path):
    workspace = make.workspace(name="House")
    unknown = run("publish", changed, "--workspace", "Hose", "--yes")
    assert "There is no workspace “Hose”. There are:" in flat(unknown) and "“House”" in flat(unknown)
    past = run("publish", changed, "--workspace", "House", "--at", "2001-01-01", "--yes")
    assert "That moment has passed." in flat(past)
    for no_moment in ("soon", "9999-12-31T23:59-05:00"):
        assert run("publish", changed, "--workspace", "House", "--at", no_moment, "--yes").exit_code == 2
    kept = run("publish", changed, "--workspace", "House", "--keep-consent", "survey.run", "--yes")
    assert "nothing asks for its consent anew" in flat(kept)
    expired = tmp_path / "expired.yaml"
    expired.write_text(
        changed.read_text().replace("valid_from: 2021-06-27", "valid_from: 2021-06-27\n    expires: 2022-01-01")
    )
    refused = run("publish", expired, "--workspace", "House", "--yes")
    assert refused.exit_code == 1 and "is not in force" in flat(refused)
    assert PolicyVersion.objects.filter(workspace=workspace).count() == 1


def test_a_workspace_without_policy_gets_its_first(db, tmp_path):
    workspace = make.workspace(name="New", bare=True)
    assert "has published no policy" in run("versions", "--workspace", "New").output
    assert "has no policy in force" in run("show", "--workspace", "New").output
    file = tmp_path / "mine.yaml"
    run(*NEWSLETTER, "-o", file)
    done = run("publish", file, "--workspace", "New", "--yes")
    assert done.exit_code == 0, done.output
    assert in_force(workspace.pk).document.operator.name == 'Byn: "Bladet"'


def test_the_limit_of_purposes_counts_what_a_workspace_used_up(db, tmp_path, policy_text):
    workspace = make.workspace(name="House", policy=policy_text)
    block = policy_text[policy_text.index("  site.measure:") : policy_text.index("  social.embed:")]
    spare = MAX_PURPOSES - len(load(policy_text).purposes)
    more = "".join(block.replace("site.measure:", f"site.measure{number}:") for number in range(spare))
    full = policy_text.replace("  social.embed:", more + "  social.embed:", 1)
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(full)
    second.write_text(full.replace("  site.measure1:", "  site.other:"))
    assert run("publish", first, "--workspace", workspace.pk, "--without-notice", "Haste.", "--yes").exit_code == 0
    assert run("check", second).exit_code == 0
    limited = run("check", second, "--workspace", "House")
    assert limited.exit_code == 1 and "has used 62 of 62 places for purposes" in flat(limited)


def test_it_runs_as_a_command(tmp_path):
    settings = {"TILLIT_DATA": str(tmp_path)}
    made = tillit("policy", *NEWSLETTER, "-o", str(tmp_path / "mine.yaml"), settings=settings)
    assert made.returncode == 0, made.stderr
    checked = tillit("policy", "check", str(tmp_path / "mine.yaml"), settings=settings)
    assert checked.returncode == 0 and "holds together" in " ".join(checked.stdout.split())

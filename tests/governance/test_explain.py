"""What was permitted for a person, now or then, and why: in words, as periods, on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from django.db import connection
from django.utils import timezone, translation

from tests import make
from tests.clauses import promises as documented
from tillit.accounts.models import Workspace
from tillit.consent.actions import record_choice
from tillit.governance.command import explain_command
from tillit.governance.explain import Answer, Event, Explanation, NoMoment, Past, moment_of, past_of
from tillit.governance.explain_words import as_json, doubt, promises, steps, verdict
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.models import Person
from tillit.people.records import change_place, restrict
from tillit.people.standing import kept_since
from tillit.policy.promises import PROMISES, promise
from tillit.policy.regions import Region
from tillit.policy.roles import Role
from tillit.rights.actions import erase

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C8", "D2", "D5", "E3", "J2")]
MARKETING = "marketing.email"
HOUR = timedelta(hours=1)


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


def past(workspace: Workspace, person: UUID) -> Past:
    found = past_of(workspace.pk, person, by="test")
    assert found is not None
    return found


def now_of(workspace: Workspace, person: UUID, purpose: str = MARKETING) -> Explanation:
    return past(workspace, person).at(purpose, timezone.now())


def chain(explanation: Explanation, language: str = "en") -> dict[str, str]:
    with translation.override(language):
        return {step.kind: step.text for step in steps(explanation)}


def choose(workspace: Workspace, person: UUID, state: str = "granted", **how: Any) -> UUID:
    with processing(workspace.pk, "preferences.manage", by="test", act="choose") as activity:
        [made] = record_choice(
            activity, [person], MARKETING, state, **{"method": "preferences", "now": timezone.now(), **how}
        )
    return made


# --- in words --------------------------------------------------------------------------------------------------------


def test_the_chain_leads_from_the_policy_to_the_answer(workspace):
    person = make.person(workspace)
    made = choose(workspace, person)
    found = now_of(workspace, person)
    told = chain(found)
    assert list(told) == ["policy", "rule", "choice", "person", "verdict"]
    assert told["policy"].startswith("Version 1, in force since")
    assert "In the European Economic Area it rests on consent. Without a yes it is not done." in told["rule"]
    assert (
        told["choice"].startswith("The person said yes on")
        and "(Preference centre), under version 1." in told["choice"]
    )
    assert told["person"] == "Where: the European Economic Area. Role: contact."
    assert told["verdict"] == "“News and offers by email” is permitted, because the person has consented to it."
    assert found.permitted and found.choice and found.choice.pk == made
    assert found.decision and found.decision.clause == "C11"


def test_the_chain_is_told_in_swedish(workspace):
    person = make.person(workspace)
    choose(workspace, person, "refused")
    told = chain(now_of(workspace, person), "sv")
    assert "Utan ett ja görs det inte." in told["rule"]
    assert told["choice"].startswith("Personen sa nej") and "är inte tillåten" in told["verdict"]


def test_the_clause_is_told_with_its_words(workspace):
    found = now_of(workspace, make.person(workspace))
    with translation.override("en"):
        assert promises(found)[0] == ("C11", "marketing follows each person's marketing preferences")
    with translation.override("sv"):
        assert promises(found)[0][1] == "marknadsföring följer varje persons val om marknadsföring"


def test_the_promises_are_those_of_the_documentation():
    plain = {clause: text.replace("**", "").replace('"', "“") for clause, text in documented().items()}
    assert {clause: english.replace("”", "“") for clause, (english, _) in PROMISES.items()} == plain
    assert all(swedish and swedish != english for english, swedish in PROMISES.values())
    assert promise("X99", "en") == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"region": Region.US}, "In the United States it rests on the law's permission until the person refuses."),
        ({"region": Region.UNKNOWN}, "In an unknown region (decided as the strictest) it rests on consent."),
        ({"role": Role.APPLICANT}, "The policy does not foresee it for a person in this role."),
    ],
)
def test_where_and_what_somebody_is_decides(workspace, fields, said):
    assert said in " ".join(chain(now_of(workspace, make.person(workspace, **fields))).values())


def test_a_purpose_for_everybody_that_cannot_be_refused_says_so(workspace):
    told = chain(now_of(workspace, make.person(workspace), "rights.fulfil"))
    assert told["rule"].startswith("The purpose concerns everybody.")
    assert "It cannot be refused." in told["rule"] and "allowed while processing is restricted" in told["rule"]
    assert told["choice"] == "No choice about it had been made."


# --- then ------------------------------------------------------------------------------------------------------------


def test_what_was_lawful_then_stays_told_after_a_withdrawal(workspace):
    person = make.person(workspace)
    choose(workspace, person)
    between = timezone.now()
    choose(workspace, person, "withdrawn")
    found = past(workspace, person)
    assert found.at(MARKETING, between).permitted and not found.at(MARKETING, timezone.now()).permitted


def test_a_move_and_a_restriction_count_from_their_moment(workspace):
    person = make.person(workspace, region=Region.US)
    before = clock()
    change_place(workspace.pk, person, region=Region.EEA, language="", by="test")
    after = clock()
    restrict(workspace.pk, person, by="test")
    found = past(workspace, person)
    assert [found.at(MARKETING, moment).permitted for moment in (before, after)] == [True, False]
    told = chain(found.at("audience.administer", clock()))
    assert "Processing was restricted." in told["person"]


def test_before_a_person_was_recorded_nobody_was_held(workspace):
    person = make.person(workspace)
    found = past(workspace, person).at(MARKETING, timezone.now() - HOUR)
    assert found.answer is Answer.NOBODY and not found.permitted
    assert chain(found)["verdict"].startswith("Nobody was held then")


def test_before_the_first_policy_nothing_was_permitted():
    workspace = make.workspace(bare=True)
    now = timezone.now()
    publish(workspace.pk, make.POLICY.read_text(), by=None, now=now)
    person = make.person(workspace)
    older(workspace, person, now - HOUR)
    found = past(workspace, person).at(MARKETING, now - HOUR / 2)
    assert found.answer is Answer.NO_POLICY and "No policy was in force" in chain(found)["verdict"]


def test_a_purpose_that_the_policy_of_then_did_not_know(workspace):
    found = now_of(workspace, make.person(workspace), "fortune.telling")
    assert found.answer is Answer.NO_PURPOSE
    assert "had no purpose “fortune.telling”" in verdict(found)


def test_a_consent_that_had_lapsed_counts_as_lapsed(workspace):
    person = make.person(workspace)
    start = timezone.now()
    choose(workspace, person, expires_at=start + HOUR)
    found = past(workspace, person)
    assert found.at(MARKETING, start + HOUR / 2).permitted
    later = found.at(MARKETING, start + HOUR)
    assert not later.permitted and later.lapsed and "counted neither as yes nor as no" in chain(later)["choice"]
    assert chain(later)["verdict"].endswith("and the one that was given did not count any more.")


def test_a_consent_from_before_it_was_asked_anew_is_told_as_such(workspace, policy_text):
    person = make.person(workspace)
    choose(workspace, person)
    publish(workspace.pk, policy_text, by=None, now=timezone.now(), ask_again=[MARKETING])
    found = now_of(workspace, person)
    assert found.superseded and not found.permitted and found.choice_version == 1
    assert "Consent was asked for anew since" in chain(found)["choice"]


def test_before_changes_were_kept_the_answer_says_that_it_is_not_certain(workspace):
    person = make.person(workspace)
    older(workspace, person, kept_since() - 48 * HOUR)
    found = past(workspace, person)
    long_ago = found.at(MARKETING, kept_since() - HOUR)
    assert not long_ago.certain and "as far as is known" in doubt(long_ago)
    assert found.at(MARKETING, timezone.now()).certain and not doubt(found.at(MARKETING, timezone.now()))


def older(workspace: Workspace, person: UUID, moment: datetime) -> None:
    with processing(workspace.pk, "audience.administer", by="test", act="backdate"):
        Person.objects.filter(pk=person).update(created_at=moment)


def clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


# --- periods ---------------------------------------------------------------------------------------------------------


def test_periods_say_from_when_to_when_it_was_permitted(workspace, policy_text):
    person = make.person(workspace)
    start = timezone.now()
    choose(workspace, person, expires_at=start + 2 * HOUR)
    restrict(workspace.pk, person, by="test")
    publish(workspace.pk, policy_text.replace("Nordlys", "Sydlys"), by=None, now=timezone.now())
    found = past(workspace, person).periods(MARKETING, until=start + 3 * HOUR)
    assert [each.permitted for each in found] == [False, True, False, False]
    assert [each.events for each in found] == [(Event.RECORDED,), (Event.CHOICE,), (Event.STANDING,), (Event.LAPSE,)]
    assert [each.end for each in found] == [*(each.start for each in found[1:]), None]


# --- who may ask -----------------------------------------------------------------------------------------------------


def test_nobody_of_another_workspace_is_explained(workspace):
    assert past_of(make.workspace().pk, make.person(workspace), by="test") is None
    assert past_of(workspace.pk, uuid4(), by="test") is None


def test_nothing_is_explained_of_an_erased_person(workspace):
    person = make.person(workspace)
    choose(workspace, person)
    erase(workspace.pk, person, by="test", now=timezone.now())
    assert past_of(workspace.pk, person, by="test") is None


def test_asking_is_recorded(workspace):
    person = make.person(workspace)
    past_of(workspace.pk, person, by="user:7", purpose=MARKETING)
    act = Activity.objects.get(act="policy.explain")
    assert (act.subject_id, act.actor, act.purpose, act.object_ref) == (
        person,
        "user:7",
        "rights.fulfil",
        f"purpose:{MARKETING}",
    )


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-02-30T10:00", "12:00", "9999-12-31T23:59+00:00", "\x00"])
def test_what_is_no_moment_is_said(text):
    with pytest.raises(NoMoment):
        moment_of(text, now=timezone.now())


def test_a_moment_is_read_in_the_readers_zone():
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    with timezone.override("Europe/Stockholm"):
        assert moment_of("2026-03-01T12:00", now=now) == datetime(2026, 3, 1, 11, tzinfo=UTC)
        assert moment_of("2026-03-01T12:00+00:00", now=now) == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert moment_of(" ", now=now) == now


# --- for programs, and on the command line ---------------------------------------------------------------------------


def test_programs_get_the_same(workspace):
    person = make.person(workspace)
    made = choose(workspace, person)
    found = past(workspace, person)
    told = json.loads(json.dumps(as_json(found.at(MARKETING, timezone.now()), found.periods(MARKETING, until=clock()))))
    assert told["permitted"] and told["reason"] == "permitted_by_consent" and told["basis"] == "consent"
    assert told["choice"]["id"] == str(made) and told["policy"]["number"] == 1
    assert told["standing"] == {"region": "EEA", "roles": ["contact"], "restricted": False, "unreachable": False} | {
        "suppressed": False
    }
    assert [each["permitted"] for each in told["periods"]] == [False, True]
    nothing = as_json(found.at(MARKETING, timezone.now() - HOUR), [])
    assert nothing["answer"] == "nobody" and nothing["choice"] is None


def run(*arguments: object) -> Result:
    return CliRunner().invoke(explain_command, [*map(str, arguments)])


def test_the_command_tells_the_chain(workspace):
    person = make.person(workspace, email="ann.berg@example.org")
    made = choose(workspace, person)
    for who in (person, "Ann.Berg@example.org"):
        done = run("--workspace", workspace.pk, "--person", who, "--purpose", MARKETING)
        assert done.exit_code == 0, done.output
        assert "✓ “News and offers by email” is permitted" in done.output and str(made) in done.output
        assert "Version 1, in force since" in done.output and "the person chose" in done.output.lower()
    assert "ann.berg" not in " ".join(str(row.__dict__) for row in Activity.objects.all()).lower()


def test_the_command_tells_every_purpose_in_a_table_and_as_json(workspace):
    person = make.person(workspace)
    done = run("--person", person)
    assert done.exit_code == 0 and "marketing.email" in done.output and "no consent" in done.output
    told = json.loads(run("--person", person, "--json").output)
    assert len(told) > 30 and {each["purpose"] for each in told} >= {MARKETING, "rights.fulfil"}
    one = json.loads(run("--person", person, "--purpose", MARKETING, "--json", "--language", "sv").output)
    assert one["permitted"] is False and "är inte tillåten" in one["steps"][-1]["text"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--person", "nobody@example.org"], "nobody with that address"),
        (["--person", "no address"], "neither a person's number nor a mail address"),
        (["--person", str(uuid4())], "There is nobody"),
        (["--person", str(uuid4()), "--at", "soon"], "no date and time"),
        (["--person", str(uuid4()), "--at", "2999-01-01"], "has not come"),
        (["--person", str(uuid4()), "--workspace", "Nowhere"], "no workspace"),
    ],
)
def test_the_command_says_what_is_wrong(workspace, arguments, said):
    done = run(*arguments)
    assert done.exit_code in (1, 2) and said in " ".join(done.output.split())
    assert "nobody@example.org" not in done.output


def test_the_command_tells_a_past_moment(workspace):
    person = make.person(workspace)
    with timezone.override("UTC"):
        at = (timezone.now() - HOUR).replace(tzinfo=None).isoformat()
        done = run("--person", person, "--purpose", MARKETING, "--at", at)
    assert done.exit_code == 0 and "Nobody was held then" in done.output

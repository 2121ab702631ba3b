"""Advice: what is allowed and seldom meant. Each is found, mended, and absent from the reference policy."""

import json
from datetime import date

import pytest

from tests.policy.test_load import changed, line_of
from tillit.policy.check import check
from tillit.policy.law import authorities, known_duties, vocabulary
from tillit.policy.load import load, parse
from tillit.policy.problems import Problem
from tillit.policy.regions import COUNTRIES
from tillit.policy.required import CODE_PURPOSES

TODAY = date(2026, 11, 22)


def found(text: str, *, today: date = TODAY) -> dict[str, Problem]:
    document, lines = parse(text)
    return {problem.path: problem for problem in check(document, lines=lines, today=today)}


@pytest.mark.clause("D1", "B3", "D4")
@pytest.mark.parametrize(
    ("old", "new", "path", "message", "at"),
    [
        (
            "    dpv: [pd:EmailAddress, pd:TelephoneNumber",
            "    dpv: [pd:EmailAdress, pd:TelephoneNumber",
            "categories/contact/dpv/1",
            "The vocabulary has no term “pd:EmailAdress”.",
            "pd:EmailAdress",
        ),
        (
            "    dpv: [pd:Opinion]",
            "    dpv: [pd:PoliticalOpinion]",
            "categories/survey/dpv/1",
            "“pd:PoliticalOpinion” is a special category",
            "pd:PoliticalOpinion",
        ),
        (
            "    consent_lasts: 12 months\n    clauses: [F5]",
            "    clauses: [F5]",
            "purposes/thirdparty.share",
            "A consent to this purpose never ends by itself.",
            "  thirdparty.share:",
        ),
        (
            "    lasts: 13 months",
            "    lasts: 14 months",
            "trackers/visit/lasts",
            "It stays on the device for 14 months",
            "lasts: 14 months",
        ),
        (
            "    lasts: 13 months",
            "    lasts: 420 days",
            "trackers/visit/lasts",
            "It stays on the device for 420 days",
            "lasts: 420 days",
        ),
    ],
)
def test_advice_is_given_with_its_line_and_keeps_nothing_from_being_published(
    reference_text, old, new, path, message, at
):
    assert path not in found(reference_text)
    text = changed(reference_text, old, new)
    problem = found(text)[path]
    assert problem.level == "advice" and problem.message.startswith(message)
    assert problem.line == line_of(text, at)
    load(text)


@pytest.mark.clause("D1", "D3")
def test_a_balancing_test_that_weighs_nothing_is_told(reference_text):
    start, end = (reference_text.index(words) for words in ("    balancing:\n", "    clauses: [C9, B1, D1, D3]"))
    empty = f"{reference_text[:start]}    balancing: {{en: We need it., sv: Vi behöver det.}}\n{reference_text[end:]}"
    told = found(empty)
    assert "The balancing test has 3 words" in told["purposes/measurement.email/balancing/en"].message
    assert "purposes/measurement.email/balancing/sv" in told
    assert not [path for path in found(reference_text) if "balancing" in path]


@pytest.mark.clause("D4")
def test_a_contract_that_does_not_say_what_follows_without_data_is_told(reference_text):
    start = reference_text.index("    compulsory:\n", reference_text.index("  event.run:"))
    text = reference_text[:start] + reference_text[reference_text.index("    clauses:", start) :]
    assert found(text)["purposes/event.run"].message.startswith("The purpose rests on a contract")
    assert "purposes/event.run" not in found(reference_text)


@pytest.mark.clause("C8")
def test_purposes_that_nothing_works_under_are_named_once(reference, reference_text):
    problem = found(reference_text)["purposes"]
    assert "nothing is done under them here" in problem.message
    for purpose_id, purpose in reference.purposes.items():
        named = f" {purpose_id}," in problem.message or f" {purpose_id} yet" in problem.message
        assert named is (purpose_id not in CODE_PURPOSES and not purpose.sends)


# Duties to keep


@pytest.mark.clause("I1")
@pytest.mark.parametrize(
    ("keep", "after", "level"),
    [
        ("7 years", "year-ended", None),
        ("84 months", "year-ended", None),
        ("83 months", "year-ended", "error"),
        ("2604 days", "year-ended", None),
        ("2555 days", "year-ended", "error"),  # seven years have more days, if the months are long
        ("7 years", "collected", "error"),  # the year may end twelve months later
        ("8 years", "collected", None),
        ("8 years", "relation-ended", None),
    ],
)
def test_what_is_kept_shorter_than_a_duty_is_an_error(reference_text, keep, after, level):
    kept = "  purchases:\n    keep: 7 years\n    after: year-ended"
    text = changed(reference_text, kept, f"  purchases:\n    keep: {keep}\n    after: {after}")
    problem = found(text).get("retention/purchases/keep")
    assert (problem.level if problem else None) == level
    if problem:
        assert problem.line == line_of(
            text, f"    keep: {keep}\n    after: {after}\n    then: anonymise\n    law: Book"
        )
        assert "Bookkeeping Act" in problem.message and problem.mend.startswith("Keep it ")


def test_periods_from_different_events_are_not_compared_but_told(reference_text):
    duty = "    keep: 7 years\n    after: year-ended\n    categories: [purchases]"
    text = changed(reference_text, duty, duty.replace("year-ended", "relation-ended"))
    problem = found(text)["retention/purchases/keep"]
    assert problem.level == "advice" and "cannot be told" in problem.message


@pytest.mark.clause("I1")
def test_a_law_of_the_operators_country_that_nobody_listed_is_told(reference_text):
    start, end = reference_text.index("duties:\n"), reference_text.index("measures:\n")
    unlisted = reference_text[:start] + reference_text[end:]
    assert "retention/purchases/keep" not in found(unlisted)  # met, though not listed
    short = changed(unlisted, "  purchases:\n    keep: 7 years", "  purchases:\n    keep: 5 years")
    problem = found(short)["retention/purchases/keep"]
    assert problem.level == "advice"
    assert "In SE the Bookkeeping Act (1999:1078) chapter 7 section 2 asks for 7 years" in problem.message
    danish = changed(short, "  country: SE\n  email: info@", "  country: DK\n  email: info@")
    assert "retention/purchases/keep" not in found(danish)  # five years there
    assert "retention/purchases/keep" not in found(short, today=date(2010, 1, 1))  # the law was another


def test_the_shipped_law_is_dated_and_says_whether_it_was_checked():
    assert {duty.country for duty in known_duties()} >= {"SE", "DE"}
    for duty in known_duties():
        assert duty.country in COUNTRIES and duty.source and isinstance(duty.checked, bool)
        assert duty.valid_from < TODAY and duty.matches <= vocabulary().terms
        assert duty.keep.months > 0
    assert all(country in COUNTRIES and each["website"] for country, each in authorities().items())
    assert vocabulary().special < vocabulary().terms and len(vocabulary().terms) == 231
    assert json.dumps(sorted(vocabulary().terms))

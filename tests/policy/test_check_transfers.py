"""What protects a transfer, when it ends, and who may receive what."""

from datetime import date

import pytest

from tests.policy.test_load import changed, line_of
from tillit.policy.check import check
from tillit.policy.load import load, parse
from tillit.policy.problems import Problem
from tillit.policy.transfers import safeguard_in_force

TODAY = date(2026, 11, 22)


def found(text: str, *, today: date = TODAY) -> dict[str, Problem]:
    document, lines = parse(text)
    return {problem.path: problem for problem in check(document, lines=lines, today=today)}


@pytest.mark.clause("H1", "H2")
def test_an_expired_safeguard_is_an_error_only_without_a_fallback_in_force(reference_text):
    later = date(2032, 1, 1)
    document = load(reference_text)
    assert safeguard_in_force(document, "adequacy-uk", today=TODAY) == "adequacy-uk"
    assert safeguard_in_force(document, "adequacy-uk", today=later) == "scc"
    assert safeguard_in_force(document, None, today=later) is None

    alone = changed(reference_text, "    expires: 2031-12-27\n    fallback: scc\n", "    expires: 2031-12-27\n")
    problems = found(alone, today=later)
    problem = problems["recipients/support-desk/safeguard"]
    assert (problem.level, problem.line) == ("error", line_of(alone, "safeguard: adequacy-uk"))
    assert "not in force on 2032-01-01" in problem.message
    assert "ran out on 2028-05-31" in problems["sources/data-provider/expires"].message
    assert problems["safeguards/dpf-eu/review"].level == "advice"
    assert "review was due on 2027-07-10" in problems["safeguards/dpf-eu/review"].message
    load(alone)  # what depends on the day keeps no version from being read
    assert "recipients/support-desk/safeguard" not in found(reference_text, today=later)


@pytest.mark.clause("H1")
def test_adequacy_covers_a_recipient_without_being_named_and_ends_with_its_day(reference_text):
    unnamed = changed(reference_text, "    safeguard: adequacy-uk\n", "")
    assert "recipients/support-desk" not in found(unnamed)
    ended = changed(unnamed, "    expires: 2031-12-27\n    fallback: scc\n", "    expires: 2031-12-27\n")
    assert "“adequacy-uk” is not in force" in found(ended, today=date(2031, 12, 27))["recipients/support-desk"].message


@pytest.mark.clause("H1", "H2")
@pytest.mark.parametrize(("today", "warned"), [((2031, 11, 26), False), ((2031, 11, 27), True), ((2031, 12, 26), True)])
def test_a_safeguard_that_ends_within_thirty_days_is_told_with_what_takes_over(reference_text, today, warned):
    problem = found(reference_text, today=date(*today)).get("safeguards/adequacy-uk/expires")
    assert (problem is not None) is warned
    if problem:
        assert problem.level == "advice"
        assert problem.message == "The safeguard ends on 2031-12-27. “scc” takes over then."
    renewed = changed(reference_text, "expires: 2031-12-27", "expires: 2033-12-27")
    assert "safeguards/adequacy-uk/expires" not in found(renewed, today=date(*today))


def test_a_safeguard_that_ends_with_nothing_after_it_is_told_so(reference_text):
    alone = changed(reference_text, "    expires: 2031-12-27\n    fallback: scc\n", "    expires: 2031-12-27\n")
    problem = found(alone, today=date(2031, 12, 1))["safeguards/adequacy-uk/expires"]
    assert "Nothing takes over: sharing under it stops that day." in problem.message


def test_a_source_that_ends_within_thirty_days_is_told(reference_text):
    assert "sources/data-provider/expires" not in found(reference_text, today=date(2028, 4, 30))
    assert found(reference_text, today=date(2028, 5, 2))["sources/data-provider/expires"].level == "advice"
    assert found(reference_text, today=date(2028, 5, 31))["sources/data-provider/expires"].level == "error"


@pytest.mark.clause("F1")
def test_a_recipient_that_may_receive_nothing_of_a_purpose_is_an_error(reference_text):
    text = changed(
        reference_text,
        "    recipients: [mail-relay]\n    clauses: [C11",
        "    recipients: [mail-relay, social-platform]\n    clauses: [C11",
    )
    problem = found(text)["purposes/marketing.email/recipients/2"]
    assert (problem.level, problem.line) == ("error", line_of(text, "[mail-relay, social-platform]"))
    mended = changed(text, "[device, browsing, social]\n    safeguard", "all\n    safeguard")
    assert "purposes/marketing.email/recipients/2" not in found(mended)


def test_a_recipient_that_no_purpose_names_is_told(reference_text):
    text = changed(reference_text, "    recipients: [support-desk]\n", "")
    assert found(text)["recipients/support-desk"].level == "advice"
    assert "recipients/support-desk" not in found(reference_text)

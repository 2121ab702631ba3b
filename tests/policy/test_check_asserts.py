"""What the statement promises of purposes is compared with the rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tests.policy.test_load import changed, line_of
from tillit.policy.check import check
from tillit.policy.decide import decide
from tillit.policy.document import Assertion, Fact, Section
from tillit.policy.load import parse
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.roles import EVERYONE
from tillit.policy.rules import PersonState, compile_rules
from tillit.policy.values import Texts

FIRST = "        - {purpose: marketing.email, says: needs-consent, regions: [EEA, UK, CH, CA]}\n"


def broken(text: str) -> dict[str, str]:
    document, lines = parse(text)
    return {
        problem.path: f"{problem.line}: {problem.message}"
        for problem in check(document, lines=lines)
        if "/asserts/" in problem.path
    }


def test_the_reference_keeps_what_its_statement_promises(reference, promising_text):
    asserted = [each for section in reference.statement.sections.values() for each in section.asserts]
    assert {each.says for each in asserted} >= {
        Fact.NEEDS_CONSENT,
        Fact.CAN_BE_REFUSED,
        Fact.CANNOT_BE_REFUSED,
        Fact.PERMITTED,
        Fact.DOES_NOT_USE,
    }
    assert broken(promising_text) == {}


@pytest.mark.clause("D5", "J4")
@pytest.mark.parametrize(
    ("change", "at", "message"),
    [
        (
            ("basis: {default: consent, US: opt-out, US-CA: opt-out}\n    marketing: true\n    sends", "CH: opt-out"),
            "statement/sections/promises/asserts/1",
            "“marketing.email” needs consent; by the rules that is not so in CH.",
        ),
        (
            ("    objection: at-once\n    consent_lasts: 2 years", "review"),
            "statement/sections/rights/asserts/2",
            "“analytics.predict” can be refused; by the rules that is not so in UNKNOWN, EEA, UK",
        ),
        (
            ("  service.message:", "consent"),
            "statement/sections/rights/asserts/3",
            "“service.message” cannot be refused; by the rules that is not so in UNKNOWN, EEA, UK",
        ),
        (
            ("  applicant", "recruitment"),
            "statement/sections/applicants/asserts/1",
            "“marketing.email” does not use recruitment, and its rule does.",
        ),
    ],
)
def test_a_rule_that_breaks_a_promise_is_told_at_the_promise(promising_text, change, at, message):
    old, new = change
    text = {
        "CH: opt-out": lambda: changed(promising_text, old, old.replace("US: opt-out", "CH: opt-out, US: opt-out")),
        "review": lambda: changed(
            changed(promising_text, old, old.replace("at-once", "review")),
            "{default: legitimate-interest, EEA: consent, UK: consent, US: opt-out, US-CA: opt-out}\n    objection",
            "{default: legitimate-interest}\n    objection",
        ),
        "consent": lambda: changed(
            promising_text, "    basis: {default: contract}\n    objection: none", "    basis: {default: consent}"
        ),
        "recruitment": lambda: changed(
            promising_text,
            "occupation, preferences, correspondence]\n    basis: {default: cons",
            "occupation, preferences, correspondence, recruitment]\n    basis: {default: cons",
        ),
    }[new]()
    assert message in broken(text)[at]


def test_a_promise_nobody_can_check_is_an_error(promising_text):
    text = changed(promising_text, FIRST, "        - {purpose: marketing.mail, says: permitted}\n")
    told = broken(text)["statement/sections/promises/asserts/1/purpose"]
    assert told == f"{line_of(text, 'marketing.mail, says')}: There is no purpose “marketing.mail”."
    empty = changed(promising_text, FIRST, "        - {purpose: marketing.email, says: does-not-use}\n")
    assert "is said of no category" in broken(empty)["statement/sections/promises/asserts/1"]


@settings(max_examples=40)
@given(our.documents(), st.data())
def test_an_assertion_holds_exactly_when_the_decision_says_so(document, data):
    """The check reads the rule's bits; this asks the decision about a person instead."""
    purpose_id = data.draw(st.sampled_from(sorted(document.purposes)))
    code = data.draw(st.sampled_from(sorted(NAMED_REGIONS)))
    fact = data.draw(st.sampled_from([Fact.PERMITTED, Fact.NEEDS_CONSENT, Fact.NOT_PERMITTED]))
    section = Section(
        title=Texts({"en": "a", "sv": "b"}),
        text=Texts({"en": "a", "sv": "b"}),
        asserts=(Assertion(purpose=purpose_id, says=fact, regions=(code,)),),
    )
    statement = document.statement.model_copy(update={"sections": {"one": section}})
    problems = check(document.model_copy(update={"statement": statement}), advice=False)

    rule = compile_rules(document)[purpose_id]
    region: Region = NAMED_REGIONS[code]

    def allowed(granted: int, refused: int) -> bool:
        state = PersonState(
            region=region, roles=EVERYONE, flags=0, granted=granted << rule.bit, refused=refused << rule.bit
        )
        return decide(rule, state).permitted

    silent, yes, no = allowed(0, 0), allowed(1, 0), allowed(0, 1)
    expected = {
        Fact.PERMITTED: yes,
        Fact.NEEDS_CONSENT: yes and not silent,
        Fact.NOT_PERMITTED: not yes,
    }[fact]
    assert (problems == []) is expected, (fact, silent, yes, no)

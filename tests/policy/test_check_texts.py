"""Texts: languages, references, places never filled in, and what is typed where a reference belongs."""

import pytest

from tests.policy.test_load import changed, line_of
from tillit.policy.check import check
from tillit.policy.load import load, parse
from tillit.policy.problems import PolicyErrors, Problem

HOSTING = "such as {{recipient:hosting}} and"
INTRODUCTION = "This policy says what {{operator:name}} does"


def found(text: str) -> list[Problem]:
    document, lines = parse(text)
    return [problem for problem in check(document, lines=lines) if problem.path != "purposes"]


def at(text: str, path: str) -> list[Problem]:
    return [problem for problem in found(text) if problem.path == path]


def test_the_reference_has_none_of_these(promising_text):
    assert found(promising_text) == []


# References


@pytest.mark.parametrize(
    ("reference", "message", "mend"),
    [
        ("{{recipient:hostin}}", "There is no recipient “hostin”.", "Did you mean “hosting”?"),
        ("{{recipients:hosting}}", "There is no kind of reference “recipients”.", "Did you mean “recipient”?"),
        ("{{keep:contcat}}", "There is no retention of the category “contcat”.", "Did you mean “contact”?"),
        ("{{after:contcat}}", "There is no retention of the category “contcat”.", "Did you mean “contact”?"),
        ("{{lapses:marketing.mail}}", "There is no purpose “marketing.mail”.", "Did you mean “marketing.email”?"),
        ("{{lapses:service.message}}", "The consent to “service.message” does not lapse.", "Add “consent_lasts:”"),
        ("{{operator:nmae}}", "There is no fact of the operator “nmae”.", "Did you mean “name”?"),
        (
            "{{recipient hosting}}",
            "“{{recipient hosting}}” is no reference.",
            "Write it as {{purpose:marketing.email}}",
        ),
        ("{{recipient:hosting}", "“{{recipient:hosting} and {{recipient:mail-relay}}”", "Write it as"),
    ],
)
def test_a_reference_to_nothing_is_an_error(reference_text, reference, message, mend):
    text = changed(reference_text, HOSTING, f"such as {reference} and")
    problem = at(text, "statement/sections/sharing/text/en")[0]
    assert (problem.level, problem.message[: len(message)]) == ("error", message)
    assert problem.mend.startswith(mend)
    assert problem.line == line_of(text, "We share with the recipients that this policy names. Comp") - 1
    with pytest.raises(PolicyErrors):
        load(text)


def test_a_title_refers_to_nothing(reference_text):
    text = changed(reference_text, "{en: Messages sent to you,", '{en: "To {{operator:name}}",')
    assert "cannot refer" in at(text, "categories/correspondence/title/en")[0].message


def test_a_fact_the_operator_does_not_have_is_told(reference_text):
    text = changed(reference_text, "  registration: 559000-0000\n", "")
    text = changed(text, INTRODUCTION, "This policy says what {{operator:registration}} does")
    assert "has no “registration”" in at(text, "statement/introduction/en")[0].message


# Places never filled in


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("  seat: Stockholm, Sweden", "  seat: FILL IN the town", "operator/seat"),
        ("      en: Email address, telephone", "      en: FILL IN, telephone", "categories/contact/description/en"),
        (
            "      sv: E-postadress, telefonnummer",
            "      sv: FYLL I, telefonnummer",
            "categories/contact/description/sv",
        ),
        ("  country: SE\n  email: info", "  country: FILL IN\n  email: info", "operator/country"),
    ],
)
def test_what_a_template_left_open_is_an_error_with_its_line(reference_text, old, new, path):
    text = changed(reference_text, old, new)
    with pytest.raises(PolicyErrors) as caught:
        load(text)
    (problem,) = caught.value.problems
    assert (problem.path, problem.line) == (path, line_of(text, new.split("\n")[0]))
    assert "was never filled in" in problem.message


# Languages


def test_a_text_that_was_never_translated_is_told(reference_text):
    same = "sv: Email address, telephone number and postal address."
    text = changed(reference_text, "sv: E-postadress, telefonnummer och postadress.", same)
    (problem,) = at(text, "categories/contact/description/sv")
    assert (problem.level, problem.line) == ("advice", line_of(text, same))
    assert problem.message == "The text is the same in “sv” as in “en”."
    short = changed(reference_text, "sv: Kontaktuppgifter", "sv: Contact details")
    assert found(short) == []


# What is typed again


@pytest.mark.parametrize(
    ("typed", "reference"),
    [
        ("Smart Media Solutions AB", "{{operator:name}}"),
        ("privacy@smartmediasolutions.example", "{{operator:privacy}}"),
        ("Relaypoint Inc.", "{{recipient:mail-relay}}"),
        ("news and offers by email", "{{purpose:marketing.email}}"),
        ("“Support”", "{{purpose:support.provide}}"),
        ("**Events**", "{{category:events}}"),
        ("a Swiss-US Data Privacy Framework", "{{safeguard:dpf-ch}}"),
        ("mail for 13 months", "{{keep:interaction}}"),
        ("mail for thirty years and six months", "{{keep:device}}"),
        ("consent for three years", "{{lapses:marketing.email}}"),
    ],
)
def test_what_the_document_says_elsewhere_is_not_typed_again(reference_text, typed, reference):
    typed = typed.replace("thirty years and ", "")
    text = changed(reference_text, INTRODUCTION, f"With us it is {typed}, as you see. {INTRODUCTION}")
    told = at(text, "statement/introduction/en")
    assert [problem.level for problem in told] == ["advice"] * len(told)
    assert any(reference in problem.mend for problem in told), [str(problem) for problem in told]
    mended = changed(reference_text, INTRODUCTION, f"With us it is {reference}, as you see. {INTRODUCTION}")
    assert found(mended) == []


@pytest.mark.parametrize(
    "plain",
    [
        "Support is what we give, events are what we hold, and purchases are what you make.",
        "We answer within one month, and within 72 hours if it is urgent.",
        "Your account, and who you are, are yours.",
        "Contact us: one of us is there on most days of the year.",
    ],
)
def test_common_words_and_other_periods_are_left_alone(reference_text, plain):
    assert found(changed(reference_text, INTRODUCTION, f"{plain} {INTRODUCTION}")) == []


@pytest.mark.clause("I1")
def test_a_text_that_promises_another_period_than_any_rule_is_told(reference_text):
    text = changed(reference_text, INTRODUCTION, f"We keep all you give us for 18 months. {INTRODUCTION}")
    (problem,) = at(text, "statement/introduction/en")
    assert problem.message == "The text promises “18 months”, and no rule of the document keeps anything that long."
    svenska = "Den här policyn berättar vad {{operator:name}} gör"
    text = changed(reference_text, svenska, f"Vi sparar allt i arton år och 18 månader. {svenska}")
    assert "“18 månader”" in at(text, "statement/introduction/sv")[0].message


def test_a_balancing_test_may_use_its_own_purposes_title_and_no_others(reference_text):
    words = "The interest: to know whether our mail is read,"
    own = changed(reference_text, words, f"About “Measuring our mail”. {words}")
    assert found(own) == []
    other = changed(reference_text, words, f"About “Content that fits you”. {words}")
    assert "{{purpose:content.personalise}}" in at(other, "purposes/measurement.email/balancing/en")[0].mend

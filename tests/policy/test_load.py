from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tests.policy.conftest import REFERENCE
from tillit.policy.document import Document
from tillit.policy.load import PolicyErrors, Problem, canonical, check_file, digest, load, parse
from tillit.policy.problems import written
from tillit.policy.values import Period, Texts


def problems(text: str) -> list[Problem]:
    with pytest.raises(PolicyErrors) as caught:
        load(text)
    return caught.value.problems


def only(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def line_of(text: str, needle: str) -> int:
    return text[: text.index(needle)].count("\n") + 1


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


# Broken files


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "The document is empty."),
        ("# only a comment\n", 1, "The document is empty."),
        ("- a\n- b\n", 1, "The document is no mapping of sections."),
        ("just words", 1, "The document is no mapping of sections."),
        ("operator:\n  name: x\n bad: y\n", 3, "The YAML is broken"),
        ("operator: [1, 2\nofficers: 3\n", 2, "The YAML is broken"),
        ("operator: 1\nname: 'unclosed\n", 3, "The YAML is broken"),
        ("a: 1\n--- \nb: 2\n", 2, "The YAML is broken"),
        ("operator: 1\nname: \x07\n", 2, "There is a control character."),
        ("a: 1\nb: 2\na: 3\n", 3, "“a” is written twice; the first is on line 1."),
        ("a: &x [1]\nb: *x\n", 2, "An alias (*name) repeats another part."),
        ("a: &x\n  b: *x\n", 2, "An alias (*name) repeats another part."),
        ("a: *missing\n", 1, "The YAML is broken"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "The tag"),
        ("? [a, b]\n: c\n", 1, "A key is a list or a mapping."),
        ("a:\n  " + "[" * 30 + "]" * 30, 2, "Lists and mappings are nested too deeply."),
        ("a: " + "[" * 30_000, 1, "Lists and mappings are nested too deeply."),
        ("a: " + "x" * 1_000_001, 1, "The document is larger than 1000 kB."),
    ],
)
def test_a_broken_document_is_told_with_its_line(text, line, message):
    problem = only(text)
    assert (problem.line, problem.message.startswith(message)) == (line, True), str(problem)
    assert problem.mend


def test_an_alias_bomb_is_refused_at_once():
    text = "a0: &a0 [x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 30)
    )
    assert {problem.message for problem in problems(text)} == {"An alias (*name) repeats another part."}


def test_files_are_read_as_utf_8(tmp_path: Path, reference_text: str):
    good = tmp_path / "good.yaml"
    good.write_bytes(b"\xef\xbb\xbf" + reference_text.encode())
    assert {problem.level for problem in check_file(good)} <= {"advice"}
    bad = tmp_path / "bad.yaml"
    bad.write_bytes("operator:\n  name: Malmö\n".encode("latin-1"))
    assert check_file(str(bad)) == [Problem(2, "", "The file is not UTF-8 text.", "Save it with the encoding UTF-8.")]
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 1_000_001)
    assert check_file(large)[0].message == "The document is larger than 1000 kB."


def test_a_file_that_is_not_there_is_a_problem_not_a_crash(tmp_path: Path):
    (problem,) = check_file(tmp_path / "none.yaml")
    assert "cannot be read: no such file or directory" in problem.message
    assert "is a directory" in check_file(tmp_path)[0].message


@settings(max_examples=200)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@ \n\t\x00é\ud800", max_size=40))
def test_any_text_is_refused_with_problems_never_with_a_crash(text):
    assert all(problem.line >= 1 and problem.message for problem in problems(text))


# Parts that are not what they should be


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("  seat: Stockholm, Sweden\n", "", "operator/seat", "“seat” is missing."),
        ("  seat: Stockholm", "  chair: x\n  seat: Stockholm", "operator/chair", "“chair” is no word"),
        (
            "    marketing: true",
            "    marketing: perhaps",
            "purposes/marketing.email/marketing",
            "“perhaps” does not fit",
        ),
        ("US: opt-out", "US: optout", "purposes/marketing.email/basis/US", "“optout” is not one of the words"),
        ("default: consent, US:", "default: consent, EU:", "purposes/marketing.email/basis", "“EU” is no region."),
        ("roles: [contact, visitor", "roles: [king, visitor", "purposes/marketing.email/roles", "“king” is no role."),
        ("keep: 24 months", "keep: a while", "retention/contact/keep", "“a while” is no period."),
        ("keep: 24 months", "keep: 24", "retention/contact/keep", "A period is written as a number and a unit."),
        ("keep: 24 months", "keep: [2]", "retention/contact/keep", "A period is written as a number and a unit."),
        ('country: "NO"', "country: Norway", "recipients/distributor-nordic/country", "“Norway” is no country code."),
        ("countries: [US]", "countries: [XX]", "safeguards/dpf-eu/countries", "“XX” is no country code."),
        ("valid_from: 2023-07-10", "valid_from: soon", "safeguards/dpf-eu/valid_from", "“soon” does not fit here."),
        ("clauses: [A1, J3]", "clauses: [A1, first]", "operator/clauses/2", "“first” is not written as an id."),
        ("languages: [en, sv]", "languages: []", "languages", "The list is empty."),
        ("languages: [en, sv]", "languages: en", "languages", "“en” does not fit here."),
        ("  phone: +46 8 000 00 00", "  phone: 46800000", "operator/phone", "“46800000” does not fit here."),
        ("  seat: Stockholm, Sweden", "  seat:", "operator/seat", "The text is missing."),
        ("  seat: Stockholm, Sweden", '  seat: ""', "operator/seat", "The text is empty."),
        (
            "    dpv: [pd:Name, pd:Gender, pd:BirthDate, pd:UID]",
            "    dpv: []",
            "categories/identity/dpv",
            "The list is",
        ),
        ("lasts: 14 days", "lasts: for ever", "trackers/session/lasts", "“for ever” is no period."),
        ("  marketing.email:", "  Marketing Email:", "purposes/Marketing Email", "“Marketing Email” is not written"),
    ],
)
def test_a_wrong_part_is_told_with_its_line_and_path(reference_text, old, new, path, message):
    text = changed(reference_text, old, new)
    problem = next(problem for problem in problems(text) if problem.path == path)
    assert problem.message.startswith(message), str(problem)
    assert problem.mend
    expected = line_of(reference_text, old) if new else line_of(reference_text, "operator:")
    assert problem.line == expected + new.count("\n" if "chair" not in new else "\0")


def test_a_comma_in_a_text_is_explained(reference_text):
    text = changed(reference_text, 'title: {en: "Lists, choices and topics"', "title: {en: Lists, choices and topics")
    problem = problems(text)[0]
    assert (problem.line, "in quotes" in problem.mend) == (line_of(text, "en: Lists,"), True)


def test_an_unknown_word_gets_a_suggestion(reference_text):
    text = changed(reference_text, "    sends: true", "    send: true")
    assert "Did you mean “sends”?" in next(each for each in problems(text) if each.path.endswith("/send")).mend


def test_everything_wrong_is_told_at_once_in_the_order_of_the_lines(reference_text):
    text = changed(reference_text, "country: SE", "country: SVERIGE")
    text = changed(text, "    sends: true", "    sends: maybe")
    text = changed(text, "keep: 24 months", "keep: long")
    found = problems(text)
    assert [problem.path for problem in found] == [
        "operator/country", "purposes/marketing.email/sends", "retention/contact/keep",
    ]  # fmt: skip
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)
    assert str(found[0]).startswith(f"line {found[0].line}, operator/country: “SVERIGE” is no country code.")


# What a document is called


@pytest.mark.clause("J2")
def test_the_digest_is_of_what_is_said_not_of_how_it_is_laid_out(reference, reference_text):
    commented = "# a comment\n" + changed(reference_text, "keep: 24 months", "keep: 2 years   # the same")
    assert digest(load(commented)) == digest(load(reference_text))
    assert len(digest(reference)) == 64


@pytest.mark.clause("J2")
@pytest.mark.parametrize(
    ("old", "new"),
    [("keep: 24 months", "keep: 25 months"), ("US: opt-out", "US: consent"), ("News and offers", "News or offers")],
)
def test_any_change_of_what_is_said_changes_the_digest(reference_text, old, new):
    assert digest(load(changed(reference_text, old, new))) != digest(load(reference_text))


@settings(max_examples=25)
@given(our.documents())
def test_a_document_survives_its_canonical_form(document):
    again = Document.model_validate_json(canonical(document))
    assert again == document and digest(again) == digest(document)


def test_the_reference_survives_its_canonical_form(reference):
    assert Document.model_validate_json(canonical(reference)) == reference


def test_a_path_and_a_text_load_alike(reference, promising_text):
    assert load(REFERENCE) == load(promising_text) == reference


def test_lines_are_known_for_every_part(reference_text):
    _, lines = parse(reference_text)
    path = ("purposes", "measurement.email", "basis", "EEA")
    assert lines.of(path) == line_of(reference_text, "basis: {default: legitimate-interest, EEA: consent")
    assert lines.of((*path, "deeper")) == lines.of(path)
    assert lines.of(("nowhere",)) == line_of(reference_text, "operator:")
    assert written(("officers", 0, "name")) == "officers/1/name"


def test_a_document_cannot_be_changed(reference):
    with pytest.raises(ValueError, match="frozen"):
        reference.operator.name = "Other"


# Small values


@pytest.mark.parametrize(
    ("said", "written_as"),
    [
        ("24 months", "2 years"),
        ("13 months", "13 months"),
        ("2 weeks", "14 days"),
        ("1 year", "1 year"),
        ("1 day", "1 day"),
    ],
)
def test_a_period_is_read_and_written(said, written_as):
    assert str(Period.model_validate(said)) == written_as
    assert Period.model_validate(written_as) == Period.model_validate(said)


def test_a_text_falls_back_to_a_language_there_is():
    texts = Texts({"en": "Yes", "sv": "Ja"})
    assert [texts.said(language) for language in ("sv", "sv-FI", "de")] == ["Ja", "Ja", "Yes"]
    with pytest.raises(ValueError, match="every language"):
        Texts({})

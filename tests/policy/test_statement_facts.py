"""The statement's rows against what is executed: for any document, a row says what the rule decides."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.policy.bases import Basis, Objection
from tillit.policy.decide import Reason, decide
from tillit.policy.document import Document
from tillit.policy.load import load
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.roles import Role
from tillit.policy.rules import PersonState, Rule, compile_rules
from tillit.policy.statement import Statement, build
from tillit.policy.statement_blocks import Cell, Facts, Section, Table
from tillit.policy.statement_rows import PurposeRow, Reach
from tillit.policy.statement_words import Words
from tillit.policy.transfers import transfer


def _built(document: Document, language: str = "en") -> tuple[Statement, dict[str, Rule]]:
    rules = compile_rules(document)
    return build(document, rules, language=language), rules


def _person(rule: Rule, region: int, *, role: int | None = None, yes: bool = False, no: bool = False) -> PersonState:
    place = 1 << rule.bit
    return PersonState(region, rule.roles if role is None else role, 0, place if yes else 0, place if no else 0)


def _text(cell: Cell) -> list[str]:
    return ["".join(span.text for span in line) for line in cell]


def _agrees(rule: Rule, reach: Reach, region: int) -> None:
    """Ask the rule about a person who said nothing, one who said yes and one who said no."""
    silent, willing, refusing = (
        decide(rule, _person(rule, region, **how)) for how in ({}, {"yes": True}, {"no": True})
    )
    if reach.basis is None:
        assert {each.reason for each in (silent, willing, refusing)} == {Reason.NO_BASIS_IN_REGION}
        return
    assert silent.permitted is (reach.basis is not Basis.CONSENT)
    assert silent.basis is reach.basis
    assert willing.permitted
    assert refusing.permitted is (reach.refusal is not Objection.AT_ONCE)


@pytest.mark.clause("D1", "D2", "D4")
@settings(max_examples=60)
@given(our.documents())
def test_a_purpose_is_described_as_it_is_decided(document):
    statement, rules = _built(document)
    assert [row.id for row in statement.purposes] == list(document.purposes)
    for row in statement.purposes:
        rule = rules[row.id]
        assert sorted(region for each in row.reaches for region in each.regions) == sorted(NAMED_REGIONS.values())
        for region in NAMED_REGIONS.values():
            _agrees(rule, row.reach(region), region)
        assert decide(rule, _person(rule, Region.UNKNOWN)).basis is row.unknown
        for role in Role:
            in_role = decide(rule, _person(rule, Region.EEA, role=role)).reason is not Reason.NOT_FOR_THIS_ROLE
            assert in_role is (role in row.roles)
        assert frozenset(row.categories) == rule.categories
        assert row.everything is (rule.categories == frozenset(document.categories))
        assert row.still_when_restricted is rule.allowed_when_restricted
        assert row.recipients == document.purposes[row.id].recipients


@settings(max_examples=60)
@given(our.documents())
def test_a_purpose_stands_in_the_group_that_tells_what_a_persons_word_does(document):
    statement, rules = _built(document)
    for row in statement.purposes:
        rule = rules[row.id]
        states = [region for region in NAMED_REGIONS.values() if row.reach(region).basis]
        without_asking = {decide(rule, _person(rule, region)).permitted for region in states}
        after_no = {decide(rule, _person(rule, region, no=True)).permitted for region in states}
        assert (row.group == "consent") is (without_asking == {False})
        assert (row.group in ("consent", "mixed", "unless")) is (after_no == {False})
        assert (row.group == "unless") is (without_asking == {True} and after_no == {False})


@pytest.mark.clause("D2")
@pytest.mark.parametrize("language", ["en", "sv"])
@settings(max_examples=40)
@given(document=our.documents())
def test_the_words_of_a_row_read_back_give_the_decision(document, language):
    statement, rules = _built(document, language)
    words = Words(language)
    bases = {words.basis(basis).lower(): basis for basis in Basis}
    entries = {section.anchor: section for section in statement.walk() if section.entry}
    for row in statement.purposes:
        facts = dict(next(block for block in entries[f"purpose-{row.id}"].blocks if isinstance(block, Facts)).pairs)
        for region in NAMED_REGIONS.values():
            said = _read(facts[words.phrase("ground")], region, row, words)
            assert (bases[said.lower()] if bases[said.lower()] is not Basis.NONE else None) is row.reach(region).basis
            if row.reach(region).basis:
                answer = _read(facts[words.phrase("your_say")], region, row, words)
                off = decide(rules[row.id], _person(rules[row.id], region, no=True)).permitted
                assert answer.startswith(("Yes", "Ja")) is not off


def _read(cell: Cell, region: Region, row: PurposeRow, words: Words) -> str:
    """Read a cell as a person in a region does: the line that names their place, else the one for elsewhere."""
    lines = dict(line.split(": ", 1) for line in _text(cell)) if cell[0][0].strong else {"": _text(cell)[0]}
    if list(lines) == [""]:
        return lines[""]
    names = {words.region(region)} | ({words.country("US")} if region in (Region.US, Region.US_CA) else set())
    for place, text in lines.items():
        listed = {name for part in place.split(f" {words.phrase('and')} ") for name in part.split(", ")}
        if names & listed:
            return text
    return next(text for place, text in lines.items() if place.lower() == words.phrase("elsewhere"))


@pytest.mark.clause("A9")
@settings(max_examples=30)
@given(our.documents(), st.sampled_from(["contacts", "visitors", "applicants"]))
def test_a_layer_shows_the_purposes_that_can_reach_its_audience(document, audience):
    from tillit.policy.document import Audience

    rules = compile_rules(document)
    role = {"contacts": Role.CONTACT, "visitors": Role.VISITOR, "applicants": Role.APPLICANT}[audience]
    statement = build(document, rules, language="en", audience=Audience(audience))
    reached = [name for name, rule in rules.items() if rule.roles & role]
    assert [row.id for row in statement.purposes] == reached


def _table(section: Section) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table))


def _section(statement: Statement, anchor: str) -> Section:
    return next(section for section in statement.walk() if section.anchor == anchor)


periods = st.builds(lambda number, unit: f"{number} {unit}", st.integers(1, 99), st.sampled_from(["days", "months"]))


@st.composite
def registers(draw: st.DrawFn) -> Document:
    """A document with recipients, safeguards, trackers and periods of any kind."""
    tree = draw(our.trees())
    day = st.dates(date(2020, 1, 1), date(2030, 1, 1))
    text = {"en": "Text", "sv": "Text"}
    names = [f"guard-{number}" for number in range(4)]
    tree["safeguards"] = {
        name: {
            "title": text,
            "kind": draw(st.sampled_from(["framework", "standard-clauses", "adequacy"])),
            "countries": draw(st.sampled_from([[], ["US"], ["US", "JP"]])),
            "valid_from": (begun := draw(day)),
            "expires": draw(st.none() | st.dates(begun + timedelta(days=1), date(2031, 1, 1))),
            "fallback": draw(st.none() | st.sampled_from(names[number + 1 :])) if names[number + 1 :] else None,
            "reference": "Decision",
        }
        for number, name in enumerate(names)
    }
    tree["recipients"] = {
        f"company-{number}": {
            "name": f"Company {number}",
            "address": "Street 1",
            "country": draw(st.sampled_from(["SE", "US", "JP"])),
            "role": "processor",
            "business": text,
            "categories": draw(st.sampled_from(["all", ["contact"]])),
            "safeguard": draw(st.sampled_from(names)),
            "direct_marketing": draw(st.booleans()),
        }
        for number in range(draw(st.integers(0, 4)))
    }
    known = [*tree["recipients"]]
    for purpose in tree["purposes"].values():
        purpose["recipients"] = draw(st.lists(st.sampled_from(known), unique=True)) if known else []
    tree["trackers"] = {
        f"tracker-{number}": {
            "title": text,
            "description": text,
            "kind": draw(st.sampled_from(["cookie", "pixel", "embed"])),
            "name": f"name_{number}",
            "purpose": draw(st.sampled_from(sorted(tree["purposes"]))),
            "categories": ["contact"],
            "lasts": draw(periods | st.just("session")),
            "essential": draw(st.booleans()),
            "recipient": draw(st.none() | st.sampled_from(known)) if known else None,
            "host": "host.example",
        }
        for number in range(draw(st.integers(0, 5)))
    }
    for rule in tree["retention"].values():
        rule["keep"], rule["then"] = draw(periods), draw(st.sampled_from(["delete", "anonymise"]))
    return Document.model_validate(tree)


@pytest.mark.clause("H2")
@settings(max_examples=60)
@given(registers(), st.dates(date(2019, 1, 1), date(2032, 1, 1)))
def test_recipients_are_described_as_disclosures_to_them_are_decided(document, day):
    rules = compile_rules(document)
    statement = build(document, rules, language="en", on=day)
    assert [row.id for row in statement.recipients] == list(document.recipients)
    for row in statement.recipients:
        recipient = document.recipients[row.id]
        moved = transfer(document, recipient, day=day)
        assert row.in_eea is (moved is None)
        assert row.protected_by(day) == (moved.safeguard if moved else None)
        used = [name for name, purpose in document.purposes.items() if row.id in purpose.recipients]
        assert list(row.purposes) == used
        assert set(row.categories) == (set(document.categories) if row.everything else set(recipient.categories))
    if statement.recipients:
        shown = _table(_section(statement, "recipients"))
        for row, line in zip(statement.recipients, shown.rows, strict=True):
            who, does, _, protection = (" / ".join(_text(cell)) for cell in line.cells)
            recipient = document.recipients[row.id]
            assert recipient.name in who and recipient.address in who
            assert ("May use it for its own direct marketing." in does) is recipient.direct_marketing
            assert ("nothing is passed on" in protection) is (not row.in_eea and row.protected_by(day) is None)


@settings(max_examples=60)
@given(registers())
def test_periods_are_described_as_the_document_sets_them(document):
    statement, _ = _built(document)
    words = Words("en")
    lines = _table(_section(statement, "retention")).rows
    for (name, rule), line in zip(document.retention.items(), lines, strict=True):
        assert line.anchors[0] == f"retention-{name}"
        _, kept, then, why = (_text(cell) for cell in line.cells)
        assert kept == [f"{words.period(rule.keep)} {words.trigger(rule.after)}"]
        assert then == ["Deleted" if rule.then == "delete" else "Made anonymous"]
        assert why[0] == rule.reason.said("en")


@pytest.mark.clause("B3")
@settings(max_examples=60)
@given(registers())
def test_trackers_wait_for_what_their_purpose_waits_for(document):
    statement, rules = _built(document)
    assert {row.id for row in statement.trackers} == set(document.trackers)
    assert [row.tracker.essential for row in statement.trackers] == sorted(
        (each.essential for each in document.trackers.values()), reverse=True
    )
    for row in statement.trackers:
        tracker = document.trackers[row.id]
        provider = document.recipients[tracker.recipient] if tracker.recipient else document.operator
        assert row.provider == provider and row.own is (tracker.recipient is None)
        assert (row.reaches == ()) is tracker.essential
        for reach in row.reaches:
            for region in reach.regions:
                _agrees(rules[tracker.purpose], reach, region)


def test_the_reference_policy_says_whom_it_protects_by_what_on_which_day(reference):
    rows = {row.id: row for row in build(reference, compile_rules(reference), language="en").recipients}
    assert rows["mail-relay"].protected_by(date(2026, 1, 1)) == "dpf-eu"
    assert rows["mail-relay"].protected_by(date(2023, 1, 1)) == "scc"
    assert rows["support-desk"].protected_by(date(2031, 12, 26)) == "adequacy-uk"
    assert rows["support-desk"].protected_by(date(2031, 12, 27)) == "scc"
    assert rows["hosting"].in_eea and rows["hosting"].protected_by(date(2026, 1, 1)) is None


def test_an_adequate_country_needs_no_named_safeguard(reference_text):
    document = load(reference_text.replace("    safeguard: adequacy-uk\n", ""))
    (row,) = [
        each for each in build(document, compile_rules(document), language="en").recipients if each.id == "support-desk"
    ]
    assert row.protected_by(date(2026, 1, 1)) == "adequacy-uk"

"""The register says what the rules execute, for any document."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.strategies import trees
from tillit.policy.bases import Basis
from tillit.policy.decide import decide
from tillit.policy.document import Document
from tillit.policy.impact import LARGE, Criterion, Need, criteria, needs
from tillit.policy.outcomes import Reason
from tillit.policy.regions import Region, region_of
from tillit.policy.register import REGIONS, Contact, Register, register
from tillit.policy.register_json import as_values, schema
from tillit.policy.register_rows import CONTROLLER, PROCESSOR, Evidence, Rows, Surroundings
from tillit.policy.register_words import RegisterWords
from tillit.policy.roles import EVERYONE
from tillit.policy.rules import PersonState, Rule, compile_rules
from tillit.policy.transfers import safeguard_in_force

DAY = date(2026, 11, 22)
ABOUT = {
    "workspace": "House",
    "number": 3,
    "digest": "a" * 64,
    "published": "2026-11-01T12:00:00+00:00",
    "effective": "2026-11-08T12:00:00+00:00",
}
days = st.dates(date(2020, 1, 1), date(2035, 1, 1))


@st.composite
def sharing(draw: st.DrawFn) -> Document:
    """A document whose purposes have recipients in and out of the EEA, under safeguards that begin and end."""
    tree = draw(trees())
    categories = sorted(tree["categories"])
    tree["safeguards"] = {
        name: {
            "title": {"en": name, "sv": name},
            "kind": draw(st.sampled_from(["adequacy", "framework", "standard-clauses", "derogation"])),
            "countries": ["US", "JP"],
            "valid_from": draw(days),
            "expires": draw(st.one_of(st.none(), days)),
            "reference": f"decision {name}",
            **({"fallback": "second"} if name == "first" else {}),
        }
        for name in ("first", "second")
    }
    tree["recipients"] = {
        f"r{index}": {
            "name": f"Recipient {index}",
            "address": "1 Street",
            "country": country,
            "role": draw(st.sampled_from(["processor", "partner", "joint-controller", "advertising"])),
            "business": {"en": "trade", "sv": "handel"},
            "categories": draw(st.one_of(st.just("all"), st.lists(st.sampled_from(categories), min_size=1))),
            **({"safeguard": "first"} if country == "US" else {}),
        }
        for index, country in enumerate(draw(st.lists(st.sampled_from(["SE", "US", "JP"]), max_size=4)))
    }
    for purpose in tree["purposes"].values():
        purpose["recipients"] = draw(st.lists(st.sampled_from(sorted(tree["recipients"]) or [""]), unique=True))
        purpose["recipients"] = [name for name in purpose["recipients"] if name]
        purpose["role"] = draw(st.sampled_from(["controller", "joint-controller", "processor"]))
    return Document.model_validate(tree)


def made(document: Document, *, language: str = "en", day: date = DAY) -> tuple[dict[str, Rule], Register]:
    rules = compile_rules(document)
    return rules, register(document, rules, language=language, day=day)


@pytest.mark.clause("A10", "D1", "A6")
@given(document=sharing())
@settings(max_examples=40)
def test_each_record_says_what_its_rule_executes(document: Document) -> None:
    rules, found = made(document)
    assert [record.id for record in found.records] == list(rules)
    for record in found.records:
        rule = rules[record.id]
        assert {each.id for each in record.categories} == rule.categories
        assert sum(1 << region for region, basis in record.grounds.items() if basis is Basis.CONSENT) == (
            rule.consent_regions & sum(1 << region for region in REGIONS)
        )
        assert record.everybody == (rule.roles == EVERYONE)
        assert {each.category.id: each.keep for each in record.retention} == {
            name: document.retention[name].keep for name in rule.categories
        }
        for region in REGIONS:
            nowhere = decide(rule, PersonState(region, EVERYONE, 0, 0, 0)).reason is Reason.NO_BASIS_IN_REGION
            assert (record.grounds[region] is None) == nowhere
            if not nowhere:
                decision = decide(rule, PersonState(region, EVERYONE, 0, 1 << rule.bit, 0))
                assert decision.basis is record.grounds[region]


@pytest.mark.clause("A10")
@given(document=sharing())
@settings(max_examples=40)
def test_each_purpose_stands_in_one_of_the_two_registers(document: Document) -> None:
    _rules, found = made(document)
    ours = {record.id for record in found.controller_records}
    theirs = {record.id for record in found.processor_records}
    assert ours | theirs == set(document.purposes)
    assert not ours & theirs
    assert theirs == {name for name, purpose in document.purposes.items() if purpose.role == "processor"}


@pytest.mark.clause("H1", "A10")
@given(document=sharing(), day=days)
@settings(max_examples=40)
def test_recipients_get_only_what_both_may_have_and_transfers_name_what_protects_them_that_day(
    document: Document, day: date
) -> None:
    rules, found = made(document, day=day)
    for record in found.records:
        assert [each.id for each in record.recipients] == list(document.purposes[record.id].recipients)
        for each in record.recipients:
            recipient = document.recipients[each.id]
            allowed = document.categories if recipient.categories == ("all",) else recipient.categories
            assert {category.id for category in each.categories} == rules[record.id].categories & set(allowed)
            assert (each.transfer is None) == (region_of(recipient.country) is Region.EEA)
            if each.transfer is None:
                continue
            named = safeguard_in_force(document, recipient.safeguard, today=day)
            if named:
                assert each.transfer.safeguard == named
            if each.transfer.safeguard:
                assert document.safeguards[each.transfer.safeguard].holds(day)
                assert each.transfer.reference == document.safeguards[each.transfer.safeguard].reference


@given(document=sharing(), language=st.sampled_from(["en", "sv"]))
@settings(max_examples=40)
def test_rows_have_a_cell_a_column_and_say_the_same_each_time(document: Document, language: str) -> None:
    _rules, found = made(document, language=language)
    around = Surroundings(controllers=(Contact(name="Member", address="Road 1", country=""),))
    first, second = Rows(found, around), Rows(found, around)
    assert list(first.everything()) == list(second.everything())
    assert {len(row) for row in first.controller()} <= {len(CONTROLLER)}
    assert {len(row) for row in first.processor()} <= {len(PROCESSOR)}
    assert len(list(first.controller())) + len(list(first.processor())) == len(found.records)
    assert all(isinstance(cell, str) for row in first.everything() for cell in row)
    assert len(first.everything_headings()) == len(CONTROLLER) + 3


@given(document=sharing())
@settings(max_examples=40)
def test_the_json_keeps_to_its_schema_and_repeats(document: Document) -> None:
    rules, found = made(document)
    wanted = tuple(needs(document, rules, persons=LARGE, day=DAY))
    values = as_values(found, about=ABOUT, needed=wanted)
    jsonschema.validate(values, json.loads(schema()), cls=jsonschema.Draft202012Validator)
    assert json.dumps(values) == json.dumps(as_values(found, about=ABOUT, needed=wanted))


def test_the_schema_finds_what_is_not_a_register(reference: Document) -> None:
    _rules, found = made(reference)
    values: dict[str, Any] = as_values(found, about=ABOUT)
    jsonschema.Draft202012Validator.check_schema(json.loads(schema()))
    del values["records"][0]["grounds"]
    with pytest.raises(jsonschema.ValidationError, match="grounds"):
        jsonschema.validate(values, json.loads(schema()))


@pytest.mark.clause("A10", "H1")
def test_the_reference_policy_fills_both_registers(reference: Document) -> None:
    _rules, found = made(reference)
    rows = Rows(found, Surroundings())
    heads = rows.headings(CONTROLLER)
    mail = next(row for row in rows.controller() if row[1].startswith("News and offers"))
    said = dict(zip(heads, mail, strict=True))
    assert "Relaypoint Inc." in said["Recipients"]
    assert said["Countries outside the EEA that data goes to"] == "US"
    assert "(EU) 2023/1795" in said["What protects the transfers"]
    assert "consent, 6(1)(a) (elsewhere)" in said["Legal ground, article 6"]
    assert "Contact details: 2 years" in said["Kept for how long"]
    assert [record.id for record in found.processor_records] == ["members.host"]
    assert "Limits on sensitive information" not in said["Rights people have"]
    assert next(rows.processor())[0] == "The members, each for its own lists"


@pytest.mark.clause("D1", "D3")
def test_a_legitimate_interest_shows_its_balancing_and_its_assessment(reference: Document) -> None:
    _rules, found = made(reference)
    record = next(each for each in found.records if each.id == "security.protect")
    rows = Rows(found, Surroundings(evidence={record.id: Evidence(lia="Weighing of 2026")}))
    said = {name: fill(rows, record) for _part, name, fill in CONTROLLER}
    assert said["lia"] == "Weighing of 2026"
    assert said["interests"].startswith("The interest, everybody's in the service")
    assert "Objection" in said["rights"]
    unwritten = Rows(found, Surroundings())
    assert {name: fill(unwritten, record) for _part, name, fill in CONTROLLER}["lia"] == "Not written yet"


def test_a_representative_stands_apart_from_the_officers(reference: Document) -> None:
    _rules, found = made(reference)
    assert [each.name for each in found.representatives] == ["Meridian Representatives Ltd"]
    assert len(found.officers) == len(reference.officers) - 1


def test_every_word_is_there_in_both_languages() -> None:
    english, swedish = RegisterWords("en"), RegisterWords("sv")
    for _part, name, _fill in (*CONTROLLER, *PROCESSOR):
        assert english.term(name)
        assert swedish.term(name)
    for criterion in Criterion:
        assert english.criterion(criterion) != swedish.criterion(criterion)
    assert all(english.need(need) and swedish.need(need) for need in Need)


# What needs an assessment.


@given(document=sharing())
@settings(max_examples=40)
def test_a_balancing_test_is_needed_where_a_ground_of_the_controllers_own_is_a_legitimate_interest(
    document: Document,
) -> None:
    rules = compile_rules(document)
    wanted = {each.purpose for each in needs(document, rules, persons=1, day=DAY) if each.kind is Need.LIA}
    assert wanted == {
        name
        for name, rule in rules.items()
        if Basis.LEGITIMATE_INTEREST in rule.bases and document.purposes[name].role != "processor"
    }


def test_predictions_and_followed_visits_need_an_impact_assessment(reference: Document) -> None:
    rules = compile_rules(reference)
    found = {each.purpose: each for each in needs(reference, rules, persons=1, day=DAY) if each.kind is Need.DPIA}
    assert {Criterion.EVALUATION, Criterion.COMBINING} <= set(found["analytics.predict"].criteria)
    assert Criterion.MONITORING in found["content.personalise"].criteria
    assert not {"backup.keep", "claims.defend", "service.message"} & set(found)


def test_special_categories_need_an_impact_assessment_by_themselves(reference: Document) -> None:
    health = reference.categories["survey"].model_copy(update={"special": True})
    changed = reference.model_copy(update={"categories": {**reference.categories, "survey": health}})
    rules = compile_rules(changed)
    found = {each.purpose for each in needs(changed, rules, persons=1, day=DAY) if each.kind is Need.DPIA}
    assert {name for name, rule in rules.items() if "survey" in rule.categories} <= found


def test_many_people_count_only_beside_another_sign(reference: Document) -> None:
    rules = compile_rules(reference)
    for name, purpose in reference.purposes.items():
        few = set(criteria(reference, purpose, rules[name], persons=LARGE - 1))
        many = set(criteria(reference, purpose, rules[name], persons=LARGE))
        assert many == (few | {Criterion.LARGE_SCALE} if few else set())


@pytest.mark.clause("H1")
def test_transfers_on_clauses_need_an_assessment_of_the_country(reference: Document) -> None:
    rules = compile_rules(reference)
    found = {each.purpose: each for each in needs(reference, rules, persons=1, day=DAY) if each.kind is Need.TIA}
    assert found["leads.share"].recipients == ("reseller-us",)
    assert "marketing.email" not in found  # its relay is in a country under an adequacy decision

"""The policy for programs: JSON-LD that parses, whose facts are those of the rules."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.policy import strategies as our
from tests.policy.test_statement import VERSION
from tests.policy.test_statement_facts import registers
from tillit.policy import dpv
from tillit.policy.bases import Basis
from tillit.policy.document import Document
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.roles import Role
from tillit.policy.rules import compile_rules
from tillit.policy.statement import Facts
from tillit.policy.transfers import transfer

ADDRESS = "https://example.org/privacy/v/7"
AT_ADDRESS = Facts(number=7, digest=VERSION.digest, effective_at=VERSION.effective_at, address=ADDRESS)


def described(document: Document, language: str = "en") -> dict[str, Any]:
    return json.loads(
        json.dumps(dpv.describe(document, compile_rules(document), language=language, version=AT_ADDRESS))
    )


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def _terms(value: Any) -> Iterator[str]:
    for node in nodes({key: each for key, each in value.items() if key != "@context"}):
        yield from (key for key in node if not key.startswith("@"))
        yield from [node["@type"]] if isinstance(node.get("@type"), str) else node.get("@type", [])


@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_term_has_a_namespace_and_every_reference_a_node(reference, language):
    told = described(reference, language)
    assert {term.partition(":")[0] for term in _terms(told)} <= set(told["@context"])
    defined = {node["@id"] for node in nodes(told) if "@id" in node and len(node) > 1}
    used = {node["@id"] for node in nodes(told) if set(node) == {"@id"}}
    inside = {each for each in used if each.startswith(ADDRESS)}
    assert inside and inside <= defined
    assert {each.partition(":")[0] for each in used - inside} <= set(told["@context"])


def test_no_node_is_described_twice(reference):
    defined = [node["@id"] for node in nodes(described(reference)) if "@id" in node and len(node) > 1]
    assert len(defined) == len(set(defined))


def _region(node: dict[str, Any]) -> Region:
    if "@id" not in node:
        return Region.OTHER
    code = node["@id"].removeprefix("loc:")
    return Region.UK if code == "GB" else NAMED_REGIONS[code]


@pytest.mark.clause("D2")
@settings(max_examples=40, deadline=None)
@given(our.documents())
def test_processes_say_what_the_rules_execute(document):
    rules = compile_rules(document)
    processes = {each["dct:identifier"]: each for each in described(document)["dpv:hasProcess"]}
    assert set(processes) == set(rules)
    titles = {dpv.Words("en").basis(basis): basis for basis in Basis}
    for name, rule in rules.items():
        told = processes[name]
        grounds = {
            _region(place): titles[basis["dct:title"]]
            for basis in told["dpv:hasLegalBasis"]
            for place in basis["dpv:hasJurisdiction"]
        }
        assert grounds == {region: rule.bases[region] for region in NAMED_REGIONS.values() if rule.bases[region]}
        controls = {
            _region(place): [each["@id"] for each in basis["dpv:hasEntityControl"]]
            for basis in told["dpv:hasLegalBasis"]
            for place in basis["dpv:hasJurisdiction"]
        }
        for region, basis in grounds.items():
            asked_first = "dpv:OptingInToProcess" in controls[region]
            assert asked_first is bool(rule.consent_regions >> region & 1) is (basis is Basis.CONSENT)
            assert ("dpv:OptingOutFromProcess" in controls[region]) is (rule.refusable and not asked_first)
        categories = {each["@id"].removeprefix(f"{ADDRESS}#category-") for each in told["dpv:hasPersonalData"]}
        assert categories == rule.categories
        assert len(told["dpv:hasDataSubject"]) == sum(bool(rule.roles & role) for role in Role)


@settings(max_examples=30, deadline=None)
@given(registers())
def test_registers_say_what_the_document_says(document):
    told = described(document)
    assert {each["dct:identifier"] for each in told["dpv:hasRecipient"]} == set(document.recipients)
    for each in told["dpv:hasRecipient"]:
        recipient = document.recipients[each["dct:identifier"]]
        assert each["dpv:hasName"] == recipient.name
        named = [measure["@id"] for measure in each["dpv:hasLegalMeasure"]]
        abroad = transfer(document, recipient, day=VERSION.effective_at.date()) is not None
        assert named[:1] == ([f"{ADDRESS}#safeguard-{recipient.safeguard}"] if abroad else [])
    for each in told["dpv:hasPersonalData"]:
        rule = document.retention[each["dct:identifier"]]
        stored = each["dpv:hasStorageCondition"]
        length = f"P{rule.keep.months}M" if rule.keep.months else f"P{rule.keep.days}D"
        assert stored[0]["dct:extent"]["@value"] == length
        assert stored[1]["@type"] == ("dpv:StorageDeletion" if rule.then == "delete" else "dpv:Anonymisation")
    assert len(told["dpv:isImplementedUsingTechnology"]) == len(document.trackers)


def test_controller_officers_rights_and_version_are_described(reference):
    told = described(reference)
    assert told["dct:identifier"] == VERSION.digest and told["dct:hasVersion"] == "7"
    assert told["dct:valid"]["@value"] == "2026-05-01T08:30:00Z"
    assert told["dpv:hasDataController"]["dpv:hasName"] == reference.operator.name
    answering = [*told["dpv:hasDataProtectionOfficer"], *told["dpv:hasRepresentative"]]
    assert sorted(each["dpv:hasName"] for each in answering) == sorted(each.name for each in reference.officers)
    rights = sum(len(regime.rights) for regime in reference.rights.values())
    assert len(told["dpv:hasRight"]) == rights
    protected = {each["dct:identifier"] for each in told["dpv:hasTechnicalOrganisationalMeasure"]}
    assert protected == set(reference.measures)


def test_articles_of_the_gdpr_are_named_only_where_it_holds(reference):
    for right in described(reference)["dpv:hasRight"]:
        articles = [each for each in right["@type"] if each.startswith("eu-gdpr:")]
        regions = {_region(place) for place in right["dpv:hasJurisdiction"]}
        assert not articles or Region.EEA in regions

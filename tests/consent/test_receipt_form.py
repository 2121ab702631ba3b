"""The form of a receipt: every field that ISO/IEC TS 27560:2023 asks for, in terms that exist, under a schema."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.consent.issuing import at, every_kind, issued, places
from tillit.consent.receipts import schema
from tillit.policy.regions import Region

pytestmark = [pytest.mark.django_db, pytest.mark.clause("D5", "E3")]

RECORD = ("dpv:hasRecordOfActivity",)
PROCESS = (*RECORD, "dpv:hasProcess")
#: The fields of a record, and where a receipt has them. The last three are those of the EU profile.
FIELDS: dict[str, tuple[Any, ...]] = {
    "schema version": (*RECORD, "dct:conformsTo"),
    "record id": (*RECORD, "dct:identifier"),
    "principal id": (*RECORD, "dpv:hasDataSubject"),
    "notice": (*RECORD, "dpv:hasNotice", -1, "dct:identifier"),
    "language": (*RECORD, "dpv:hasNotice", -1, "dct:language"),
    "purpose": (*PROCESS, "dpv:hasPurpose", "dct:title"),
    "data types": (*PROCESS, "dpv:hasPersonalData", 0, "skos:broader"),
    "controller": (*PROCESS, "dpv:hasDataController"),
    "storage place": (*PROCESS, "dpv:hasStorageCondition", 0, "dpv:hasLocation"),
    "retention": (*PROCESS, "dpv:hasStorageCondition", 1, "dpv:hasDuration", "rdf:value"),
    "jurisdiction": (*PROCESS, "dpv:hasJurisdiction", "dct:identifier"),
    "recipients": (*PROCESS, "dpv:hasRecipient"),
    "withdrawal method": (*PROCESS, "CONTROL", "dpv:isExercisedAt"),
    "party id": (*RECORD, "dpv:hasEntity", 0, "dpv:hasIdentifier"),
    "party name": (*RECORD, "dpv:hasEntity", 0, "dpv:hasName"),
    "party address": (*RECORD, "dpv:hasEntity", 0, "dpv:hasAddress"),
    "party contact": (*RECORD, "dpv:hasEntity", 0, "dpv:hasContact"),
    "party type": (*RECORD, "dpv:hasEntity", 0, "@type"),
    "event time": (*RECORD, "EVENT", "dpv:isIndicatedAtTime"),
    "event validity": (*RECORD, "EVENT", "dpv:hasDuration", "rdf:value"),
    "event entity": (*RECORD, "EVENT", "dpv:isIndicatedBy"),
    "event type": (*RECORD, "EVENT", "@type"),
    "event state": (*RECORD, "state"),
    "basis": (*PROCESS, "dpv:hasLegalBasis", "@type"),
    "rights": (*PROCESS, "dpv:hasRight", 0, "dct:title"),
    "authority": (*PROCESS, "dpv:hasAuthority"),
}
EU_PROFILE = {"basis", "rights", "authority"}
#: Keys that depend on whether the purpose rests on consent.
EITHER = {
    "CONTROL": ("dpv:hasConsentControl", "dpv:hasEntityControl"),
    "EVENT": ("dpv:hasConsentStatus", "dpv:hasStatus"),
}
#: Terms of the Data Privacy Vocabulary 2.3, each looked up there by hand; those of `pd` are the policy's.
_TERMS = """
    dpv:Authority dpv:Consent dpv:ConsentGiven dpv:ConsentNotice dpv:ConsentReceipt dpv:ConsentRecord
    dpv:ConsentRefused dpv:ConsentWithdrawn dpv:Contract dpv:DataController dpv:DataProcessor
    dpv:DataProtectionAuthority dpv:DataSubject dpv:DataSubjectRight dpv:DirectMarketing dpv:Entity
    dpv:ExpressedConsent dpv:JointDataControllers dpv:LegalBasis dpv:LegalObligation dpv:LegitimateInterest
    dpv:LegitimateInterestNotObjected dpv:LegitimateInterestObjected dpv:Location dpv:Notice dpv:ObjectingToProcess
    dpv:OptingInToProcess dpv:OptingOutFromProcess dpv:PersonalData dpv:PrivacyNotice dpv:Process dpv:PublicInterest
    dpv:Purpose dpv:Recipient dpv:SpecialCategoryPersonalData dpv:StorageDuration dpv:StorageLocation
    dpv:TemporalDuration dpv:ThirdParty dpv:UntilEventDuration dpv:UntilTimeDuration dpv:VitalInterest
    dpv:WithdrawConsent dpv:hasAddress dpv:hasAuthority dpv:hasConsentControl dpv:hasConsentStatus dpv:hasContact
    dpv:hasDataController dpv:hasDataSubject dpv:hasDuration dpv:hasEntity dpv:hasEntityControl dpv:hasIdentifier
    dpv:hasIndicationMethod dpv:hasJurisdiction dpv:hasLegalBasis dpv:hasLocation dpv:hasName dpv:hasNotice
    dpv:hasPersonalData dpv:hasProcess dpv:hasPurpose dpv:hasRecipient dpv:hasRecordOfActivity dpv:hasRight
    dpv:hasStatus dpv:hasStorageCondition dpv:isExercisedAt dpv:isImplementedByEntity dpv:isIndicatedAtTime
    dpv:isIndicatedBy eu-gdpr:A15 eu-gdpr:A16 eu-gdpr:A17 eu-gdpr:A18 eu-gdpr:A20 eu-gdpr:A21 eu-gdpr:A22
    eu-gdpr:A6-1-a eu-gdpr:A6-1-b eu-gdpr:A6-1-c eu-gdpr:A6-1-d eu-gdpr:A6-1-e eu-gdpr:A6-1-f eu-gdpr:A7-3
    eu-gdpr:A77 loc:CH loc:EEA loc:GB loc:NO loc:SE loc:US loc:US-CA
"""
TERMS = set(_TERMS.split())
CHECK = Draft202012Validator(json.loads(schema()), format_checker=Draft202012Validator.FORMAT_CHECKER)


def resolved(made: dict[str, Any], path: tuple[Any, ...]) -> tuple[Any, ...]:
    """A path of FIELDS as it is in one receipt."""
    whole: tuple[Any, ...] = ()
    for step in path:
        keys = EITHER.get(step, (step,)) if isinstance(step, str) else (step,)
        whole += (next((key for key in keys if not isinstance(at(made, whole), dict) or key in at(made, whole)), step),)
    return whole


def wrong(made: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in CHECK.iter_errors(made)]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(json.loads(schema()))


@pytest.mark.parametrize(("state", "method"), every_kind())
def test_every_receipt_follows_the_schema_and_has_every_field(state, method):
    for purpose, region in (("marketing.email", Region.EEA), ("analytics.predict", Region.US)):
        made = issued(state=state, method=method, purpose=purpose, region=region, shown=method != "import")
        assert wrong(made) == []
        for name, path in FIELDS.items():
            if region is Region.EEA or name not in EU_PROFILE:
                found = at(made, resolved(made, path))
                assert found or (name == "recipients" and found == []), name


@pytest.mark.parametrize("region", list(Region))
def test_the_law_of_every_region_can_be_told(region):
    made = issued(region=region, state="objected", method="one-click", language="en", sealed=False)
    assert wrong(made) == []
    process = at(made, PROCESS)
    assert process["dpv:hasJurisdiction"]["dct:identifier"] == region.code
    profile = made["dct:conformsTo"].partition("#")[2]
    assert profile == ("receipt-eu-gdpr" if region in (Region.EEA, Region.UNKNOWN) else "receipt")


@pytest.mark.parametrize("field", FIELDS)
def test_the_schema_asks_for_every_field(field):
    """A receipt without it is refused: those of the EU profile where that law counts."""
    made = issued(sealed=False)
    path = resolved(made, FIELDS[field])
    holder = at(made, path[:-1])
    del holder[path[-1]]
    assert wrong(made), f"{field} could be left out"


@pytest.mark.parametrize("field", sorted(EU_PROFILE))
def test_the_general_profile_is_the_only_one_without_an_authority(field):
    assert FIELDS[field][: len(PROCESS)] == PROCESS
    made = issued(region=Region.SG, sealed=False)
    at(made, PROCESS).pop("dpv:hasAuthority", None)
    assert wrong(made) == []


def test_the_schema_knows_no_other_fields():
    made = issued(sealed=False)
    objects = {path[:-1] for path in places(made) if isinstance(path[-1], str)}
    assert len(objects) > 20
    for path in objects:
        changed = copy.deepcopy(made)
        at(changed, path)["more"] = "x"
        assert wrong(changed), path


@pytest.mark.parametrize("region", [Region.EEA, Region.US_CA, Region.CH])
@pytest.mark.parametrize("purpose", ["marketing.email", "leads.share", "analytics.predict", "measurement.email"])
def test_every_term_is_one_of_the_vocabulary(region, purpose):
    for state in ("granted", "refused"):
        text = json.dumps(issued(region=region, purpose=purpose, state=state, method="operator", sealed=False))
        used = set(re.findall(r'"((?:dpv|eu-gdpr|loc):[A-Za-z0-9-]+)"', text))
        assert len(used) > 40 and used - TERMS == set()


def test_every_prefix_is_declared():
    made = issued(sealed=False)
    text = json.dumps({name: value for name, value in made.items() if name != "@context"})
    used = set(re.findall(r'"([a-z-]+):[A-Za-z0-9-]+"', text)) - {"recipient", "mailto"}
    assert used <= set(made["@context"])


def test_a_choice_without_kept_words_names_the_statement():
    [notice] = at(issued(shown=False, method="import"), (*RECORD, "dpv:hasNotice"))
    assert notice["@type"] == "dpv:PrivacyNotice" and notice["dct:language"] == ["en", "sv"]


def test_what_staff_or_a_file_brought_says_so():
    assert at(issued(method="operator"), (*RECORD, "dpv:hasConsentStatus"))["dpv:isImplementedByEntity"] == "operator"
    event = at(issued(method="import", shown=False), (*RECORD, "dpv:hasConsentStatus"))
    assert event["@type"] == ["dpv:ConsentGiven", "dpv:Consent"]
    assert "dpv:isImplementedByEntity" not in at(issued(method="one-click"), (*RECORD, "dpv:hasConsentStatus"))


def test_a_legitimate_interest_is_objected_to_and_not_consented_to():
    made = at(issued(purpose="research.develop", state="objected", region=Region.UK), RECORD)
    assert "dpv:hasConsentStatus" not in made
    assert made["dpv:hasStatus"]["@type"] == ["dpv:LegitimateInterestObjected", "dpv:ObjectingToProcess"]
    assert made["dpv:hasProcess"]["dpv:hasEntityControl"]["@type"] == "dpv:ObjectingToProcess"

"""The terms of the W3C Data Privacy Vocabulary 2.3 that receipts use; each was looked up there.

Source: https://w3id.org/dpv (2.3), https://w3id.org/dpv/legal/eu/gdpr, https://w3id.org/dpv/loc; guide "Consent Records
and Receipts as per ISO/IEC TS 27560:2023 using DPV", W3C DPVCG 2024-08-01.
"""

from __future__ import annotations

from collections.abc import Mapping

from tillit.policy.bases import Basis
from tillit.policy.document import RecipientRole, Right
from tillit.policy.regions import Region

SCHEMAS = "https://w3id.org/dpv/schema/dpv-27560#"
PREFIXES: Mapping[str, str] = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "schema": "https://schema.org/",
}

#: Regions where the GDPR itself rules, and one that is not known, which is decided as the strictest.
UNDER_GDPR = frozenset({Region.EEA, Region.UNKNOWN})

_GDPR_BASES: Mapping[Basis, str] = {
    Basis.CONSENT: "eu-gdpr:A6-1-a",
    Basis.CONTRACT: "eu-gdpr:A6-1-b",
    Basis.LEGAL_OBLIGATION: "eu-gdpr:A6-1-c",
    Basis.VITAL_INTERESTS: "eu-gdpr:A6-1-d",
    Basis.PUBLIC_TASK: "eu-gdpr:A6-1-e",
    Basis.LEGITIMATE_INTEREST: "eu-gdpr:A6-1-f",
}
_BASES: Mapping[Basis, str] = {
    Basis.CONSENT: "dpv:Consent",
    Basis.CONTRACT: "dpv:Contract",
    Basis.LEGAL_OBLIGATION: "dpv:LegalObligation",
    Basis.VITAL_INTERESTS: "dpv:VitalInterest",
    Basis.PUBLIC_TASK: "dpv:PublicInterest",
    Basis.LEGITIMATE_INTEREST: "dpv:LegitimateInterest",
}
_GDPR_RIGHTS: Mapping[Right, str] = {
    Right.ACCESS: "eu-gdpr:A15",
    Right.RECTIFY: "eu-gdpr:A16",
    Right.ERASE: "eu-gdpr:A17",
    Right.RESTRICT: "eu-gdpr:A18",
    Right.PORT: "eu-gdpr:A20",
    Right.OBJECT: "eu-gdpr:A21",
    Right.HUMAN_REVIEW: "eu-gdpr:A22",
    Right.WITHDRAW: "eu-gdpr:A7-3",
    Right.COMPLAIN: "eu-gdpr:A77",
}
_LOCATIONS: Mapping[Region, str] = {Region.EEA: "loc:EEA", Region.UK: "loc:GB"}
_CONTROLLERS = {"controller": "dpv:DataController", "joint-controller": "dpv:JointDataControllers"}

#: A choice about a purpose that rests on consent. An objection to it takes the consent back.
_CONSENT_STATES = {
    "granted": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "objected": "dpv:ConsentWithdrawn",
}


def basis(ground: Basis | None, region: Region) -> str:
    """The term of a legal ground where a person is; the general one for grounds that the vocabulary does not know."""
    terms = _GDPR_BASES if region in UNDER_GDPR else _BASES
    return terms.get(ground, "dpv:LegalBasis") if ground else "dpv:LegalBasis"


def right(which: Right, region: Region) -> list[str]:
    """The terms of a right where a person is."""
    named = _GDPR_RIGHTS.get(which) if region in UNDER_GDPR else None
    return ["dpv:DataSubjectRight", *([named] if named else [])]


def jurisdiction(region: Region) -> str | None:
    """The term of a region; None for one that is not known or is no one place."""
    if region in (Region.UNKNOWN, Region.OTHER):
        return None
    return _LOCATIONS.get(region, f"loc:{region.code}")


def country(code: str) -> str:
    """The term of a country. The vocabulary has every code of ISO 3166-1."""
    return f"loc:{code}"


def operator(role: str) -> str:
    """The term of what the operator is for a purpose."""
    return _CONTROLLERS.get(role, "dpv:DataProcessor")


def recipient(role: RecipientRole) -> list[str]:
    """The terms of what a recipient is."""
    if role is RecipientRole.PROCESSOR:
        return ["dpv:Recipient", "dpv:DataProcessor"]
    return ["dpv:Recipient", "dpv:Authority" if role is RecipientRole.AUTHORITY else "dpv:ThirdParty"]


def event(state: str, ground: Basis | None, *, own_act: bool) -> list[str]:
    """The terms of what a choice is: its state first, then its type. `own_act`: the person made it with us.

    A choice is a consent only where the purpose rests on consent; elsewhere it allows or stops what needs none.
    """
    if ground is Basis.CONSENT:
        return [_CONSENT_STATES[state], "dpv:ExpressedConsent" if own_act else "dpv:Consent"]
    if ground is Basis.LEGITIMATE_INTEREST:
        status = "dpv:LegitimateInterestNotObjected" if state == "granted" else "dpv:LegitimateInterestObjected"
        return [status, "dpv:OptingInToProcess" if state == "granted" else "dpv:ObjectingToProcess"]
    return ["dpv:OptingInToProcess" if state == "granted" else "dpv:OptingOutFromProcess"]

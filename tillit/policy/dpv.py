"""The policy as JSON-LD in terms of the W3C Data Privacy Vocabulary, so that programs can read it.

Source: Data Privacy Vocabulary 2.3 (https://w3id.org/dpv), its extensions for personal data (``pd``), places (``loc``)
and the GDPR (``eu-gdpr``). What the vocabulary has no term for is said with Dublin Core's title and description.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from tillit.policy import references
from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Document, Officer, Party, RecipientRole, Regime, Right, SafeguardKind
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.roles import Role
from tillit.policy.rules import Rule
from tillit.policy.statement import Facts
from tillit.policy.statement_rows import (
    PurposeRow,
    Reach,
    RecipientRow,
    RetentionRow,
    TrackerRow,
    purpose_rows,
    recipient_rows,
    retention_rows,
    tracker_rows,
)
from tillit.policy.statement_words import Words
from tillit.policy.values import Period, Texts

Node = dict[str, Any]

CONTEXT: Mapping[str, str] = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "tech": "https://w3id.org/dpv/tech#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

#: A ground in general, and as an article of the GDPR where that law holds.
_BASES: Mapping[Basis, tuple[str, str | None]] = {
    Basis.CONSENT: ("dpv:Consent", "eu-gdpr:A6-1-a"),
    Basis.CONTRACT: ("dpv:Contract", "eu-gdpr:A6-1-b"),
    Basis.LEGAL_OBLIGATION: ("dpv:LegalObligation", "eu-gdpr:A6-1-c"),
    Basis.VITAL_INTERESTS: ("dpv:VitalInterest", "eu-gdpr:A6-1-d"),
    Basis.PUBLIC_TASK: ("dpv:PublicInterest", "eu-gdpr:A6-1-e"),
    Basis.LEGITIMATE_INTEREST: ("dpv:LegitimateInterest", "eu-gdpr:A6-1-f"),
    Basis.OPT_OUT: ("dpv:LegalBasis", None),
}

_CONTROLS: Mapping[Objection, str] = {
    Objection.AT_ONCE: "dpv:OptingOutFromProcess",
    Objection.REVIEW: "dpv:ObjectingToProcess",
    Objection.NONE: "dpv:CannotOptOutFromProcess",
}

_SUBJECTS: Mapping[Role, str] = {
    Role.CONTACT: "dpv:Subscriber",
    Role.VISITOR: "dpv:Visitor",
    Role.MEMBER: "dpv:Member",
    Role.PARTNER: "dpv:Client",
    Role.APPLICANT: "dpv:JobApplicant",
    Role.CUSTOMER: "dpv:Customer",
}

_RECIPIENTS: Mapping[RecipientRole, str] = {
    RecipientRole.PROCESSOR: "dpv:DataProcessor",
    RecipientRole.CONTROLLER: "dpv:DataController",
    RecipientRole.JOINT_CONTROLLER: "dpv:JointDataControllers",
    RecipientRole.AUTHORITY: "dpv:Authority",
}

_SAFEGUARDS: Mapping[SafeguardKind, str] = {
    SafeguardKind.ADEQUACY: "eu-gdpr:A45-3",
    SafeguardKind.FRAMEWORK: "eu-gdpr:A45-3",
    SafeguardKind.STANDARD_CLAUSES: "eu-gdpr:A46-2-c",
    SafeguardKind.BINDING_RULES: "eu-gdpr:A46-2-b",
    SafeguardKind.CONSENT: "eu-gdpr:A49-1-a",
}

_RIGHTS: Mapping[Right, str] = {
    Right.ACCESS: "eu-gdpr:A15",
    Right.RECTIFY: "eu-gdpr:A16",
    Right.ERASE: "eu-gdpr:A17",
    Right.RESTRICT: "eu-gdpr:A18",
    Right.PORT: "eu-gdpr:A20",
    Right.OBJECT: "eu-gdpr:A21",
    Right.WITHDRAW: "eu-gdpr:A7-3",
    Right.HUMAN_REVIEW: "eu-gdpr:A22",
    Right.COMPLAIN: "eu-gdpr:A77",
}


def describe(document: Document, rules: Mapping[str, Rule], *, language: str, version: Facts | None = None) -> Node:
    """Describe a policy for programs: JSON-LD whose facts are those of the compiled rules.

    Identifiers are the anchors of the published statement below its address; a draft has none but the anchors.
    """
    return _Description(document, rules, language=language, version=version).whole()


class _Description:
    """One policy being described in one language."""

    def __init__(self, document: Document, rules: Mapping[str, Rule], *, language: str, version: Facts | None) -> None:
        self.document, self.rules, self.version = document, rules, version
        self.words = Words(language)
        self.base = version.address if version else ""

    def whole(self) -> Node:
        document = self.document
        return {
            "@context": dict(CONTEXT),
            "@id": self.base or "#policy",
            "@type": "dpv:PrivacyNotice",
            "dct:title": self.said(document.statement.title),
            "dct:description": self.said(document.statement.introduction),
            "dct:language": self.words.language,
            **self._version(),
            "dpv:hasDataController": self.party(document.operator, "controller", "dpv:DataController"),
            "dpv:hasDataProtectionOfficer": self.officers(representative=False),
            "dpv:hasRepresentative": self.officers(representative=True),
            "dpv:hasPersonalData": [self.category(row) for row in self._categories()],
            "dpv:hasDataSource": [self.source(name) for name in document.sources],
            "dpv:hasRecipient": [self.recipient(row) for row in recipient_rows(document)],
            "dpv:hasLegalMeasure": [self.safeguard(name) for name in document.safeguards],
            "dpv:hasTechnicalOrganisationalMeasure": self.measures(),
            "dpv:hasProcess": [self.process(row) for row in purpose_rows(document, self.rules)],
            "dpv:isImplementedUsingTechnology": [self.tracker(row) for row in tracker_rows(document, self.rules)],
            "dpv:hasRight": [node for name, regime in document.rights.items() for node in self.regime(name, regime)],
        }

    def _version(self) -> Node:
        if self.version is None:
            return {}
        moment = self.version.effective_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "dct:identifier": self.version.digest,
            "dct:hasVersion": str(self.version.number),
            "dct:valid": {"@type": "xsd:dateTime", "@value": moment},
        }

    def process(self, row: PurposeRow) -> Node:
        """Describe a purpose: who, what, on which ground where, and what a person can do about it."""
        purpose = row.purpose
        aim = ["dpv:Purpose", "dpv:DirectMarketing"] if purpose.marketing else ["dpv:Purpose"]
        node: Node = {
            "@id": self.id(f"purpose-{row.id}"),
            "@type": "dpv:Process",
            "dct:identifier": row.id,
            "dpv:hasPurpose": {
                "@type": aim,
                "dct:title": self.said(purpose.title),
                "dct:description": self.said(purpose.description),
            },
            "dpv:hasDataSubject": refs([_SUBJECTS[role] for role in row.roles]),
            "dpv:hasPersonalData": self.refs("category", row.categories),
            "dpv:hasLegalBasis": [self.ground(each) for each in row.reaches if each.basis is not None],
            "dpv:hasRecipient": self.refs("recipient", row.recipients),
        }
        if purpose.balancing is not None:
            node["dpv:hasAssessment"] = {
                "@type": "dpv:LegitimateInterestAssessment",
                "dct:description": self.said(purpose.balancing),
            }
        if purpose.compulsory is not None:
            node["dpv:hasNecessity"] = {"@id": "dpv:Required"}
            node["dpv:hasConsequence"] = {"dct:description": self.said(purpose.compulsory)}
        if purpose.consent_lasts is not None:
            node["dpv:hasDuration"] = {"@type": "dpv:TemporalDuration", "dct:extent": duration(purpose.consent_lasts)}
        return node

    def ground(self, reach: Reach) -> Node:
        """Describe a ground with the places where it holds."""
        general, article = _BASES[reach.basis or Basis.OPT_OUT]
        controls = [_CONTROLS[reach.refusal]]
        if reach.basis is Basis.CONSENT:
            controls = ["dpv:OptingInToProcess", "dpv:WithdrawingFromProcess"]
        return {
            "@type": [general, article] if article and Region.EEA in reach.regions else [general],
            "dct:title": self.words.basis(reach.basis or Basis.NONE),
            "dpv:hasJurisdiction": [self.place(each) for each in reach.regions],
            "dpv:hasEntityControl": refs(controls),
        }

    def place(self, region: Region) -> Node:
        """Name a region by its term, or by its title if it is no place of its own."""
        if region is Region.OTHER:
            return {"@type": "dpv:Location", "dct:title": self.words.region(region)}
        return {"@id": "loc:GB" if region is Region.UK else f"loc:{region.code}"}

    def category(self, row: RetentionRow) -> Node:
        """Describe a kind of personal data and how long it is stored."""
        category, rule = self.document.categories[row.id], row.rule
        then = {"dct:title": self.words.phrase(rule.then)}
        return {
            "@id": self.id(f"category-{row.id}"),
            "@type": ["dpv:PersonalData", *category.dpv],
            "dct:identifier": row.id,
            "dct:title": self.said(category.title),
            "dct:description": self.said(category.description),
            "dpv:hasStorageCondition": [
                {
                    "@type": "dpv:StorageDuration",
                    "dct:extent": duration(rule.keep),
                    "dct:description": f"{self.words.period(rule.keep)} {self.words.trigger(rule.after)}",
                    "dpv:hasJustification": {"dct:description": self.said(rule.reason)},
                },
                {"@type": "dpv:StorageDeletion" if rule.then == "delete" else "dpv:Anonymisation", **then},
            ],
        }

    def _categories(self) -> tuple[RetentionRow, ...]:
        return tuple(row for row in retention_rows(self.document) if row.id in self.document.categories)

    def source(self, name: str) -> Node:
        """Describe where information comes from."""
        source = self.document.sources[name]
        return {
            "@id": self.id(f"source-{name}"),
            "@type": "dpv:DataSource",
            "dct:identifier": name,
            "dct:title": self.said(source.title),
            "dct:description": self.said(source.warranty),
            "dpv:hasPersonalData": self.refs("category", self._used(source.categories)),
        }

    def recipient(self, row: RecipientRow) -> Node:
        """Describe a recipient with what it gets and what protects it, in the order in which safeguards take over."""
        recipient = row.recipient
        kind = _RECIPIENTS.get(recipient.role, "dpv:ThirdParty")
        return {
            **self.party(recipient, f"recipient-{row.id}", "dpv:Recipient"),
            "@type": ["dpv:Recipient", kind],
            "dct:identifier": row.id,
            "dct:description": self.said(recipient.business),
            "dpv:hasPersonalData": self.refs("category", row.categories),
            "dpv:hasLegalMeasure": self.refs("safeguard", (name for name, _ in row.safeguards)),
        }

    def safeguard(self, name: str) -> Node:
        """Describe what protects transfers, and from when to when."""
        safeguard = self.document.safeguards[name]
        until = f"; end={safeguard.expires}" if safeguard.expires else ""
        kinds = ["dpv:SafeguardForDataTransfer", *filter(None, [_SAFEGUARDS.get(safeguard.kind)])]
        return {
            "@id": self.id(f"safeguard-{name}"),
            "@type": kinds,
            "dct:identifier": name,
            "dct:title": self.said(safeguard.title),
            "dct:source": safeguard.reference,
            "dct:valid": f"start={safeguard.valid_from}{until}",
        }

    def tracker(self, row: TrackerRow) -> Node:
        """Describe something stored on or read from devices."""
        tracker = row.tracker
        kind = {"cookie": "tech:Cookie", "storage": "tech:LocalStorage"}.get(tracker.kind)
        node: Node = {
            "@id": self.id(f"tracker-{row.id}"),
            "@type": ["dpv:Technology", *filter(None, [kind])],
            "dct:identifier": tracker.name,
            "dct:title": self.said(tracker.title),
            "dct:description": self.said(tracker.description),
            "dpv:hasNecessity": {"@id": "dpv:Required" if tracker.essential else "dpv:Optional"},
            "dpv:hasServiceProvider": {
                "@id": self.id("controller" if row.own else f"recipient-{tracker.recipient}"),
            },
            "dpv:hasPersonalData": self.refs("category", self._used(tracker.categories)),
        }
        if tracker.purpose is not None:
            node["dpv:hasProcess"] = {"@id": self.id(f"purpose-{tracker.purpose}")}
        if tracker.lasts != "session":
            node["dpv:hasDuration"] = {"@type": "dpv:TemporalDuration", "dct:extent": duration(tracker.lasts)}
        return node

    def measures(self) -> list[Node]:
        """Describe how information is protected."""
        return [
            {"@id": self.id(f"measure-{name}"), "@type": "dpv:TechnicalOrganisationalMeasure", "dct:identifier": name}
            | {"dct:title": self.said(measure.title), "dct:description": self.said(measure.description)}
            for name, measure in self.document.measures.items()
        ]

    def regime(self, name: str, regime: Regime) -> list[Node]:
        """Describe the rights of a regime, with the places where it holds; as articles where the GDPR does."""
        named = {each for other in self.document.rights.values() for each in other.regions}
        codes = regime.regions or tuple(code for code in NAMED_REGIONS if code not in named)
        places = [self.place(NAMED_REGIONS[code]) for code in codes]
        made = []
        for right, text in regime.rights.items():
            article = [_RIGHTS[right]] if "EEA" in codes and right in _RIGHTS else []
            node: Node = {
                "@id": self.id(f"rights-{name}-{right}"),
                "@type": ["dpv:DataSubjectRight", *article],
                "dct:identifier": str(right),
                "dct:title": self.words.right(right),
                "dct:description": self.said(text),
                "dpv:hasJurisdiction": places,
            }
            if right is Right.COMPLAIN and regime.authority is not None:
                node["dpv:hasAuthority"] = self.party(
                    regime.authority, f"authority-{name}", "dpv:DataProtectionAuthority"
                )
            made.append(node)
        return made

    def officers(self, *, representative: bool) -> list[Node]:
        """Describe those who answer for data protection, or those who represent the operator."""
        numbered = enumerate(self.document.officers, 1)
        return [self.officer(each, f"officer-{n}") for n, each in numbered if each.representative is representative]

    def officer(self, officer: Officer, anchor: str) -> Node:
        """Describe who answers for data protection where."""
        named = {each for other in self.document.officers for each in other.regions}
        codes = officer.regions or tuple(code for code in NAMED_REGIONS if code not in named)
        places = [self.place(NAMED_REGIONS[code]) for code in codes]
        kind = "dpv:Representative" if officer.representative else "dpv:DataProtectionOfficer"
        node = self.party(officer, anchor, kind)
        return node | {"dct:title": self.said(officer.title), "dpv:hasJurisdiction": places}

    def party(self, party: Party, anchor: str, kind: str) -> Node:
        """Describe somebody with a name and an address."""
        ways = [each for each in (party.email, party.phone, party.website) if each]
        return {
            "@id": self.id(anchor),
            "@type": kind,
            "dpv:hasName": party.name,
            "dpv:hasAddress": party.address,
            "dpv:hasCountry": {"@id": f"loc:{party.country}"},
            "dpv:hasContact": ways,
        }

    def _used(self, categories: Iterable[str]) -> tuple[str, ...]:
        used = tuple(categories)
        return tuple(self.document.categories) if used == ("all",) else used

    def said(self, texts: Texts) -> str:
        return references.said(self.document, texts, self.words.language)

    def id(self, anchor: str) -> str:
        return f"{self.base}#{anchor}"

    def refs(self, kind: str, names: Iterable[str]) -> list[Node]:
        return refs(self.id(f"{kind}-{name}") for name in names)


def refs(identifiers: Iterable[str]) -> list[Node]:
    """Refer to nodes by their identifiers."""
    return [{"@id": each} for each in identifiers]


def duration(period: Period) -> Node:
    """Write a period as XML Schema does: ``P24M``, ``P30D``."""
    return {"@type": "xsd:duration", "@value": f"P{period.months}M" if period.months else f"P{period.days}D"}

"""The receipt of a choice: what was chosen about what, and the proof that the ledger holds it.

The record follows the field list of ISO/IEC TS 27560:2023 in terms of the W3C Data Privacy Vocabulary 2
(guide "Consent Records and Receipts", W3C DPVCG 2024). What the person's name is, no receipt says.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tillit.consent.fold import MANAGE
from tillit.consent.models import Choice, Notice
from tillit.consent.proof import FORM, Verdict, canonical, verify_receipt
from tillit.keys import Keys
from tillit.ledger import seal
from tillit.ledger.models import Leaf, Seal
from tillit.ledger.processing import processing
from tillit.ledger.versions import Version, version
from tillit.people.models import Person
from tillit.policy.document import Operator, Purpose
from tillit.policy.regions import Region

__all__ = ["Verdict", "receipt", "verify_receipt"]

_CONTEXT = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
}
_STATUS = {
    "granted": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "objected": "eu-gdpr:A21",
}
_BASIS = {
    "consent": "eu-gdpr:A6-1-a",
    "contract": "eu-gdpr:A6-1-b",
    "legal-obligation": "eu-gdpr:A6-1-c",
    "vital-interests": "eu-gdpr:A6-1-d",
    "public-task": "eu-gdpr:A6-1-e",
    "legitimate-interest": "eu-gdpr:A6-1-f",
}


def receipt(
    workspace_id: int, person_id: UUID, choice_id: UUID, *, keys: Keys, by: str, language: str = "en"
) -> dict[str, Any] | None:
    """Return the receipt of one choice of a person, or None when they made no such choice.

    A choice that is not sealed yet (sealing runs every minute) has a receipt whose `seal` is None.
    """
    with processing(workspace_id, MANAGE, by=by, act="receipt.show", subject=person_id, about=f"choice:{choice_id}"):
        choice = Choice.objects.filter(pk=choice_id, person_id=person_id).first()
        person = Person.objects.filter(pk=person_id).first()
        if choice is None or person is None:
            return None
        notice = Notice.objects.filter(digest=choice.notice_digest).first()
    chosen = version(choice.policy_version_id)
    signer = seal.signing_key(keys)
    made: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt-record",
        "form": FORM,
        "record": _record(choice, person, chosen, notice, language),
        "proof": {
            "leaf": _leaf(choice),
            "seal": _sealed(choice.pk),
            "key": b64encode(signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
        },
    }
    made["proof"] = {**made["proof"], "signature": b64encode(signer.sign(canonical(made))).decode()}
    return made


def _record(choice: Choice, person: Person, chosen: Version, notice: Notice | None, language: str) -> dict[str, Any]:
    purpose = chosen.document.purposes.get(choice.purpose)
    basis = chosen.rules[choice.purpose].bases[person.region] if purpose else None
    return {
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
        "dct:identifier": str(choice.pk),
        "dpv:hasDataSubject": str(choice.person_id),
        "dpv:hasDataController": _controller(chosen.document.operator),
        "dpv:hasJurisdiction": Region(person.region).code,
        "purpose": choice.purpose,
        **(_process(purpose, chosen, basis, language) if purpose else {}),
        "notice": {
            "digest": choice.notice_digest,
            "dct:language": notice.language if notice else None,
            "text": notice.text if notice else None,
        },
        "policy": {"number": chosen.number, "digest": chosen.digest, "dct:issued": _utc(chosen.published_at)},
        "state": choice.state,
        "dpv:hasConsentStatus": _STATUS[choice.state],
        "method": choice.method,
        "dpv:isIndicatedBy": str(choice.person_id),
        "dpv:isIndicatedAtTime": _utc(choice.at),
        "dpv:hasDuration": {"until": _utc(choice.expires_at) if choice.expires_at else None},
        "dpv:hasRight": ["eu-gdpr:A7-3", "eu-gdpr:A15", "eu-gdpr:A17", "eu-gdpr:A21", "eu-gdpr:A77"],
    }


def _process(purpose: Purpose, chosen: Version, basis: Any, language: str) -> dict[str, Any]:
    document = chosen.document
    used = tuple(document.categories) if purpose.uses_every_category else purpose.categories
    kept = {name: str(document.retention[name].keep) for name in used if name in document.retention}
    return {
        "dpv:hasPurpose": {
            "dct:title": purpose.title.said(language),
            "dct:description": purpose.description.said(language),
        },
        "dpv:hasLegalBasis": {"basis": str(basis) if basis else None, "dpv": _BASIS.get(str(basis), "dpv:LegalBasis")},
        "dpv:hasPersonalData": {name: list(document.categories[name].dpv) for name in used},
        "dpv:hasStorageCondition": kept,
        "dpv:hasRecipient": [document.recipients[name].name for name in purpose.recipients],
    }


def _controller(operator: Operator) -> dict[str, Any]:
    return {
        "@type": "dpv:DataController",
        "dpv:hasName": operator.name,
        "dpv:hasAddress": f"{operator.address}, {operator.country}",
        "dpv:hasContact": operator.privacy,
        "withdraw": operator.objections,
    }


def _leaf(choice: Choice) -> list[str | None]:
    """The parts that the database hashes when a choice is written (consent migration 0002)."""
    number = str(choice.source_id) if choice.source_id is not None else None
    return [
        *("choice", str(choice.pk), str(choice.workspace_id), str(choice.person_id), choice.purpose, choice.state),
        *(choice.method, str(choice.policy_version_id), choice.notice_digest, number),
        *(_utc(choice.at), _utc(choice.expires_at) if choice.expires_at else None),
    ]


def _sealed(choice_id: UUID) -> dict[str, Any] | None:
    """Where the sealed ledger holds a choice: the path to the signed root. None before it is sealed."""
    leaf = Leaf.objects.filter(record_id=choice_id).first()
    if leaf is None:
        return None
    over = Seal.objects.get(number=leaf.seal_number)
    hashes = Leaf.objects.filter(seal_number=over.number).order_by("position").values_list("hash", flat=True)
    tree = seal.tree_of([bytes(each) for each in hashes])
    path = tree.prove_inclusion(leaf.position + 1, over.leaves).path[1:]  # pymerkle counts from one, the leaf first
    return {
        "position": leaf.position,
        "path": [bytes(step).hex() for step in path],
        "statement": seal.statement(over).decode(),
        "signature": b64encode(bytes(over.signature)).decode(),
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

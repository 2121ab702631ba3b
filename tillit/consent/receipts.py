"""The receipt of a choice: what was chosen about what, and the proof that the ledger holds it.

The record follows the field list of ISO/IEC TS 27560:2023 in terms of the W3C Data Privacy Vocabulary 2
(guide "Consent Records and Receipts", W3C DPVCG 2024). `receipt.schema.json` beside this file says its form.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tillit.consent.fold import MANAGE
from tillit.consent.models import Choice, Notice
from tillit.consent.proof import FORM, Verdict, canonical, verify_receipt
from tillit.consent.record import Chosen, record, utc
from tillit.consent.vocabulary import PREFIXES, SCHEMAS
from tillit.env import env
from tillit.keys import Keys
from tillit.ledger import seal
from tillit.ledger.models import Leaf, Seal
from tillit.ledger.processing import processing
from tillit.ledger.versions import version
from tillit.people.merges import ids_of
from tillit.people.standing import history

__all__ = ["Verdict", "published_keys", "receipt", "schema", "verify_receipt"]


def receipt(
    workspace_id: int, person_id: UUID, choice_id: UUID, *, keys: Keys, by: str, language: str = "en"
) -> dict[str, Any] | None:
    """Return the receipt of one choice of a person, or None when they made no such choice.

    A choice that is not sealed yet (sealing runs every minute) has a receipt whose `seal` is None.
    """
    with processing(workspace_id, MANAGE, by=by, act="receipt.show", subject=person_id, about=f"choice:{choice_id}"):
        choice = Choice.objects.under(ids_of(person_id), voided=True).filter(pk=choice_id).first()
        stood = history(person_id)
        if choice is None or stood is None:
            return None
        notice = Notice.objects.filter(digest=choice.notice_digest).first()
    then = stood.at(max(choice.at, stood.person.created_at))
    assert then is not None  # the moment is not before the person was recorded
    if choice.person_id != person_id:
        then = replace(
            then, certain=False
        )  # made under a record that went into this one, which may have stood elsewhere
    chosen = Chosen(
        choice=choice,
        version=version(choice.policy_version_id),
        standing=then,
        notice=notice,
        site=env().base_url,
        language=language,
    )
    return _signed(record(chosen), choice, site=env().base_url, keys=keys)


def _signed(said: dict[str, Any], choice: Choice, *, site: str, keys: Keys) -> dict[str, Any]:
    signer = seal.signing_key(keys)
    profile = "receipt-eu-gdpr" if said["dct:conformsTo"].endswith("eu-gdpr") else "receipt"
    made: dict[str, Any] = {
        "@context": {**PREFIXES, "@vocab": f"{site}/receipt/schema.json#"},
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": f"{SCHEMAS}{profile}",
        "dpv:hasIdentifier": str(choice.pk),
        "form": FORM,
        "schema": f"{site}/receipt/schema.json",
        "dpv:hasRecordOfActivity": said,
        "proof": {"leaf": _leaf(choice), "seal": _sealed(choice.pk), "key": _public(keys)},
    }
    made["proof"] = {**made["proof"], "signature": b64encode(signer.sign(canonical(made))).decode()}
    return made


def _public(keys: Keys) -> str:
    key = seal.signing_key(keys).public_key()
    return b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def published_keys(keys: Keys) -> dict[str, Any]:
    """Return the public key that signs receipts and seals, for anybody to compare with that of a receipt.

    `since` is the time of the first seal that it signed, None before there is one.
    """
    name = seal.key_id(seal.signing_key(keys).public_key())
    first = Seal.objects.filter(key_id=name).order_by("number").values_list("sealed_at", flat=True).first()
    since = utc(first) if first else None
    return {"keys": [{"id": name, "algorithm": "Ed25519", "key": _public(keys), "since": since}]}


@lru_cache(maxsize=1)
def schema() -> str:
    """Return the JSON Schema of receipts as text."""
    return (Path(__file__).parent / "receipt.schema.json").read_text()


def _leaf(choice: Choice) -> list[str | None]:
    """The parts that the database hashes when a choice is written (consent migration 0002)."""
    number = str(choice.source_id) if choice.source_id is not None else None
    return [
        *("choice", str(choice.pk), str(choice.workspace_id), str(choice.person_id), choice.purpose, choice.state),
        *(choice.method, str(choice.policy_version_id), choice.notice_digest, number),
        *(utc(choice.at), utc(choice.expires_at) if choice.expires_at else None),
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

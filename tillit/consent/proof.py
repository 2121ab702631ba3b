"""Checking a receipt without us: needs the receipt alone, and no network.

Pure: give this file and a receipt to anybody who has Python and the `cryptography` package.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORM = "tillit receipt 1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt proves. `holds`: it is as it was issued; `sealed`: the choice lies in the sealed ledger.

    `key_id` names the key that signed: compare it with the one that the operator publishes, or give that key to
    `verify_receipt`. A choice of the last minute is not sealed yet: fetch the receipt again.
    """

    holds: bool
    sealed: bool
    key_id: str = ""
    problems: tuple[str, ...] = field(default=())


def verify_receipt(receipt: str | bytes | dict[str, Any], *, key: bytes | None = None) -> Verdict:
    """Say whether a receipt is as it was issued, and whether the ledger holds its choice.

    `key` is the public key (32 bytes) that the receipt must be signed with; without it, the receipt's own is used, and
    `key_id` says which. Never raises for a receipt that is damaged. Source: RFC 9162 section 2.1.3.2; RFC 8032.
    """
    try:
        content = json.loads(receipt) if isinstance(receipt, str | bytes) else dict(receipt)
        return _verify(content, key)
    except (ValueError, KeyError, TypeError, AttributeError, NotBase64, RecursionError):
        return Verdict(False, False, problems=("this is not a receipt, or parts of it are missing",))


def _verify(receipt: dict[str, Any], key: bytes | None) -> Verdict:
    proof = receipt["proof"]
    public = b64decode(proof["key"], validate=True)
    key_id = hashlib.sha256(public).hexdigest()[:16]
    problems: list[str] = []
    if key is not None and key != public:
        problems.append("another key signed it")
    signed = {**receipt, "proof": {name: value for name, value in proof.items() if name != "signature"}}
    if not _signs(public, proof["signature"], canonical(signed)):
        problems.append("the signature does not fit: something in the receipt was changed")
    problems += _record_problems(receipt["record"], proof["leaf"])
    sealed = proof.get("seal") is not None
    if sealed:
        problems += _seal_problems(proof, public)
    return Verdict(not problems, sealed and not problems, key_id, tuple(problems))


def _record_problems(record: dict[str, Any], leaf: Sequence[str | None]) -> list[str]:
    """What the readable record says otherwise than the row that the ledger hashed."""
    said = [record["dct:identifier"], record["dpv:hasDataSubject"], record["purpose"], record["state"]]
    said += [record["method"], record["dpv:isIndicatedAtTime"]]
    found = [] if said == [leaf[1], leaf[3], leaf[4], leaf[5], leaf[6], leaf[10]] else ["the record is not the row"]
    notice = record["notice"]
    if (notice["digest"] or "") != (leaf[8] or ""):
        found.append("the notice is not the one of the choice")
    if notice.get("text") is not None and hashlib.sha256(notice["text"].encode()).hexdigest() != notice["digest"]:
        found.append("the notice's words are not those that were shown")
    return found


def _seal_problems(proof: dict[str, Any], public: bytes) -> list[str]:
    seal = proof["seal"]
    statement = json.loads(seal["statement"])
    name, _number, _previous, root, leaves, *_ = statement
    found = []
    if name != "tillit seal 1" or not _signs(public, seal["signature"], seal["statement"].encode()):
        found.append("the seal is not signed by that key")
    path = [bytes.fromhex(step) for step in seal["path"]]
    if root_of(leaf_hash(proof["leaf"]), position=seal["position"], size=leaves, path=path) != bytes.fromhex(root):
        found.append("the choice is not in the sealed ledger")
    return found


def leaf_hash(parts: Sequence[str | None]) -> bytes:
    """The hash of a ledger row, as the database makes it: SHA-256 of its parts as a JSON array."""
    return hashlib.sha256(json.dumps(list(parts), separators=(",", ":"), ensure_ascii=False).encode()).digest()


def root_of(entry: bytes, *, position: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion path leads to, None when it cannot fit a tree of that size.

    Source: RFC 9162 sections 2.1.1 and 2.1.3.2.
    """
    if not 0 <= position < size:
        return None
    at, last = position, size - 1
    reached = hashlib.sha256(b"\x00" + entry).digest()
    for step in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            reached = hashlib.sha256(b"\x01" + step + reached).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            reached = hashlib.sha256(b"\x01" + reached + step).digest()
        at, last = at >> 1, last >> 1
    return reached if last == 0 else None


def canonical(value: Any) -> bytes:
    """A value as the bytes that are signed: JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _signs(public: bytes, signature: str, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(b64decode(signature, validate=True), message)
    except InvalidSignature:
        return False
    return True

"""Checking a receipt without us: needs the receipt alone, and no network.

Pure: give this file and a receipt to anybody who has Python and the `cryptography` package.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORM = "tillit receipt 2"
#: The form before: it is issued no more, and whoever has one can check it for ever.
FIRST_FORM = "tillit receipt 1"
#: A receipt has some 10,000 bytes; more than this is something else.
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a receipt that holds says was chosen: by whom, about what, when, and under which version of the policy."""

    number: str
    person: str
    purpose: str
    state: str
    method: str
    at: str
    policy: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt proves. `holds`: it is as it was issued; `sealed`: the choice lies in the sealed ledger.

    `key_id` names the key that signed: compare it with the one that the operator publishes, or give that key to
    `verify_receipt`; `trusted` is whether it was among those given. A choice of the last minute is not sealed yet:
    fetch the receipt again.
    """

    holds: bool
    sealed: bool
    key_id: str = ""
    problems: tuple[str, ...] = field(default=())
    form: str = ""
    trusted: bool = False
    seal_number: int | None = None
    sealed_at: str = ""
    said: Said | None = None


class NotReceipt(ValueError):
    """The content is no receipt, or no whole one."""


def verify_receipt(receipt: str | bytes | dict[str, Any], *, key: bytes | Collection[bytes] | None = None) -> Verdict:
    """Say whether a receipt is as it was issued, and whether the ledger holds its choice.

    `key` is the public key (32 bytes), or several, that the receipt must be signed with; without one, the receipt's
    own is used, and `key_id` says which. Never raises for a receipt that is damaged.
    Source: RFC 9162 section 2.1.3.2; RFC 8032.
    """
    try:
        content = read(receipt) if isinstance(receipt, str | bytes) else dict(receipt)
        return _verify(content, [key] if isinstance(key, bytes) else key)
    except NotReceipt as error:
        return Verdict(False, False, problems=(str(error),))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, NotBase64, RecursionError):
        return Verdict(False, False, problems=("this is not a receipt, or parts of it are missing",))


def read(text: str | bytes) -> dict[str, Any]:
    """Read a receipt. Raises NotReceipt for what is too long, no JSON, too deep, or says one thing twice."""
    if len(text) > MAX_BYTES:
        raise NotReceipt(f"this is longer than any receipt ({MAX_BYTES:,} bytes)")
    try:
        content = json.loads(text, object_pairs_hook=_once)
    except NotReceipt:
        raise
    except (ValueError, RecursionError) as error:
        raise NotReceipt("this is not JSON, or only a part of it") from error
    if not isinstance(content, dict) or not {"form", "proof"} <= content.keys():
        raise NotReceipt("this is JSON, and not a receipt")
    if content["form"] not in (FORM, FIRST_FORM):
        raise NotReceipt("this form of receipt is not known here; a newer version of Tillit may know it")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that names nothing twice: programs differ in which of two they believe."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotReceipt("something is said twice in it, so that it could be read in two ways")
    return made


def _verify(receipt: dict[str, Any], keys: Collection[bytes] | None) -> Verdict:
    proof = receipt["proof"]
    public = _bytes(proof["key"])
    key_id = hashlib.sha256(public).hexdigest()[:16]
    problems: list[str] = []
    if keys is not None and public not in keys:
        problems.append("another key signed it")
    signed = {**receipt, "proof": {name: value for name, value in proof.items() if name != "signature"}}
    if not _signs(public, proof["signature"], canonical(signed)):
        problems.append("the signature does not fit: something in the receipt was changed")
    first = receipt["form"] == FIRST_FORM
    problems += (_first_record_problems if first else _record_problems)(receipt, proof["leaf"])
    seal = proof.get("seal")
    number, sealed_at = None, ""
    if seal is not None:
        problems += _seal_problems(proof, public)
        _name, number, _previous, _root, _leaves, sealed_at, *_ = json.loads(seal["statement"])
    holds = not problems
    return Verdict(
        holds,
        holds and seal is not None,
        key_id,
        tuple(problems),
        form=receipt["form"],
        trusted=keys is not None and public in keys,
        seal_number=number,
        sealed_at=sealed_at,
        said=_said(proof["leaf"], receipt, first=first) if holds else None,
    )


def _said(leaf: Sequence[str], receipt: dict[str, Any], *, first: bool) -> Said:
    record = receipt["record" if first else "dpv:hasRecordOfActivity"]
    return Said(leaf[1], leaf[3], leaf[4], leaf[5], leaf[6], leaf[10], record["policy"]["number"])


def _first_record_problems(receipt: dict[str, Any], leaf: Sequence[str | None]) -> list[str]:
    """What the readable record of the first form says otherwise than the row that the ledger hashed."""
    record = receipt["record"]
    said = [record["dct:identifier"], record["dpv:hasDataSubject"], record["purpose"], record["state"]]
    said += [record["method"], record["dpv:isIndicatedAtTime"]]
    found = [] if said == [leaf[1], leaf[3], leaf[4], leaf[5], leaf[6], leaf[10]] else ["the record is not the row"]
    notice = record["notice"]
    return found + _notice_problems(notice["digest"] or "", notice.get("text"), leaf)


def _record_problems(receipt: dict[str, Any], leaf: Sequence[str | None]) -> list[str]:
    """What the readable record says otherwise than the row that the ledger hashed."""
    record = receipt["dpv:hasRecordOfActivity"]
    event = record["dpv:hasConsentStatus"] if "dpv:hasConsentStatus" in record else record["dpv:hasStatus"]
    ends = event["dpv:hasDuration"]
    lapses = ends["rdf:value"] if ends["@type"] == "dpv:UntilTimeDuration" else None
    said = [record["dct:identifier"], record["dpv:hasDataSubject"]]
    said += [record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"], record["state"], record["method"]]
    said += [record["policy"]["dct:identifier"], event["dpv:isIndicatedAtTime"], lapses]
    row = [leaf[1], *leaf[3:8], leaf[10], leaf[11]]
    found = [] if said == row else ["the record is not the row"]
    shown = next((each for each in record["dpv:hasNotice"] if "text" in each), None)
    if shown is None:
        return found  # the words were not kept, or none were shown: the row's digest stands alone
    return found + _notice_problems(shown["dct:identifier"], shown["text"], leaf)


def _notice_problems(digest: str, text: str | None, leaf: Sequence[str | None]) -> list[str]:
    found = [] if digest == (leaf[8] or "") else ["the notice is not the one of the choice"]
    if text is not None and hashlib.sha256(text.encode()).hexdigest() != digest:
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


def _bytes(text: str) -> bytes:
    """Bytes written as base64, in the one way that is right: unused bits at the end could hide a change."""
    found = b64decode(text, validate=True)
    if b64encode(found).decode() != text:
        raise ValueError("base64 with bits that mean nothing")
    return found


def _signs(public: bytes, signature: str, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_bytes(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True

"""Seals: signed Merkle roots over the ledger's rows, each bound to the seal before it (decision 0005).

A row changed, removed, added behind the sealer's back or moved is found by `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection, transaction
from pymerkle import InmemoryTree

from tillit.keys import Keys
from tillit.ledger.models import Leaf, Pending, Seal

BATCH = 50_000
_LOCK = 0x7151174


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the ledger."""

    what: str
    where: str


def signing_key(keys: Keys) -> Ed25519PrivateKey:
    """The key that signs seals."""
    return Ed25519PrivateKey.from_private_bytes(keys.derive("ledger seal"))


def key_id(key: Ed25519PublicKey) -> str:
    """A short name of a public key: the start of its digest."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def seal(keys: Keys, *, now: datetime, head: Path | None = None) -> int:
    """Seal every ledger row that is not sealed yet; return how many. One sealer works at a time.

    The last seal's number and digest are remembered in the file `head`, when one is given.
    """
    sealed = 0
    while count := _seal_batch(keys, now=now):
        sealed += count
        if count < BATCH:
            break
    if sealed and head and (last := Seal.objects.order_by("-number").first()):
        head.write_text(json.dumps({"number": last.number, "digest": digest_of(last).hex()}))
    return sealed


@transaction.atomic
def _seal_batch(keys: Keys, *, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        rows = list(Pending.objects.order_by("id").values_list("id", "kind", "record_id", "hash")[:BATCH])
        if not rows:
            return 0
        made = _signed(Seal.objects.order_by("-number").first(), [bytes(row[3]) for row in rows], keys=keys, now=now)
        made.save(force_insert=True)
        columns = "seal_number, position, kind, record_id, hash"
        with cursor.copy(f"COPY {Leaf._meta.db_table} ({columns}) FROM STDIN") as copy:
            for position, (_, kind, record_id, digest) in enumerate(rows):
                copy.write_row((made.number, position, kind, record_id, bytes(digest)))
        cursor.execute("DELETE FROM ledger_pending WHERE id = ANY (%s)", [[row[0] for row in rows]])
    return len(rows)


def _signed(last: Seal | None, hashes: Sequence[bytes], *, keys: Keys, now: datetime) -> Seal:
    key = signing_key(keys)
    made = Seal(
        number=last.number + 1 if last else 1,
        previous=digest_of(last) if last else bytes(32),
        root=merkle_root(hashes),
        leaves=len(hashes),
        sealed_at=now,
        key_id=key_id(key.public_key()),
    )
    made.signature = key.sign(statement(made))
    return made


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root of the tree over the leaves. Source: RFC 9162 section 2.1.1."""
    return bytes(tree_of(leaves).get_root())


def tree_of(leaves: Sequence[bytes]) -> InmemoryTree:
    """The tree over the hashes of one seal."""
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree


def statement(seal: Seal) -> bytes:
    """The bytes that a seal's signature covers."""
    parts = [seal.number, bytes(seal.previous).hex(), bytes(seal.root).hex(), seal.leaves]
    parts += [seal.sealed_at.astimezone(UTC).isoformat(), seal.key_id]
    return json.dumps(["tillit seal 1", *parts], separators=(",", ":")).encode()


def digest_of(seal: Seal) -> bytes:
    """What the next seal carries as its predecessor."""
    return hashlib.sha256(statement(seal) + bytes(seal.signature)).digest()


def verify(
    keys: Keys, *, head: Path | None = None, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Finding]:
    """Recompute every hash, root, link and signature; return what is wrong, nothing when all is as it was written.

    `head` is the file that `seal` wrote; `progress` is told sealed batches done and in all. Reads hashes only, never
    the rows' content.
    """
    remembered = json.loads(head.read_text()) if head and head.exists() else None
    public = signing_key(keys).public_key()
    findings: list[Finding] = []
    total, last = Seal.objects.count(), None
    for done, seal in enumerate(Seal.objects.order_by("number").iterator(), start=1):
        findings += _wrong_with_seal(seal, last, public)
        findings += _wrong_with_rows(seal)
        if remembered and seal.number == remembered["number"] and digest_of(seal).hex() != remembered["digest"]:
            findings.append(Finding("the seal is not the one remembered outside the database", f"seal {seal.number}"))
        last = seal
        progress(done, total)
    if remembered and (last.number if last else 0) < remembered["number"]:
        findings.append(Finding("the end of the ledger is missing", f"seal {remembered['number']}"))
    findings += _unsealed_rows()
    return findings


def _wrong_with_seal(seal: Seal, last: Seal | None, public: Ed25519PublicKey) -> Iterator[Finding]:
    where = f"seal {seal.number}"
    if seal.number != (last.number + 1 if last else 1):
        yield Finding("a seal before this one is missing", where)
    if bytes(seal.previous) != (digest_of(last) if last else bytes(32)):
        yield Finding("the link to the seal before is broken", where)
    try:
        public.verify(bytes(seal.signature), statement(seal))
    except InvalidSignature:
        yield Finding("the signature does not fit", where)


def _wrong_with_rows(seal: Seal) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, kind, record_id, hash, tillit_ledger_hash(kind, record_id)"
            " FROM ledger_leaf WHERE seal_number = %s ORDER BY position",
            [seal.number],
        )
        rows = cursor.fetchall()
    if len(rows) != seal.leaves or [row[0] for row in rows] != list(range(len(rows))):
        yield Finding("leaves are missing or were added", f"seal {seal.number}")
    elif merkle_root([bytes(row[3]) for row in rows]) != bytes(seal.root):
        yield Finding("the leaves do not give the signed root", f"seal {seal.number}")
    for position, kind, record_id, sealed, found in rows:
        where = f"{kind} {record_id} (seal {seal.number}, leaf {position})"
        if found is None:
            yield Finding("the row is gone", where)
        elif bytes(found) != bytes(sealed):
            yield Finding("the row was changed", where)


def _unsealed_rows() -> Iterator[Finding]:
    """Rows that neither a seal nor the waiting list knows: they came in behind the trigger's back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, record_id FROM tillit_ledger_strays()")
        for kind, record_id in cursor.fetchall():
            yield Finding("the row was added behind the ledger's back", f"{kind} {record_id}")

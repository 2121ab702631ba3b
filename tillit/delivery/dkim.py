"""DKIM signatures: a domain answers for a message, and for the way out of it that the message offers."""

import base64
import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

# What is signed where present. List-Unsubscribe and List-Unsubscribe-Post must be (RFC 8058 §4).
SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"list-id", b"list-unsubscribe",
    b"list-unsubscribe-post", b"feedback-id", b"auto-submitted", b"content-language", b"mime-version",
    b"content-type", b"content-transfer-encoding",
)  # fmt: skip
_SIGNED = frozenset(SIGNED)
# Named once more than they occur, so that nobody can add another one unnoticed (RFC 6376 §8.15).
SEALED = frozenset(
    {b"from", b"to", b"subject", b"date", b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post", b"content-type"}
)
# The same on every mail of a campaign: their canonical form is kept, the rest is one person's own.
_COMMON = frozenset(
    {b"from", b"reply-to", b"list-id", b"list-unsubscribe-post", b"feedback-id", b"auto-submitted", b"content-language",
     b"mime-version", b"content-type", b"content-transfer-encoding"}
)  # fmt: skip
_MAX_KEPT = 4096
_BLANKS = re.compile(rb"[ \t]+")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
)
_MIN_RSA_BITS = 1024  # Source: RFC 8301 §3.2; 2048 is what a new key should have

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class BadKey(ValueError):
    """A key, domain or selector that cannot sign mail."""


class KeyPair(NamedTuple):
    """A private key to keep secret and the TXT record to publish at `<selector>._domainkey.<domain>`."""

    private_pem: bytes
    record: str


class Signer:
    """Signs for one domain and selector, with RSA or Ed25519 by the kind of key. Raises `BadKey`.

    Source: RFC 6376, RFC 8301 (rsa-sha256), RFC 8463 (ed25519-sha256).
    """

    def __init__(self, *, domain: str, selector: str, private_pem: bytes) -> None:
        for name in (domain, selector):
            if not _NAME.fullmatch(name):
                raise BadKey(f"{name!r} is not a domain name to sign with")
        self._key = load_key(private_pem)
        algorithm = b"rsa-sha256" if isinstance(self._key, rsa.RSAPrivateKey) else b"ed25519-sha256"
        self._start = b"DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=%s;\r\n s=%s; t=" % (
            algorithm, domain.encode("ascii"), selector.encode("ascii"),
        )  # fmt: skip
        self._kept: dict[bytes, bytes] = {}

    def sign(self, message: bytes, *, now_s: int) -> bytes:
        """The message with a DKIM-Signature before it. `now_s` is Unix time.

        Raises ValueError if the message has no From or its lines do not end in CRLF.
        """
        head, separator, body = message.partition(b"\r\n\r\n")
        fields = self._fields(head)
        if not separator or b"from" not in fields:
            raise ValueError("a message to sign needs a From field, CRLF line ends and an empty line after its header")
        names, signed = list[bytes](), list[bytes]()
        for name in SIGNED:
            occurrences = fields.get(name, ())
            names += [name] * (len(occurrences) + (name in SEALED))
            signed += reversed(occurrences)  # from the bottom up (RFC 6376 §5.4.2)
        field = b"%s%d;\r\n h=%s;\r\n bh=%s;\r\n b=" % (
            self._start, now_s, _name_list(tuple(names)), base64.b64encode(_body_hash(body)),
        )  # fmt: skip
        signature = base64.b64encode(self._signature(b"".join(signed) + _relaxed(field)))
        lines = b"\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return b"%s%s\r\n%s" % (field, lines, message)

    def _fields(self, head: bytes) -> dict[bytes, list[bytes]]:
        """The fields to sign in canonical form, by name, in their order."""
        fields: dict[bytes, list[bytes]] = {}
        for field in _FIELD_END.split(head):
            name = field.partition(b":")[0].rstrip().lower()
            if name not in _SIGNED:
                continue
            canonical = self._kept.get(field)
            if canonical is None:
                canonical = _relaxed(field) + b"\r\n"
                if name in _COMMON and len(self._kept) < _MAX_KEPT:
                    self._kept[field] = canonical
            fields.setdefault(name, []).append(canonical)
        return fields

    def _signature(self, data: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(hashlib.sha256(data).digest())  # Source: RFC 8463 §3


def generate(*, kind: str = "rsa") -> KeyPair:
    """A new key of `kind` `rsa` (2048 bits, understood everywhere) or `ed25519`. Raises `BadKey`."""
    key: PrivateKey
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        raise BadKey(f"{kind!r} is not a kind of key; use rsa or ed25519")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(pem, record(pem))


def record(private_pem: bytes) -> str:
    """The TXT record for a key. DNS holds it in strings of at most 255 bytes each. Raises `BadKey`.

    Source: RFC 6376 §3.6.1, RFC 8463 §4.2 (the bare 32 bytes of an Ed25519 key).
    """
    key = load_key(private_pem)
    if isinstance(key, rsa.RSAPrivateKey):
        kind, public = "rsa", key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip
    else:
        kind, public = "ed25519", key.public_key().public_bytes_raw()
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode('ascii')}"


def load_key(private_pem: bytes) -> PrivateKey:
    """Read an unencrypted PEM key and check that mail can be signed with it. Raises `BadKey`."""
    try:
        key = serialization.load_pem_private_key(private_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"the signing key cannot be read: {error}") from error
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _MIN_RSA_BITS:
            raise BadKey(f"an RSA key of {key.key_size} bits is refused by receivers; use 2048")
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise BadKey("mail is signed with RSA or Ed25519 keys, and this is another kind")


def _body_hash(body: bytes) -> bytes:
    """SHA-256 of the body's relaxed form. Source: RFC 6376 §3.4.4.

    What `compose.Template` writes is in that form already, and is only looked through: 20 µs for 12 kB, where
    rewriting every blank takes 430 µs.
    """
    if b"  " in body or b"\t" in body:
        body = _BLANKS.sub(b" ", body)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"  # as the wire will
    if b" \r\n" in body:
        body = body.replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return hashlib.sha256(body[:end] + b"\r\n" if end else b"").digest()


def _relaxed(field: bytes) -> bytes:
    """Source: RFC 6376 §3.4.2."""
    name, _, value = field.partition(b":")
    return name.rstrip().lower() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip()


@lru_cache(maxsize=64)
def _name_list(names: tuple[bytes, ...]) -> bytes:
    """The h= tag, four names a line."""
    return b":\r\n ".join(b":".join(names[at : at + 4]) for at in range(0, len(names), 4))

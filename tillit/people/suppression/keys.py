"""What an address is known by: itself, itself without its tag, its domain, and the domains above.

* A domain covers its subdomains: who wants no mail to `example.org` wants none to `lists.example.org`.
* An address covers its tagged forms (`anna+news@` after `anna@`), not the other way round. Not every server knows tags
  (RFC 5233), but where they are not known the mistake is one mail too few.
* A domain is one in Unicode and in its ASCII form: addresses are kept with it in Unicode.
"""

from __future__ import annotations

from collections.abc import Iterator

from tillit.people.identity import InvalidIdentifier, hasher, normalise_email
from tillit.people.models.suppressions import Suppression

EMAIL, DOMAIN = Suppression.Kind.EMAIL, Suppression.Kind.DOMAIN
KEY = "key"  # an address that is known by its key alone, from a list that was taken out
KEY_BYTES = 32
MARK = "tillit:"  # how such a key begins in a list
REMEMBERED = 100_000  # domains whose keys are kept at hand
EVERYWHERE = 0  # the hash is the same in every workspace, so that one list can serve the installation


def read(text: str) -> tuple[str, str]:
    """Tell what somebody wrote as kind and normal form: an address, or a domain (`example.org`, `@…`, `*@…`, `*.…`).

    Raises InvalidIdentifier, also for a domain without a dot, which would be a whole top-level domain.
    """
    folded = text.strip().strip("<>").removeprefix("mailto:").lstrip("*")
    before, at, _ = folded.rpartition("@")
    if at and before:
        return EMAIL, normalise_email(folded)
    domain = folded.removeprefix("@").strip(".")
    if "." not in domain:
        raise InvalidIdentifier("neither an address nor a domain")
    return DOMAIN, normalise_email(f"x@{domain}").rpartition("@")[2]


def untagged(address: str) -> str:
    """The address without its tag; itself when it has none."""
    local, _, domain = address.rpartition("@")
    name, plus, _ = local.partition("+")
    return f"{name}@{domain}" if plus and name else address


def domains_of(address: str) -> Iterator[str]:
    """The domain of an address, and each above it but the topmost."""
    domain = address.rpartition("@")[2]
    while "." in domain:
        yield domain
        domain = domain.partition(".")[2]


class ForeignKey(InvalidIdentifier):
    """The key was made by another installation, or with another master secret: it would know nobody again here."""


class Keyring:
    """Makes keys, remembering those of domains, of which there are few."""

    def __init__(self, key: bytes) -> None:
        self._hash = {kind: hasher(key, EVERYWHERE, kind) for kind in (EMAIL, DOMAIN)}
        self._domains: dict[str, tuple[bytes, ...]] = {}

    def key(self, kind: str, value: str) -> bytes:
        """The 32-byte key of an address or a domain in normal form; a key is its own, in hexadecimal."""
        if kind == KEY:
            return bytes.fromhex(value)
        return self._hash[Suppression.Kind(kind)](value)

    def keys(self, address: str) -> tuple[bytes, ...]:
        """Every key that would suppress an address in normal form: two hashes, where its domain is remembered."""
        domain = address.rpartition("@")[2]
        above = self._domains.get(domain)
        if above is None:
            if len(self._domains) > REMEMBERED:
                self._domains.clear()
            above = self._domains[domain] = tuple(self._hash[DOMAIN](each) for each in domains_of(address))
        base = untagged(address)
        own = self._hash[EMAIL](address)
        return (own, *above) if base is address else (own, self._hash[EMAIL](base), *above)

    @property
    def fingerprint(self) -> str:
        """By what this installation's keys are told from another's."""
        return self._hash[EMAIL]("")[:4].hex()

    def text(self, key: bytes) -> str:
        """A key as a list carries it."""
        return f"{MARK}{self.fingerprint}:{key.hex()}"

    def read(self, text: str) -> tuple[str, str]:
        """Tell what a line of a list holds: what `read` does, or a key. Raises InvalidIdentifier and ForeignKey."""
        told = text.strip()
        if not told.startswith(MARK):
            return read(told)
        fingerprint, _, digits = told.removeprefix(MARK).partition(":")
        if fingerprint != self.fingerprint:
            raise ForeignKey(ForeignKey.__doc__)
        if len(digits) != KEY_BYTES * 2 or not set(digits) <= set("0123456789abcdef"):
            raise InvalidIdentifier("not a whole key")
        return KEY, digits

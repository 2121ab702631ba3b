"""One master secret; every other key is derived from it and named after its use."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_BYTES = 32


class SecretTooShort(Exception):
    """The master secret has fewer than 32 bytes: write `openssl rand -hex 32` into TILLIT_SECRET."""


class Keys:
    """Derives keys from one master secret.

    The same master always yields the same keys, so a node that starts elsewhere with the same secret can
    verify the tokens in mails already sent, and finds the same people by identity key.
    """

    def __init__(self, master: bytes) -> None:
        if len(master) < MASTER_BYTES:
            raise SecretTooShort(SecretTooShort.__doc__)
        self._master = master

    def derive(self, use: str, *, length_bytes: int = 32) -> bytes:
        """Return the key for one use, e.g. ``"identity"``. Source: RFC 5869 (HKDF)."""
        kdf = HKDF(algorithm=hashes.SHA256(), length=length_bytes, salt=b"tillit", info=use.encode())
        return kdf.derive(self._master)


def master_secret(configured: str | None, file: Path) -> bytes:
    """Return the master secret: the configured text, else the file's, which is made (mode 600) when missing."""
    if configured:
        return configured.encode()
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(MASTER_BYTES))
    return file.read_text().strip().encode()

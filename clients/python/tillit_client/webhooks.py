"""Checking that a message came from Tillit. Source: Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

TOLERANCE_S = 300


class BadSignature(Exception):
    """The message was not signed with the secret, was changed, or is old."""


def verified(headers: Mapping[str, str], body: bytes, secret: str, *, now: float | None = None) -> dict[str, Any]:
    """Return what a message says, once its signature and its time were checked. Raises BadSignature."""
    said = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp = said["webhook-id"], said["webhook-timestamp"]
        signatures = said["webhook-signature"].split()
        if abs((time.time() if now is None else now) - int(stamp)) > TOLERANCE_S:
            raise BadSignature("The message is too old, or from the future.")
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (KeyError, ValueError, binascii.Error) as error:
        raise BadSignature("The message has no signature that can be read.") from error
    signed = f"{message_id}.{stamp}.".encode() + body
    wanted = f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
    if not any(hmac.compare_digest(wanted.encode(), each.encode()) for each in signatures):
        raise BadSignature("The signature is not the secret’s.")
    told: dict[str, Any] = json.loads(body)
    return told

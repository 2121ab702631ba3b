"""The signature by which an endpoint knows that it was we who called. Source: Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta

from tillit.env import env
from tillit.webhooks.models import Endpoint

PREFIX = "whsec_"
BOTH_FOR = timedelta(days=1)  # after a change the old secret signs as well, so that the receiver has time to follow


def secret(endpoint: Endpoint, number: int | None = None) -> str:
    """The secret of an endpoint as its receiver keeps it: derived from the master secret, so no table holds it."""
    return PREFIX + base64.b64encode(_key(endpoint, number or endpoint.secret_number)).decode()


def headers(endpoint: Endpoint, message_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The three headers of a message."""
    stamp = str(int(now.timestamp()))
    numbers = [endpoint.secret_number]
    if endpoint.rotated_at and now < endpoint.rotated_at + BOTH_FOR:
        numbers.append(endpoint.secret_number - 1)
    signed = f"{message_id}.{stamp}.".encode() + body
    signatures = [
        base64.b64encode(hmac.digest(_key(endpoint, number), signed, "sha256")).decode() for number in numbers
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key(endpoint: Endpoint, number: int) -> bytes:
    return env().keys.derive(f"webhook {endpoint.pk} {number}")

"""The colour of a state. One table, so that a state looks the same on every page."""

from __future__ import annotations

TONES = {
    # campaigns, imports
    "reading": "info",
    "draft": "secondary",
    "queued": "secondary",
    "preparing": "info",
    "sending": "info",
    "running": "info",
    "undoing": "info",
    "undone": "secondary",
    "paused": "warning",
    "done": "success",
    "cancelled": "secondary",
    "stopped": "warning",
    "failed": "danger",
    # messages
    "claimed": "info",
    "sent": "success",
    "deferred": "warning",
    "unknown": "warning",
    "withheld": "secondary",
    # subscriptions
    "pending": "warning",
    "subscribed": "success",
    "unsubscribed": "secondary",
    # choices
    "granted": "success",
    "refused": "danger",
    "withdrawn": "danger",
    "objected": "danger",
    # requests
    "received": "info",
    "verified": "info",
    "fulfilled": "success",
    "late": "danger",
    "soon": "warning",
    # assessments
    "open": "info",
    "concluded": "secondary",
    "approved": "success",
    "due": "warning",
    "overdue": "danger",
    # policies
    "in-review": "warning",
    "published": "success",
    "discarded": "secondary",
    "in-force": "success",
    "scheduled": "warning",
    "replaced": "secondary",
    "withdrawn-version": "secondary",
    "new": "success",
    "changed": "info",
    "gone": "danger",
    # changes of the policy
    "material": "warning",
    "ask": "danger",
    "may-ask": "info",
    # webhooks
    "waiting": "secondary",
    "delivered": "success",
    "failing": "warning",
    # keys
    "valid": "success",
    "ended": "secondary",
    "revoked": "danger",
    # roles
    "viewer": "secondary",
    "editor": "info",
    "owner": "primary",
}


def tone(state: str) -> str:
    """The tone of a state; an unknown one is neutral."""
    return TONES.get(str(state), "secondary")

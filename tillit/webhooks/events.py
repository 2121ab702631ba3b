"""What can be told, in names that stay the same whatever the acts of the ledger are called."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from tillit.ledger.models import Activity

#: Event → the acts that are one. An act may be two events.
EVENTS: dict[str, tuple[str, ...]] = {
    "person.added": ("person.add",),
    "person.changed": ("person.change", "person.rectify"),
    "person.erased": ("person.erase",),
    "person.restricted": ("person.restrict", "person.lift-restriction"),
    "person.merged": ("person.merge",),
    "person.split": ("person.split",),
    "choice.recorded": ("choice.record", "preferences.save", "marketing.stop", "list.confirm", "choice.lapse"),
    "subscription.changed": (
        *("list.add", "list.remove", "list.unsubscribe", "list.undo", "list.confirm"),
        "preferences.save",
    ),
    "people.imported": ("people.import", "people.import.undo"),
    "people.changed": ("bulk.change", "bulk.set-back"),
    "request.received": ("request.access", "request.erasure"),
    "policy.changed": ("policy.publish", "policy.effect", "policy.withdraw"),
}
LABELS = {
    "person.added": _("A person was added"),
    "person.changed": _("A person was corrected"),
    "person.erased": _("A person was erased"),
    "person.restricted": _("Processing was restricted, or the restriction lifted"),
    "person.merged": _("Two records of a person were made one"),
    "person.split": _("Two records were parted again"),
    "choice.recorded": _("A choice was made, or lapsed"),
    "subscription.changed": _("Somebody joined or left a list"),
    "people.imported": _("People were imported, or that was undone"),
    "people.changed": _("Many people were changed at once"),
    "request.received": _("Somebody asked for a copy or for erasure"),
    "policy.changed": _("A version of the policy was published, took effect or was taken back"),
    "test": _("A test"),
}
TEST = "test"


def events_of(act: str, wanted: list[str]) -> list[str]:
    """The events among those wanted that an act is."""
    return [event for event in wanted if act in EVENTS.get(event, ())]


def acts_of(wanted: list[str]) -> list[str]:
    """The acts that are some events."""
    return sorted({act for event in wanted for act in EVENTS.get(event, ())})


def payload(event: str, activity: Activity) -> dict[str, Any]:
    """What an endpoint is told: which row of the ledger, whom and what it was about, and no value of anybody.

    Source: Standard Webhooks 1.0 (type, timestamp, data).
    """
    person: UUID | None = activity.subject_id
    return {
        "type": event,
        "timestamp": activity.at.isoformat(),
        "data": {
            "activity": str(activity.pk),
            "act": activity.act,
            "by": activity.actor,
            "workspace": activity.workspace_id,
            "person": str(person) if person else None,
            "object": activity.object_ref or None,
            "purpose": activity.purpose,
            "counts": activity.counts,
        },
    }

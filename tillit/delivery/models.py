"""Messages to persons, and what happened to them. Both tables are partitioned by month on their id (decision 0004)."""

from __future__ import annotations

from typing import ClassVar

import uuid_utils.compat as uuid_utils
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.people.models import PerPersonManager
from tillit.policy.declarations import Declares, nobody


class Batch(models.Model):
    """Messages that one sender claimed together, under a lease.

    A batch whose lease ran out before `started_at` was set goes back to the queue; after it, its messages are in doubt.
    """

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="+")
    campaign_id = models.BigIntegerField(null=True)
    sender = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    privacy = nobody(
        retain="30 days after the batch was finished",
        plain=("campaign_id", "sender", "size", "claimed_at", "lease_until", "started_at", "finished_at", "counts"),
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["lease_until"], name="batch_open", condition=models.Q(finished_at__isnull=True)),
            models.Index(fields=["campaign_id"], name="batch_campaign"),
        ]

    def __str__(self) -> str:
        return f"batch {self.id} of {self.size}"


class Sender(models.Model):
    """A sender that runs, and when it was last heard of: so that pages can say that nothing sends."""

    name = models.CharField(primary_key=True, max_length=80)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    trouble = models.CharField(max_length=200, blank=True)

    privacy = nobody(retain="while the sender runs", plain=("name", "started_at", "seen_at", "trouble"))

    def __str__(self) -> str:
        return self.name


class Waiting(models.Model):
    """The queue of service messages: one row a message until it was handed over, failed or was withheld.

    A table of its own keeps it short: it is looked at every second, and holds no one's data, so that a sender can see
    in which contexts there is something to send before it opens one.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    workspace_id = models.IntegerField()
    purpose = models.CharField(max_length=63)
    not_before = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField(null=True)

    privacy = nobody(
        retain="until sent", plain=("workspace_id", "purpose", "not_before", "batch_id"), reason="opaque ids only"
    )

    def __str__(self) -> str:
        return f"{self.id} under {self.purpose}"


class Message(models.Model):
    """One mail to one person."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        HANDED_OVER = "sent", _("Handed over")
        DEFERRED = "deferred", _("Deferred")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("In doubt")
        WITHHELD = "withheld", _("Withheld")

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    campaign_id = models.BigIntegerField(null=True)
    purpose = models.CharField(max_length=63)
    template = models.CharField(max_length=40, blank=True)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.SmallIntegerField(default=0)
    batch_id = models.BigIntegerField(null=True)
    not_before = models.DateTimeField(null=True)
    measured = models.BooleanField(default=False)
    policy_version_id = models.BigIntegerField(null=True)
    reply_code = models.SmallIntegerField(null=True)
    reply = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="correspondence",
        retain="correspondence",
        personal={
            "reply": "correspondence",
            "campaign_id": "correspondence",
            "state": "correspondence",
            "done_at": "correspondence",
        },
        plain=(
            *("workspace_id", "purpose", "template", "arguments", "attempts", "batch_id", "not_before", "measured"),
            *("policy_version_id", "reply_code"),
        ),
    )

    class Meta:
        indexes: ClassVar = [
            # No index holds a column that sending changes: then PostgreSQL updates a row within its page (HOT).
            models.Index(fields=["campaign_id"], name="message_campaign"),
            models.Index(fields=["person_id"], name="message_person"),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.state}"


class Event(models.Model):
    """An open or a click, recorded by the edge where the person permits measurement."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Opened")
        CLICK = "click", _("Clicked")

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    campaign_id = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    link = models.SmallIntegerField(null=True)
    at = models.DateTimeField()
    client = models.CharField(max_length=60, blank=True)
    device = models.CharField(max_length=20, blank=True)
    address = models.GenericIPAddressField(null=True)
    machine = models.CharField(max_length=20, blank=True)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="interaction",
        retain="interaction",
        personal={
            "kind": "interaction",
            "link": "interaction",
            "at": "interaction",
            "campaign_id": "interaction",
            "client": "device",
            "device": "device",
            "address": "device",
        },
        plain=("workspace_id", "machine"),
        edge=("INSERT",),
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["campaign_id", "kind", "person_id"], name="event_campaign"),
            models.Index(fields=["person_id"], name="event_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.person_id}"

"""Whom programs are told of what happens, and what became of each telling."""

from __future__ import annotations

from typing import ClassVar

import uuid_utils.compat as uuid_utils
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class Endpoint(models.Model):
    """An address that is told of some events of a workspace. Its secret is derived, and stands in no table."""

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="webhooks")
    url = models.CharField(_("address"), max_length=1000)
    name = models.CharField(_("name"), max_length=120)
    events = ArrayField(models.CharField(max_length=63))
    secret_number = models.PositiveIntegerField(default=1)
    rotated_at = models.DateTimeField(null=True)
    seal_number = models.BigIntegerField()
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_why = models.CharField(max_length=200, blank=True)
    created_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    privacy = nobody(
        plain=(
            *("url", "name", "events", "secret_number", "rotated_at", "seal_number", "failing_since", "disabled_at"),
            *("disabled_why", "created_by", "created_at"),
        ),
    )

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event for one endpoint. What is sent is made from the ledger's row each time: ids, and no value."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=63)
    activity_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    took_ms = models.PositiveIntegerField(null=True)

    privacy = nobody(
        retain="30 days",
        plain=(
            *("endpoint", "event", "activity_id", "state", "attempts", "next_at", "tried_at", "status", "error"),
            "took_ms",
        ),
        reason="the number of a row of the ledger, and what the endpoint answered",
    )

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint("endpoint", "activity_id", "event", name="delivery_once")]
        indexes: ClassVar = [
            models.Index(fields=["endpoint", "next_at"], name="delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["endpoint", "-id"], name="delivery_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}: {self.state}"

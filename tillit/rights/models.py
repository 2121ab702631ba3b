"""Requests of persons who exercise a right."""

from __future__ import annotations

from typing import ClassVar

import uuid_utils.compat as uuid_utils
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import Declares


class Request(models.Model):
    """A person exercising a right; outlives the person's data, as the proof that it was answered."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("Copy of what is held")
        ERASURE = "erasure", _("Erasure")

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        VERIFIED = "verified", _("Verified")
        FULFILLED = "fulfilled", _("Fulfilled")

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    fulfilled_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    privacy = Declares(
        subject="person",
        category="request",
        erase="keep",
        retain="request",
        reason="proof that the request was answered (GDPR 5(2)); holds an opaque id",
        personal={"kind": "request", "state": "request"},
        plain=("workspace_id", "received_at", "due_at", "fulfilled_at", "counts"),
    )

    class Meta:
        ordering = ["-id"]
        indexes: ClassVar = [models.Index(fields=["person_id"], name="request_person")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.person_id}: {self.state}"

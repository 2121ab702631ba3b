"""What was answered to a write that may be repeated."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tillit.policy.declarations import nobody


class Answered(models.Model):
    """The answer to a request that carried an idempotency key; answers to writes hold opaque ids only."""

    key_id = models.BigIntegerField()
    name = models.BinaryField(max_length=32)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    at = models.DateTimeField()

    privacy = nobody(
        retain="a day",
        plain=("key_id", "name", "fingerprint", "status", "body", "at"),
        reason="opaque ids only: a write is not answered with anybody's information",
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("key_id", "name", name="answered_once")]
        indexes: ClassVar = [models.Index(fields=["at"], name="answered_at")]

    def __str__(self) -> str:
        return f"{self.key_id}: {self.status}"

"""Addresses and domains that nothing is sent to, whoever they belong to."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class Suppression(models.Model):
    """One address or domain that nothing is sent to, in one workspace or (without one) in the whole installation.

    An address is kept as its keyed hash alone, so that the wish outlives the person's erasure. A domain is also kept in
    clear: it names an organisation, and staff must be able to see which ones are left out. `imports` are those that
    alone stand for it, and lift it when all of them are undone; none for what somebody suppressed.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("Address")
        DOMAIN = "domain", _("Domain")

    class Reason(models.TextChoices):
        ASKED = "asked", _("Asked never to be written to")
        COMPLAINT = "complaint", _("Complained, or reported mail as spam")
        BOUNCED = "bounced", _("Mail bounces")
        TRAP = "trap", _("A trap for senders of spam")
        EXCLUDED = "excluded", _("Not to be written to by our own decision")
        MOVED = "moved", _("Suppressed in an earlier tool")
        OTHER = "other", _("Another reason")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, null=True, related_name="suppressions")
    key = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=6, choices=Kind)
    domain = models.CharField(max_length=253, blank=True)
    reason = models.CharField(max_length=10, choices=Reason, default=Reason.ASKED)
    note = models.CharField(max_length=200, blank=True)
    made_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    imports = ArrayField(models.BigIntegerField(), null=True)

    privacy = nobody(
        retain="until it is lifted: an erasure leaves it, so that the address stays left in peace",
        plain=("key", "kind", "domain", "reason", "note", "made_by", "created_at", "imports"),
        reason="keyed hashes of addresses, which say nothing without the address and the key; domains of organisations",
    )

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint("key", "workspace", name="suppression_key", nulls_distinct=False)
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="suppression_workspace")]

    def __str__(self) -> str:
        return self.domain or f"address {self.mark}"

    @property
    def mark(self) -> str:
        """By what one address is told from the next where it cannot be named."""
        return bytes(self.key).hex()[:8]


class LiftedSuppression(models.Model):
    """A suppression that was lifted: what it was, and why it no longer holds."""

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, null=True, related_name="lifted_suppressions")
    key = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=6, choices=Suppression.Kind)
    domain = models.CharField(max_length=253, blank=True)
    reason = models.CharField(max_length=10, choices=Suppression.Reason)
    note = models.CharField(max_length=200, blank=True)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    because = models.CharField(max_length=500, blank=True)
    lifted_by = models.CharField(max_length=80)
    lifted_at = models.DateTimeField()

    privacy = nobody(
        retain="consent-evidence",
        plain=(
            *("key", "kind", "domain", "reason", "note", "made_by", "made_at"),
            *("because", "lifted_by", "lifted_at"),
        ),
        reason="keyed hashes of addresses and domains of organisations, as in the suppressions that they were",
    )

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="lifted_workspace"),
            models.Index(fields=["key"], name="lifted_key"),
        ]

    def __str__(self) -> str:
        return self.domain or f"address {self.mark}"

    @property
    def mark(self) -> str:
        """By what one address is told from the next where it cannot be named."""
        return bytes(self.key).hex()[:8]

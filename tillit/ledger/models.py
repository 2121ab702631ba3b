"""What was promised (policy versions), what was done (activities), and the proof that neither was changed (seals)."""

from __future__ import annotations

from typing import ClassVar

import uuid_utils.compat as uuid_utils
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class PolicyVersion(models.Model):
    """One published version of a workspace's policy document; never changed afterwards."""

    workspace = models.ForeignKey("accounts.Workspace", models.PROTECT, related_name="policy_versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    document = models.TextField()
    published_at = models.DateTimeField()
    published_by = models.BigIntegerField(null=True)
    effective_at = models.DateTimeField(db_default=Now())
    reviewed_by = models.BigIntegerField(null=True)
    note = models.TextField(db_default="")
    asks_again = ArrayField(models.CharField(max_length=63), db_default=[], default=list)

    privacy = nobody(
        retain="for ever: each version stays readable",
        plain=(
            *("number", "digest", "document", "published_at", "published_by"),
            *("effective_at", "reviewed_by", "note", "asks_again"),
        ),
        append_only=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "number", name="policyversion_number")]
        ordering = ["workspace", "-number"]

    def __str__(self) -> str:
        return f"{self.workspace_id} v{self.number}"


class PolicyWithdrawal(models.Model):
    """A version that was taken back before it took effect; it stays readable, and never bound anybody."""

    version = models.OneToOneField(PolicyVersion, models.PROTECT, primary_key=True, related_name="withdrawal")
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True)

    privacy = nobody(retain="for ever: with its version", plain=("version", "at", "by"), append_only=True)

    def __str__(self) -> str:
        return f"{self.version_id} withdrawn"


class PurposeRule(models.Model):
    """One purpose of one version, compiled to integers: what row-level security reads."""

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="rules")
    purpose = models.CharField(max_length=63)
    bit = models.SmallIntegerField()
    refused_bits = models.BigIntegerField(db_default=0)
    roles = models.IntegerField()
    default_regions = models.BigIntegerField()
    consent_regions = models.BigIntegerField()
    refusable = models.BooleanField()
    sends = models.BooleanField()
    allowed_when_restricted = models.BooleanField()
    categories = ArrayField(models.CharField(max_length=63))

    privacy = nobody(
        retain="for ever: with its version",
        plain=(
            *("version", "purpose", "bit", "refused_bits", "roles", "default_regions", "consent_regions"),
            *("refusable", "sends", "allowed_when_restricted", "categories"),
        ),
        append_only=True,
        edge=("SELECT",),
    )

    class Meta:
        constraints = [models.UniqueConstraint("version", "purpose", name="purposerule_purpose")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.purpose}"


class PolicyInForce(models.Model):
    """Which version binds a workspace: the one row that publishing changes.

    From `next_at` on it is `next_version`, without anybody's doing: ask the view `ledger_binding`, never this table,
    which version binds now.
    """

    workspace = models.OneToOneField(
        "accounts.Workspace", models.PROTECT, primary_key=True, related_name="policy_in_force"
    )
    version = models.ForeignKey(PolicyVersion, models.PROTECT, null=True, related_name="in_force")
    since = models.DateTimeField()
    next_version = models.ForeignKey(PolicyVersion, models.PROTECT, null=True, related_name="scheduled")
    next_at = models.DateTimeField(null=True)

    privacy = nobody(plain=("version", "since", "next_version", "next_at"), edge=("SELECT",))

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="policyinforce_next",
                condition=models.Q(next_version__isnull=True, next_at__isnull=True)
                | models.Q(next_version__isnull=False, next_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} under {self.version_id}"


class Activity(models.Model):
    """One act of processing. Holds opaque ids and counts, never a personal value, so erasure leaves it whole."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    purpose = models.CharField(max_length=63)
    act = models.CharField(max_length=63)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.DONE)
    actor = models.CharField(max_length=80)
    recipient = models.CharField(max_length=80, blank=True)
    subject_id = models.UUIDField(null=True)
    object_ref = models.CharField(max_length=80, blank=True)
    categories = ArrayField(models.CharField(max_length=63), default=list)
    counts = models.JSONField(default=dict)
    policy_version_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    privacy = nobody(
        retain="ledger",
        plain=(
            *("workspace_id", "purpose", "act", "outcome", "actor", "recipient", "subject_id", "object_ref"),
            *("categories", "counts", "policy_version_id", "at"),
        ),
        append_only=True,
        edge=("INSERT",),
        reason="opaque ids only",
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace_id", "-id"], name="activity_workspace"),
            models.Index(
                fields=["workspace_id", "object_ref", "-id"], name="activity_object", condition=~models.Q(object_ref="")
            ),
            models.Index(
                fields=["subject_id", "-id"], name="activity_subject", condition=models.Q(subject_id__isnull=False)
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.act} under {self.purpose} ({self.outcome})"


class Pending(models.Model):
    """A ledger row that waits to be sealed; written by trigger, so that no row can be added without one."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10)
    record_id = models.UUIDField()
    hash = models.BinaryField(max_length=32)

    privacy = nobody(retain="until sealed", plain=("kind", "record_id", "hash"), reason="opaque ids only")

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id}"


class Seal(models.Model):
    """A signed batch of ledger rows: the root of their Merkle tree, bound to the seal before it."""

    number = models.BigIntegerField(primary_key=True)
    previous = models.BinaryField(max_length=32)
    root = models.BinaryField(max_length=32)
    leaves = models.PositiveIntegerField()
    sealed_at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    signature = models.BinaryField(max_length=64)

    privacy = nobody(
        retain="ledger",
        plain=("number", "previous", "root", "leaves", "sealed_at", "key_id", "signature"),
        append_only=True,
    )

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"seal {self.number} over {self.leaves}"


class Leaf(models.Model):
    """The place of one ledger row in a seal's tree."""

    pk = models.CompositePrimaryKey("seal_number", "position")
    seal_number = models.BigIntegerField()
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    record_id = models.UUIDField(unique=True)
    hash = models.BinaryField(max_length=32)

    privacy = nobody(retain="ledger", plain=("seal_number", "position", "kind", "record_id", "hash"), append_only=True)

    def __str__(self) -> str:
        return f"leaf {self.seal_number}.{self.position}"

"""The life of a policy before and around its publication: drafts, assessments, and notices of what changes.

Nothing here is about persons: documents of the workspace, and the ids of the users who wrote them.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class Draft(models.Model):
    """A policy that somebody works on. Its text is that of its newest revision."""

    class State(models.TextChoices):
        OPEN = "open", _("Being written")
        IN_REVIEW = "in-review", _("In review")
        APPROVED = "approved", _("Approved")
        PUBLISHED = "published", _("Published")
        DISCARDED = "discarded", _("Discarded")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="policy_drafts")
    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    based_on = models.ForeignKey("ledger.PolicyVersion", models.PROTECT, null=True, related_name="drafts")
    revision = models.PositiveIntegerField(default=1)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    changed_by = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()
    submitted_by = models.BigIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)
    reviewed_by = models.BigIntegerField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    review = models.TextField(_("review"), blank=True)
    version = models.ForeignKey("ledger.PolicyVersion", models.PROTECT, null=True, related_name="written_as")

    privacy = nobody(
        plain=(
            *("name", "state", "based_on", "revision", "made_by", "made_at", "changed_by", "changed_at"),
            *("submitted_by", "submitted_at", "reviewed_by", "reviewed_at", "review", "version"),
        )
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"


class DraftRevision(models.Model):
    """One saved state of a draft; kept, so that a save is never lost and two editors can be brought together."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    by = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    about = models.CharField(max_length=200, blank=True)

    privacy = nobody(plain=("draft", "number", "text", "by", "at", "about"))

    class Meta:
        constraints = [models.UniqueConstraint("draft", "number", name="draftrevision_number")]
        ordering = ["draft", "-number"]

    def __str__(self) -> str:
        return f"{self.draft_id} r{self.number}"


class Assessment(models.Model):
    """A weighing that is kept beside the policy: of legitimate interests, of risks, of a transfer.

    `parts` holds its texts by part (`necessity`, `balancing` …). Source: GDPR art 6(1)(f), 35, 46.
    """

    class Kind(models.TextChoices):
        LEGITIMATE_INTEREST = "lia", _("Legitimate interest")
        IMPACT = "dpia", _("Impact on data protection")
        TRANSFER = "tia", _("Transfer to another country")

    class Outcome(models.TextChoices):
        OPEN = "open", _("Not concluded")
        PROCEED = "proceed", _("May go on")
        MEASURES = "measures", _("May go on with the measures")
        STOP = "stop", _("May not go on")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="assessments")
    kind = models.CharField(_("kind"), max_length=5, choices=Kind)
    title = models.CharField(_("title"), max_length=160)
    purposes = ArrayField(models.CharField(max_length=63), default=list)
    parts = models.JSONField(default=dict)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.OPEN)
    conducted_on = models.DateField(_("conducted on"))
    review_by = models.DateField(_("review by"), null=True, blank=True)
    made_by = models.BigIntegerField(null=True)
    changed_by = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()
    approved_by = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    file_name = models.CharField(max_length=200, blank=True)
    file = models.BinaryField(null=True)

    privacy = nobody(
        plain=(
            *("kind", "title", "purposes", "parts", "outcome", "conducted_on", "review_by", "made_by"),
            *("changed_by", "changed_at", "approved_by", "approved_at", "file_name", "file"),
        )
    )

    class Meta:
        ordering = ["title", "id"]
        indexes: ClassVar = [models.Index(fields=["workspace", "review_by"], name="assessment_review")]

    def __str__(self) -> str:
        return self.title


class ChangeNotice(models.Model):
    """The mail that tells the people concerned what a version changes. `last_person` is how far it has been queued."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being written")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being queued")
        DONE = "done", _("Queued")
        STOPPED = "stopped", _("Stopped")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="change_notices")
    version = models.ForeignKey("ledger.PolicyVersion", models.PROTECT, related_name="notices")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    words = models.JSONField(default=dict)
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    last_person = models.UUIDField(null=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    privacy = nobody(
        plain=(
            *("version", "state", "words", "total", "done", "last_person", "made_by", "made_at"),
            *("started_at", "finished_at"),
        ),
        reason="an opaque id says how far it has come",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("version", name="changenotice_version")]

    def __str__(self) -> str:
        return f"notice of {self.version_id} ({self.state})"

"""Acts on many people at once, and filters that are kept under a name."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.people.models.persons import PerPersonManager
from tillit.policy.declarations import Declares, nobody


class SavedFilter(models.Model):
    """A selection that colleagues use again. It names lists and states, never persons: no text and no ids."""

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="filters")
    name = models.CharField(max_length=80)
    selection = models.JSONField(default=dict)
    by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    privacy = nobody(plain=("name", "selection", "by", "created_at"))

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("workspace", "name", name="savedfilter_name")]
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class BulkAct(models.Model):
    """One act on many people: what is done, how far it is, what came of it. Whom it concerns is in `BulkChange`."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="bulk_acts")
    verb = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)
    selection = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    total = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    privacy = nobody(
        plain=(
            *("verb", "arguments", "selection", "state", "total", "counts", "error", "by"),
            *("created_at", "started_at", "moved_at", "finished_at"),
        ),
        reason="the selection is kept without the text and the ids that may name a person",
    )

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} ({self.state})"

    @property
    def running(self) -> bool:
        return self.state in {self.State.QUEUED, self.State.RUNNING, self.State.UNDOING}

    @property
    def done(self) -> int:
        """How many people it has come to."""
        return sum(self.counts.values())


class BulkChange(models.Model):
    """What an act on many does to one of them: waiting until it has a verdict, with what was there before.

    A verdict is `change`, `same`, why the person was left out (`verbs.LEFT_OUT`), or what undoing made of it: `undone`,
    or `kept` when something had happened since.
    """

    pk = models.CompositePrimaryKey("act_id", "person_id")
    act_id = models.BigIntegerField()
    person_id = models.UUIDField()
    workspace_id = models.IntegerField()
    category = models.CharField(max_length=63)
    verdict = models.CharField(max_length=12, blank=True)
    before = models.JSONField(null=True)
    at = models.DateTimeField(null=True)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category_column="category",
        retain="by category",
        personal={"verdict": "by row", "before": "by row", "at": "by row"},
        plain=("act_id", "workspace_id", "category"),
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["person_id"], name="bulkchange_person"),
            models.Index(fields=["act_id", "person_id"], name="bulkchange_waiting", condition=models.Q(verdict="")),
        ]

    def __str__(self) -> str:
        return f"{self.act_id} on {self.person_id}: {self.verdict}"

"""Imports of files."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.people.models.known import Source
from tillit.people.models.lists import MailingList
from tillit.policy.declarations import nobody


class Import(models.Model):
    """One import of a file, its progress and its outcome."""

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        DRAFT = "draft", _("Being set up")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="imports")
    source = models.ForeignKey(Source, models.PROTECT, related_name="imports")
    list = models.ForeignKey(MailingList, models.SET_NULL, null=True, related_name="imports")
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=300)
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    total_bytes = models.BigIntegerField(default=0)
    read_bytes = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    started_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undo = models.JSONField(null=True)
    trial = models.JSONField(null=True)

    privacy = nobody(
        plain=(
            *(
                "source",
                "list",
                "file_name",
                "path",
                "options",
                "state",
                "total_bytes",
                "read_bytes",
                "counts",
                "error",
            ),
            *("started_by", "created_at", "started_at", "moved_at", "finished_at", "undo", "trial"),
        ),
        reason="the file itself lies in the data folder until the import ends; refused rows are kept there for 30 days",
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"

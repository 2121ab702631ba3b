"""Exports: people taken out as a file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class Export(models.Model):
    """One file of people, taken out under a purpose for a recipient, and how far it is."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel workbook")
        JSONL = "jsonl", _("JSON Lines")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="exports")
    purpose = models.CharField(max_length=63)
    recipient = models.CharField(max_length=80, blank=True)
    format = models.CharField(max_length=5, choices=Format)
    selection = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    path = models.CharField(max_length=100, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    started_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    privacy = nobody(
        plain=(
            *("purpose", "recipient", "format", "selection", "columns", "state", "total", "written", "path"),
            *("size_bytes", "error", "started_by", "created_at", "started_at", "moved_at", "finished_at", "expires_at"),
        ),
        reason="the file itself lies in the data folder until it expires; what names people goes when the export ends",
    )

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="export_workspace")]

    def __str__(self) -> str:
        return f"export {self.pk} ({self.state})"

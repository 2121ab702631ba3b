"""What was found on a list that was looked through, and what was done about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class ListCheck(models.Model):
    """What was found when a list was last looked through: numbers of people by kind, and domains with theirs."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    list = models.OneToOneField("people.MailingList", models.CASCADE, primary_key=True, related_name="check_found")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    begun_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    found = models.JSONField(default=dict)
    by = models.CharField(max_length=80)

    privacy = nobody(
        plain=("list", "state", "begun_at", "done_at", "found", "by"),
        reason="numbers of people, and domains of mail providers or of several people",
    )

    def __str__(self) -> str:
        return f"what was found on {self.list_id}"


class ListMending(models.Model):
    """People taken off a list, or addresses mended, in one go. `at` marks what it changed, so that it can be undone."""

    class Act(models.TextChoices):
        REMOVE = "remove", _("Taken off the list")
        MEND = "mend", _("Addresses mended")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    list = models.ForeignKey("people.MailingList", models.CASCADE, related_name="mendings")
    act = models.CharField(max_length=8, choices=Act)
    kind = models.CharField(max_length=20)
    domain = models.CharField(max_length=253, blank=True)
    meant = models.CharField(max_length=253, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    at = models.DateTimeField()
    moved_at = models.DateTimeField()
    total = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    by = models.CharField(max_length=80)

    privacy = nobody(
        plain=("list", "act", "kind", "domain", "meant", "state", "at", "moved_at", "total", "counts", "by"),
        reason="numbers of people, and a mistyped domain",
    )

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.act} {self.kind} of {self.list_id}"

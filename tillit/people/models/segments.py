"""Segments: conditions that choose people whenever they are asked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class Segment(models.Model):
    """Conditions on people, as the tree of `people.segments.tree`. No people are kept: they are found each time."""

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="segments")
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    tree = models.JSONField()
    created_by = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    privacy = nobody(
        plain=("name", "description", "tree", "created_by", "created_at", "updated_at"),
        reason="what is asked about people, and nothing about anybody: an address cannot be asked for",
    )

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "name", name="segment_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

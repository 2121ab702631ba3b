"""What a workspace may know of its people: its fields."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class FieldQuerySet(models.QuerySet["Field"]):
    """Fields, in the order in which they are shown."""

    def in_use(self) -> FieldQuerySet:
        """Those that were not retired."""
        return self.filter(retired_at=None)


class Field(models.Model):
    """A field of a workspace's persons: a key in `Traits.values`, bound to a category.

    `labels` maps languages to what the field is called in them; `label` is said where none fits. `checks` narrows what
    a value may be (`tillit/people/values.py` says how). Of a retired field only this row is left, once its values are
    erased: `erasing` says how far that is.
    """

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        BOOLEAN = "boolean", _("Yes or no")
        CHOICE = "choice", _("Choice")
        COUNTRY = "country", _("Country")
        PHONE = "phone", _("Telephone number")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="fields")
    name = models.SlugField(max_length=63)
    label = models.CharField(max_length=120)
    labels = models.JSONField(default=dict, db_default={})
    type = models.CharField(max_length=10, choices=Type, default=Type.TEXT)
    category = models.CharField(max_length=63)
    choices = models.JSONField(default=list, db_default=[])
    checks = models.JSONField(default=dict, db_default={})
    place = models.IntegerField(default=0, db_default=0)
    retired_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    erasing = models.JSONField(default=dict, db_default={})

    objects = FieldQuerySet.as_manager()

    privacy = nobody(
        plain=(
            *("name", "label", "labels", "type", "category", "choices", "checks", "place"),
            *("retired_at", "erased_at", "erasing"),
        )
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("workspace", "name", name="field_name", condition=models.Q(retired_at=None))
        ]
        ordering: ClassVar = ["place", "id"]

    def __str__(self) -> str:
        return self.said()

    def said(self, language: str = "") -> str:
        """What the field is called in a language, or the reader's."""
        wanted = (language or get_language() or "").split("-")[0]
        return self.labels.get(wanted) or gettext(self.label)

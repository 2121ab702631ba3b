"""What was corrected of persons by hand, and what colleagues noted about them."""

from __future__ import annotations

from typing import ClassVar

import uuid_utils.compat as uuid_utils
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.people.models.persons import PerPersonManager
from tillit.policy.declarations import Declares


class Edit(models.Model):
    """A correction of one category's values: what changed from what to what, by whom, and on whose word."""

    class Word(models.TextChoices):
        UNSAID = "", _("Not said")
        PERSON = "person", _("The person said so")
        SOURCE = "source", _("A source")

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    category = models.CharField(max_length=63)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    word = models.CharField(max_length=6, choices=Word, blank=True)
    source_id = models.BigIntegerField(null=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category_column="category",
        retain="by category",
        personal={"before": "by row", "after": "by row", "at": "by row"},
        plain=("workspace_id", "category", "word", "source_id", "by"),
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id", "-id"], name="edit_person")]

    def __str__(self) -> str:
        return f"{self.category} of {self.person_id} by {self.by}"


class Note(models.Model):
    """Something a colleague wrote down about a person."""

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    text = models.TextField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="correspondence",
        retain="correspondence",
        personal={"text": "correspondence", "at": "correspondence"},
        plain=("workspace_id", "by"),
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id", "-id"], name="note_person")]

    def __str__(self) -> str:
        return f"a note about {self.person_id}"

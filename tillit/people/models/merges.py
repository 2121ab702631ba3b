"""Records of one person that were made one, so exactly that they can be parted again (decision 0015)."""

from __future__ import annotations

from typing import ClassVar

import uuid_utils.compat as uuid_utils
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.people.models.persons import PerPersonManager
from tillit.policy.declarations import Declares, nobody


class MergeManager(PerPersonManager):
    """Merges of the persons that the purpose in force permits."""

    def standing(self) -> models.QuerySet[Merge]:
        """Those that were not split."""
        return self.get_queryset().filter(split_id=None)


class Merge(models.Model):
    """Two records made one: `gone_id` went into `kept_id`.

    `person_id` is who holds the gone record now: the kept one, or the one that it went into in turn. The id is made
    under the lock of both persons, and orders the merge among their choices; so does `split_id` for the end of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    kept_id = models.UUIDField()
    gone_id = models.UUIDField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    split_id = models.UUIDField(null=True)
    split_by = models.CharField(max_length=80, blank=True)
    split_at = models.DateTimeField(null=True)

    objects = MergeManager()

    privacy = Declares(
        subject="person",
        category="preferences",
        retain="contact",
        personal={
            "kept_id": "preferences",
            "gone_id": "preferences",
            "at": "preferences",
            "split_at": "preferences",
        },
        plain=("workspace_id", "by", "split_id", "split_by"),
        reason="whoever reads what a person chose must know under which ids they chose it",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("gone_id", name="merge_gone", condition=models.Q(split_id=None)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person_id"], name="merge_person"),
            models.Index(fields=["kept_id"], name="merge_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}"


class MergeTrace(models.Model):
    """What a merge did to one category of one table, so that splitting sets it back.

    `moved` are the keys of the rows that got the kept person's id. Where rows were joined, `kept` and `gone` are what
    each record held, by what tells the rows apart, and `after` what the merge left.
    """

    pk = models.CompositePrimaryKey("merge_id", "part", "category")
    merge_id = models.UUIDField()
    part = models.CharField(max_length=63)
    category = models.CharField(max_length=63)
    person_id = models.UUIDField()
    workspace_id = models.IntegerField()
    moved = models.JSONField(default=list)
    kept = models.JSONField(default=dict)
    gone = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category_column="category",
        retain="by category",
        personal={"moved": "by row", "kept": "by row", "gone": "by row", "after": "by row"},
        plain=("workspace_id", "merge_id", "part", "category"),
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id"], name="mergetrace_person")]

    def __str__(self) -> str:
        return f"{self.part} of merge {self.merge_id}"


class NotDuplicate(models.Model):
    """Two records that staff called different people, one row from the side of each."""

    pk = models.CompositePrimaryKey("person_id", "other_id")
    person_id = models.UUIDField()
    other_id = models.UUIDField()
    workspace_id = models.IntegerField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="contact",
        retain="contact",
        personal={"other_id": "contact", "at": "contact"},
        plain=("workspace_id", "by"),
    )

    def __str__(self) -> str:
        return f"{self.person_id} is not {self.other_id}"


class Likeness(models.Model):
    """Two records that may be one person's, and why: found by a search, and replaced by the next one.

    `person_id` is the record that came first. `reasons` is a bit set (`people.duplicates.likeness.Reason`).
    """

    pk = models.CompositePrimaryKey("person_id", "other_id")
    person_id = models.UUIDField()
    other_id = models.UUIDField()
    workspace_id = models.IntegerField()
    reasons = models.SmallIntegerField()
    score = models.SmallIntegerField()
    found_at = models.DateTimeField()

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="contact",
        retain="contact",
        personal={"other_id": "contact", "reasons": "contact", "found_at": "contact"},
        plain=("workspace_id", "score"),
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace_id", "-score", "person_id"], name="likeness_best")]

    def __str__(self) -> str:
        return f"{self.other_id} may be {self.person_id}"


class DuplicateSearch(models.Model):
    """How far the search for duplicates in a workspace is, and how many pairs the last one found."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    workspace = models.OneToOneField(
        "accounts.Workspace", models.CASCADE, primary_key=True, related_name="duplicate_search"
    )
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    begun_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    by = models.CharField(max_length=80)

    privacy = nobody(plain=("state", "begun_at", "done_at", "counts", "by"), reason="numbers of people")

    def __str__(self) -> str:
        return f"search of {self.workspace_id}"

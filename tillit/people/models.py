"""Persons, how they are identified, what is known of them, and the lists they are on.

Per-person tables carry `workspace_id` and `person_id` without foreign-key constraints (decision 0003).
"""

from __future__ import annotations

from typing import Any, ClassVar

import uuid_utils.compat as uuid_utils
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import Declares, nobody


class PerPersonManager(models.Manager[Any]):
    """Default manager of per-person models: keeps the rows whose person the purpose in force permits.

    The condition is a sub-select, which PostgreSQL turns into a join with `person`, so its row-level security decides.
    Unlike a joined table it also binds `update` and `delete`.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(person_id__in=Person.objects.values("pk"))


class Person(models.Model):
    """A data subject in a workspace. The integers are what the policy's rules read."""

    RESTRICTED, UNREACHABLE = 1, 2

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    region = models.SmallIntegerField(default=0)
    roles = models.IntegerField(default=1)
    flags = models.SmallIntegerField(default=0)
    granted = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    language = models.CharField(_("language"), max_length=5, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    privacy = Declares(
        subject="person",
        category="contact",
        retain="contact",
        personal={"region": "contact", "language": "preferences", "granted": "preferences", "refused": "preferences"},
        plain=("workspace_id", "roles", "flags", "created_at"),
        edge=("SELECT",),
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace_id", "id"], name="person_workspace"),
            models.Index(fields=["workspace_id", "id"], name="person_flags", condition=~models.Q(flags=0)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="person_region", condition=models.Q(region__gte=0, region__lte=30))
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def restricted(self) -> bool:
        return bool(self.flags & self.RESTRICTED)

    @property
    def unreachable(self) -> bool:
        return bool(self.flags & self.UNREACHABLE)


class PastStanding(models.Model):
    """What decided about a person until a moment: the region, roles and flags that a change of their row replaced.

    Written by a trigger on the persons' table, so that no writer can leave it out; a new person has none.
    """

    id = models.BigAutoField(primary_key=True)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    region = models.SmallIntegerField()
    roles = models.IntegerField()
    flags = models.SmallIntegerField()
    until = models.DateTimeField()

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="contact",
        retain="contact",
        personal={"region": "contact", "roles": "contact", "flags": "contact", "until": "contact"},
        plain=("workspace_id",),
        append_only=True,
        reason="says what was permitted on a past day (GDPR 5(2), 7(1)); of the same kind as the row it comes from",
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id", "id"], name="paststanding_person")]

    def __str__(self) -> str:
        return f"{self.person_id} until {self.until}"


class Identity(models.Model):
    """One identifier of a person. `key` is the keyed hash; after erasure it stays alone, as the tombstone."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("Email address")
        PHONE = "phone", _("Telephone")
        CUSTOMER = "customer", _("Customer number")
        VISITOR = "visitor", _("Visitor")

    key = models.BinaryField(primary_key=True, max_length=32)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.TextField(null=True)  # noqa: DJ001  null marks the tombstone
    erased_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PerPersonManager()
    everyone = models.Manager()  # noqa: DJ012  the tombstones too: they have no person

    privacy = Declares(
        subject="person",
        category="contact",
        erase="tombstone",
        retain="contact",
        personal={"value": "contact", "key": "contact"},
        plain=("workspace_id", "kind", "erased_at", "created_at"),
    )

    class Meta:
        base_manager_name = "everyone"
        indexes: ClassVar = [
            models.Index(fields=["person_id"], name="identity_person"),
            models.Index(
                fields=["workspace_id", "value"], name="identity_value", opclasses=["int4_ops", "text_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


class Traits(models.Model):
    """What is known of a person, one row a category, so that a purpose sees only its own categories."""

    pk = models.CompositePrimaryKey("person_id", "category")
    person_id = models.UUIDField()
    category = models.CharField(max_length=63)
    workspace_id = models.IntegerField()
    values = models.JSONField(default=dict)
    source_id = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category_column="category",
        retain="by category",
        personal={"values": "by row"},
        plain=("workspace_id", "category", "source_id", "updated_at"),
    )

    def __str__(self) -> str:
        return f"{self.category} of {self.person_id}"


class Field(models.Model):
    """A field of a workspace's persons: a key in `Traits.values`, bound to a category."""

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        BOOLEAN = "boolean", _("Yes or no")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="fields")
    name = models.SlugField(max_length=63)
    label = models.CharField(max_length=120)
    type = models.CharField(max_length=10, choices=Type, default=Type.TEXT)
    category = models.CharField(max_length=63)

    privacy = nobody(plain=("name", "label", "type", "category"))

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "name", name="field_name")]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.label


class Source(models.Model):
    """Where information came from, and what warrants that it might be passed on."""

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="sources")
    name = models.CharField(_("name"), max_length=120)
    warranty = models.TextField(_("warranty"), help_text=_("Who collected it, when, and on which basis."))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    privacy = nobody(plain=("name", "warranty", "valid_until", "created_at"))

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "name", name="source_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MailingList(models.Model):
    """A distribution list."""

    class OptIn(models.TextChoices):
        SINGLE = "single", _("Single opt-in")
        DOUBLE = "double", _("Double opt-in")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="lists")
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(
        _("description"), blank=True, help_text=_("Shown to people in the preference centre.")
    )
    public = models.BooleanField(_("public"), default=True, help_text=_("People may join it themselves."))
    opt_in = models.CharField(_("opt-in"), max_length=10, choices=OptIn, default=OptIn.DOUBLE)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    privacy = nobody(plain=("name", "description", "public", "opt_in", "archived_at", "created_at"))

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "name", name="mailinglist_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """A person's standing on a list."""

    class State(models.TextChoices):
        PENDING = "pending", _("Awaiting confirmation")
        SUBSCRIBED = "subscribed", _("Subscribed")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")

    pk = models.CompositePrimaryKey("person_id", "list_id")
    person_id = models.UUIDField()
    list_id = models.BigIntegerField()
    workspace_id = models.IntegerField()
    state = models.CharField(max_length=12, choices=State)
    since = models.DateTimeField()
    source_id = models.BigIntegerField(null=True)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="preferences",
        retain="contact",
        personal={"list_id": "preferences", "state": "preferences", "since": "preferences"},
        plain=("workspace_id", "source_id"),
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["list_id", "state", "person_id"], name="subscription_list")]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.list_id}: {self.state}"


class Import(models.Model):
    """One import of a file, its progress and its outcome."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being set up")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

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
            *("started_by", "created_at", "started_at", "moved_at", "finished_at"),
        ),
        reason="the file itself lies in the data folder until the import ends; refused rows are kept there for 30 days",
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"

"""Persons, how they are identified, and where they stood until when."""

from __future__ import annotations

from typing import Any, ClassVar

import uuid_utils.compat as uuid_utils
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import Declares


class PerPersonManager(models.Manager[Any]):
    """Default manager of per-person models: keeps the rows whose person the purpose in force permits.

    The condition is a sub-select, which PostgreSQL turns into a join with `person`, so its row-level security decides.
    Unlike a joined table it also binds `update` and `delete`.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(person_id__in=Person.objects.values("pk"))


class Person(models.Model):
    """A data subject in a workspace. The integers are what the policy's rules read."""

    RESTRICTED, UNREACHABLE, SUPPRESSED = 1, 2, 4

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

    @property
    def suppressed(self) -> bool:
        return bool(self.flags & self.SUPPRESSED)


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

"""What persons decided: append-only, folded into the person's integers in the same transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.people.models import PerPersonManager
from tillit.policy.declarations import Declares, nobody


class ChoiceManager(PerPersonManager):
    """Choices of the persons that the purpose in force permits."""

    def counting(self) -> models.QuerySet[Any]:
        """Without those that were taken back, for whatever asks what somebody decided."""
        return self.get_queryset().exclude(pk__in=VoidedChoice.objects.values("choice_id"))

    def under(self, ids: Collection[UUID], *, voided: bool) -> models.QuerySet[Any]:
        """Those that lie under some ids, gone ones too, for who has asked whose they are (`people.merges`)."""
        found = models.Manager.get_queryset(self).filter(person_id__in=list(ids))
        return found if voided else found.exclude(pk__in=VoidedChoice.under(ids).values("choice_id"))


class Choice(models.Model):
    """One decision of a person about one purpose. Its id is the receipt's number."""

    class State(models.TextChoices):
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        OBJECTED = "objected", _("Objected")

    class Method(models.TextChoices):
        IMPORT = "import", _("Import with evidence")
        CONFIRMED = "confirmed", _("Confirmed by mail")
        FORM = "form", _("Said on a sign-up form")
        ONE_CLICK = "one-click", _("One-click unsubscribe")
        PREFERENCES = "preferences", _("Preference centre")
        OPERATOR = "operator", _("Recorded by staff on request")
        SIGNAL = "gpc", _("Global Privacy Control")

    id = models.UUIDField(primary_key=True, default=uuid_utils.uuid7, editable=False)
    workspace_id = models.IntegerField()
    person_id = models.UUIDField()
    purpose = models.CharField(max_length=63)
    state = models.CharField(max_length=10, choices=State)
    method = models.CharField(max_length=12, choices=Method)
    policy_version_id = models.BigIntegerField()
    notice_digest = models.CharField(max_length=64, blank=True)
    source_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    objects = ChoiceManager()

    privacy = Declares(
        subject="person",
        category="preferences",
        erase="keep",
        retain="consent-evidence",
        reason="evidence of what was lawful when (GDPR 7(1), 17(3)(e)); holds an opaque id and no personal value",
        personal={"purpose": "preferences", "state": "preferences", "method": "preferences", "at": "preferences"},
        plain=("workspace_id", "policy_version_id", "notice_digest", "source_id", "expires_at"),
        append_only=True,
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["person_id", "purpose", "-id"], name="choice_person"),
            models.Index(fields=["expires_at"], name="choice_expiry", condition=models.Q(expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.state} by {self.person_id}"


class VoidedChoice(models.Model):
    """A choice that nobody made: it was written down by mistake, such as by an import that was undone.

    The choice itself stays, as the evidence of what was done under it until `at`; from then on it counts for nothing.
    """

    choice_id = models.UUIDField(primary_key=True)
    person_id = models.UUIDField()
    workspace_id = models.IntegerField()
    at = models.DateTimeField()
    about = models.CharField(max_length=80)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="preferences",
        erase="keep",
        retain="consent-evidence",
        reason="says from when on a recorded choice no longer counted (GDPR 5(1)(d), 7(1)); holds opaque ids alone",
        personal={"choice_id": "preferences", "at": "preferences"},
        plain=("workspace_id", "about"),
        append_only=True,
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id"], name="voidedchoice_person")]

    def __str__(self) -> str:
        return f"{self.choice_id}, taken back"

    @classmethod
    def under(cls, ids: Collection[UUID]) -> models.QuerySet[VoidedChoice]:
        """Those that lie under some ids, gone ones too."""
        return models.QuerySet(cls).filter(person_id__in=list(ids))


class ChoiceEvidence(models.Model):
    """How somebody came to know of a consent that a person gave them, in their words, beside its source.

    An erasure takes it, since words may name people; the choice and its source stay.
    """

    choice_id = models.UUIDField(primary_key=True)
    person_id = models.UUIDField()
    workspace_id = models.IntegerField()
    obtained = models.CharField(max_length=500)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="preferences",
        retain="consent-evidence",
        personal={"choice_id": "preferences", "obtained": "preferences", "at": "preferences"},
        plain=("workspace_id", "by"),
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id"], name="choiceevidence_person")]

    def __str__(self) -> str:
        return f"how {self.choice_id} was obtained"


class Notice(models.Model):
    """The words that people were shown when they chose, once for all who saw the same."""

    digest = models.CharField(max_length=64, primary_key=True)
    language = models.CharField(max_length=5)
    text = models.TextField()
    first_shown_at = models.DateTimeField()

    privacy = nobody(
        retain="consent-evidence",
        plain=("digest", "language", "text", "first_shown_at"),
        append_only=True,
        reason="evidence of what was asked (GDPR 7(1)); the words are the same for everybody",
    )

    def __str__(self) -> str:
        return self.digest[:12]

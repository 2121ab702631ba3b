"""Distribution lists and who is on them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tillit.people.models.persons import PerPersonManager
from tillit.policy.declarations import Declares, nobody


class MailingList(models.Model):
    """A distribution list.

    `titles` and `topics` map languages to what people read: what it is called and what comes by it; where a language
    lacks one, `name` and `description` are read. `welcome` maps languages to the subject and body of the mail that
    greets whoever joins by their own act.
    """

    class OptIn(models.TextChoices):
        SINGLE = "single", _("Single opt-in")
        DOUBLE = "double", _("Double opt-in")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="lists")
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(
        _("description"), blank=True, help_text=_("Shown to people in the preference centre.")
    )
    titles = models.JSONField(default=dict, db_default={})
    topics = models.JSONField(default=dict, db_default={})
    welcome = models.JSONField(default=dict, db_default={})
    public = models.BooleanField(_("public"), default=True, help_text=_("People may join it themselves."))
    opt_in = models.CharField(_("opt-in"), max_length=10, choices=OptIn, default=OptIn.DOUBLE)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    privacy = nobody(
        plain=(
            *("name", "description", "titles", "topics", "welcome"),
            *("public", "opt_in", "archived_at", "created_at"),
        )
    )

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "name", name="mailinglist_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def title(self, language: str = "") -> str:
        """What people read that the list is called, in a language or the reader's."""
        return self.titles.get(_main(language)) or self.name

    def topic(self, language: str = "") -> str:
        """What people read of what comes by the list, in a language or the reader's."""
        return self.topics.get(_main(language)) or self.description

    @property
    def welcomes(self) -> dict[str, dict[str, str]]:
        """Language → subject and body of the welcome, where both are written."""
        return {
            code: text
            for code, text in self.welcome.items()
            if text.get("subject", "").strip() and text.get("body", "").strip()
        }


def _main(language: str) -> str:
    return (language or get_language() or "").split("-")[0]


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

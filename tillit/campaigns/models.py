"""Campaigns: what is written, to whom, and how far it went."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import nobody


class Campaign(models.Model):
    """One mail to the permitted people of some lists."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PREPARING = "preparing", _("Preparing")
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Sent")
        CANCELLED = "cancelled", _("Cancelled")

    class Kind(models.TextChoices):
        MARKDOWN = "markdown", "Markdown"
        HTML = "html", "HTML"

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="campaigns")
    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=63, default="marketing.email")
    lists = models.ManyToManyField("people.MailingList", related_name="campaigns", blank=True, verbose_name=_("lists"))
    segment = models.ForeignKey(
        "people.Segment", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("only people in")
    )
    without = models.ForeignKey(
        "people.Segment", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("without people in")
    )
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    preheader = models.CharField(_("preheader"), max_length=250, blank=True)
    kind = models.CharField(_("format"), max_length=10, choices=Kind, default=Kind.MARKDOWN)
    body = models.TextField(_("content"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="en")
    from_name = models.CharField(_("sender's name"), max_length=120, blank=True)
    from_email = models.EmailField(_("sender's address"), blank=True)
    reply_to = models.EmailField(_("replies to"), blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    links = models.JSONField(default=list)
    audience = models.JSONField(default=dict)
    prepared_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    privacy = nobody(
        plain=(
            *(
                "name",
                "purpose",
                "segment",
                "without",
                "subject",
                "preheader",
                "kind",
                "body",
                "language",
                "from_name",
                "from_email",
                "reply_to",
            ),
            *("state", "links", "audience", "prepared_at", "finished_at", "created_by", "created_at", "updated_at"),
        ),
        edge=("SELECT",),
    )

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name

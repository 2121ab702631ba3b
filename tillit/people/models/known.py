"""What is known of persons: values of fields by category, and where they came from."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tillit.people.models.persons import PerPersonManager
from tillit.policy.declarations import Declares, nobody


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


class Source(models.Model):
    """Where information came from, and what warrants that it might be passed on. Source: clause B4."""

    class Basis(models.TextChoices):
        CONSENT = "consent", _("Consent of the people")
        CUSTOMER = "customer", _("They are customers or members")
        INTEREST = "interest", _("Legitimate interest")
        PUBLIC = "public", _("They made it public themselves")
        OTHER = "other", _("Another, told in the warranty")

    workspace = models.ForeignKey("accounts.Workspace", models.CASCADE, related_name="sources")
    name = models.CharField(_("name"), max_length=120)
    warranty = models.TextField(_("warranty"), help_text=_("Who collected it, when, and on which basis."))
    collected_by = models.CharField(_("collected by"), max_length=200, blank=True, db_default="")
    basis = models.CharField(_("on which basis"), max_length=10, choices=Basis, blank=True, db_default="")
    country = models.CharField(_("country of its people"), max_length=2, blank=True, db_default="")
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    evidence_name = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    privacy = nobody(
        plain=(*("name", "warranty", "collected_by", "basis", "country", "valid_until", "evidence_name", "created_at"),)
    )

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "name", name="source_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Evidence(models.Model):
    """The file that proves a source's warranty, such as an agreement or the form that people filled in."""

    source = models.OneToOneField(Source, models.CASCADE, related_name="evidence")
    content = models.BinaryField()
    added_by = models.CharField(max_length=80)
    added_at = models.DateTimeField()

    privacy = nobody(
        plain=("source", "content", "added_by", "added_at"),
        reason="an agreement or an empty form: the page asks for nothing that holds people's own information",
    )

    def __str__(self) -> str:
        return f"evidence of source {self.source_id}"

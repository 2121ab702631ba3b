"""Reads of campaigns; none of them reads anything about anybody."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from tillit.accounts.models import Workspace
from tillit.campaigns.models import Campaign
from tillit.delivery.queries import Progress, progress
from tillit.ledger.versions import in_force
from tillit.people.models import Field


def campaigns(workspace_id: int) -> QuerySet[Campaign]:
    """The campaigns of a workspace, newest first."""
    return (
        Campaign.objects.filter(workspace_id=workspace_id)
        .select_related("workspace", "segment", "without")
        .prefetch_related("lists")
    )


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a campaign has gone, for its page. `left_s` is None while no rate is known."""

    prepared: int
    withheld: int
    counts: Progress

    @property
    def settled(self) -> int:
        """Messages that went, failed, are in doubt or were withheld."""
        return min(self.counts.settled + self.withheld, self.prepared)

    @property
    def waiting(self) -> int:
        return max(0, self.prepared - self.settled)

    @property
    def left_s(self) -> float | None:
        """Seconds until the rest is sent at the present rate."""
        return self.waiting / self.counts.per_second if self.counts.per_second else None


def advance(campaign: Campaign) -> Advance:
    """Sum a campaign's batches: cheap enough to ask every other second, however large the campaign."""
    counts = progress(campaign.pk)
    counts.counts["unknown"] -= campaign.audience.get("sent_again", 0)
    return Advance(campaign.audience.get("prepared", 0), campaign.audience.get("withheld", 0), counts)


@dataclass(frozen=True, slots=True)
class TagGroup:
    """The fields of one category, and whether a purpose uses it."""

    title: str
    usable: bool
    fields: list[Field]


def merge_tags(workspace: Workspace, purpose: str, *, language: str) -> list[TagGroup]:
    """The workspace's fields by category, those that a mail for the purpose may merge first."""
    policy = in_force(workspace.pk)
    rule = policy.rules.get(purpose)
    by_category: dict[str, list[Field]] = {}
    for field in workspace.fields.in_use():
        by_category.setdefault(field.category, []).append(field)
    groups = [
        TagGroup(
            policy.document.categories[category].title.said(language)
            if category in policy.document.categories
            else category,
            rule is not None and category in rule.categories,
            fields,
        )
        for category, fields in by_category.items()
    ]
    return sorted(groups, key=lambda group: not group.usable)

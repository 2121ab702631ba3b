"""Which of the people on its lists a campaign goes to: those in one segment, without those in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tillit.campaigns.models import Campaign
from tillit.people.models import Segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import write
from tillit.people.segments.queries import compiled
from tillit.people.segments.tree import Node, every, from_json, opposite
from tillit.people.segments.uses import Use

ENDED = (Campaign.State.DONE, Campaign.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The people in `segment`, if there is one, who are not in `without`, if there is one."""

    segment: Segment | None = None
    without: Segment | None = None

    @classmethod
    def of(cls, campaign: Campaign) -> Narrowing:
        """What a campaign is narrowed to."""
        return cls(campaign.segment, campaign.without)

    @property
    def tree(self) -> Node | None:
        """Both as one segment, or None for everybody."""
        parts = [from_json(self.segment.tree)] if self.segment else []
        parts += [opposite(from_json(self.without.tree))] if self.without else []
        return every(*parts) if parts else None

    def check(self, workspace_id: int, purpose: str) -> None:
        """Raise LacksCategory when a purpose may not use what the segments ask about, Outdated when that is gone."""
        if self.tree is not None:
            compiled(workspace_id, self.tree, purpose)

    def condition(self, workspace_id: int, purpose: str) -> tuple[str, Mapping[str, Any]]:
        """SQL on the person `p`, to follow others, and its parameters, for use under a purpose. Raises as `check`."""
        if self.tree is None:
            return "", {}
        query = compiled(workspace_id, self.tree, purpose)
        return f"AND {query.condition('p')}", query.parameters

    def text(self, workspace_id: int) -> str:
        """What is asked, in the text form: kept with a campaign, since a segment may be changed later."""
        return write(self.tree, vocabulary(workspace_id)) if self.tree is not None else ""


def campaigns_of(segment: Segment) -> Iterator[Use]:
    """The campaigns that use a segment; those that are over do not need it any more."""
    found = Campaign.objects.filter(segment=segment) | Campaign.objects.filter(without=segment)
    for campaign in found.order_by("-id"):
        yield Use("campaign", campaign.pk, campaign.name, binding=campaign.state not in ENDED)

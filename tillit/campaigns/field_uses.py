"""Which campaigns merge a field into their text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tillit.campaigns.models import Campaign
from tillit.people.field_uses import Use
from tillit.people.models import Field

_ENDED = (Campaign.State.DONE, Campaign.State.CANCELLED)


def campaigns_with(field: Field) -> Iterable[Use]:
    """Campaigns that are not over and whose text has a merge tag of the field; all but drafts must end first."""
    tag = re.compile(r"\{\{[^{}]*\b" + re.escape(field.name) + r"\b[^{}]*\}\}")
    for campaign in Campaign.objects.filter(workspace_id=field.workspace_id).exclude(state__in=_ENDED).order_by("pk"):
        if any(tag.search(part) for part in (campaign.subject, campaign.preheader, campaign.body)):
            yield Use("campaign", campaign.pk, campaign.name, stops=campaign.state != Campaign.State.DRAFT)

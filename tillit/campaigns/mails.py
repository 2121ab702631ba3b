"""The campaigns that are being sent, as streams for the senders, and the welcome of lists."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import lru_cache

from tillit.campaigns import actions, welcome
from tillit.campaigns.letter import Letter, letter
from tillit.campaigns.models import Campaign
from tillit.campaigns.slots import ContentErrors
from tillit.delivery.service import register
from tillit.delivery.streams import Stream, register_source
from tillit.delivery.welcome import TEMPLATE
from tillit.ledger.processing import Refused

logger = logging.getLogger(__name__)


def running() -> list[Stream]:
    """The campaigns that are being sent. One whose text can no longer be compiled is paused, with the reason."""
    found = Campaign.objects.filter(state=Campaign.State.SENDING).order_by("id").prefetch_related("lists")
    return [stream for campaign in found if (stream := _stream(campaign)) is not None]


def _stream(campaign: Campaign) -> Stream | None:
    assert campaign.prepared_at is not None  # sending begins with the preparation
    try:
        compiled = _letter(campaign.pk, campaign.prepared_at)
    except (ContentErrors, Refused, ValueError) as error:
        logger.warning("campaign %s cannot be written and is paused", campaign.pk)
        actions.halt(campaign, str(error))
        return None
    return Stream(
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.pk,
        purpose=campaign.purpose,
        prepared_at=campaign.prepared_at,
        lists=tuple(each.pk for each in campaign.lists.all()),
        fields=compiled.fields,
        write=compiled.write,
        stuffed=True,
        active=lambda: Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.SENDING).exists(),
        withheld=lambda number: actions.count_withheld(campaign, number),
        finished=lambda: actions.finish(campaign),
    )


@lru_cache(maxsize=32)
def _letter(campaign_id: int, prepared_at: datetime) -> Letter:
    return letter(Campaign.objects.select_related("workspace").get(pk=campaign_id))


register_source(running)
register(TEMPLATE, welcome.compose)

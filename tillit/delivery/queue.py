"""What to send next: service messages first, then the campaigns by turns, one batch each."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from uuid import UUID

from tillit.accounts.models import Workspace
from tillit.delivery.claims import NothingToClaim, claim_service, claim_stream, queued_service
from tillit.delivery.streams import Load, Stream, running
from tillit.delivery.withholding import Left, withhold, withhold_service
from tillit.delivery.writing import Envelope
from tillit.ledger.processing import Refused

logger = logging.getLogger(__name__)
LOOK_AGAIN_S = 0.5  # at a campaign whose last messages other batches hold
REFUSED_S = 60.0  # until a campaign is looked at again whose use the policy refused; each look is in the ledger


class Queue:
    """One sender's view of everything that waits."""

    def __init__(self, sender: str, envelope: Envelope, *, lease_s: float, recipient: str = "") -> None:
        self._sender, self._envelope, self._lease_s, self._recipient = sender, envelope, lease_s, recipient
        self._after: dict[
            int, UUID
        ] = {}  # campaign → the last id claimed, so that a claim does not walk over those sent
        self._not_before: dict[int, float] = {}  # campaign → when to look again
        self._last = 0  # the campaign whose turn it was
        self._held: set[int] = set()  # campaigns of which batches were still held when they were last looked at

    def next(self, size: int) -> Load | None:
        """Claim the next batch, or return None when nothing is due. Settles campaigns that have nothing left."""
        for workspace_id, purpose in queued_service():
            if load := self._service(workspace_id, purpose, size):
                return load
        for stream in self._turns():
            if load := self._campaign(stream, size):
                self._last = stream.campaign_id
                return load
        return None

    def held(self) -> bool:
        """Whether a running campaign waits for batches that are being sent, here or elsewhere."""
        return any(stream.campaign_id in self._held for stream in running())

    def _service(self, workspace_id: int, purpose: str, size: int) -> Load | None:
        workspace = Workspace.objects.get(pk=workspace_id)
        try:
            return claim_service(
                workspace, purpose, sender=self._sender, size=size, lease_s=self._lease_s, envelope=self._envelope
            )
        except (NothingToClaim, Refused):
            withhold_service(workspace_id, purpose)
            return None

    def _turns(self) -> Iterator[Stream]:
        """The streams worth looking at, beginning after the one that had the last turn."""
        streams = sorted(running(), key=lambda stream: (stream.campaign_id <= self._last, stream.campaign_id))
        now = time.monotonic()
        return (stream for stream in streams if self._not_before.get(stream.campaign_id, 0) <= now)

    def _campaign(self, stream: Stream, size: int) -> Load | None:
        first = stream.ids[0]
        try:
            if load := self._claim(stream, size, self._after.get(stream.campaign_id, first)):
                return load
            if stream.campaign_id in self._after:  # from the beginning: what was deferred or given back meanwhile
                del self._after[stream.campaign_id]
                if load := self._claim(stream, size, first):
                    return load
        except Refused as refused:
            logger.warning("campaign %s: %s", stream.campaign_id, refused.reason)
            self._settle(stream)
            if stream.campaign_id in self._not_before:
                self._not_before[stream.campaign_id] = time.monotonic() + REFUSED_S
            return None
        self._settle(stream)
        return None

    def _claim(self, stream: Stream, size: int, after: UUID) -> Load | None:
        try:
            load = claim_stream(
                stream,
                sender=self._sender,
                size=size,
                lease_s=self._lease_s,
                after=after,
                envelope=self._envelope,
                recipient=self._recipient,
            )
        except NothingToClaim:
            return None
        self._after[stream.campaign_id] = max(*load.ids, *(message_id for message_id, _ in load.unwritable), after)
        return load

    def _settle(self, stream: Stream) -> None:
        """Withhold what may not be sent; end the campaign when nothing is left, else look again later."""
        withheld, left = withhold(stream)
        self._held.discard(stream.campaign_id)
        if withheld:
            logger.info("campaign %s: withheld %s", stream.campaign_id, dict(withheld))
            stream.withheld(withheld.total())
        if not left.open:
            stream.finished()
            self._not_before.pop(stream.campaign_id, None)
        else:
            self._not_before[stream.campaign_id] = time.monotonic() + _pause_s(left)
            if left.waits_s is None:
                self._held.add(stream.campaign_id)


def _pause_s(left: Left) -> float:
    return LOOK_AGAIN_S if left.waits_s is None else max(LOOK_AGAIN_S, min(left.waits_s, 60.0))

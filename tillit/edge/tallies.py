"""The activities of the edge: counted for each workspace, written at most every ten seconds.

The first hits of a workspace write their activity at once, in their own transaction; the counts that follow are written
with a batch when they are due, and at shutdown. A process that is killed loses at most ten seconds of counts, never an
event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from uuid import UUID

import uuid_utils.compat as uuid_utils

from tillit.edge.hits import Hit

ACTIVITY_EVERY_S = 10.0
NOT_PERMITTED = "not_permitted"
#: The names of an activity's counts.
COUNTED = ("open", "click", "open_by_machine", "click_by_machine", NOT_PERMITTED)

Counts = Counter[tuple[str, str]]  # by kind and machine


@dataclass(slots=True)
class Tally:
    """One activity while it is counted. Its id stays when it is tried again, so it is never written twice."""

    since: float
    id: UUID = field(default_factory=uuid_utils.uuid7)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, recorded: Counts, hits: int) -> None:
        """Count one more batch: opens, clicks, those of machines, and what was not permitted."""
        for (kind, machine), count in recorded.items():
            self.counts[f"{kind}_by_machine" if machine else kind] += count
        self.counts[NOT_PERMITTED] += hits - recorded.total()


class Tallies:
    """The open activities by workspace, oldest first. Times are those of a monotonic clock."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._open: dict[int, Tally] = {}
        self._written: dict[int, float] = {}

    def claim(self, now: float, touched: Iterable[int], *, everything: bool = False) -> dict[int, Tally]:
        """Take the activities to write now: of workspaces touched, and of others whose counts have waited."""
        due = dict(self._open) if everything else self._overdue(now)
        for workspace in touched:
            if everything or now - self._written.get(workspace, -self._every_s) >= self._every_s:
                due[workspace] = self._open.get(workspace) or Tally(now)
        for workspace in due:
            self._open.pop(workspace, None)
            self._written[workspace] = now
        return due

    def put_back(self, due: Mapping[int, Tally], now: float) -> None:
        """Keep the counts of activities that could not be written."""
        for workspace, tally in due.items():
            self._written.pop(workspace, None)
            if tally.counts:
                self._open.setdefault(workspace, Tally(now)).counts.update(tally.counts)

    def any_due(self, now: float) -> bool:
        """Whether a workspace has counts that have waited long enough."""
        return bool(self._overdue(now, most=1))

    def add(self, groups: Mapping[int, Sequence[Hit]], recorded: Mapping[int, Counts], now: float) -> None:
        """Take the counts of a committed batch's workspaces whose activity was not written with it."""
        for workspace, hits in groups.items():
            self._open.setdefault(workspace, Tally(now)).add(recorded[workspace], len(hits))

    def _overdue(self, now: float, most: int | None = None) -> dict[int, Tally]:
        waited = takewhile(lambda item: now - item[1].since >= self._every_s, self._open.items())
        return dict(islice(waited, most))

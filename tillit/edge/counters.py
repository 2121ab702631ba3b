"""What was recorded and what was not, each with its reason: counts of this process, without personal data."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum


class Drop(StrEnum):
    """Why a hit left no record. The person's picture or redirect is the same in each case, but for `FORGED` links."""

    FORGED = "forged"  # the token or the target was not signed here
    EXPIRED = "expired"  # signed here, longer ago than its kind lives
    GPC = "gpc"  # the browser says Sec-GPC: 1
    DNT = "dnt"  # the browser says DNT: 1
    NOT_PERMITTED = "not_permitted"  # the policy, a choice or a restriction forbids it, or the person is not known
    QUEUE_FULL = "queue_full"  # the database is slower than the hits
    DATABASE = "database"  # the database refused it again and again
    SHUTDOWN = "shutdown"  # the database did not answer before the process ended


class Counters:
    """Counts since the process started."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()  # by kind, as they came in with a valid token
        self.recorded: Counter[tuple[str, str]] = Counter()  # by kind and machine
        self.dropped: Counter[str] = Counter(dict.fromkeys(Drop, 0))
        self.late = 0  # answered before the commit, since it took too long
        self.batches = 0
        self.batch_seconds = 0.0
        self.failures = 0
        self.connects = 0
        self.found_committed = 0  # batches whose commit had gone through although the connection broke

    def prometheus(self, *, waiting: int, down: bool) -> bytes:
        """Return the counts in Prometheus' text format. Source: Prometheus exposition format 0.0.4."""
        lines = [
            *_family(
                "hits_total", "counter", "Hits with a valid token", {f'kind="{k}"': n for k, n in self.hits.items()}
            ),
            *_family("recorded_total", "counter", "Events in the database", self._recorded()),
            *_family(
                "dropped_total",
                "counter",
                "Hits without a record",
                {f'reason="{k}"': n for k, n in self.dropped.items()},
            ),
            *_family("late_total", "counter", "Hits answered before their commit", {"": self.late}),
            *_family("batches_total", "counter", "Transactions", {"": self.batches}),
            *_family("batch_seconds_total", "counter", "Time in transactions", {"": round(self.batch_seconds, 6)}),
            *_family("failures_total", "counter", "Transactions that failed", {"": self.failures}),
            *_family(
                "found_committed_total", "counter", "Batches already committed when retried", {"": self.found_committed}
            ),
            *_family("connects_total", "counter", "Connections made", {"": self.connects}),
            *_family("waiting", "gauge", "Hits that wait for a transaction", {"": waiting}),
            *_family("database_up", "gauge", "Whether the database answered last", {"": int(not down)}),
        ]
        return ("\n".join(lines) + "\n").encode()

    def _recorded(self) -> dict[str, float]:
        return {f'kind="{kind}",machine="{machine}"': count for (kind, machine), count in self.recorded.items()}


def _family(name: str, kind: str, text: str, values: dict[str, float]) -> list[str]:
    full = f"tillit_edge_{name}"
    rows = [f"{full}{{{labels}}} {value}" if labels else f"{full} {value}" for labels, value in values.items()]
    return [f"# HELP {full} {text}.", f"# TYPE {full} {kind}", *rows]

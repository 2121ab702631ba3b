"""Group commit: while one transaction commits, the next one's hits come in.

A hit's answer waits for its commit, so an answered hit is on disk; but never longer than two seconds, and not at all
while the database does not answer. The person's picture or redirect comes before our count.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg import errors

from tillit.edge.counters import Counters, Drop
from tillit.edge.hits import Hit
from tillit.edge.pipe import Pipe
from tillit.edge.recording import SESSION, record
from tillit.edge.tallies import ACTIVITY_EVERY_S, Counts, Tallies, Tally

log = logging.getLogger("tillit.edge")

BATCH = 1000  # measured: 15 µs of the server a hit from 250 on, 19 µs at 64, 200 µs alone
QUEUE = 20_000  # about 20 MB; the oldest wait for the database, the newest are dropped
ATTEMPTS = 5
ANSWER_WITHIN_S = 2.0
TRANSACTION_TIMEOUT_S = 15.0
TICK_S = 0.25
BACKOFF_S, BACKOFF_MOST_S = 0.05, 5.0
GRACE_S = 5.0

Waiter = asyncio.Future[None]


class Entry(NamedTuple):
    """A hit that waits for its transaction, and the answer that waits for the hit."""

    workspace: int
    hit: Hit
    since: float
    waiter: Waiter | None


@dataclass(slots=True, eq=False)
class Batch:
    """The hits and activities of one transaction. Their ids stay when it is tried again: it is never recorded twice."""

    entries: list[Entry]
    due: dict[int, Tally]
    attempts: int = 0
    perhaps_committed: bool = False

    def groups(self) -> dict[int, list[Hit]]:
        """The hits by workspace."""
        groups: dict[int, list[Hit]] = {}
        for entry in self.entries:
            groups.setdefault(entry.workspace, []).append(entry.hit)
        return groups

    def by_workspace(self) -> list[Batch]:
        """One batch a workspace, so that what is wrong in one keeps nobody else's hits."""
        parts: dict[int, Batch] = {workspace: self._part({workspace: tally}) for workspace, tally in self.due.items()}
        for entry in self.entries:
            parts.setdefault(entry.workspace, self._part({})).entries.append(entry)
        return list(parts.values())

    def _part(self, due: dict[int, Tally]) -> Batch:
        return Batch([], due, self.attempts)


class Writer:
    """Records hits over one connection, which it makes and remakes. Start it in the event loop that serves.

    One transaction is under way at a time. Two, on one connection or on two, were no faster (64 clients, two cores):
    the batches became smaller, and a hit dearer.
    """

    def __init__(
        self,
        dsn: str,
        counters: Counters,
        *,
        queue: int = QUEUE,
        answer_within_s: float = ANSWER_WITHIN_S,
        activity_every_s: float = ACTIVITY_EVERY_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._dsn, self._counters, self._grace_s = dsn, counters, grace_s
        self._queue, self._answer_within_s = queue, answer_within_s
        self._tallies = Tallies(activity_every_s)
        self._open: list[Entry] = []
        self._flight: Batch | None = None
        self._pipe: Pipe | None = None
        self._connecting = asyncio.Lock()
        self._running = self._stopping = self._departing = self.down = False

    @property
    def waiting(self) -> int:
        """How many hits wait for a transaction or its end."""
        return len(self._open) + (len(self._flight.entries) if self._flight else 0)

    def start(self) -> None:
        """Begin to record; the connection is made in the background, so a database that is down stops nobody."""
        self._loop = asyncio.get_running_loop()
        self._arrival = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._running = True
        self._begin(self._connected())
        self._begin(self._tick())

    def offer(self, workspace: int, hit: Hit) -> Waiter | None:
        """Take a hit, or drop and count it; return what its answer must wait for, None when it must not wait."""
        if not self._running or self._stopping:
            self._counters.dropped[Drop.SHUTDOWN] += 1
            return None
        if self.waiting >= self._queue:
            self._counters.dropped[Drop.QUEUE_FULL] += 1
            return None
        waiter = None if self.down else self._loop.create_future()
        self._counters.late += self.down
        self._open.append(Entry(workspace, hit, self._loop.time(), waiter))
        if not self._departing:  # after the other requests of this turn, so that they travel together
            self._departing = True
            self._loop.call_soon(self._depart)
        return waiter

    async def stop(self) -> None:
        """Record what waits, within the time of grace; drop and count what could not be."""
        if not self._running:
            return
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace_s):
                await self._drain()
        self._running = False
        left, tasks = self._entries(), list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._counters.dropped[Drop.SHUTDOWN] += len(left)
        _answer(left)
        self._open = []
        self._disconnect()

    async def _drain(self) -> None:
        while self._open or self._flight:
            self._depart()
            await self._arrival.wait()
        await self._settle(Batch([], self._tallies.claim(time.monotonic(), (), everything=True)))

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- transactions ------------------------------------------------------------------------------------------------

    def _depart(self) -> None:
        """Send what waits as the next transaction, unless one is under way."""
        self._departing = False
        now = time.monotonic()
        if self._flight is not None or not (self._open or self._tallies.any_due(now)):
            return
        entries, self._open = self._open[:BATCH], self._open[BATCH:]
        due = self._tallies.claim(now, {entry.workspace for entry in entries}, everything=self._stopping)
        self._flight = Batch(entries, due)
        self._arrival.clear()
        self._begin(self._fly(self._flight))

    async def _fly(self, batch: Batch) -> None:
        try:
            await self._settle(batch)
        except Exception:
            log.exception("a bug in the edge")
            self._counters.dropped[Drop.DATABASE] += len(batch.entries)
            _answer(batch.entries)
        self._flight = None
        self._arrival.set()
        if self._running:
            self._depart()

    async def _settle(self, batch: Batch) -> None:
        """Record a batch, or drop and count it when it failed too often."""
        groups = batch.groups()
        while batch.attempts < ATTEMPTS:
            if await self._attempted(batch, groups):
                _answer(batch.entries)
                return
            if len({*groups, *batch.due}) > 1 and not batch.perhaps_committed:
                for part in batch.by_workspace():
                    await self._settle(part)
                return
        self._tallies.put_back(batch.due, time.monotonic())
        self._counters.dropped[Drop.DATABASE] += len(batch.entries)
        _answer(batch.entries)

    async def _attempted(self, batch: Batch, groups: dict[int, list[Hit]]) -> bool:
        pipe = await self._connected()
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TRANSACTION_TIMEOUT_S):
                recorded = await record(pipe, groups, batch.due)
        except (psycopg.Error, TimeoutError) as error:
            if batch.perhaps_committed and isinstance(error, errors.UniqueViolation):
                self._counters.found_committed += 1
                return True
            batch.perhaps_committed |= isinstance(error, psycopg.OperationalError | TimeoutError)
            await self._failed(batch, pipe, error)
            return False
        self._count(groups, recorded, time.perf_counter() - began)
        self._tallies.add({w: hits for w, hits in groups.items() if w not in batch.due}, recorded, time.monotonic())
        return True

    async def _failed(self, batch: Batch, pipe: Pipe, error: Exception) -> None:
        """Count the failure and wait before the next attempt, which gets a new connection."""
        batch.attempts += 1
        self._counters.failures += 1
        # The message of a database error may hold somebody's values: log its name and code only.
        log.warning("recording failed: %s %s", type(error).__name__, getattr(error, "sqlstate", None) or "")
        if pipe is self._pipe:
            self._disconnect()
        await asyncio.sleep(_backoff(batch.attempts))

    def _count(self, groups: dict[int, list[Hit]], recorded: dict[int, Counts], seconds: float) -> None:
        counters = self._counters
        counters.batches += 1
        counters.batch_seconds += seconds
        for workspace, hits in groups.items():
            counts = recorded[workspace]
            counters.recorded.update(counts)
            counters.dropped[Drop.NOT_PERMITTED] += len(hits) - counts.total()

    # --- the connection ----------------------------------------------------------------------------------------------

    async def _connected(self) -> Pipe:
        """Return the connection, made anew if need be; meanwhile answers do not wait."""
        if self._pipe is not None and not self._pipe.closed:
            return self._pipe
        async with self._connecting:
            failures = 0
            while self._pipe is None or self._pipe.closed:
                try:
                    self._pipe = await Pipe.open(self._dsn, SESSION)
                except (psycopg.Error, OSError) as error:
                    failures += 1
                    self._gone(error)
                    await asyncio.sleep(_backoff(failures))
                else:
                    self._counters.connects += 1
                    self.down = False
        return self._pipe

    def _gone(self, error: Exception) -> None:
        if not self.down:
            log.warning("the database does not answer (%s): hits wait, people do not", type(error).__name__)
        self.down = True
        self._counters.late += _answer(self._entries())

    def _disconnect(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    async def _tick(self) -> None:
        """Let nobody wait too long, and send the activities that are due."""
        while True:
            await asyncio.sleep(TICK_S)
            before = self._loop.time() - self._answer_within_s
            self._counters.late += _answer([entry for entry in self._entries() if entry.since < before])
            self._depart()

    def _entries(self) -> list[Entry]:
        return [*(self._flight.entries if self._flight else ()), *self._open]


def _answer(entries: Iterable[Entry]) -> int:
    """Let the answers go; return how many had waited."""
    waited = 0
    for entry in entries:
        if entry.waiter is not None and not entry.waiter.done():
            entry.waiter.set_result(None)
            waited += 1
    return waited


def _backoff(failures: int) -> float:
    return min(BACKOFF_S * 2.0**failures, BACKOFF_MOST_S) * random.uniform(0.5, 1)  # noqa: S311  not a secret

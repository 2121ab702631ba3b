"""Many connections to one relay from one event loop, and batches of mail through them."""

import asyncio
import random
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import TracebackType

from tillit.delivery.smtp import Connection
from tillit.delivery.wire import Mail, Outcome, Relay, RelayUnavailable, Stage, Status, Timeouts

_STOPPED = Outcome(Status.DEFERRED, None, None, "sending was stopped before this mail was begun", Stage.CONNECT)
_FRUITLESS = "the relay drops connections before it answers a mail"


class PoolClosed(RuntimeError):
    """Mail was given to a pool that has been closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Pauses between attempts to connect: random below a doubling ceiling, so that senders do not come back in step.

    Source: M. Brooker, "Exponential Backoff and Jitter", 2015 ("full jitter").
    """

    base_s: float = 0.5
    ceiling_s: float = 30
    attempts: int = 5

    def pause_s(self, failures: int, *, rng: random.Random) -> float:
        return rng.uniform(0, min(self.ceiling_s, self.base_s * 2.0**failures))


class _Batch:
    def __init__(self, size: int) -> None:
        self.outcomes: list[Outcome | None] = [None] * size
        self.left = size
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _Job:
    __slots__ = ("attempts", "batch", "index", "mail")

    def __init__(self, mail: Mail, *, batch: _Batch, index: int) -> None:
        self.mail, self.batch, self.index, self.attempts = mail, batch, index, 0


class Pool:
    """Hands batches of mail to one relay over up to `connections` connections, kept open between batches.

    `mails_per_connection` renews a connection before relays that count lose patience; `attempts` bounds how often
    one mail's envelope is begun when connections die under it; at most `max_waiting` mails are held waiting.
    """

    def __init__(
        self,
        relay: Relay,
        *,
        connections: int = 8,
        mails_per_connection: int = 1000,
        attempts: int = 3,
        max_waiting: int = 20_000,
        timeouts: Timeouts | None = None,
        backoff: Backoff | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._relay, self._timeouts, self._backoff = relay, timeouts or Timeouts(), backoff or Backoff()
        self._connections, self._mails_per_connection = connections, mails_per_connection
        self._attempts, self._max_waiting = attempts, max_waiting
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self._waiting: deque[_Job] = deque()
        self._slots: set[asyncio.Task[None]] = set()
        self._open: set[Connection[_Job]] = set()
        self._room = asyncio.Event()
        self._stop = asyncio.Event()

    async def __aenter__(self) -> "Pool":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def send_batch(self, mails: Sequence[Mail]) -> list[Outcome]:
        """Hand over `mails` and return their outcomes in the same order, once every one is known.

        Waits while too many mails of other batches are ahead. Mail trouble never raises: it is an outcome. If the
        caller is cancelled, mails not begun are dropped and those under way finish unrecorded: count them as unknown.
        Raises `PoolClosed`.
        """
        if self._stop.is_set():
            raise PoolClosed("the pool is closed; open another to send mail")
        batch = _Batch(len(mails))
        jobs = (_Job(mail, batch=batch, index=index) for index, mail in enumerate(mails))
        try:
            while await self._enlist(jobs):
                self._staff()
            if mails:
                await batch.done
        except BaseException:
            self._waiting = deque(job for job in self._waiting if job.batch is not batch)
            raise
        return [outcome for outcome in batch.outcomes if outcome is not None]

    async def close(self, *, grace_s: float = 30) -> None:
        """Stop: mails not begun are deferred, those under way may finish for `grace_s`, then they are dropped."""
        self._stop.set()
        self._defer_waiting(_STOPPED)
        for connection in list(self._open):
            connection.quit()
        if self._slots:
            await asyncio.wait(self._slots, timeout=grace_s)
        for connection in list(self._open):
            connection.abort("sending was stopped")
        for task in list(self._slots):
            task.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)

    async def _enlist(self, jobs: Iterator[_Job]) -> int:
        """Queue as many jobs as there is room for and return how many; none when the batch is all queued."""
        while len(self._waiting) >= self._max_waiting:
            self._room.clear()
            await self._room.wait()
        if self._stop.is_set():
            for job in jobs:
                self.settle(job, _STOPPED)
            return 0
        before = len(self._waiting)
        self._waiting.extend(islice(jobs, self._max_waiting - before))
        return len(self._waiting) - before

    def _staff(self) -> None:
        """Put idle connections to work and open as many more as there is work for."""
        for connection in list(self._open):
            if not self._waiting:
                return
            connection.pull()
        for _ in range(min(self._connections - len(self._slots), len(self._waiting))):
            task = asyncio.create_task(self._slot())
            self._slots.add(task)
            task.add_done_callback(self._slots.discard)

    async def _slot(self) -> None:
        """Keep one connection alive while there is mail; pause after failures; give up after too many in a row."""
        failures = 0
        while self._waiting and not self._stop.is_set():
            try:
                failures = 0 if await self._session() else failures + 1
                trouble = RelayUnavailable(Outcome(Status.DEFERRED, None, None, _FRUITLESS, Stage.CONNECT))
            except RelayUnavailable as error:
                failures, trouble = failures + 1, error
            if not failures:
                continue
            if trouble.permanent or failures >= self._backoff.attempts:
                if not self._open:  # else others get through, and this connection was one too many
                    self._defer_waiting(trouble.outcome)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.pause_s(failures, rng=self._rng)):
                    await self._stop.wait()

    async def _session(self) -> bool:
        """Run one connection to its end. Returns whether it was good for anything. Raises `RelayUnavailable`."""
        connection: Connection[_Job] = await Connection.open(
            relay=self._relay, timeouts=self._timeouts, work=self, mails=self._mails_per_connection
        )
        self._open.add(connection)
        try:
            connection.pull()
            if self._stop.is_set():
                connection.quit()
            await connection.closed
        finally:
            self._open.discard(connection)
        return not connection.wasted

    def _defer_waiting(self, outcome: Outcome) -> None:
        while self._waiting:
            self.settle(self._waiting.popleft(), outcome)
        self._room.set()

    # The connections' side: `Work`.

    def take(self) -> _Job | None:
        if not self._waiting:
            return None
        job = self._waiting.popleft()
        job.attempts += 1
        self._room.set()
        return job

    def settle(self, job: _Job, outcome: Outcome) -> None:
        batch = job.batch
        batch.outcomes[job.index] = outcome
        batch.left -= 1
        if not batch.left and not batch.done.done():
            batch.done.set_result(None)

    def give_back(self, job: _Job, outcome: Outcome) -> None:
        if job.attempts >= self._attempts or self._stop.is_set() or job.batch.done.done():
            self.settle(job, outcome)
        else:
            self._waiting.appendleft(job)

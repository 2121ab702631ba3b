"""The sender: claims, writes and hands over mail until it is told to stop.

Three things go on at once: a thread claims and writes the next batch, the event loop sends, another thread records
what became of the last one. Start as many senders as you like, on as many machines: each message is claimed once.
See docs/sending.md.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

import uvloop
from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from tillit.delivery import leases
from tillit.delivery.carriers import Carrier, Pace, carrier
from tillit.delivery.outcomes import BEFORE_MAIL, record
from tillit.delivery.queue import Queue
from tillit.delivery.streams import Load
from tillit.delivery.wire import Outcome
from tillit.delivery.writing import Envelope
from tillit.env import Env, env

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Idle, a sender asks two small tables every second. Polling works through every connection pooler, needs no connection
# of its own, and finds deferred mail that becomes due, which no notification would.
POLL_S = 1.0
BEAT_S = 15.0
IN_FLIGHT = 2  # batches being sent at once, so that connections have work while the last mails of one are answered
SECONDS_A_BATCH = 2.0  # so that an objection waits some seconds at most, however slow the relay
FIRST_BATCH, LEAST_BATCH = 100, 20
PAUSES_S = (2, 5, 10, 20, 40, 60)  # between attempts when the relay takes nothing


class ConnectionLost(Exception):
    """The database could not be reached; what was asked of it must be asked again."""


class RelayGone(SystemExit):
    """`tillit sender --once` ends when the relay takes no mail: what is queued stays queued."""


def run(*, once: bool = False) -> None:
    """Send until SIGTERM or SIGINT, or with `once` until nothing is left that is due.

    Mails under way are finished and recorded before it ends. Raises BadRelay or BadKey for settings that cannot be
    used, RelayGone when `once` finds that the relay takes no mail.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Sender(env(), once=once).work())


class Sender:
    """One sender process."""

    def __init__(self, env: Env, *, once: bool) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"[:80]
        self._env, self._once = env, once
        self._pace = Pace(env.smtp_per_second)
        self._queue = Queue(self.name, Envelope.of(env), lease_s=env.sender_lease_s, recipient=env.smtp_recipient)
        self._claiming, self._recording = (ThreadPoolExecutor(1, name) for name in ("claim", "record"))
        self._loads: asyncio.Queue[Load | None] = asyncio.Queue(1)
        self._held: set[int] = set()
        self._stopping = asyncio.Event()
        self._size = min(FIRST_BATCH, env.sender_batch)
        self._failures, self._trouble = 0, ""

    async def work(self) -> None:
        """Send until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping.set)
        async with carrier(self._env) as taking:
            beat = asyncio.create_task(self._beat())
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._claim())
                    for _ in range(IN_FLIGHT):
                        group.create_task(self._carry(taking))
            finally:
                beat.cancel()
                await asyncio.gather(beat, return_exceptions=True)
                await self._record(partial(leases.leave, self.name))
                await self._hang_up()
        if self._once and self._trouble:
            raise RelayGone(f"The relay takes no mail: {self._trouble}. What is queued stays queued.")

    # Claiming

    async def _claim(self) -> None:
        """Claim one batch ahead of the sending, for as long as there is something to send."""
        while not self._stopping.is_set():
            await self._wait_for_relay()
            if self._once and self._trouble:
                break
            with suppress(ConnectionLost):
                size = self._pace.most(self._size)
                load = await self._try(self._claiming, partial(self._queue.next, size))
                if load is not None:
                    self._held.add(load.batch_id)
                    await self._loads.put(load)
                elif self._once and not self._held and not await self._try(self._claiming, self._queue.held):
                    break
                else:
                    await self._sleep(POLL_S if not self._held else POLL_S / 10)
        for _ in range(IN_FLIGHT):
            await self._loads.put(None)

    async def _wait_for_relay(self) -> None:
        if self._failures:
            await self._sleep(PAUSES_S[min(self._failures, len(PAUSES_S)) - 1])

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    # Sending

    async def _carry(self, taking: Carrier) -> None:
        """Send batches one after the other; what was claimed and not begun when it is time to stop goes back."""
        while (load := await self._loads.get()) is not None:
            if self._stopping.is_set() or not await self._record(partial(self._begin, load)):
                await self._record(partial(leases.release, load.batch_id, load.workspace_id))
            else:
                began = asyncio.get_running_loop().time()
                outcomes = await self._send(taking, load)
                self._learn(outcomes, asyncio.get_running_loop().time() - began)
                await self._record(partial(record, load, outcomes))
            self._held.discard(load.batch_id)

    def _begin(self, load: Load) -> bool:
        if load.stream is not None and not load.stream.active():
            return False
        return leases.start(load.batch_id, lease_s=self._env.sender_lease_s)

    async def _send(self, taking: Carrier, load: Load) -> list[Outcome]:
        outcomes = list[Outcome]()
        for piece in self._pace.slices(load.mails):
            await self._pace.wait(len(piece))
            outcomes += await taking.send_batch(piece)
        return outcomes

    def _learn(self, outcomes: list[Outcome], elapsed_s: float) -> None:
        """Take batches as large as the relay is fast, and pause when it takes nothing."""
        speed = len(outcomes) / max(elapsed_s, 0.001)
        self._size = max(min(int(speed * SECONDS_A_BATCH), self._env.sender_batch), LEAST_BATCH)
        refused = next((outcome for outcome in outcomes if outcome.stage in BEFORE_MAIL), None)
        if refused is None:
            self._failures, self._trouble = 0, ""
        else:
            self._failures, self._trouble = self._failures + 1, refused.text
            logger.warning("the relay takes no mail (%s): %s", refused.stage, refused.text)

    # Keeping alive

    async def _beat(self) -> None:
        """Renew the leases and settle those of senders that are gone, four times within a lease."""
        while True:
            with suppress(ConnectionLost):
                await self._try(self._recording, self._alive)
            await asyncio.sleep(min(self._env.sender_lease_s / 4, BEAT_S))

    def _alive(self) -> None:
        held = list(self._held)
        leases.renew(self.name, held, lease_s=self._env.sender_lease_s, trouble=self._trouble)
        became = leases.expire()
        if became:
            logger.warning("settled the batches of a sender that is gone: %s", dict(became))

    # The database

    async def _record(self, call: Callable[[], T]) -> T:
        """Run a write that must not be lost, again until the database takes it."""
        while True:
            with suppress(ConnectionLost):
                return await self._try(self._recording, call)

    async def _try(self, thread: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        """Run a call that will come again by itself. Raises ConnectionLost, a second after the connection was lost."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(thread, call)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database cannot be reached: %s", type(error).__name__)
            await loop.run_in_executor(thread, _close)
            await asyncio.sleep(1)
            raise ConnectionLost from error

    async def _hang_up(self) -> None:
        for thread in (self._claiming, self._recording):
            await asyncio.get_running_loop().run_in_executor(thread, _close)
            thread.shutdown()


def _close() -> None:
    connection.close()  # the connection of the thread that calls

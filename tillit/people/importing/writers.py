"""Several writers of one import: chunks are worked on side by side, and committed in the order of the file.

So a crash leaves a beginning of the file and nothing behind it, as with one writer, and whatever two chunks both touch
comes out as if they had been written one after the other: the locks of PostgreSQL make the later one wait, or it gives
way. A chunk whose addresses are in one under way starts when that is written.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition

from django.db import connection

from tillit.people.importing.rows import Chunk

#: The reader keeps about three busy; each is a connection.
MOST = 4
LOOK_AFTER_S = 0.5
MOST_LOOKS = 120  # then a chunk gives way in any case: behind a pooler of connections nobody sees who waits for whom


class OutOfTurn(Exception):
    """A chunk before this one waits for a lock, perhaps one held here: this one is to be given up and done in turn."""


class GivenUp(Exception):
    """A chunk before this one was not written, so nothing may be after it."""


class Turns:
    """Whose chunk may be committed next."""

    def __init__(self) -> None:
        self._moved = Condition()
        self._at = 0
        self._given_up = False
        self._backends: dict[int, int] = {}

    def begin(self, place: int) -> None:
        """Note which connection works on a chunk."""
        connection.ensure_connection()
        self._backends[place] = connection.connection.info.backend_pid

    def wait(self, place: int, seconds: float | None = None) -> bool:
        """Wait until a chunk's turn comes and say whether it did. Raises GivenUp."""
        with self._moved:
            self._moved.wait_for(lambda: self._given_up or self._at == place, seconds)
            if self._given_up:
                raise GivenUp(GivenUp.__doc__)
            return self._at == place

    def next(self) -> None:
        """Let the next chunk be committed."""
        with self._moved:
            self._backends.pop(self._at, None)
            self._at += 1
            self._moved.notify_all()

    def give_up(self) -> None:
        """Let nothing more be committed."""
        with self._moved:
            self._given_up = True
            self._moved.notify_all()

    def blocked(self) -> bool:
        """Whether the chunk whose turn it is waits for somebody's lock."""
        backend = self._backends.get(self._at)
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [backend])
            return bool(cursor.fetchone()[0])


class Turn:
    """The turn of one chunk; without `turns` it is written alone, and its turn is always."""

    def __init__(self, turns: Turns | None = None, place: int = 0) -> None:
        self._turns, self._place = turns, place

    def begin(self) -> None:
        """Say that work on the chunk begins, on this thread's connection."""
        if self._turns:
            self._turns.begin(self._place)

    def wait(self) -> None:
        """Wait, with no transaction open, until all before is committed. Raises GivenUp."""
        if self._turns:
            self._turns.wait(self._place)

    def take(self) -> None:
        """Wait within the chunk's transaction until all before is committed. Raises GivenUp and OutOfTurn.

        The locks that are held meanwhile may be what the one before waits for, directly or by another import that
        waits for these and holds those; PostgreSQL cannot see that, since nobody waits here by a lock.
        """
        looks = blocked = 0  # twice running: many a lock is let go at once
        while self._turns and not self._turns.wait(self._place, LOOK_AFTER_S):
            looks, blocked = looks + 1, blocked + 1 if self._turns.blocked() else 0
            if blocked > 1 or looks == MOST_LOOKS:
                raise OutOfTurn(OutOfTurn.__doc__)


def usual() -> int:
    """How many writers an import has here: as many as cores, and one within a transaction of the caller's."""
    return 1 if connection.in_atomic_block else min(MOST, os.cpu_count() or 1)


def in_order(chunks: Iterator[Chunk], write: Callable[[Chunk, Turn], Chunk], *, writers: int) -> Generator[Chunk]:
    """Write chunks, several at once, and yield each when it is committed, in their order.

    `write` returns the chunk as it was written. The next is committed when the caller comes back for it; closing the
    iterator ends the writing with what was yielded.
    """
    if writers == 1:
        yield from _one_by_one(chunks, write)
        return
    turns, under_way, meets_known = Turns(), deque[tuple[Chunk, Future[Chunk]]](), False
    with ThreadPoolExecutor(writers) as pool:
        try:
            for place, chunk in enumerate(chunks):
                while len(under_way) == writers or any(_same_people(chunk, other) for other, _ in under_way):
                    done = _first(under_way)
                    meets_known = done.meets_known
                    yield done
                    turns.next()
                chunk.meets_known = meets_known
                under_way.append((chunk, pool.submit(_written, write, chunk, Turn(turns, place))))
            while under_way:
                yield _first(under_way)
                turns.next()
        finally:
            turns.give_up()


def _one_by_one(chunks: Iterator[Chunk], write: Callable[[Chunk, Turn], Chunk]) -> Iterator[Chunk]:
    meets_known = False
    for chunk in chunks:
        chunk.meets_known = meets_known
        done = write(chunk, Turn())
        meets_known = done.meets_known
        yield done


def _written(write: Callable[[Chunk, Turn], Chunk], chunk: Chunk, turn: Turn) -> Chunk:
    try:
        return write(chunk, turn)
    finally:
        connection.close()


def _first(under_way: deque[tuple[Chunk, Future[Chunk]]]) -> Chunk:
    """Wait for the oldest chunk under way."""
    done = under_way[0][1].result()
    under_way.popleft()
    return done


def _same_people(chunk: Chunk, other: Chunk) -> bool:
    """Whether two chunks must not be worked on at once; suppressing needs all writers of addresses to have ended."""
    return bool(chunk.silenced or other.silenced) or not chunk.keys.isdisjoint(other.keys)

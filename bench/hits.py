"""The load of the edge scenario, in a process of its own: kept-alive connections, each asking again when answered.

Run as `python -m bench.hits PORT CONNECTIONS FILE`: FILE holds pickled requests (bytes). Prints a JSON object with the
seconds, the status codes and the latencies at some percentiles.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import uvloop

HOST = "127.0.0.1"
PERCENTILES = (50, 90, 99, 99.9, 100)


class Visitor(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is complete."""

    def __init__(self, requests: Iterator[bytes], finished: asyncio.Future[None], load: Load) -> None:
        self.requests, self.finished, self.load = requests, finished, load
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            return
        self.started = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or len(self.buffer) < end + 4 + self.length(end):
            return
        self.load.latencies.append(time.perf_counter() - self.started)
        self.load.statuses[self.buffer[9:12]] += 1
        self.buffer = b""
        self.ask()

    def length(self, end: int) -> int:
        found = self.buffer.find(b"content-length: ", 0, end)
        return int(self.buffer[found + 16 : self.buffer.find(b"\r\n", found)]) if found >= 0 else 0

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_result(None)


class Load:
    """Sends every request once over the connections, as fast as they are answered."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = requests
        self.latencies: list[float] = []
        self.statuses: Counter[bytes] = Counter()

    async def run(self, port: int, connections: int) -> float:
        loop = asyncio.get_running_loop()
        shared = iter(self.requests)
        ends = [loop.create_future() for _ in range(connections)]
        started = time.perf_counter()
        await asyncio.gather(
            *(loop.create_connection(lambda end=end: Visitor(shared, end, self), HOST, port) for end in ends)
        )
        await asyncio.gather(*ends)
        return time.perf_counter() - started


def main() -> None:
    port, connections, file = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    load = Load(pickle.loads(file.read_bytes()))
    seconds = uvloop.run(load.run(port, connections))
    times = sorted(load.latencies)
    at = {str(p): times[min(len(times) - 1, int(len(times) * p / 100))] * 1000 for p in PERCENTILES}
    statuses = {status.decode(): count for status, count in load.statuses.items()}
    print(json.dumps({"seconds": seconds, "answers": len(times), "statuses": statuses, "latency_ms": at}))


if __name__ == "__main__":
    main()

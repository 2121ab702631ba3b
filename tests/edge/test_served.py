"""The edge behind a real server, over real connections: what was answered survives the server's death."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.edge.world import TARGET, activities, click_path, events, open_path, person

ROOT = Path(__file__).resolve().parents[2]
HEADERS = (
    "Host: mail.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.3"
)


@contextmanager
def served() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`tillit edge` in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = os.environ | {"TILLIT_PORT": str(port)}
    server = subprocess.Popen([sys.executable, "-m", "tillit", "edge"], cwd=ROOT, env=settings)
    try:
        wait_for(server, port)
        yield server, port
    finally:
        if server.poll() is None:
            server.terminate()
        server.wait(30)


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline
        assert server.poll() is None
        time.sleep(0.05)


async def asked(port: int, paths: Iterator[str], answered: list[tuple[str, bytes]]) -> None:
    """Ask for one path after the other over one connection, until the paths or the server end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for path in paths:
            writer.write(f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            answered.append((path, head))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def test_over_many_connections_each_hit_arrives_once(house: int) -> None:
    people = [person(house) for _ in range(40)]
    paths = [open_path(house, each, campaign=n) for n in range(40) for each in people]
    paths += [click_path(house, each, campaign=n) for n in range(10) for each in people]
    answered: list[tuple[str, bytes]] = []

    async def run(port: int) -> None:
        shared = iter(paths)
        await asyncio.gather(*(asked(port, shared, answered) for _ in range(32)))

    with served() as (server, port):
        asyncio.run(run(port))
        assert Counter(head.split()[1] for _, head in answered) == {b"200": 1600, b"302": 400}
        assert f"location: {TARGET}".encode() in answered[-1][1]
        found = Counter(events("kind, campaign_id, person_id"))
        assert len(found) == 2000
        assert set(found.values()) == {1}
        server.terminate()
        server.wait(30)
    assert sum((Counter(counts) for counts in activities()), Counter()) == {"open": 1600, "click": 400}


def test_a_killed_server_takes_nothing_with_it_that_it_answered(house: int) -> None:
    people = {open_path(house, ann): ann for ann in (person(house) for _ in range(800))}
    answered: list[tuple[str, bytes]] = []

    async def run(server: subprocess.Popen[bytes], port: int) -> None:
        shared = iter(people)
        asking = [asyncio.create_task(asked(port, shared, answered)) for _ in range(32)]
        while len(answered) < 200:
            await asyncio.sleep(0.001)
        for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        server.kill()
        await asyncio.gather(*asking, return_exceptions=True)

    with served() as (server, port):
        asyncio.run(run(server, port))
    found = Counter(who for _, who in events())
    assert 200 <= len(answered) < 800
    assert {people[path] for path, _ in answered} <= set(found)
    assert set(found.values()) == {1}

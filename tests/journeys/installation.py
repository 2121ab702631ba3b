"""A running installation for journeys: pages, worker and senders as processes of their own, a relay that keeps mail."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import httpx

from tests.environment import ROOT

PUBLIC = "https://mail.example.test"  # one-click links are made for https alone
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"  # others count as machines
READY_S, PATIENCE_S = 30.0, 600.0


class Relay:
    """What came in at the relay: how often each address got mail, and the mails of those one wants to read."""

    def __init__(self, kept: set[str]) -> None:
        self.kept = kept
        self.got: Counter[str] = Counter()
        self.mails: dict[str, list[bytes]] = {address: [] for address in kept}
        self.port = 0

    def append(self, mail: tuple[str, str, bytes]) -> None:
        """Take a mail: sender, recipient, message."""
        _, recipient, message = mail
        self.got[recipient] += 1
        if recipient in self.kept:
            self.mails[recipient].append(bytes(message))

    def last(self, address: str) -> EmailMessage:
        """The latest mail to somebody."""
        return parsed(self.mails[address][-1])

    def with_link(self, address: str, path: str) -> EmailMessage:
        """The latest mail to somebody that links to a path."""
        return next(
            mail for mail in map(parsed, reversed(self.mails[address])) if any(path in x for x in links_of(mail))
        )


def parsed(message: bytes) -> EmailMessage:
    """A mail as its reader's program sees it."""
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def html_of(mail: EmailMessage) -> str:
    """The HTML part of a mail."""
    part = mail.get_body(("html",))
    assert part is not None
    return part.get_content()


def links_of(mail: EmailMessage) -> list[str]:
    """The addresses that a mail links to, in order."""
    return [unescape(found) for found in re.findall(r'<a\b[^>]*?href="([^"]+)"', html_of(mail))]


def link_to(mail: EmailMessage, path: str) -> str:
    """The first link whose address has a path, such as ``/p/``."""
    return next(found for found in links_of(mail) if path in found)


def pixel_of(mail: EmailMessage) -> str | None:
    """The address of the picture that counts opens."""
    found = re.search(r'<img\b[^>]*?src="([^"]*/e/o/[^"]+)"', html_of(mail))
    return unescape(found.group(1)) if found else None


class Proxy(httpx.HTTPTransport):
    """Stands for the reverse proxy that ends TLS in front of an installation."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        request.headers["X-Forwarded-Proto"] = "https"
        return super().handle_request(request)


class Installation:
    """Starts and stops the parts of an installation over the test's database."""

    def __init__(self, relay: Relay) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.relay = relay
        self.parts: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start `tillit …` and leave it running."""
        part = subprocess.Popen([sys.executable, "-m", "tillit", *command], cwd=ROOT, env=self._environment())
        self.parts.append(part)
        return part

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run `tillit …` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "tillit", *command],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def serve(self) -> httpx.Client:
        """Start pages and worker; return a client once they answer."""
        self.start("web")
        self.start("worker")
        client = httpx.Client(base_url=PUBLIC, timeout=60, transport=Proxy(self.port), headers={"User-Agent": BROWSER})
        wait_until(lambda: _answers(client), within_s=READY_S)
        return client

    def stop(self) -> None:
        for part in self.parts:
            if part.poll() is None:
                part.send_signal(signal.SIGTERM)
        for part in self.parts:
            part.wait(30)

    def _environment(self) -> dict[str, str]:
        settings = {
            "TILLIT_PORT": self.port,
            "TILLIT_URL": PUBLIC,
            "TILLIT_SMTP_URL": f"smtp://127.0.0.1:{self.relay.port}",
            "TILLIT_SENDER_LEASE_S": 5,
        }
        return os.environ | {name: str(value) for name, value in settings.items()}


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/e/health").status_code == 200
    except httpx.TransportError:
        return False


def wait_until(reached: Callable[[], bool], *, within_s: float = PATIENCE_S) -> None:
    """Wait until something is so; fail when it takes too long."""
    deadline = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


@contextmanager
def installation(relay: Relay) -> Iterator[Installation]:
    """An installation whose parts are stopped afterwards."""
    running = Installation(relay)
    try:
        yield running
    finally:
        running.stop()


def write_broken_csv(path: Path, rows: list[list[str]]) -> None:
    """Write rows as somebody's spreadsheets would: semicolons, and some lines in another encoding than the rest."""
    with path.open("wb") as handle:
        for number, row in enumerate(rows):
            line = ";".join(f'"{cell}"' if ";" in cell else cell for cell in row) + "\r\n"
            handle.write(line.encode("cp1252" if number % 7 == 3 else "utf-8", "replace"))

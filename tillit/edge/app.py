"""The edge: answers opens and clicks, and records those that the person permits.

It fails open for the person, who gets the picture or the redirect whatever happens to us, and closed for the data: a
hit passes every step or leaves only a count of the reason. The steps: parse, verify, signal, classify, queue, commit.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from tillit.edge import arrivals, pages
from tillit.edge.addresses import Proxies, is_loopback
from tillit.edge.arrivals import Scope
from tillit.edge.counters import Counters, Drop
from tillit.edge.hits import CLICK, OPEN
from tillit.edge.tokens import (
    CLICK_PATH,
    OPEN_PATH,
    Fields,
    Forged,
    Kind,
    Tokens,
    click_token,
    expired,
    is_web,
    open_token,
)
from tillit.edge.writer import GRACE_S, QUEUE, Writer

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

WORKSPACES = 2**31 - 1


class EdgeApp:
    """An ASGI application for the paths under ``/e/``. Its key is `keys.derive(tokens.USE)`.

    Run it alone, or let a dispatcher in the same process pass it the requests under ``/e/`` and the lifespan.
    `trusted_proxies` are the networks whose X-Forwarded-For is believed, e.g. ``["127.0.0.1", "10.0.0.0/8"]``, `queue`
    how many hits may wait for the database, `grace_s` how long a shutdown may take to record them.
    """

    def __init__(
        self,
        *,
        key: bytes,
        dsn: str,
        trusted_proxies: Iterable[str] = (),
        queue: int = QUEUE,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counters = Counters()
        self.writer = Writer(dsn, self.counters, queue=queue, grace_s=grace_s)
        self._tokens = Tokens(key)
        self._proxies = Proxies(trusted_proxies)
        self._clock = clock
        self._started = False

    async def startup(self) -> None:
        """Begin to record; harmless when repeated.

        What was loaded so far is left out of garbage collection from here on: walking it took 30 ms every few thousand
        hits, which made the slowest answers.
        """
        if not self._started:
            self._started = True
            gc.collect()
            gc.freeze()
            self.writer.start()

    async def shutdown(self) -> None:
        """Record what waits and close the connection."""
        await self.writer.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.startup()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method not in {"GET", "HEAD"}:
            start, body = pages.NOT_ALLOWED
        elif path.startswith(OPEN_PATH):
            start, body = await self._open(scope)
        elif path.startswith(CLICK_PATH):
            start, body = await self._click(scope)
        else:
            start, body = self._other(scope)
        await send(start)
        await send(pages.EMPTY if method == "HEAD" else body)

    async def _open(self, scope: Scope) -> tuple[pages.Message, pages.Message]:
        try:
            token = self._tokens.fields(open_token(arrivals.path(scope)))
            if token.kind != Kind.OPEN:
                raise Forged
        except Forged:
            self.counters.dropped[Drop.FORGED] += 1
        else:
            await self._record(token, scope)
        return pages.PIXEL

    async def _click(self, scope: Scope) -> tuple[pages.Message, pages.Message]:
        try:
            text, target = click_token(arrivals.path(scope), scope["query_string"])
            token = self._tokens.fields(text, extra=target)
            if token.kind != Kind.CLICK or not is_web(target):
                raise Forged
        except Forged:
            self.counters.dropped[Drop.FORGED] += 1
            return pages.BAD_LINK[pages.language(arrivals.headers(scope).get(b"accept-language", b""))]
        await self._record(token, scope)
        return pages.redirect(target)

    async def _record(self, token: Fields, scope: Scope) -> None:
        """Take the steps after verification; return when the hit is on disk, dropped, or has waited long enough."""
        now, headers = self._clock(), arrivals.headers(scope)
        self.counters.hits[CLICK if token.kind == Kind.CLICK else OPEN] += 1
        if drop := self._refused(token, headers, now):
            self.counters.dropped[drop] += 1
            return
        if not self._started:  # mounted by a server that has no lifespan
            await self.startup()
        hit = arrivals.classified(token, scope, headers, now=now, client=self._proxies.client)
        waiter = self.writer.offer(token.workspace, hit)
        if waiter is not None:
            await waiter

    def _refused(self, token: Fields, headers: arrivals.Headers, now: float) -> Drop | None:
        if expired(token.day, token.kind, today=arrivals.day(now)):
            return Drop.EXPIRED
        if token.workspace > WORKSPACES:  # more than the database can number, so there is none
            return Drop.NOT_PERMITTED
        return arrivals.signal(headers)

    def _other(self, scope: Scope) -> tuple[pages.Message, pages.Message]:
        path = scope["path"]
        if path == "/e/health":
            state = "The database does not answer; links work, hits wait.\n" if self.writer.down else "ok\n"
            return pages.text(200, state)
        if path == "/e/metrics" and self._from_here(scope):
            body = self.counters.prometheus(waiting=self.writer.waiting, down=self.writer.down)
            return pages.answer(200, body, b"text/plain; version=0.0.4; charset=utf-8")
        return pages.NOT_FOUND

    def _from_here(self, scope: Scope) -> bool:
        """Whether a request comes from this machine itself, and not from elsewhere through a proxy on it."""
        forwarded = any(name in {b"x-forwarded-for", b"forwarded"} for name, _ in scope["headers"])
        return is_loopback(arrivals.peer(scope)) and not forwarded

"""A bound on what is taken in: Django writes a whole request to disk before any of its code sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

FORM_BYTES = 2 * 1024 * 1024  # what a form may hold beside its file
UPLOAD_PAGE = "/imports/new"  # tells the reason in the reader's language when asked with TOO_LARGE
TOO_LARGE = b"too-large"


class Bounded:
    """Answers 413 to a request whose body is declared too large, without keeping any of it; the upload page says why.

    The body is read to its end first, for browsers show no answer that comes before. A body of no declared length is
    cut off where it becomes too large.
    """

    def __init__(self, app: App, *, limit_bytes: int) -> None:
        self._app, self._limit = app, limit_bytes + FORM_BYTES

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        declared = dict(scope.get("headers", [])).get(b"content-length", b"")
        if not declared.isdigit():
            await self._app(scope, self._counted(receive), send)
        elif int(declared) <= self._limit:
            await self._app(scope, receive, send)
        elif await _drained(receive):
            await _answer(scope, send)

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message if taken <= self._limit else {"type": "http.disconnect"}

        return counted


async def _drained(receive: Receive) -> bool:
    """Read a body to its end; return whether somebody is still there."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        if not message.get("more_body", False):
            return True


async def _answer(scope: dict[str, Any], send: Send) -> None:
    path = scope["path"]
    if path.endswith(UPLOAD_PAGE):
        location = scope.get("raw_path", path.encode()) + b"?" + TOO_LARGE
        status, headers, body = 303, [(b"location", location), (b"content-length", b"0")], b""
    else:
        body = b"The request is larger than this server takes in (TILLIT_MAX_UPLOAD_MB)."
        status, headers = 413, [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

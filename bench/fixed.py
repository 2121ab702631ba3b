"""The least a server can do: an ASGI application that answers 204 to everything. The baseline of the edge."""

from __future__ import annotations

from typing import Any

START = {"type": "http.response.start", "status": 204, "headers": []}
BODY = {"type": "http.response.body", "body": b""}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 204; start and stop when the server asks."""
    if scope["type"] == "http":
        await send(START)
        await send(BODY)
        return
    message = {"type": ""}
    while message["type"] != "lifespan.shutdown":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})

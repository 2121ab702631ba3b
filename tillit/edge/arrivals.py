"""What a request says, read once: its path, the headers that matter, and the hit it is."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import date
from typing import Any

import uuid_utils

from tillit.edge.addresses import truncated
from tillit.edge.agents import PREFETCH, SCANNER, USER_AGENT_BYTES, agent
from tillit.edge.counters import Drop
from tillit.edge.hits import CLICK, EPOCH_S, LINKS, OPEN, Hit
from tillit.edge.tokens import EPOCH, Fields, Kind

Scope = MutableMapping[str, Any]
Headers = dict[bytes, bytes]

DAY_S = 86_400
_UNIX_DAYS = (EPOCH - date(1970, 1, 1)).days

# Source: Fetch Metadata (Sec-Purpose); the older ones are Chrome's, Safari's and Firefox'.
_PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_AHEAD = (b"prefetch", b"prerender", b"preview", b"instant")
_WANTED = frozenset((b"user-agent", b"x-forwarded-for", b"accept-language", b"sec-gpc", b"dnt", *_PURPOSES))


def path(scope: Scope) -> bytes:
    """The path; whatever is not ASCII in it is no token's."""
    text: str = scope["path"]
    return text.encode("ascii", "replace")


def peer(scope: Scope) -> str:
    """The address of who connected, empty for a socket in the file system."""
    client = scope.get("client")
    return client[0] if client else ""


def headers(scope: Scope) -> Headers:
    """The headers that the edge reads."""
    return {name: value for name, value in scope["headers"] if name in _WANTED}


def day(now: float) -> int:
    """The day in UTC, as tokens count them, of a time in seconds since 1970."""
    return int(now // DAY_S) - _UNIX_DAYS


def signal(headers: Headers) -> Drop | None:
    """What the browser asks for. Source: Global Privacy Control (Sec-GPC); Tracking Preference Expression (DNT)."""
    if headers.get(b"sec-gpc") == b"1":
        return Drop.GPC
    if headers.get(b"dnt") == b"1":
        return Drop.DNT
    return None


def classified(
    token: Fields, scope: Scope, headers: Headers, *, now: float, client: Callable[[str, bytes | None], str]
) -> Hit:
    """Return the hit, with person and machine told apart.

    Of a machine, and of a proxy that hides its user, no address is kept: it would not be the person's. `client` finds
    the address from the peer's and X-Forwarded-For.
    """
    program, device, machine, hides_address = agent(headers.get(b"user-agent", b"")[:USER_AGENT_BYTES])
    if not machine:
        machine = _by_request(scope, headers)
    keep_address = not (hides_address or machine)
    clicked = token.kind == Kind.CLICK
    return Hit(
        id=uuid_utils.uuid7().bytes,
        person=token.person,
        campaign=token.campaign,
        kind=CLICK if clicked else OPEN,
        link=token.argument if clicked and token.argument <= LINKS else None,
        at_us=int((now - EPOCH_S) * 1_000_000),
        client=program,
        device=device,
        address=truncated(client(peer(scope), headers.get(b"x-forwarded-for"))) if keep_address else None,
        machine=machine,
    )


def _by_request(scope: Scope, headers: Headers) -> str:
    """The machine that a request shows by itself: mail programs and browsers follow links with GET, when clicked."""
    if scope["method"] == "HEAD":
        return SCANNER
    for name in _PURPOSES:
        if name in headers and headers[name].lower().startswith(_AHEAD):
            return PREFETCH
    return ""

"""What the edge's tests share: persons, links, requests to the application, and what is in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils

from tests.conftest import superuser
from tillit.edge.app import EdgeApp
from tillit.edge.tokens import USE, Kind, Tokens, click_url, open_url, target_bytes
from tillit.env import env
from tillit.policy.regions import Region

PURPOSE = "measurement.email"
TARGET = "https://www.example.com/rooms?size=huddle&utm_source=mail#top"
BROWSER = b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
UNREACHABLE = "postgresql://tillit_edge@/tillit?host=/nowhere"
PEER = "198.51.100.77"


def tokens() -> Tokens:
    return Tokens(env().keys.derive(USE))


def today() -> date:
    return datetime.now(UTC).date()


def open_path(workspace: int, person: UUID, *, campaign: int = 1, day: date | None = None) -> str:
    return open_url(
        "", tokens().issue(Kind.OPEN, workspace=workspace, campaign=campaign, person=person, day=day or today())
    )


def click_path(
    workspace: int, person: UUID, *, target: str = TARGET, link: int = 3, campaign: int = 1, age_days: int = 0
) -> str:
    token = tokens().issue(
        Kind.CLICK,
        workspace=workspace,
        campaign=campaign,
        person=person,
        day=today() - timedelta(days=age_days),
        argument=link,
        extra=target_bytes(target),
    )
    return click_url("", token, target)


def person(
    workspace: int, *, region: Region = Region.US, roles: int = 1, flags: int = 0, granted: int = 0, refused: int = 0
) -> UUID:
    """A person as a row; in the reference policy somebody in the US permits measurement unless refused."""
    made = uuid_utils.uuid7()
    with superuser() as connection:
        connection.execute(
            "INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, '', now())",
            [made, workspace, region, roles, flags, granted, refused],
        )
    return made


def events(columns: str = "kind, person_id") -> list[tuple[Any, ...]]:
    with superuser() as connection:
        return connection.execute(f"SELECT {columns} FROM delivery_event ORDER BY id").fetchall()


def activities() -> list[dict[str, int]]:
    with superuser() as connection:
        rows = connection.execute(
            "SELECT counts FROM ledger_activity WHERE act = 'edge.measure' ORDER BY id"
        ).fetchall()
    return [counts for (counts,) in rows]


def cut_connections() -> int:
    """End every connection of the edge, as a restart of the database does."""
    with superuser() as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'tillit_edge'"
        ).fetchone()
    return ended[0]


def execute(sql: str) -> None:
    with superuser() as connection:
        connection.execute(sql)


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def ask(
    app: EdgeApp, path: str, *, method: str = "GET", peer: str | None = PEER, **headers: str | bytes
) -> Answer:
    """Ask the application as a server would; header names with underscores."""
    plain, _, query = path.partition("?")
    sent = {"user_agent": BROWSER, **headers}
    scope = {
        "type": "http",
        "method": method,
        "path": plain,
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in sent.items()
        ],
        "client": (peer, 40000) if peer else None,
    }
    answer = Answer()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message["body"]

    async def receive() -> dict[str, Any]:
        raise AssertionError("the edge reads no body")

    await app(scope, receive, send)
    return answer


def serve(test: Callable[[EdgeApp], Awaitable[None]], **options: Any) -> EdgeApp:
    """Run a test with a started edge, stop it, and return it for its counters."""
    app = EdgeApp(key=env().keys.derive(USE), **{"dsn": env().edge_dsn, **options})

    async def run() -> None:
        await app.startup()
        try:
            await test(app)
        finally:
            await app.shutdown()

    asyncio.run(run())
    return app


async def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait for something to become true; raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)

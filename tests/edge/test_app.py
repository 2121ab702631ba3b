"""What the edge answers, whatever the database does."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.edge.world import PEER, TARGET, UNREACHABLE, ask, click_path, open_path, serve, today, tokens
from tillit.edge.app import EdgeApp
from tillit.edge.counters import Drop
from tillit.edge.tokens import LIFETIME_DAYS, USE, Kind, click_url
from tillit.env import env

ANN = UUID(int=7)


def quiet(test: Any) -> EdgeApp:
    """Run a test without a database."""
    return serve(test, dsn=UNREACHABLE, grace_s=0)


@pytest.mark.parametrize(
    "spoil",
    {
        "a changed target": lambda path: path.replace("example.com", "example.org"),
        "a changed token": lambda path: path.replace("/e/c/", "/e/c/A"),
        "a cut token": lambda path: path.replace("/e/c/A", "/e/c/"),
        "no target": lambda path: path.partition("?")[0],
        "no token": lambda path: "/e/c/?" + path.partition("?")[2],
        "a huge target": lambda path: path + "x" * 20_000,
        "a huge token": lambda path: path.replace("/e/c/", "/e/c/" + "A" * 20_000),
        "bytes that are no text": lambda path: path.replace("?u=", "?u=%FF%FE"),
        "letters beyond ASCII": lambda path: path.replace("/e/c/", "/e/c/ä"),
    }.values(),
)
def test_a_damaged_link_leads_nowhere_and_says_so(spoil: Any) -> None:
    async def test(app: EdgeApp) -> None:
        answer = await ask(app, spoil(click_path(1, ANN)))
        assert answer.status == 400
        assert "location" not in answer.headers
        assert b"This link does not work" in answer.body
        assert b"example" not in answer.body

    assert quiet(test).counters.dropped[Drop.FORGED] == 1


def test_the_page_of_a_damaged_link_is_in_the_readers_language() -> None:
    async def test(app: EdgeApp) -> None:
        swedish = await ask(app, "/e/c/x?u=https://example.com", accept_language="sv-SE,sv;q=0.9,en;q=0.8")
        assert "Länken fungerar inte" in swedish.body.decode()

    quiet(test)


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "//example.com", "/console", "ftp://example.com"]
)
def test_a_signed_target_that_is_no_web_address_leads_nowhere(target: str) -> None:
    signed = tokens().issue(
        Kind.CLICK, workspace=1, campaign=1, person=ANN, day=today(), argument=1, extra=target.encode()
    )

    async def test(app: EdgeApp) -> None:
        assert (await ask(app, f"/e/c/{signed}?u={target}")).status == 400

    quiet(test)


def test_a_token_of_another_kind_is_no_click() -> None:
    unsubscribe = tokens().issue(
        Kind.UNSUBSCRIBE, workspace=1, campaign=1, person=ANN, day=today(), extra=TARGET.encode()
    )

    async def test(app: EdgeApp) -> None:
        assert (await ask(app, click_url("", unsubscribe, TARGET))).status == 400
        assert (await ask(app, f"/e/o/{unsubscribe}.gif")).status == 200

    assert quiet(test).counters.dropped[Drop.FORGED] == 2


def test_an_expired_link_still_leads_there_without_a_record() -> None:
    async def test(app: EdgeApp) -> None:
        clicked = await ask(app, click_path(1, ANN, age_days=LIFETIME_DAYS[Kind.CLICK] + 1))
        assert (clicked.status, clicked.headers["location"]) == (302, TARGET)

    app = quiet(test)
    assert app.counters.dropped[Drop.EXPIRED] == 1
    assert app.counters.dropped[Drop.SHUTDOWN] == 0


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("https://exämple.se/å?q=ö", "https://ex%C3%A4mple.se/%C3%A5?q=%C3%B6"),
        ("http://example.com", "http://example.com"),
        ("https://example.com/a%20b?c=%26&d=(e)[f]'\"", "https://example.com/a%20b?c=%26&d=(e)[f]'%22"),
    ],
)
def test_a_redirect_carries_the_target_in_ascii(target: str, location: str) -> None:
    async def test(app: EdgeApp) -> None:
        assert (await ask(app, click_path(1, ANN, target=target))).headers["location"] == location

    quiet(test)


def test_what_mail_programs_append_does_not_matter() -> None:
    async def test(app: EdgeApp) -> None:
        assert (await ask(app, click_path(1, ANN) + "&utm_source=x&fbclid=y")).headers["location"] == TARGET

    quiet(test)


def test_a_forged_pixel_is_still_a_picture() -> None:
    async def test(app: EdgeApp) -> None:
        answer = await ask(app, "/e/o/nonsense.gif")
        assert (answer.status, answer.body[:6]) == (200, b"GIF89a")

    assert quiet(test).counters.dropped[Drop.FORGED] == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(method: str) -> None:
    async def test(app: EdgeApp) -> None:
        answer = await ask(app, open_path(1, ANN), method=method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")

    quiet(test)


def test_head_answers_without_a_body() -> None:
    async def test(app: EdgeApp) -> None:
        answer = await ask(app, open_path(1, ANN), method="HEAD")
        assert (answer.status, answer.headers["content-length"], answer.body) == (200, "43", b"")

    quiet(test)


@pytest.mark.parametrize("path", ["/e/", "/e/x", "/e/health/more", "/e", "/"])
def test_other_paths_are_not_found(path: str) -> None:
    async def test(app: EdgeApp) -> None:
        assert (await ask(app, path)).status == 404

    quiet(test)


def test_metrics_are_for_this_machine_and_name_nobody() -> None:
    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(1, ANN))
        await ask(app, "/e/o/nonsense.gif")
        metrics = (await ask(app, "/e/metrics", peer="127.0.0.1")).body.decode()
        assert 'tillit_edge_hits_total{kind="open"} 1' in metrics
        assert 'tillit_edge_dropped_total{reason="forged"} 1' in metrics
        assert "# TYPE tillit_edge_waiting gauge" in metrics
        for hidden in (str(ANN), ANN.hex, PEER, "Chrome"):
            assert hidden not in metrics
        assert (await ask(app, "/e/metrics", peer="::1")).status == 200
        assert (await ask(app, "/e/metrics")).status == 404
        assert (await ask(app, "/e/metrics", peer=None)).status == 404
        assert (await ask(app, "/e/metrics", peer="127.0.0.1", x_forwarded_for=PEER)).status == 404

    quiet(test)


def test_it_starts_and_stops_with_its_server() -> None:
    app = EdgeApp(key=env().keys.derive(USE), dsn=UNREACHABLE, grace_s=0)
    inbox = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    outbox: list[str] = []

    async def receive() -> dict[str, Any]:
        return inbox.pop(0)

    async def send(message: dict[str, Any]) -> None:
        outbox.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert outbox == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_it_starts_by_itself_under_a_server_without_lifespan() -> None:
    app = EdgeApp(key=env().keys.derive(USE), dsn=UNREACHABLE, grace_s=0)

    async def run() -> None:
        assert (await ask(app, click_path(1, ANN))).status == 302
        await app.shutdown()
        assert (await ask(app, click_path(1, ANN))).status == 302

    asyncio.run(run())
    assert app.counters.dropped[Drop.SHUTDOWN] == 2


def test_websockets_are_closed() -> None:
    app = EdgeApp(key=env().keys.derive(USE), dsn=UNREACHABLE)
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app({"type": "websocket"}, send, send))
    assert sent == [{"type": "websocket.close", "code": 1000}]

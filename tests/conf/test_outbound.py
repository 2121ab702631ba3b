"""Requests to typed addresses reach the public and nobody inside."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import translation

from tillit import outbound
from tillit.outbound import Forbidden, Unreachable, ask, check_form, download, place


class Answers(BaseHTTPRequestHandler):
    """Answers by path; what was asked is kept on the server."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/file")
        elif self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/secret")
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
        else:
            self.send_response(404 if self.path == "/gone" else 200)
        body = b"x" * 100 if self.path == "/file" else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(settings_of: Callable[..., None]) -> Iterator[Any]:
    """A server on this machine, which the operator lets be reached."""
    settings_of(outbound_networks="127.0.0.0/8")
    running = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    running.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def here(server: Any, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://224.0.0.1/",
        "https://2130706433/",
        "https://localhost/",
    ],
)
def test_machines_inside_are_not_reached(url: str) -> None:
    with pytest.raises((Forbidden, Unreachable)):
        place(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@example.org/",
        "https://example.org:99999/",
        "https://example.org/ x",
        "https://example.org/\r\nHost: other",
        "//example.org",
        "https://[::1/",
        "https://bücher.example/",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        check_form(url)


def test_outside_only_https_is_spoken() -> None:
    assert place("https://93.184.215.14/").ip == "93.184.215.14"
    with pytest.raises(Forbidden, match="https"):
        place("http://93.184.215.14/")


def test_one_address_inside_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*_asked: Any, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", found)
    with pytest.raises(Forbidden):
        place("https://example.org/")


def test_what_the_operator_lets_be_reached_is_reached(server: Any) -> None:
    with ask("GET", here(server, "/file?a=1"), within_s=5) as answer:
        assert answer.status == 200
    assert server.asked == [("/file?a=1", f"127.0.0.1:{server.server_port}")]


def test_redirections_are_judged_anew(server: Any) -> None:
    assert b"".join(download(here(server, "/moved"), within_s=5, most_bytes=1000)) == b"x" * 100
    with pytest.raises(Forbidden):
        list(download(here(server, "/inside"), within_s=5, most_bytes=1000))
    with pytest.raises(Unreachable, match="without end"):
        list(download(here(server, "/round"), within_s=5, most_bytes=1000))


def test_too_much_and_nothing_are_said(server: Any) -> None:
    with pytest.raises(Unreachable, match="larger"):
        list(download(here(server, "/file"), within_s=5, most_bytes=50))
    with pytest.raises(Unreachable, match="404"):
        list(download(here(server, "/gone"), within_s=5, most_bytes=50))


def test_nobody_there_is_said(settings_of: Callable[..., None], unused_tcp_socket: Any) -> None:
    settings_of(outbound_networks="127.0.0.0/8")
    port = unused_tcp_socket.getsockname()[1]
    unused_tcp_socket.close()
    with pytest.raises(Unreachable), ask("GET", f"http://127.0.0.1:{port}/", within_s=2):
        pass


def test_why_an_address_cannot_be_reached_is_said_in_the_readers_language(settings_of: Callable[..., None]) -> None:
    settings_of(outbound_networks="127.0.0.0/8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    said = []
    with translation.override("sv"):
        for url in ("ftp://example.org", "https://10.0.0.1/", f"http://127.0.0.1:{port}/", "https://nobody.invalid/"):
            with pytest.raises((Forbidden, Unreachable)) as refused, ask("GET", url, within_s=2):
                raise AssertionError("nobody is there")
            said.append(str(refused.value))
    assert said == [
        "Det är ingen webbadress som börjar med https:// och bara anger en värd.",
        "10.0.0.1 är en maskin som allmänheten inte kan nå.",
        "127.0.0.1 gick inte att nå: den vägrade anslutningen.",
        "Namnet nobody.invalid är inte känt.",
    ]

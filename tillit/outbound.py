"""Requests to addresses that somebody typed in: never to a machine of our own network, unless the operator says so.

The name is looked up once, every address it has is judged, and the connection is made to the one that was judged, so
that a name which answers differently the second time reaches nothing. Source: OWASP, server-side request forgery.
"""

from __future__ import annotations

import errno
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.env import env

CONNECT_S = 5.0
MOVED = {301, 302, 303, 307, 308}
READ_BYTES = 64 * 1024
#: Ranges that carry an IPv4 address inside, which would be judged as the address around it.
_WRAPPED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
_WHY: tuple[tuple[tuple[type[Exception], ...], str | Promise], ...] = (
    ((TimeoutError,), gettext_lazy("it took too long")),
    ((ConnectionRefusedError,), gettext_lazy("it refused the connection")),
    (
        (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected),
        gettext_lazy("it broke the connection off"),
    ),
)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(ValueError):
    """The address is not one that may be asked: not https, or a machine that the public cannot reach."""


class Unreachable(Exception):
    """Nobody answered there, or not in time, or with too much."""


@dataclass(frozen=True, slots=True)
class Place:
    """A web address with the network address it was found to mean."""

    parts: SplitResult
    ip: str

    @property
    def port(self) -> int:
        return self.parts.port or (443 if self.parts.scheme == "https" else 80)

    @property
    def target(self) -> str:
        path = self.parts.path or "/"
        return f"{path}?{self.parts.query}" if self.parts.query else path


def check_form(url: str) -> SplitResult:
    """Split a web address, without asking anybody for its name. Raises Forbidden."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise Forbidden(_("It is no web address.")) from error
    if parts.scheme not in {"https", "http"} or not host or parts.username or parts.password or port == 0:
        raise Forbidden(_("It is no web address that begins with https:// and names a host alone."))
    if not url.isascii() or any(ord(letter) <= 32 or letter == "\x7f" for letter in url):
        raise Forbidden(_("It has letters that a web address cannot have."))
    return parts


def place(url: str) -> Place:
    """Look a web address up and judge it. Raises Forbidden, and Unreachable for a name that nobody has."""
    parts = check_form(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _unknown(parts) from error
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for address in addresses:
        _judge(address, parts)
    if not addresses:
        raise _unknown(parts)
    return Place(parts, str(addresses[0]))


def _judge(address: _Address, parts: SplitResult) -> None:
    plain = address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
    if any(plain in network for network in _inside() if network.version == plain.version):
        return
    wrapped = any(plain in network for network in _WRAPPED if network.version == plain.version)
    if wrapped or not plain.is_global or plain.is_multicast:
        raise Forbidden(_("%(host)s is a machine that the public cannot reach.") % {"host": parts.hostname})
    if parts.scheme != "https":
        raise Forbidden(_("Only https:// is spoken with machines outside."))


def _inside() -> tuple[Any, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in env().outbound_networks.split())


@contextmanager
def ask(
    method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None, within_s: float
) -> Iterator[http.client.HTTPResponse]:
    """Send a request and give the answer, following nothing. Raises Forbidden and Unreachable."""
    asked = place(url)
    connection = _connection(asked, within_s)
    try:
        connection.request(method, asked.target, body=body, headers={"User-Agent": "Tillit", **(headers or {})})
        yield connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        told = {"host": asked.parts.hostname, "why": _said(error)}
        raise Unreachable(_("%(host)s did not answer: %(why)s.") % told) from error
    finally:
        connection.close()


def download(url: str, *, within_s: float, most_bytes: int, hops: int = 3) -> Iterator[bytes]:
    """Yield a file in parts, following a few redirections, each judged anew. Raises Forbidden and Unreachable."""
    ends = time.monotonic() + within_s
    for _each in range(hops + 1):
        with ask("GET", url, within_s=within_s) as answer:
            if answer.status in MOVED and (onward := answer.getheader("Location")):
                url = urljoin(url, onward)
                continue
            if answer.status != 200:
                raise Unreachable(_("The answer was %(status)s.") % {"status": answer.status})
            yield from _parts(answer, ends, most_bytes)
            return
    raise Unreachable(_("It leads from one address to another without end."))


def _parts(answer: http.client.HTTPResponse, ends: float, most_bytes: int) -> Iterator[bytes]:
    read = 0
    while part := answer.read(READ_BYTES):
        read += len(part)
        if read > most_bytes:
            raise Unreachable(_("The file is larger than %(size)s MB.") % {"size": most_bytes >> 20})
        if time.monotonic() > ends:
            raise Unreachable(_("The file did not arrive in time."))
        yield part


def _connection(asked: Place, within_s: float) -> http.client.HTTPConnection:
    """A connection to the address that was judged, under the name that was asked for."""
    host = asked.parts.hostname or ""
    if asked.parts.scheme == "https":
        connection: http.client.HTTPConnection = _Pinned(host, asked, within_s)
    else:
        connection = http.client.HTTPConnection(host, asked.port, timeout=within_s)
    connection.sock = None
    try:
        plain = socket.create_connection((asked.ip, asked.port), timeout=min(CONNECT_S, within_s))
        plain.settimeout(within_s)
        connection.sock = connection.wrapped(plain) if isinstance(connection, _Pinned) else plain
    except OSError as error:
        told = {"host": host, "why": _said(error)}
        raise Unreachable(_("%(host)s could not be reached: %(why)s.") % told) from error
    return connection


class _Pinned(http.client.HTTPSConnection):
    def __init__(self, host: str, asked: Place, within_s: float) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, asked.port, timeout=within_s, context=self._tls)

    def wrapped(self, plain: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(plain, server_hostname=self.host)


def _unknown(parts: SplitResult) -> Unreachable:
    return Unreachable(_("The name %(host)s is not known.") % {"host": parts.hostname})


def _said(error: Exception) -> str:
    """Why a connection failed, in the reader's language where it is one of the common ways."""
    for kinds, words in _WHY:
        if isinstance(error, kinds):
            return str(words)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("its certificate is not valid (%(why)s)") % {"why": error.verify_message.strip(".")}
    if isinstance(error, OSError) and error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        return _("no way leads to it")
    return (str(error) or type(error).__name__).strip(".")

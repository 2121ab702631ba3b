"""Where a hit came from: the peer's address, or what a trusted proxy says, cut to a network before it is kept.

An address identifies a household or a person (recital 30 GDPR; CJEU C-582/14, Breyer), and we need to know no more than
the network: which country, which provider. So the last 8 bits of an IPv4 address and the last 80 of an IPv6 address are
dropped before anything is stored (art 5(1)(c) GDPR): a /24 holds 256 subscribers, and a /48 is what one IPv6 site is
given at most (RFC 6177).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from socket import AF_INET, AF_INET6, inet_pton

_V4, _V6 = 2, 3  # families in PostgreSQL's binary inet. Source: src/include/utils/inet.h
_V4_HEAD, _V6_HEAD = bytes([_V4, 32, 0, 4]), bytes([_V6, 128, 0, 16])
_MAPPED = bytes(10) + b"\xff\xff"  # an IPv4 address in an IPv6 socket. Source: RFC 4291 section 2.5.5.2
MAX_HOPS = 20


def truncated(host: str) -> bytes | None:
    """Return the network of an address as PostgreSQL's binary inet: an address ending in zeros. None if it is none."""
    try:
        if ":" not in host:
            return _V4_HEAD + inet_pton(AF_INET, host)[:3] + b"\0"
        raw = inet_pton(AF_INET6, host)
    except OSError:
        return None  # a socket in the file system, or nonsense from a proxy
    if raw.startswith(_MAPPED):
        return _V4_HEAD + raw[12:15] + b"\0"
    return _V6_HEAD + raw[:6] + bytes(10)


class Proxies:
    """The reverse proxies whose X-Forwarded-For is believed.

    Anybody can send the header: it counts only when the peer is trusted, read from its end up to the first address that
    is not trusted. Raises ValueError when a network is malformed.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(text, strict=False) for text in trusted]
        self._trusts = lru_cache(1024)(self._contains)

    def client(self, peer: str, forwarded: bytes | None) -> str:
        """Return the address of who asked."""
        if forwarded is None or not self._networks or not self._trusts(peer):
            return peer
        client = peer
        for hop in reversed(forwarded.decode("latin-1").split(",")[-MAX_HOPS:]):
            client = _without_port(hop.strip())
            if not self._trusts(client):
                break
        return client

    def _contains(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

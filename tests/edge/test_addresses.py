"""An address is cut before it is kept, and a header is believed only from a proxy that we trust."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.edge.addresses import Proxies, is_loopback, truncated


@given(address=st.ip_addresses(v=4))
def test_an_ipv4_address_loses_its_last_8_bits(address: IPv4Address) -> None:
    kept = truncated(str(address))
    assert kept == bytes([2, 32, 0, 4]) + address.packed[:3] + b"\0"
    assert truncated(f"::ffff:{address}") == kept


@given(address=st.ip_addresses(v=6).filter(lambda a: a.ipv4_mapped is None))
def test_an_ipv6_address_loses_its_last_80_bits(address: IPv6Address) -> None:
    assert truncated(str(address)) == bytes([3, 128, 0, 16]) + address.packed[:6] + bytes(10)


@pytest.mark.parametrize("host", ["", "unix:", "unknown", "1.2.3", "1.2.3.4.5", "fe80::1%eth0", "::g", "localhost"])
def test_what_is_no_address_is_not_kept(host: str) -> None:
    assert truncated(host) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", b"203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", b"1.1.1.1, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.1", b"203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", b"[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", b"2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", b"10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", b"\xff nonsense", "\xff nonsense"),
        ("203.0.113.1", b"1.1.1.1", "203.0.113.1"),
        ("", b"1.1.1.1", ""),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours_is_the_clients(peer: str, forwarded: bytes, client: str) -> None:
    assert Proxies(["10.0.0.0/8"]).client(peer, forwarded) == client


def test_nobody_is_trusted_unless_named() -> None:
    assert Proxies().client("127.0.0.1", b"1.1.1.1") == "127.0.0.1"


def test_a_malformed_network_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Proxies(["nonsense"])


@given(address=st.ip_addresses())
def test_loopback_is_this_machine(address: IPv4Address | IPv6Address) -> None:
    assert is_loopback(str(address)) == ip_address(str(address)).is_loopback


def test_what_is_no_address_is_not_this_machine() -> None:
    assert not is_loopback("")

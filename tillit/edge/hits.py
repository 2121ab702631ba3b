"""A hit as it is kept, and many of them as PostgreSQL's binary arrays.

The arrays are joined from bytes, since psycopg adapts element by element: 64 hits take 53 µs here and 260 µs there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

OPEN, CLICK = "open", "click"
EPOCH_S = 946_684_800  # 2000-01-01, where PostgreSQL's time begins
LINKS = 32_767  # a smallint; a mail with more links keeps its clicks, without the number

#: The types of `columns`, in order.
TYPES = "uuid[], uuid[], bigint[], text[], smallint[], timestamptz[], text[], text[], inet[], text[]"
_UUID, _INT8, _INT2, _TEXT, _MOMENT, _INET = 2950, 20, 21, 25, 1184, 869  # Source: src/include/catalog/pg_type.dat

_HEAD = Struct(">iiIii")  # dimensions, has nulls, element type, length, lower bound. Source: arrayfuncs.c, array_recv
_EMPTY = Struct(">iiI")
_LENGTH = Struct(">i")
_LONG, _SHORT = Struct(">iq"), Struct(">ih")
_NULL = _LENGTH.pack(-1)
_SIXTEEN = _LENGTH.pack(16)


class Hit(NamedTuple):
    """An open or a click. Ids are the 16 bytes of a uuid, `at_us` microseconds since 2000, `address` a binary inet."""

    id: bytes
    person: bytes
    campaign: int
    kind: str
    link: int | None
    at_us: int
    client: str
    device: str
    address: bytes | None
    machine: str


def columns(hits: Sequence[Hit]) -> list[bytes]:
    """Return the hits as arrays of their fields, in the fields' order."""
    fields = zip(*hits, strict=True) if hits else ((),) * len(Hit._fields)
    ids, persons, campaigns, kinds, links, moments, clients, devices, addresses, machines = fields
    return [
        _array(_UUID, len(hits), _SIXTEEN + _SIXTEEN.join(ids)),
        _array(_UUID, len(hits), _SIXTEEN + _SIXTEEN.join(persons)),
        longs(campaigns),
        _texts(kinds),
        _array(_INT2, len(hits), b"".join([_NULL if link is None else _SHORT.pack(2, link) for link in links])),
        longs(moments, _MOMENT),
        _texts(clients),
        _texts(devices),
        _array(_INET, len(hits), b"".join([_NULL if a is None else _LENGTH.pack(len(a)) + a for a in addresses])),
        _texts(machines),
    ]


def longs(values: Sequence[int], element: int = _INT8) -> bytes:
    """Return 64-bit numbers as an array."""
    return _array(element, len(values), b"".join([_LONG.pack(8, value) for value in values]))


def _texts(values: Sequence[str]) -> bytes:
    return _array(_TEXT, len(values), b"".join([_text(value) for value in values]))


@lru_cache(1024)
def _text(value: str) -> bytes:
    raw = value.encode()
    return _LENGTH.pack(len(raw)) + raw


def _array(element: int, length: int, body: bytes) -> bytes:
    return _HEAD.pack(1, 1, element, length, 1) + body if length else _EMPTY.pack(0, 0, element)

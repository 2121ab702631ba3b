"""Header fields as bytes: values of people and of campaigns, encoded so that none can start a field of its own."""

import datetime as dt
from base64 import b64encode
from email.utils import format_datetime
from urllib.parse import quote

from tillit.delivery.wire import ascii_domain, check_address

_ATOM = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~"
_URI = _ATOM.replace(b"^", b"").replace(b"`", b"").replace(b"{|}", b"") + b"()*,./:;=@[]"
_URI_TEXT = _URI.decode("ascii")
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")
_LINE = 76  # Source: RFC 2047 §2, lines with encoded words; RFC 5322 §2.1.1 recommends 78
_FIRST_CHUNK, _CHUNK = 33, 45  # bytes of UTF-8 whose encoded word fits a line, after a field's name and alone
_MAX_URI = 900  # one line with its field name stays under the 998 bytes of RFC 5322 §2.1.1


class BadHeader(ValueError):
    """A header value that cannot be written: it would break its line or is too long for one."""


def text(value: str, *, room: int = 60) -> bytes:
    """An unstructured value such as a subject, of which `room` characters fit the first line.

    ASCII is written as it is and folded at spaces, all else as encoded words; line breaks and other control
    characters become spaces. Source: RFC 5322 §2.2.3, RFC 2047.
    """
    if value.isascii() and value.isprintable() and len(value) <= room and "=?" not in value:
        return value.strip().encode("ascii")
    value = value.translate(_CONTROLS).strip()
    if value.isascii() and "=?" not in value and "  " not in value:
        folded = _folded(value, room)
        if folded is not None:
            return folded
    return _encoded_words(value)


def mailbox(name: str, address: str) -> bytes:
    """`"Name" <address>`, with the name in encoded words where it needs them. Raises `BadAddress`.

    Source: RFC 5322 §3.4. A local part beyond ASCII stays UTF-8, for relays with SMTPUTF8.
    """
    where = addr_spec(address)
    words = phrase(name)
    if not words:
        return where
    fold = b" " if len(words) + len(where) < 68 else b"\r\n "
    return words + fold + b"<" + where + b">"


def phrase(name: str) -> bytes:
    """A name before an address or a list's identifier: quoted, or in encoded words. Source: RFC 2047 §5 (3)."""
    if not name.isprintable():
        name = name.translate(_CONTROLS)
    name = name.strip()
    if name.isascii() and len(name) <= 60 and "=?" not in name:
        return b'"' + name.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"' if name else b""
    return _encoded_words(name)


def addr_spec(address: str) -> bytes:
    """The address as a header may carry it, its local part quoted where it is no dot-atom. Raises `BadAddress`."""
    data = address.encode("utf-8", "surrogatepass")
    local, _, domain = data.rpartition(b"@")
    if domain and not data.translate(None, _ATOM + b".@") and len(data) <= 254 and _dotted(local):
        return data
    check_address(address)
    local, _, domain = ascii_domain(address).encode().rpartition(b"@")
    if not local.isascii() or (local.startswith(b'"') and local.endswith(b'"') and len(local) > 2):
        return local + b"@" + domain
    if local.translate(None, _ATOM + b".") or not _dotted(local):
        local = b'"' + local.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return local + b"@" + domain


def uri(value: str) -> bytes:
    """A URI to stand between angle brackets; whatever a URI may not hold is percent-encoded. Raises `BadHeader`."""
    data = value.encode("utf-8", "replace")
    if data.translate(None, _URI):
        data = quote(value, safe=_URI_TEXT, errors="replace").encode("ascii")
    if len(data) > _MAX_URI:
        raise BadHeader(f"an address of {len(data)} bytes is too long for a header; {_MAX_URI} are allowed")
    return data


def token(value: str) -> bytes:
    """A value written as it is, such as a Message-ID: printable ASCII without space or brackets. Raises `BadHeader`."""
    if not (value and value.isascii() and value.isprintable()) or any(mark in value for mark in " <>"):
        raise BadHeader(f"{value!r} cannot stand in a header")
    if len(value) > _MAX_URI:
        raise BadHeader(f"a value of {len(value)} bytes is too long for a header; {_MAX_URI} are allowed")
    return value.encode("ascii")


def date(when: dt.datetime) -> bytes:
    """The Date of a mail; one a second serves every mail of that second. Source: RFC 5322 §3.3."""
    return format_datetime(when).encode("ascii")


def _dotted(local: bytes) -> bool:
    return bool(local) and b".." not in local and local[0] != 0x2E and local[-1] != 0x2E and b"@" not in local


def _folded(value: str, room: int) -> bytes | None:
    """ASCII words over lines of at most 76; None when one word is longer than a line."""
    lines, line = list[str](), ""
    for word in value.split(" "):
        if line and len(line) + 1 + len(word) > (room if not lines else _LINE - 1):
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
        if len(word) > (room if not lines else _LINE - 1):
            return None
    return "\r\n ".join([*lines, line]).encode("ascii")


def _encoded_words(value: str) -> bytes:
    """UTF-8 in base64 words, cut between characters, one a line. Source: RFC 2047 §2 and §5."""
    data, words, start = value.encode("utf-8", "replace"), list[bytes](), 0
    while start < len(data):
        end = min(len(data), start + (_CHUNK if start else _FIRST_CHUNK))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(b"=?utf-8?b?" + b64encode(data[start:end]) + b"?=")
        start = end
    return b"\r\n ".join(words)

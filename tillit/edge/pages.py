"""The few answers of the edge, made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]

# A transparent picture of one pixel.
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)

# A second open must ask again, and no cache in between may learn who opened.
_NO_STORE = (b"cache-control", b"no-store")
_LENGTH, _TYPE = b"content-length", b"content-type"

_BAD_LINK = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>{title}</title>
<style>:root{{color-scheme:light dark}}h1{{font-size:1.5rem}}
body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem}}</style>
<main><h1>{title}</h1><p>{text}</p></main></html>"""
_ENGLISH = _BAD_LINK.format(
    language="en",
    title="This link does not work",
    text="It is damaged, or it was not made by us, so we do not know where it leads and take you nowhere. "
    "Copy the whole link from the mail, or write to whoever sent it.",
)
_SWEDISH = _BAD_LINK.format(
    language="sv",
    title="Länken fungerar inte",
    text="Den är skadad eller inte skapad av oss. Vi vet därför inte vart den leder och skickar dig ingenstans. "
    "Kopiera hela länken från mejlet, eller skriv till den som skickade det.",
)

_LOCATION_SAFE = "!#$%&'()*+,/:;=?@[]~-._"


def answer(
    status: int, body: bytes, content_type: bytes, more: Sequence[tuple[bytes, bytes]] = ()
) -> tuple[Message, Message]:
    """Return the two ASGI messages of an answer."""
    headers = [(_TYPE, content_type), (_LENGTH, b"%d" % len(body)), _NO_STORE, *more]
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


def text(status: int, body: str, more: Sequence[tuple[bytes, bytes]] = ()) -> tuple[Message, Message]:
    """Return an answer in plain text."""
    return answer(status, body.encode(), b"text/plain; charset=utf-8", [*more, _NO_SNIFFING])


_NO_SNIFFING, _NO_REFERRER = (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")
_PAGE = [
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"vary", b"accept-language"),
    _NO_SNIFFING,
    _NO_REFERRER,
]
PIXEL = answer(200, GIF, b"image/gif")  # each header more costs the server 0.5 µs
BAD_LINK = {
    "en": answer(400, _ENGLISH.encode(), b"text/html; charset=utf-8", _PAGE),
    "sv": answer(400, _SWEDISH.encode(), b"text/html; charset=utf-8", _PAGE),
}
NOT_FOUND = text(404, "There is nothing here.\n")
NOT_ALLOWED = text(405, "Only GET and HEAD are answered here.\n", [(b"allow", b"GET, HEAD")])
EMPTY: Message = {"type": "http.response.body", "body": b""}


def redirect(target: bytes) -> tuple[Message, Message]:
    """Return a redirect. Whatever is not printable ASCII is percent-encoded, so a target cannot add a header."""
    location = quote(target, safe=_LOCATION_SAFE).encode()
    headers = [(b"location", location), (_LENGTH, b"0"), _NO_STORE, _NO_REFERRER]
    return {"type": "http.response.start", "status": 302, "headers": headers}, EMPTY


def language(accept_language: bytes) -> str:
    """The language of the bad link page: Swedish for those who put it first, else English."""
    return "sv" if accept_language[:2].lower() == b"sv" else "en"

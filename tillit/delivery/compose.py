"""A campaign's message compiled once; a person's mail is a join of byte segments.

What a body inserts starts and ends at soft line breaks, so that a value of any length keeps every line of the
quoted-printable text legal without re-wrapping what surrounds it. Bodies are written in the form that DKIM's
relaxed canonicalisation would give them, so that `dkim.Signer` need not rewrite them.
"""

import binascii
import hashlib
import html as html_escapes
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

from tillit.delivery import headers as header

_EQUALS = 0x3D
_TEXT_SAFE = bytes(range(0x20, 0x7F))
_HTML_SAFE = bytes(byte for byte in _TEXT_SAFE if byte not in b"<>&\"'")
_MARKUP = re.compile("[<>&\"']").search
_WIDTH = 75  # Source: RFC 2045 §6.7 (5), 76 with the soft break's "="
_SOFT = b"=\r\n"
_DOT, _DOTS = 0x2E, b"." * 30  # a line never begins with a dot; a run of dots too long to step back over is encoded


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for the person's value number `index`. `raw` is markup of our own making, not escaped in HTML."""

    index: int
    raw: bool = False


Pattern = Sequence[str | Slot]


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What every mail of a campaign has in common.

    `list_id` is a name such as `news.member.example`; `unsubscribable` reserves the RFC 8058 fields, and then
    every addressee needs an https address to unsubscribe; `automatic` marks service mail (RFC 3834).
    """

    sender: Mailbox
    reply_to: Mailbox | None = None
    list_id: str | None = None
    list_name: str = ""
    feedback_id: str | None = None
    unsubscribable: bool = True
    bulk: bool = False
    automatic: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """What is one person's own in the header. `date` comes from `headers.date`; `message_id` is without brackets."""

    address: str
    name: str = ""
    message_id: str
    date: bytes
    unsubscribe: str | None = None
    unsubscribe_mail: str | None = None


Encoder = Callable[[str], bytes]
TO, SUBJECT, DATE, MESSAGE_ID, UNSUBSCRIBE = range(5)  # the slots every template begins with


class Template:
    """A compiled message. `write` is `render(encode(…))`; the two are apart so that each can be measured."""

    def __init__(self, *, sheet: "_Sheet", subject: Pattern, columns: Sequence["Column"], unsubscribable: bool) -> None:
        self._pieces, self._pick, self._columns = sheet.pieces, itemgetter(*sheet.order), tuple(columns)
        self._single, self._double = _pairs(self._columns)
        self._unsubscribable = unsubscribable
        self._subject = None if any(isinstance(part, Slot) for part in subject) else _subject(subject, ())
        self._subject_pattern = tuple(subject)
        self.size_bytes = sum(map(len, sheet.pieces))

    @classmethod
    def compile(cls, *, headers: Headers, subject: Pattern, text: Pattern, html: Pattern | None = None) -> "Template":
        """Lay out the message. Raises `BadHeader` or `BadAddress` for common header values that cannot be written."""
        columns: list[Column] = []
        sheet = _Sheet()
        _write_headers(sheet, headers)
        if html is None:
            _write_part(sheet, pattern=text, subtype=b"plain", encode=_text_value, columns=columns)
        else:
            source = repr((headers, subject, text, html)).encode("utf-8", "replace")
            # "=_" cannot occur in quoted-printable or base64, so no content can forge the boundary (RFC 2045 §6.7).
            boundary = b"=_" + hashlib.sha256(source).hexdigest()[:24].encode("ascii")
            sheet.write(b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n\r\n')
            for pattern, subtype, encode in ((text, b"plain", _text_value), (html, b"html", _html_value)):
                sheet.write(b"--" + boundary + b"\r\n")
                _write_part(sheet, pattern=pattern, subtype=subtype, encode=encode, columns=columns)
            sheet.write(b"--" + boundary + b"--\r\n")
        return cls(sheet=sheet, subject=subject, columns=columns, unsubscribable=headers.unsubscribable)

    def encode(self, to: Addressee, values: Sequence[str]) -> list[bytes]:
        """The person's values, each as its place needs it. Raises `BadHeader` or `BadAddress`."""
        return [
            header.mailbox(to.name, to.address),
            self._subject if self._subject is not None else _subject(self._subject_pattern, values),
            to.date,
            header.token(to.message_id),
            _unsubscribe(to) if self._unsubscribable else b"",
            *self._values(values),
        ]

    def _values(self, values: Sequence[str]) -> list[bytes]:
        """The values in the order of the columns. What has no markup reads the same in both parts: written once."""
        encoded = [b""] * len(self._columns)
        for place, index, encode in self._single:
            encoded[place] = encode(values[index])
        for text, html, index in self._double:
            value = values[index]
            encoded[text] = _text_value(value)
            encoded[html] = _html_value(value) if _MARKUP(value) else encoded[text]
        return encoded

    def render(self, slots: Sequence[bytes]) -> bytes:
        """The whole message, from values encoded by `encode`."""
        pieces = self._pieces.copy()
        pieces[1::2] = self._pick(slots)
        return b"".join(pieces)

    def write(self, to: Addressee, values: Sequence[str]) -> bytes:
        """One person's message. All lines end in CRLF and none begins with a dot: `wire.Mail(…, stuffed=True)`.

        Raises `BadHeader` or `BadAddress`.
        """
        return self.render(self.encode(to, values))


Column = tuple[int, Encoder]


class _Sheet:
    """Segments with the slots between them: `pieces` alternates them, `order` says which slot stands where."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = [b""]
        self.order: list[int] = []

    def write(self, data: bytes) -> None:
        self.pieces[-1] += data

    def slot(self, number: int) -> None:
        self.pieces += (b"", b"")
        self.order.append(number)


def _unsubscribe(to: Addressee) -> bytes:
    """List-Unsubscribe: the one-click address first, then mail. Source: RFC 2369 §3.2, RFC 8058 §3.1 (https only)."""
    if to.unsubscribe is None or not to.unsubscribe.startswith("https://"):
        raise header.BadHeader("a mail that people can unsubscribe from needs their https address to do so")
    field = b"<" + header.uri(to.unsubscribe) + b">"
    if to.unsubscribe_mail is not None:
        field += b",\r\n <" + header.uri(to.unsubscribe_mail) + b">"
    return field


def _write_headers(sheet: _Sheet, headers: Headers) -> None:
    sheet.write(b"From: " + header.mailbox(headers.sender.name, headers.sender.address) + b"\r\n")
    for name, number in ((b"To: ", TO), (b"Subject: ", SUBJECT), (b"Date: ", DATE)):
        sheet.write(name)
        sheet.slot(number)
        sheet.write(b"\r\n")
    sheet.write(b"Message-ID: <")
    sheet.slot(MESSAGE_ID)
    sheet.write(b">\r\n")
    if headers.reply_to is not None:
        sheet.write(b"Reply-To: " + header.mailbox(headers.reply_to.name, headers.reply_to.address) + b"\r\n")
    if headers.list_id is not None:
        name = header.phrase(headers.list_name) + b"\r\n " if headers.list_name else b""
        sheet.write(b"List-Id: " + name + b"<" + header.token(headers.list_id) + b">\r\n")
    if headers.unsubscribable:
        sheet.write(b"List-Unsubscribe: ")
        sheet.slot(UNSUBSCRIBE)
        sheet.write(b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    if headers.feedback_id is not None:
        sheet.write(b"Feedback-ID: " + header.token(headers.feedback_id) + b"\r\n")
    if headers.bulk:
        sheet.write(b"Precedence: bulk\r\n")
    if headers.automatic:
        sheet.write(b"Auto-Submitted: auto-generated\r\n")
    if headers.language is not None:
        sheet.write(b"Content-Language: " + header.token(headers.language) + b"\r\n")
    sheet.write(b"MIME-Version: 1.0\r\n")


def _write_part(sheet: _Sheet, *, pattern: Pattern, subtype: bytes, encode: Encoder, columns: list[Column]) -> None:
    """One body part, quoted-printable, or base64 where nothing is inserted and that is shorter."""
    sheet.write(b"Content-Type: text/" + subtype + b'; charset="utf-8"\r\nContent-Transfer-Encoding: ')
    pattern = [part.replace("\r\n", "\n").replace("\r", "\n") if isinstance(part, str) else part for part in pattern]
    if not any(isinstance(part, Slot) for part in pattern):
        whole = "".join(part for part in pattern if isinstance(part, str)).rstrip("\n") + "\n"
        data = whole.replace("\n", "\r\n").encode("utf-8", "replace")
        lines = b"".join(_base64_line(data[at : at + 57]) for at in range(0, len(data), 57))
        quoted = _quoted_static(whole, open_end=False)
        sheet.write(b"base64\r\n\r\n" + lines if len(lines) < len(quoted) else b"quoted-printable\r\n\r\n" + quoted)
        return
    sheet.write(b"quoted-printable\r\n\r\n")
    fresh = True  # at the beginning of a line
    for part, following in pairwise([*pattern, ""]):
        if isinstance(part, Slot):
            if not fresh:
                sheet.write(_SOFT)
            sheet.slot(5 + _column(columns, part.index, _text_value if part.raw else encode))
            sheet.write(_SOFT)
            fresh = True
        elif part:
            sheet.write(_quoted_static(part, open_end=isinstance(following, Slot)))
            fresh = part.endswith("\n")
    sheet.write(b"\r\n")


def _pairs(columns: Sequence["Column"]) -> tuple[list[tuple[int, int, Encoder]], list[tuple[int, int, int]]]:
    """Columns by their place: those of a value that one part has, and pairs for a value that both have."""
    places = {column: place for place, column in enumerate(columns)}
    both = [index for index, encode in columns if encode is _text_value and (index, _html_value) in places]
    double = [(places[index, _text_value], places[index, _html_value], index) for index in both]
    return [(place, index, encode) for (index, encode), place in places.items() if index not in both], double


def _column(columns: list[Column], index: int, encode: Encoder) -> int:
    if (index, encode) not in columns:
        columns.append((index, encode))
    return columns.index((index, encode))


def _quoted_static(text: str, *, open_end: bool) -> bytes:
    """Quoted-printable with CRLF line breaks. `open_end` leaves the last line open for a soft break."""
    lines = text.encode("utf-8", "replace").split(b"\n")
    closed = [_quoted_line(line, open_end=False) for line in lines[:-1]]
    return b"\r\n".join([*closed, _quoted_line(lines[-1], open_end=open_end)])


def _quoted_line(line: bytes, *, open_end: bool) -> bytes:
    """One line, wrapped. Of a run of spaces only the first stays, so that the relaxed form of the line is itself."""
    out, width, before = list[bytes](), 0, 0
    for at, byte in enumerate(line):
        blank = byte == 0x20
        last = at == len(line) - 1 and not open_end
        plain = (0x20 <= byte < 0x7F and byte != 0x3D) and not (blank and (before == 0x20 or last))
        piece = bytes((byte,)) if plain else b"=%02X" % byte
        if width + len(piece) > _WIDTH:
            out.append(_SOFT)
            width = 0
        if width == 0 and byte == _DOT:
            piece = b"=2E"
        out.append(piece)
        width += len(piece)
        before = byte
    return b"".join(out)


def _text_value(value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    if data.translate(None, _TEXT_SAFE) or b"  " in data:
        return _quoted_value(data)
    return _wrapped(data.replace(b"=", b"=3D"))


def _html_value(value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    if data.translate(None, _HTML_SAFE):
        return _text_value(html_escapes.escape(value))
    return _wrapped(data.replace(b"=", b"=3D")) if b"  " not in data else _quoted_value(data)


def _wrapped(data: bytes) -> bytes:
    """Cut encoded bytes into lines, never through an escape. Three times as fast as binascii for a link."""
    if data.startswith(b"."):
        data = b"=2E" + data[1:]
    if len(data) <= _WIDTH:
        return data
    if _DOTS in data:
        data = data.replace(b".", b"=2E")
    lines, at = list[bytes](), 0
    while len(data) - at > _WIDTH:
        end = at + _WIDTH
        while data[end] == _DOT:
            end -= 1
        if data[end - 1] == _EQUALS:
            end -= 1
        elif data[end - 2] == _EQUALS:
            end -= 2
        lines.append(data[at:end])
        at = end
    lines.append(data[at:])
    return _SOFT.join(lines)


def _quoted_value(data: bytes) -> bytes:
    # The last byte is exempt from wrapping in binascii, and a soft break follows here: wrap as if more came.
    quoted = binascii.b2a_qp(data + b"x", quotetabs=b"  " in data or b"\t" in data, istext=False)
    return _wrapped(quoted.replace(b"=\n", b"")[:-1])


def _base64_line(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False) + b"\r\n"


def _subject(pattern: Pattern, values: Sequence[str]) -> bytes:
    return header.text("".join(part if isinstance(part, str) else values[part.index] for part in pattern))

"""Which encoding a file is in, and reading it as such although some lines are not."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass

SAMPLE_BYTES = 256 * 1024
_BOMS = (("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE))
ENCODINGS = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec's name and the length of the byte order mark before the text."""

    name: str
    bom_bytes: int = 0


def detect_encoding(sample: bytes) -> Encoding:
    """Tell the encoding of a file from its beginning.

    A byte order mark decides. Without one, zero bytes at every other place mean UTF-16, and a text whose lines with
    other than ASCII are mostly valid UTF-8 is UTF-8: a line of Windows-1252 with a letter like "ö" hardly ever is.
    """
    for name, mark in _BOMS:
        if sample.startswith(mark):
            return Encoding(name, len(mark))
    if half := len(sample) // 2:
        if sample[1::2].count(0) > 0.6 * half and sample[::2].count(0) < 0.1 * half:
            return Encoding("utf-16-le")
        if sample[::2].count(0) > 0.6 * half and sample[1::2].count(0) < 0.1 * half:
            return Encoding("utf-16-be")
    telling = [line for line in _whole_lines(sample) if not line.isascii()]
    valid = sum(1 for line in telling if _is_utf8(line))
    return Encoding("utf-8" if valid * 2 >= len(telling) else "cp1252")


def decode(raw: bytes, encoding: str) -> tuple[str, int]:
    """Return the text, and how many of its lines were in another encoding than said.

    Such a line is read as Windows-1252 (Latin-1 where that has no character), as spreadsheets paste them together.
    """
    try:
        return raw.decode(encoding), 0
    except UnicodeDecodeError:
        pass
    if encoding.startswith("utf-16"):
        text = raw.decode(encoding, "replace")
        return text, text.count("\ufffd")
    lines = [decode_line(line, encoding) for line in raw.splitlines(keepends=True)]
    return "".join(text for text, _ in lines), sum(recoded for _, recoded in lines)


def decode_line(line: bytes, encoding: str) -> tuple[str, bool]:
    """Return one line's text, and whether it was in another encoding than said."""
    try:
        return line.decode(encoding), False
    except UnicodeDecodeError:
        pass
    try:
        return line.decode("cp1252"), True
    except UnicodeDecodeError:
        return line.decode("latin-1"), True


def split_lines(raw: bytes, encoding: str) -> tuple[list[str], list[int]]:
    """Return the lines with their ends, and the length of each in bytes of the file."""
    if encoding.startswith("utf-16"):
        lines = list(io.StringIO(decode(raw, encoding)[0], newline=""))
        return lines, [len(line.encode(encoding, "surrogatepass")) for line in lines]
    raws = raw.splitlines(keepends=True)
    return [decode_line(line, encoding)[0] for line in raws], [len(line) for line in raws]


def cut_at_line(buffer: bytes, encoding: str) -> int:
    """Return the length of the whole lines at the beginning of a buffer; 0 when it holds none."""
    if encoding.startswith("utf-16"):
        newline = "\n".encode(encoding)
        found = buffer.rfind(newline)
        while found % 2 and found > 0:
            found = buffer.rfind(newline, 0, found + 1)
        return found + 2 if found >= 0 and not found % 2 else 0
    cut = buffer.rfind(b"\n") + 1
    return cut or buffer.rfind(b"\r", 0, max(len(buffer) - 1, 0)) + 1


def first_line_end(buffer: bytes, encoding: str) -> int:
    """Return where the first line of a buffer ends, or 0 when it does not. A buffer begins at a whole character."""
    if not encoding.startswith("utf-16"):
        return buffer.find(b"\n") + 1
    newline = "\n".encode(encoding)
    found = buffer.find(newline)
    while found % 2 and found > 0:
        found = buffer.find(newline, found + 1)
    return found + 2 if found >= 0 else 0


def _whole_lines(sample: bytes) -> list[bytes]:
    lines = sample.splitlines()
    return lines[:-1] if len(lines) > 1 and len(sample) >= SAMPLE_BYTES else lines


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

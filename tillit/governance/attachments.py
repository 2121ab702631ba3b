"""Files that people attach: of few kinds, of bounded size, and judged by what they begin with, never by their name."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

#: The largest file that is kept, in bytes; a row of the database holds it.
LARGEST_BYTES = 10 * 1024 * 1024

_HEAD_BYTES = 1024
_LONGEST_NAME = 200
_OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ODT = b"application/vnd.oasis.opendocument.text"

#: The endings that a name may have, by media type.
ENDINGS = {"application/pdf": ".pdf", _OFFICE: ".docx", _ODT.decode(): ".odt", "text/plain": ".txt"}


class NotAccepted(ValueError):
    """The file is empty, too large, or of a kind that is not kept."""


class Empty(NotAccepted):
    """The file holds nothing."""


class TooLarge(NotAccepted):
    """The file is larger than LARGEST_BYTES."""


class WrongKind(NotAccepted):
    """The content is neither PDF, DOCX, ODT nor plain text."""


def media_type(content: bytes) -> str:
    """Return the media type of a file that may be kept, by its content. Raises Empty, TooLarge and WrongKind.

    Source: ISO 32000-1, 7.5.2 and its annex H.3.4.1 (a reader finds %PDF- in the first 1024 bytes); ECMA-376 part 2;
    OpenDocument 1.3 part 2, 3.3.
    """
    if not content:
        raise Empty
    if len(content) > LARGEST_BYTES:
        raise TooLarge
    if b"%PDF-" in content[:_HEAD_BYTES]:
        return "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        return _packed(content)
    return _plain(content)


def _packed(content: bytes) -> str:
    """Look at the names in a zip file, and into none of its parts but the one that names the kind."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
            if {"[Content_Types].xml", "word/document.xml"} <= names and "word/vbaProject.bin" not in names:
                return _OFFICE
            if "mimetype" in names:
                with packed.open("mimetype") as part:
                    if part.read(len(_ODT) + 1).strip() == _ODT:
                        return _ODT.decode()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        raise WrongKind from None
    raise WrongKind


def _plain(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongKind from None
    if any(ord(character) < 32 and character not in "\t\n\r\f" for character in text):
        raise WrongKind
    return "text/plain"


def safe_name(name: str, media: str) -> str:
    """Return the last part of a name, printable, at most 200 characters, with the ending of what the file is."""
    stem = PurePath(name.replace("\\", "/")).name
    clean = "".join(character for character in stem if character.isprintable() and character not in '"<>|:*?/').strip(
        " ."
    )
    ending = ENDINGS[media]
    body = clean[: -len(ending)] if clean.lower().endswith(ending) else clean
    return f"{body[: _LONGEST_NAME - len(ending)] or 'file'}{ending}"

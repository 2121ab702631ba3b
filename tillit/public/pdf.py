"""Typst markup as a PDF, with the fonts inside the compiler, so that it is the same on every machine."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Literal

import typst

Standard = Literal["a-2a", "ua-1"]

#: For archives (PDF/A-2a) and for screen readers (PDF/UA-1).
_STANDARDS: list[Standard] = ["a-2a", "ua-1"]


def compiled(markup: str, *, made_at: datetime) -> bytes:
    """Compile markup to a PDF that carries `made_at` as its date: the same markup gives the same bytes.

    A text in a script that the fonts lack cannot be archived, and then the PDF is a plain one.
    """
    source, made_at = markup.encode(), made_at.replace(microsecond=0)  # the compiler takes whole seconds
    try:
        return _compile(source, made_at=made_at, standards=_STANDARDS)
    except typst.TypstError:
        return _compile(source, made_at=made_at, standards=[])


def _compile(source: bytes, *, made_at: datetime, standards: list[Standard]) -> bytes:
    made = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True).compile(
        source, format="pdf", timestamp=made_at, pdf_standards=[*standards]
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    """The fonts of the compiler, found once a process."""
    return typst.Fonts(include_system_fonts=False)

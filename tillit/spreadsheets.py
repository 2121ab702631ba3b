"""Cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

#: What a formula can begin with, also in the full width that some spreadsheets read alike, and what hides such a
#: beginning. Source: OWASP, CSV injection.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FIRST = frozenset(FORMULA)
_NUMBER = re.compile(r"[+-]?\d[\d ]*(?:[.,]\d+)?")  # a number or a telephone number computes nothing


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before whatever looks like one."""
    return f"'{text}" if text.startswith(FORMULA) and not _NUMBER.fullmatch(text) else text


def meant(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text

"""What the names of files and columns say by themselves, and what a person's whole name consists of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

#: The column that says what a file's name says of everybody in it.
STANDING = "Member status"
_WORDS = (
    (
        "unsubscribed",
        "unsubscribed|unsubscribes|unsubscribers|unsubs|opt[ _-]?outs?|opted[ _-]?out|avregistrerade|avanmälda"
        "|avanmalda",
    ),
    ("cleaned", "cleaned|bounced|bounces|undeliverable|studsade"),
    ("complained", "complained|complaints|spam|junk|klagomål"),
    (
        "blocklisted",
        "blocklisted|blocklist|blacklisted|blacklist|suppressed|suppressions?|do[ _-]?not[ _-]?(?:contact|email)"
        "|spärrade|sparrade|nix",
    ),
    ("nonsubscribed", "non[ _-]?subscribed|transactional|archived|unconfirmed|pending|inactive"),
    ("subscribed", "subscribed|active"),
)
_STANDINGS = tuple((word, re.compile(rf"(?:^|[^a-zåäö])(?:{words})(?![a-zåäö])")) for word, words in _WORDS)
_TELLING = frozenset(
    (
        *("status", "memberstatus", "subscriptionstatus", "subscriberstatus", "emailmarketing"),
        *("emailmarketingstatus", "unsubscribed", "emailblacklisted", "emailblocklisted", "optout", "optedout"),
        *("donotcontact", "donotemail"),
    )
)


def standing_in_name(file_name: str) -> str:
    """Return what a file's name says of everybody in it, e.g. "unsubscribed", or "" when it says nothing.

    Of several words the one with the strictest meaning counts.
    """
    name = PurePosixPath(file_name).stem.lower()
    return next((word for word, pattern in _STANDINGS if pattern.search(name)), "")


def tells_standing(columns: Iterable[str]) -> bool:
    """Say whether a column says of each person whether they left."""
    return any(re.sub(r"[\W_]+", "", column.lower()) in _TELLING for column in columns)


def column_names(row: Sequence[str]) -> list[str]:
    """A header's names, each once: the second “Name” is “Name 2”, and one without is “Column 3”."""
    names: list[str] = []
    for place, cell in enumerate(row):
        base = name = cell.strip() or f"Column {place + 1}"
        number = 2
        while name in names:
            name, number = f"{base} {number}", number + 1
        names.append(name)
    return names


def parted_name(whole: str) -> tuple[str, str]:
    """Part a whole name into first and last: at a comma the last comes first, else the first word is the first name."""
    last, comma, first = (part.strip() for part in whole.partition(","))
    if comma:
        return first, last
    first, _space, last = whole.strip().partition(" ")
    return first, last.strip()

"""People whom a typed text means: by the words of a name, or the beginning of an address, number or other identifier.

Row-level security lets only operators that are leak-proof reach an index: comparisons are, LIKE and functions are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import phonenumbers

from tillit.people.actions import identity_key
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import Identity
from tillit.people.names import MAX_WORDS, words

LAST = "\U0010ffff"
_PHONE = re.compile(r"\+?[\d ()/.-]{5,25}")
_NATIONAL_DIGITS = range(6, 13)


def statement(text: str) -> str:
    """Return SQL that gives the ids of the persons a text means, in no order and some of them twice.

    Every word of the text begins a word of the person's name; or the text begins an identifier, is a whole telephone
    number however written, or the person's own id. It runs in the caller's context with `parameters()`.
    """
    branches = [*_named(len(_typed(text))), *_BRANCHES]
    return " UNION ALL ".join(branches)


def parameters(workspace_id: int, text: str) -> dict[str, Any]:
    """The parameters of `statement()`; those of a form that the text does not have find nobody."""
    typed = text.strip()
    found: dict[str, Any] = {"m_workspace": workspace_id, "m_key": _key(workspace_id, typed), "m_person": _id(typed)}
    for place, word in enumerate(_typed(text)):
        found |= {f"m_from{place}": word, f"m_to{place}": word + LAST}
    start, whole = _number(typed)
    for name, each in (("typed", typed), ("lower", typed.lower()), ("number", start)):
        found |= {f"m_{name}": each or LAST, f"m_{name}_end": each + LAST if each else LAST}
    return found | {"m_numbers": whole}


#: The comparisons of `people_identity.value` are those of its index, by bytes.
_IDENTITIES = "SELECT i.person_id FROM people_identity i WHERE i.workspace_id = %(m_workspace)s AND "
_BRANCHES = (
    *(
        f"{_IDENTITIES}i.value ~>=~ %(m_{name})s AND i.value ~<~ %(m_{name}_end)s"
        for name in ("typed", "lower", "number")
    ),
    f"{_IDENTITIES}i.value = ANY (%(m_numbers)s)",
    "SELECT i.person_id FROM people_identity i WHERE i.key = %(m_key)s",
    "SELECT p0.id FROM people_person p0 WHERE p0.id = %(m_person)s",
)


_WORD = (
    "SELECT {alias}.person_id FROM people_nameword {alias} WHERE {alias}.workspace_id = %(m_workspace)s"
    " AND {alias}.word >= %(m_from{place})s AND {alias}.word < %(m_to{place})s"
)


def _named(number: int) -> Iterator[str]:
    """The branch of a name with so many words."""
    first, *others = [_WORD.format(alias=f"w{place}", place=place) for place in range(number)] or [""]
    if first:
        yield first + "".join(f" AND w0.person_id IN ({other})" for other in others)


def _typed(text: str) -> list[str]:
    """The words to look for: the longest first, since the fewest people have it."""
    return sorted(dict.fromkeys(words(text)[:MAX_WORDS]), key=len, reverse=True)


def _key(workspace_id: int, typed: str) -> bytes:
    """The key of a whole address, which finds it in whatever form it is written."""
    try:
        return identity_key(workspace_id, Identity.Kind.EMAIL, typed)[0]
    except InvalidIdentifier:
        return b""


def _id(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _number(typed: str) -> tuple[str, list[str]]:
    """The beginning of an international telephone number, or a whole national one as it is in every country."""
    digits = re.sub(r"\D", "", typed) if _PHONE.fullmatch(typed) else ""
    if typed.startswith("+") and digits:
        return f"+{digits}", []
    if digits.startswith("00"):
        return f"+{digits[2:]}", []
    if digits.startswith("0") and len(digits) - 1 in _NATIONAL_DIGITS:
        return "", [f"+{code}{digits[1:]}" for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    return "", []

"""Reading and showing the values of fields: what a text means by its field's type, and whether it passes its checks.

A field's `checks` are: `max_chars` of a text; `mask` of a text, where 9 is a digit, A a letter, * either and anything
else itself (no regular expression: one that backtracks would stop an import); `min` and `max` of a number or a date
(ISO); `country`, the ISO code by which a telephone number without a country code is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from babel import Locale
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.people.identity import InvalidIdentifier
from tillit.people.importing.cells import JSON_OF, REMEMBERED, country_code, phone_number

TEXTUAL = frozenset({"text", "choice", "country", "phone"})
"""The types whose values are written down as texts; those of the others as JSON."""

_DIGIT, _LETTER, _EITHER = "9", "A", "*"


class Typed(Protocol):
    """What a field's values look like."""

    @property
    def type(self) -> str: ...
    @property
    def choices(self) -> Sequence[str]: ...
    @property
    def checks(self) -> Mapping[str, Any]: ...


def reader(field: Typed) -> Callable[[str], str] | None:
    """Return the function from a stripped text to a value, or "" for what is none; None where every text is one.

    A value is text for the types in TEXTUAL and JSON for the others.
    """
    checks = dict(field.checks)
    match field.type:
        case "choice":
            known = {fold(choice): choice for choice in field.choices}
            return lambda text: known.get(fold(text), "")
        case "country":
            return country_code
        case "phone":
            country = str(checks.get("country", ""))
            return lambda text: _phone(text, country)
        case "number" | "date":
            read = JSON_OF[field.type]
            return _between(read, checks) if checks else read
        case "boolean":
            return JSON_OF[field.type]
        case _:
            return _text(checks) if checks else None


def read(field: Typed, text: str) -> Any:
    """Return the value that a stripped text means, None when it means none."""
    meant = reader(field)
    found = meant(text) if meant else text
    if not found:
        return None
    return found if field.type in TEXTUAL else json.loads(found)


def fold(text: str) -> str:
    """A choice without case and doubled spaces, to be compared."""
    return " ".join(text.split()).casefold()


@lru_cache(maxsize=REMEMBERED)
def _phone(text: str, country: str) -> str:
    try:
        return phone_number(text.lstrip("'"), country)
    except InvalidIdentifier:
        return ""


def _between(meant: Callable[[str], str], checks: Mapping[str, Any]) -> Callable[[str], str]:
    least, most = checks.get("min"), checks.get("max")

    def within(text: str) -> str:
        found = meant(text)
        if not found:
            return ""
        value = json.loads(found)
        return "" if (least is not None and value < least) or (most is not None and value > most) else found

    return within


def _text(checks: Mapping[str, Any]) -> Callable[[str], str]:
    longest, mask = int(checks.get("max_chars") or 0), str(checks.get("mask") or "")

    def fitting(text: str) -> str:
        if (longest and len(text) > longest) or (mask and not fits(text, mask)):
            return ""
        return text

    return fitting


def fits(text: str, mask: str) -> bool:
    """Say whether a text has the form of a mask such as `AA-9999`."""
    return len(text) == len(mask) and all(_fits(letter, form) for letter, form in zip(text, mask, strict=True))


def _fits(letter: str, form: str) -> bool:
    if form == _DIGIT:
        return letter in "0123456789"
    if form == _LETTER:
        return letter.isalpha()
    return letter.isalnum() if form == _EITHER else letter == form


def shown(field_type: str, value: object, *, language: str = "") -> str:
    """A value as a person reads it: a country by its name, yes or no as words; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field_type == "country":
        names = Locale.parse((language or get_language() or "en").replace("-", "_")).territories
        return str(names.get(str(value), value))
    return str(value)


def wanted(field: Typed) -> str:
    """What a value of a field must be, in words; "" where anything goes."""
    checks, said = field.checks, []
    if field.type == "choice":
        said.append(_("one of %(choices)s") % {"choices": ", ".join(field.choices)})
    if checks.get("max_chars"):
        said.append(_("at most %(number)s characters") % {"number": checks["max_chars"]})
    if checks.get("mask"):
        said.append(_("of the form %(mask)s (9 is a digit, A a letter, * either)") % {"mask": checks["mask"]})
    if checks.get("min") is not None:
        said.append(_("%(limit)s at least") % {"limit": checks["min"]})
    if checks.get("max") is not None:
        said.append(_("%(limit)s at most") % {"limit": checks["max"]})
    return ", ".join(said)


WORDED = frozenset({"country", "boolean"})
"""The types whose values a mail says in words of its language, rather than as they are kept."""


@lru_cache(maxsize=REMEMBERED)
def worded(field_type: str, text: str, language: str) -> str:
    """A value of a type in WORDED, as JSON's text has it, in words: `SE` is Sweden, `true` is Yes."""
    with translation.override(language):
        value = text.lower() == "true" if field_type == "boolean" else text
        return shown(field_type, value, language=language)

"""How the plain value of an input is shown on a form; a value that the form does not know is shown all the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.console.policy_input import Input, Option
from tillit.console.policy_words import Text, value_words
from tillit.policy.document import Fact
from tillit.policy.merge import ABSENT
from tillit.policy.regions import NAMED_REGIONS
from tillit.policy.statement_words import Words

_PERIOD = re.compile(r"^\s*(\d{1,4}) (day|week|month|year)s?\s*$")


def shown(each: Input) -> Any:
    """The value as the template of its kind shows it."""
    return _SHOWN.get(each.kind, _plain)(each)


def regions() -> tuple[Option, ...]:
    """The regions a policy may name, in the reader's language."""
    words = Words(get_language() or "en")
    return tuple(
        (code, f"{words.region(region)[:1].upper()}{words.region(region)[1:]} ({code})")
        for code, region in NAMED_REGIONS.items()
    )


def _plain(each: Input) -> Any:
    value = each.default if each.value is ABSENT else each.value
    return "" if value is ABSENT or value is None else value


def _listed(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) else []


def _shown_texts(each: Input) -> list[tuple[str, str, str]]:
    """Key, language and text, one for each language of the document and each that is written."""
    said = each.value if isinstance(each.value, Mapping) else {}
    codes = dict.fromkeys([*each.languages, *said])
    return [(f"{each.key}.{code}", code, str(said.get(code) or "")) for code in codes]


def _shown_many(each: Input) -> list[tuple[str, Text, bool]]:
    chosen = _listed(each.value)
    known = {name for name, _title in each.options}
    unknown = tuple((name, name) for name in chosen if name not in known)
    return [(name, title, name in chosen) for name, title in (*each.options, *unknown)]


def _shown_choice(each: Input) -> list[tuple[str, Text, bool]]:
    value = str(_plain(each))
    known = {name for name, _title in each.options}
    options = each.options if value in known or not value else (*each.options, (value, value))
    return [(name, title, name == value) for name, title in options]


def _shown_period(each: Input) -> dict[str, Any]:
    value = str(_plain(each))
    found = _PERIOD.match(value)
    number, unit = (found[1], f"{found[2]}s") if found else ("" if value == "session" else value, value or "months")
    return {"number": number, "units": [(name, title, name == unit) for name, title in each.options]}


def _shown_grounds(each: Input) -> list[dict[str, Any]]:
    chosen = each.value if isinstance(each.value, Mapping) else {}
    rows = [("default", _("Everywhere else")), *regions()]
    return [
        {
            "key": f"{each.key}.{code}",
            "title": title,
            "code": code,
            "options": [
                ("", _("– not permitted –") if code == "default" else _("as everywhere else"), code not in chosen),
                *((name, words, chosen.get(code) == name) for name, words in each.options),
            ],
        }
        for code, title in rows
    ]


def _shown_rights(each: Input) -> list[dict[str, Any]]:
    said = each.value if isinstance(each.value, Mapping) else {}
    return [
        {
            "title": title,
            "given": name in said,
            "texts": _shown_texts(replace(each, key=f"{each.key}.{name}", value=said.get(name, ABSENT))),
        }
        for name, title in each.options
    ]


def _shown_assertions(each: Input) -> list[dict[str, Any]]:
    """The promises that are written, and two empty rows for more."""
    written = each.value if isinstance(each.value, list) else []
    rows = [*(row if isinstance(row, Mapping) else {} for row in written), {}, {}]
    facts = value_words("", "says")
    return [
        {
            "key": f"{each.key}.{number}",
            "purposes": [("", "–", not row.get("purpose"))]
            + [(name, title, row.get("purpose") == name) for name, title in each.options],
            "facts": [(fact.value, facts.get(fact.value, fact.value), row.get("says") == fact.value) for fact in Fact],
            "regions": " ".join(_listed(row.get("regions"))),
            "categories": " ".join(_listed(row.get("categories"))),
        }
        for number, row in enumerate(rows)
    ]


_SHOWN = {
    "texts": _shown_texts,
    "many": _shown_many,
    "choice": _shown_choice,
    "period": _shown_period,
    "grounds": _shown_grounds,
    "rights": _shown_rights,
    "assertions": _shown_assertions,
    "codes": lambda each: " ".join(_listed(each.value)),
    "lines": lambda each: "\n".join(_listed(each.value)),
    "flag": lambda each: bool(_plain(each)),
}

"""Law as dated data, each with its source: what the check compares a policy document with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

from tillit.policy.keeping import Trigger
from tillit.policy.values import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDuty:
    """A law of a country that asks for records to be kept: how long, counted from what, and which terms match it.

    ``checked`` says whether somebody compared the entry with the official text in ``source``.
    """

    country: str
    law: str
    what: str
    keep: Period
    after: Trigger
    matches: frozenset[str]
    valid_from: date
    source: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms of the Data Privacy Vocabulary for personal data, and those of special categories, as ``pd:Name``."""

    terms: frozenset[str]
    special: frozenset[str]


@cache
def known_duties() -> tuple[KnownDuty, ...]:
    """Give every duty to keep that is known here, in the order of the file."""
    return tuple(
        KnownDuty(
            **entry
            | {
                "keep": Period.model_validate(entry["keep"]),
                "after": Trigger(entry["after"]),
                "matches": frozenset(entry["matches"]),
            }
        )
        for entry in _read("duties.yaml")
    )


@cache
def vocabulary() -> Vocabulary:
    """Give the vocabulary that the program knows."""
    read: Mapping[str, list[str]] = _read("dpv.yaml")
    return Vocabulary(*(frozenset(f"pd:{name}" for name in read[key]) for key in ("terms", "special")))


@cache
def authorities() -> dict[str, dict[str, str]]:
    """Give the supervisory authority of each country that is known here: its name, address, country and website."""
    words = ("name", "address", "country", "website")
    return {entry["country"]: {word: entry[word] for word in words} for entry in _read("authorities.yaml")}


def _read(name: str) -> Any:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)

"""One field of a part of the policy document on a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tillit.console.policy_words import Text
from tillit.policy.merge import ABSENT
from tillit.policy.problems import Problem

Option = tuple[str, Text]


@dataclass(frozen=True, slots=True)
class Known:
    """What the inputs refer to: the ids of each section with their titles, and the languages of the document."""

    titles: Mapping[str, Mapping[str, str]]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One field on a form. ``key`` is its name in the form; ``value`` is plain, or ABSENT where nothing stands."""

    name: str
    key: str
    kind: str
    label: Text
    help: Text = ""
    required: bool = False
    value: Any = ABSENT
    default: Any = ABSENT
    options: tuple[Option, ...] = ()
    languages: tuple[str, ...] = ()
    long: bool = False
    markdown: bool = False
    inner: tuple[Input, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def error_id(self) -> str:
        """The id of the element that says what is wrong here."""
        return f"id_{self.key}_error"

"""The words a segment may use, and whether a condition makes sense: what can be asked, of which type."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from tillit.people.segments.tree import (
    DEEPEST,
    EARLIEST,
    LATEST,
    LONGEST,
    MOST,
    UNITS,
    All,
    Compare,
    Either,
    Event,
    Leaf,
    Mistake,
    Node,
    Not,
    Span,
    Value,
    depth,
    leaves,
)

KNOWN = ("is set", "is empty")
ORDER = ("=", "!=", "<", "<=", ">", ">=")
AROUND = ("within", "older than", "in the next")
#: What can be asked of a value of each type. `moment` is a point in time of which the day is asked.
OPS: Mapping[str, tuple[str, ...]] = {
    "text": ("=", "!=", "contains", "starts with", "ends with", "in", *KNOWN),
    "phone": ("=", "!=", "contains", "starts with", "ends with", "in", *KNOWN),
    "choice": ("=", "!=", "in", *KNOWN),
    "country": ("=", "!=", "in", *KNOWN),
    "number": (*ORDER, *KNOWN),
    "date": (*ORDER, *AROUND, *KNOWN),
    "moment": (*ORDER, *AROUND),
    "boolean": ("=", *KNOWN),
}
FIELD = "field:"
TEXTS = frozenset({"text", "phone", "choice", "country"})
LONGEST_TEXT = 500
_EXAMPLES = {
    "text": '"Stockholm"',
    "phone": '"+46"',
    "choice": '"…"',
    "country": '"SE"',
    "number": "18",
    "date": "2026-01-31",
    "moment": "2026-01-31",
    "boolean": "yes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Something known of a person that is compared with a value.

    `name` is the word in the text form; a workspace's own field has ``field:`` before it. `choices` maps what is stored
    to what people read, for the types choice and boolean alone; `tidy` turns a value into the form in which it is
    stored, or gives "". `sql` is for `compile`.
    """

    name: str
    label: Any
    type: str
    category: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    always: bool = False
    tidy: Callable[[str], str] | None = None
    sql: Callable[..., str] | None = None

    @property
    def ops(self) -> tuple[str, ...]:
        """What can be asked of it."""
        return tuple(op for op in OPS[self.type] if not (self.always and op in KNOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to a person, or their standing.

    `words` begin the condition in the text form; `object` is the kind of thing that may be named after it ("list",
    "campaign") and `needed` says that it must be. `dated`: it can be limited in time; `counted`: it happens repeatedly.
    """

    words: str
    label: Any
    category: str
    object: str = ""
    needed: bool = False
    dated: bool = True
    counted: bool = False
    sql: Callable[..., str]


@dataclass(frozen=True)
class Vocabulary:
    """The words of one workspace. `objects` maps a kind of thing to number → name."""

    attributes: Mapping[str, Attribute]
    happenings: Mapping[str, Happening]
    objects: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    @cached_property
    def named(self) -> Mapping[str, Mapping[str, tuple[int, ...]]]:
        """Kind of thing → name, whatever its case → numbers."""
        found: dict[str, dict[str, tuple[int, ...]]] = {}
        for kind, names in self.objects.items():
            by_name = found.setdefault(kind, {})
            for number, name in names.items():
                by_name[name.casefold()] = (*by_name.get(name.casefold(), ()), number)
        return found

    def categories(self, node: Node) -> frozenset[str]:
        """The categories of personal data that a segment reads."""
        return frozenset(self._category(leaf) for leaf in leaves(node))

    def _category(self, leaf: Leaf) -> str:
        if isinstance(leaf, Compare):
            return self.attribute(leaf.subject).category
        return self.happening(leaf.kind).category

    def attribute(self, subject: str) -> Attribute:
        """What a comparison is about. Raises Mistake."""
        if (found := self.attributes.get(subject)) is None:
            name = subject.removeprefix(FIELD)
            raise Mistake(_("There is no field “%(name)s”.") % {"name": name}, self._nearest(name))
        return found

    def happening(self, kind: str) -> Happening:
        """What an event is. Raises Mistake."""
        if (found := self.happenings.get(kind)) is None:
            known = ", ".join(sorted(self.happenings))
            wrong = _("Nothing is known of “%(kind)s”.") % {"kind": kind}
            raise Mistake(wrong, _("Known: %(words)s.") % {"words": known})
        return found

    def _nearest(self, name: str) -> str:
        known = {each.removeprefix(FIELD): each for each in self.attributes}
        near = difflib.get_close_matches(name.casefold(), [each.casefold() for each in known], n=3, cutoff=0.5)
        words = near or sorted(known)[:12]
        return (
            _("Did you mean %(words)s?") % {"words": _listed(words)}
            if near
            else _("Known: %(words)s.") % {"words": ", ".join(words)}
        )

    # -- whether a condition makes sense ------------------------------------------------------------------------------
    def tidy(self, node: Node) -> Node:
        """The tree with its values as they are stored. Raises Mistake, with the way to it, when it makes no sense."""
        count = sum(1 for _leaf in leaves(node))
        if count > MOST:
            told = {"count": count, "most": MOST}
            raise Mistake(_("The segment has %(count)d conditions; %(most)d are allowed.") % told)
        if depth(node) > DEEPEST:
            raise Mistake(_("The groups lie too deep in each other."), _("Make them flatter."))
        return self._tidy(node, ())

    def _tidy(self, node: Node, path: tuple[int, ...]) -> Node:
        if isinstance(node, All | Either):
            return type(node)(tuple(self._tidy(part, (*path, place)) for place, part in enumerate(node.parts)))
        if isinstance(node, Not):
            return Not(self._tidy(node.part, path))
        try:
            return self.tidied(node)
        except Mistake as mistake:
            mistake.path = path
            raise

    def tidied(self, leaf: Leaf) -> Leaf:
        """The condition with its value as it is stored. Raises Mistake when it makes no sense."""
        return self._compare(leaf) if isinstance(leaf, Compare) else self._event(leaf)

    def _compare(self, leaf: Compare) -> Compare:
        about = self.attribute(leaf.subject)
        if leaf.op not in about.ops:
            asked = _("“%(field)s” cannot be asked “%(op)s”.") % {"field": about.label, "op": leaf.op}
            raise Mistake(asked, _("It can be asked: %(ops)s.") % {"ops": ", ".join(about.ops)})
        if leaf.op in KNOWN:
            if leaf.value is not None:
                raise Mistake(_("“%(op)s” takes no value.") % {"op": leaf.op})
            return leaf
        if leaf.op in AROUND:
            return Compare(leaf.subject, leaf.op, _checked_span(leaf.value))
        if leaf.op == "in":
            if not isinstance(leaf.value, tuple) or not leaf.value:
                raise Mistake(_("After “in” stands a list of values."), 'in ("SE", "NO")')
            return Compare(leaf.subject, "in", tuple(_typed(about, one) for one in leaf.value))
        whole = leaf.op in {"=", "!="}  # a part of a telephone number is none
        return Compare(leaf.subject, leaf.op, _typed(about if whole else replace(about, tidy=None), leaf.value))

    def _event(self, leaf: Event) -> Event:
        about = self.happening(leaf.kind)
        if leaf.object is None and about.needed:
            raise Mistake(_("“%(words)s” needs a name.") % {"words": about.words}, f'{about.words} "…"')
        if leaf.object is not None and not about.object:
            raise Mistake(_("“%(words)s” takes no name.") % {"words": about.words})
        if leaf.object is not None and leaf.object not in self.objects.get(about.object, {}):
            raise Mistake(_("What “%(words)s” names is not there.") % {"words": about.words}, _("Choose another."))
        when = leaf.when
        if not about.dated and (when.within or when.since or when.before):
            raise Mistake(_("“%(words)s” cannot be limited in time.") % {"words": about.words})
        if when.within and (when.since or when.before):
            raise Mistake(_("Either “within”, or “since” and “before”."), _("Leave out one of them."))
        if when.within:
            _checked_span(when.within)
        for day in (when.since, when.before):
            if day is not None:
                _checked_day(day)
        if not 1 <= leaf.times <= 1_000_000 or (leaf.times > 1 and not about.counted):
            raise Mistake(_("“%(words)s” cannot be counted so.") % {"words": about.words}, _("Write at least 1 times."))
        return leaf


def _typed(about: Attribute, value: Value) -> Any:
    """A value of an attribute's type. Raises Mistake."""
    if about.type in TEXTS:
        return _text(about, value)
    if about.type == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value) and abs(value) < 1e15:
            return value
    elif about.type in {"date", "moment"} and isinstance(value, date):
        return _checked_day(value)
    elif about.type == "boolean" and isinstance(value, bool):
        return value
    kinds = {"number": _("a number"), "date": _("a date"), "moment": _("a date"), "boolean": _("yes or no")}
    wrong = _("“%(field)s” is %(kind)s.") % {"field": about.label, "kind": kinds[about.type]}
    raise Mistake(wrong, _("Write it like this: %(example)s.") % {"example": _EXAMPLES[about.type]})


def _text(about: Attribute, value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        wrong = _("“%(field)s” is a text.") % {"field": about.label}
        raise Mistake(wrong, _("Write it in quotes: %(example)s.") % {"example": _EXAMPLES[about.type]})
    text = str(value)
    if not text.strip() or len(text) > LONGEST_TEXT or "\0" in text:
        raise Mistake(_("The value is empty or too long."), _("To find what is missing, ask “is empty”."))
    if about.tidy is not None:
        tidy = about.tidy(text)
        if not tidy:
            known = ", ".join(about.choices) or _EXAMPLES[about.type]
            raise Mistake(
                _("“%(value)s” is no value of “%(field)s”.") % {"value": text, "field": about.label},
                _("Known: %(words)s.") % {"words": known},
            )
        return tidy
    if about.choices:
        by_fold = {word.casefold(): word for word in about.choices}
        if (found := by_fold.get(text.casefold())) is None:
            raise Mistake(
                _("“%(value)s” is no value of “%(field)s”.") % {"value": text, "field": about.label},
                _("Known: %(words)s.") % {"words": ", ".join(about.choices)},
            )
        return found
    return text


def _checked_span(value: Value) -> Span:
    if isinstance(value, Span) and value.unit in UNITS and 1 <= value.number <= LONGEST[value.unit]:
        return value
    raise Mistake(_("Here stands a length of time, of a century at most."), _("Write it like this: 90 days."))


def _checked_day(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise Mistake(_("The year is out of reach."), _("Write a day between 1800 and 2500."))
    return day


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)

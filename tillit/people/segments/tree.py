"""What a segment is: a tree of conditions. Values that never change; the same meaning has one shape."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

UNITS = ("day", "week", "month", "year")
LONGEST = {"day": 36_525, "week": 5_200, "month": 1_200, "year": 100}  # a century of each
EARLIEST, LATEST = date(1800, 1, 1), date(2500, 12, 31)
DEEPEST, MOST = 12, 200


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, such as 90 days."""

    number: int
    unit: str = "day"

    def before(self, day: date) -> date:
        """The day this long before another; in a shorter month, its last."""
        return self._from(day, -self.number)

    def after(self, day: date) -> date:
        """The day this long after another; in a shorter month, its last."""
        return self._from(day, self.number)

    def _from(self, day: date, number: int) -> date:
        if self.unit in {"day", "week"}:
            return day + timedelta(days=number * (7 if self.unit == "week" else 1))
        months = day.year * 12 + day.month - 1 + number * (12 if self.unit == "year" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


Value: TypeAlias = str | int | float | bool | date | Span | tuple[str | int | float, ...] | None


@dataclass(frozen=True, slots=True)
class Compare:
    """What is known of a person against a value. `subject` is ``field:`` and a field's name, or a name of ours."""

    subject: str
    op: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class When:
    """A part of time: within the last so long, or from one day to the day before another."""

    within: Span | None = None
    since: date | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a person, or how they stand: `object` is the number of a list, a campaign, …"""

    kind: str
    object: int | None = None
    times: int = 1
    when: When = When()


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; also where nothing is known."""

    part: Node


Leaf: TypeAlias = Compare | Event
Node: TypeAlias = All | Either | Not | Leaf


class Mistake(ValueError):
    """A segment cannot be understood: what is wrong, how to mend it, and where.

    `start` and `end` are places in the text, when it came as text; `path` is the way through the tree otherwise.
    """

    def __init__(self, message: str, mend: str = "", *, start: int = 0, end: int = 0, text: str = "") -> None:
        super().__init__(f"{message} {mend}".strip())
        self.message, self.mend, self.start, self.end, self.text = message, mend, start, end, text
        self.path: tuple[int, ...] = ()

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        return self.start - (self.text.rfind("\n", 0, self.start) + 1) + 1

    @property
    def shown(self) -> tuple[str, str, str]:
        """The line of the text in three parts; the middle one is wrong."""
        first = self.text.rfind("\n", 0, self.start) + 1
        last = self.text.find("\n", self.start)
        last = len(self.text) if last < 0 else last
        end = min(max(self.end, self.start), last)
        return self.text[first : self.start], self.text[self.start : end], self.text[end:last]


def every(*parts: Node) -> Node:
    """All of some parts, in the one shape of that meaning."""
    return _joined(All, parts)


def either(*parts: Node) -> Node:
    """One of some parts, in the one shape of that meaning."""
    return _joined(Either, parts)


def opposite(part: Node) -> Node:
    """A part turned round."""
    return part.part if isinstance(part, Not) else Not(part)


def _joined(kind: type[All] | type[Either], parts: tuple[Node, ...]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def leaves(node: Node) -> Iterator[Leaf]:
    """The conditions of a tree, from left to right."""
    if isinstance(node, All | Either):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        yield node


def depth(node: Node) -> int:
    """How deep the groups of a tree lie in each other."""
    if isinstance(node, All | Either):
        return 1 + max(depth(part) for part in node.parts)
    return depth(node.part) if isinstance(node, Not) else 0


# -- as JSON ----------------------------------------------------------------------------------------------------------
def to_json(node: Node) -> dict[str, Any]:
    """The tree as JSON keeps it."""
    match node:
        case All(parts):
            return {"all": [to_json(part) for part in parts]}
        case Either(parts):
            return {"any": [to_json(part) for part in parts]}
        case Not(part):
            return {"not": to_json(part)}
        case Compare(subject, op, value):
            told = {"of": subject, "is": op}
            return told if value is None else {**told, "value": _value_to_json(value)}
        case Event(kind, number, times, when):
            kept = {"did": kind, "object": number, "times": times if times != 1 else None, **_when_to_json(when)}
            return {name: each for name, each in kept.items() if each is not None}


def _value_to_json(value: Value) -> Any:
    if isinstance(value, Span):
        return {value.unit: value.number}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return list(value) if isinstance(value, tuple) else value


def _when_to_json(when: When) -> dict[str, Any]:
    return {
        "within": _value_to_json(when.within) if when.within else None,
        "since": when.since.isoformat() if when.since else None,
        "before": when.before.isoformat() if when.before else None,
    }


def from_json(kept: Any) -> Node:
    """The tree that `to_json` wrote, or that a program sent. Raises Mistake for anything else."""
    return _from_json(kept, 0)


def _from_json(kept: Any, deep: int) -> Node:
    if deep > 3 * DEEPEST or not isinstance(kept, Mapping):
        raise Mistake(
            _("This is no condition.") if deep <= 3 * DEEPEST else _("The groups lie too deep in each other.")
        )
    if "all" in kept or "any" in kept:
        parts = kept.get("all", kept.get("any"))
        if not isinstance(parts, list) or not parts or len(kept) != 1:
            raise Mistake(_("A group needs at least one condition, and nothing beside them."))
        join = every if "all" in kept else either
        return join(*(_from_json(part, deep + 1) for part in parts))
    if "not" in kept:
        return opposite(_from_json(kept["not"], deep + 1))
    if set(kept) <= {"of", "is", "value"} and isinstance(kept.get("of"), str) and isinstance(kept.get("is"), str):
        return Compare(kept["of"], kept["is"], _value_from_json(kept.get("value")))
    if set(kept) <= {"did", "object", "times", "within", "since", "before"} and isinstance(kept.get("did"), str):
        return _event_from_json(kept)
    wrong = _("Not understood: %(words)s.") % {"words": ", ".join(map(str, kept))}
    raise Mistake(wrong, _("Write all, any, not, of … is … value, or did …."))


def _event_from_json(kept: Mapping[str, Any]) -> Event:
    number, times, within = kept.get("object"), kept.get("times", 1), kept.get("within")
    if not _whole(times) or not (number is None or _whole(number)):
        raise Mistake(_("The object and the times of what happened are whole numbers."))
    since, before = (_day(kept[name]) if name in kept else None for name in ("since", "before"))
    return Event(kept["did"], number, times, When(_span(within) if within is not None else None, since, before))


def _value_from_json(value: Any) -> Value:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return tuple(value)
    if isinstance(value, Mapping) and set(value) == {"date"}:
        return _day(value["date"])
    return _span(value)


def _span(value: Any) -> Span:
    if isinstance(value, Mapping) and len(value) == 1:
        ((unit, number),) = value.items()
        if unit in UNITS and _whole(number):
            return Span(number, unit)
    mend = _("A length of time is written %(span)s, a day %(day)s.")
    raise Mistake(_("This is no value."), mend % {"span": '{"day": 90}', "day": '{"date": "2026-01-31"}'})


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise Mistake(
            _("“%(text)s” is no day.") % {"text": text}, _("Write year, month and day: 2026-01-31.")
        ) from None


def _whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)

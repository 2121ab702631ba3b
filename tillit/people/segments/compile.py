"""From tree to SQL: one query that gives every person of a segment once.

What a segment asks about is joined to the person once each: the values of a category, the standing on a list, the opens
of a time. Every join has one row a person at most, so the conditions become one plain expression over columns, and
however they are nested PostgreSQL reads each table once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils import timezone

from tillit.people.segments.tree import All, Compare, Either, Event, Node, Not, Span, When
from tillit.people.segments.vocabulary import FIELD, Attribute, Vocabulary

PREFIX = "segment_"
PERSONS = "people_person m"  # where a segment's people come from, once in its SQL: a search may put a part of them here
TEXTUAL = frozenset({"text", "phone", "choice", "country", "date"})  # what is kept as a text, empty or not there
_PEOPLE = re.compile(r"/\* people: ([\w.]+) \*/")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL that gives the id of everybody in a segment, under the caller's context, and its parameters."""

    sql: str
    parameters: Mapping[str, Any]
    categories: frozenset[str]

    def condition(self, person: str = "p", *, near: str = "") -> str:
        """SQL that is true for the persons of the segment; `person` is the alias of `people_person` outside.

        With `near`, which is SQL of the ids of some people, no others are looked at.
        """
        return f"{person}.id IN ({_among(self.sql, near) if near else self.sql})"


def _among(sql: str, people: str) -> str:
    """The SQL of a segment kept to a part of the people, whose ids the SQL `people` gives."""
    persons = f"(SELECT * FROM people_person WHERE id IN ({people})) m"
    return _PEOPLE.sub(lambda mark: f"AND {mark[1]} IN ({people})", sql.replace(PERSONS, persons))


@dataclass
class Query:
    """A query as it grows: `m` is the person, `join` adds a table, `value` a parameter."""

    now: datetime
    prefix: str = PREFIX
    zone: tzinfo = field(default_factory=timezone.get_default_timezone)
    joins: dict[str, tuple[str, str]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day of the installation's time zone: a segment holds the same people whoever looks at it."""
        return self.now.astimezone(self.zone).date()

    def value(self, value: Any) -> str:
        """The placeholder of a parameter."""
        name = f"{self.prefix}{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    def join(self, sql: str) -> str:
        """Join a table to the person, and return its alias; the same table again is joined once.

        `sql` holds ``{t}`` for the alias, and gives one row a person at most. Its values must be written by `value`
        with `shared`, or be numbers of ours.
        """
        if sql not in self.joins:
            alias = f"j{len(self.joins)}"
            self.joins[sql] = alias, sql.replace("{t}", alias)
        return self.joins[sql][0]

    def people(self, column: str) -> str:
        """A mark for the end of an inner WHERE that reads many people: a search may keep it to some (`_among`)."""
        return f"/* people: {column} */"

    def shared(self, value: Any) -> str:
        """The placeholder of a parameter, the same for the same value, so that equal joins stay equal."""
        for name, kept in self.parameters.items():
            if type(kept) is type(value) and kept == value:
                return f"%({name})s"
        return self.value(value)

    def moment(self, day: date) -> datetime:
        """When a day begins."""
        return datetime.combine(day, time.min, self.zone)

    def span(self, when: When) -> tuple[datetime | None, datetime | None]:
        """The moments from which and before which something happened."""
        if when.within:
            return self.moment(when.within.before(self.today)), None
        since = self.moment(when.since) if when.since else None
        return since, self.moment(when.before) if when.before else None


def compile_segment(node: Node, vocabulary: Vocabulary, *, now: datetime, prefix: str = PREFIX) -> Compiled:
    """Turn a tree into SQL. `now` decides what “within 90 days” means."""
    query = Query(now, prefix)
    where = _sql(node, vocabulary, query)
    joins = "".join(f" LEFT JOIN {sql}" for _alias, sql in query.joins.values())
    sql = f"SELECT m.id FROM {PERSONS}{joins} WHERE {where}"
    return Compiled(sql, query.parameters, vocabulary.categories(node))


def _sql(node: Node, vocabulary: Vocabulary, query: Query) -> str:
    """A boolean expression in which null means no."""
    if isinstance(node, All | Either):
        word = " AND " if isinstance(node, All) else " OR "
        return f"({word.join(_sql(part, vocabulary, query) for part in node.parts)})"
    if isinstance(node, Not):
        return f"({_sql(node.part, vocabulary, query)} IS NOT TRUE)"
    if isinstance(node, Compare):
        return _compare(node, vocabulary.attribute(node.subject), query)
    return _event(node, vocabulary, query)


def _event(leaf: Event, vocabulary: Vocabulary, query: Query) -> str:
    return vocabulary.happening(leaf.kind).sql(query, leaf)


def _compare(leaf: Compare, about: Attribute, query: Query) -> str:
    """What is known of a person against a value."""
    if leaf.op == "!=":
        return f"({_compare(Compare(leaf.subject, '=', leaf.value), about, query)} IS NOT TRUE)"
    if leaf.op == "is empty":
        return f"({_compare(Compare(leaf.subject, 'is set'), about, query)} IS NOT TRUE)"
    if about.type in {"number", "boolean"} and about.sql is None:
        return _json(leaf, _field(about, query), about.type, query)
    known = about.sql(query) if about.sql else _field(about, query)
    if leaf.op == "is set":
        return f"({known} <> '')" if about.type in TEXTUAL else f"({known} IS NOT NULL)"
    return _valued(leaf, about.type, known, query)


def _valued(leaf: Compare, kind: str, known: str, query: Query) -> str:
    if kind in {"date", "moment"}:
        return _dated(leaf, known, query, moment=kind == "moment")
    if kind in {"text", "phone"}:
        return _text(leaf, known, query)
    if leaf.op == "in":
        return f"{known} = ANY ({query.value(list(_several(leaf)))})"
    return f"{known} {leaf.op} {query.value(leaf.value)}"


def _json(leaf: Compare, known: str, kind: str, query: Query) -> str:
    """A number or a yes or no, compared as JSON, which orders values of one type as one expects."""
    is_one = f"jsonb_typeof({known}) = '{kind}'"
    if leaf.op == "is set":
        return f"({is_one})"
    return f"({is_one} AND {known} {leaf.op} {query.value(json.dumps(leaf.value))}::jsonb)"


def _several(leaf: Compare) -> tuple[Any, ...]:
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def _text(leaf: Compare, known: str, query: Query) -> str:
    """Texts are compared whatever their case.

    The function that stands behind “=” is named: of the sign the planner expects one row in two hundred, of two such
    conditions next to none, and read 2 million people for a page of fifty instead of stopping at the fiftieth.
    """
    if leaf.op == "=":
        return f"texteq(lower({known}), lower({query.shared(leaf.value)}))"
    if leaf.op == "in":
        return f"lower({known}) IN ({', '.join(f'lower({query.value(one)})' for one in _several(leaf))})"
    value = query.shared(leaf.value)
    if leaf.op == "starts with":
        return f"starts_with(lower({known}), lower({value}))"
    if leaf.op == "ends with":
        return f"right(lower({known}), length(lower({value}))) = lower({value})"
    return f"position(lower({value}) IN lower({known})) > 0"


def _dated(leaf: Compare, known: str, query: Query, *, moment: bool) -> str:
    """Every question about a day is one about a range of days, from the first to before the last."""
    first, last = bounds(leaf, query.today)
    conditions = [] if moment or first else [f"{known} > ''"]
    if moment:
        ends = [query.moment(each) if each else None for each in (first, last)]
    else:
        ends = [each.isoformat() if each else None for each in (first, last)]  # type: ignore[misc]
    conditions += [f"{known} {sign} {query.value(end)}" for sign, end in zip((">=", "<"), ends, strict=True) if end]
    return f"({' AND '.join(conditions)})"


def bounds(leaf: Compare, today: date) -> tuple[date | None, date | None]:
    """The first day that a question about a day means, and the day after the last; None where it has no end."""
    day = leaf.value
    if isinstance(day, Span):
        if leaf.op == "within":
            return day.before(today), today + _DAY
        return (None, day.before(today)) if leaf.op == "older than" else (today, day.after(today) + _DAY)
    assert isinstance(day, date)
    return {
        "=": (day, day + _DAY),
        "<": (None, day),
        "<=": (None, day + _DAY),
        ">": (day + _DAY, None),
        ">=": (day, None),
    }[leaf.op]


def _field(about: Attribute, query: Query) -> str:
    """The value of a workspace's field: a text, or JSON for numbers and yes or no."""
    category = query.shared(about.category)
    alias = query.join(f"people_traits {{t}} ON {{t}}.person_id = m.id AND {{t}}.category = {category}")
    name = query.shared(about.name.removeprefix(FIELD))
    if about.type in {"number", "boolean"}:
        return f'({alias}."values" -> {name})'
    text = f'({alias}."values" ->> {name})'
    return f'({text} COLLATE "C")' if about.type == "date" else text

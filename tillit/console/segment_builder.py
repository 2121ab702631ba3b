"""The builder of segments: groups and rows as a form holds them, unfinished or not, to and from the tree.

The form sends each node's number, its group's number and its kind in order (`node`), and its parts by name and number
(`op-3`), so that it works without a script: a button that adds a row posts the form and gets it back longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from tillit.people.segments.tree import (
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
    When,
    either,
    every,
    opposite,
)
from tillit.people.segments.vocabulary import AROUND, KNOWN, TEXTS, Attribute, Happening, Vocabulary

MATCHES = ("all", "any", "none", "not-all")
WHENS = ("", "within", "since", "before", "between")
DID = "did:"
MOST_NODES = 400


@dataclass
class Row:
    """One condition as the form shows it: everything is text. `about` is a subject, or ``did:`` and its words."""

    about: str = ""
    negated: bool = False
    op: str = ""
    value: str = ""
    number: str = ""
    unit: str = "day"
    object: str = ""
    times: str = ""
    when: str = ""
    since: str = ""
    before: str = ""
    id: int = 0
    mistake: str = ""
    offer: Any = None
    is_group = False

    PARTS = ("about", "op", "value", "number", "unit", "object", "times", "when", "since", "before")


@dataclass
class Group:
    """Rows and groups of which all, any, none or not all must hold."""

    match: str = "all"
    parts: list[Group | Row] = field(default_factory=list)
    id: int = 0
    mistake: str = ""
    is_group = True


class Incomplete(Exception):
    """Some rows cannot be understood; each carries its mistake."""


# -- from the tree ----------------------------------------------------------------------------------------------------
def group_of(tree: Node | None) -> Group:
    """The form of a tree; of nothing, one empty row."""
    if tree is None:
        return numbered(Group("all", [Row()]))
    shown = _shown(tree)
    return numbered(shown if isinstance(shown, Group) else Group("all", [shown]))


def _shown(node: Node) -> Group | Row:
    if isinstance(node, All | Either):
        return Group("all" if isinstance(node, All) else "any", [_shown(part) for part in node.parts])
    if not isinstance(node, Not):
        return _row(node)
    inner = _shown(node.part)
    if isinstance(inner, Row):
        inner.negated = True
    else:
        inner.match = "none" if inner.match == "any" else "not-all"
    return inner


def _row(leaf: Leaf) -> Row:
    if isinstance(leaf, Event):
        return _event_row(leaf)
    row = Row(about=leaf.subject, op=leaf.op)
    if isinstance(leaf.value, Span):
        row.number, row.unit = str(leaf.value.number), leaf.value.unit
    elif isinstance(leaf.value, tuple):
        row.value = ", ".join(_listed(str(one)) for one in leaf.value)
    elif isinstance(leaf.value, bool):
        row.value = "yes" if leaf.value else "no"
    elif leaf.value is not None:
        row.value = leaf.value.isoformat() if isinstance(leaf.value, date) else str(leaf.value)
    return row


def _event_row(leaf: Event) -> Row:
    since, before = (day.isoformat() if day else "" for day in (leaf.when.since, leaf.when.before))
    row = Row(about=DID + leaf.kind, object=str(leaf.object or ""), since=since, before=before)
    row.times = str(leaf.times) if leaf.times > 1 else ""
    row.when = "between" if since and before else "since" if since else "before" if before else ""
    if leaf.when.within:
        row.when, row.number, row.unit = "within", str(leaf.when.within.number), leaf.when.within.unit
    return row


# -- from the form ----------------------------------------------------------------------------------------------------
def read(sent: QueryDict) -> Group:
    """The form as it was sent, whatever is wrong with it."""
    root = Group(sent.get("match-0", "all") if sent.get("match-0") in MATCHES else "all")
    groups = {0: root}
    for told in sent.getlist("node")[:MOST_NODES]:
        number, _colon, rest = told.partition(":")
        parent, _colon, kind = rest.partition(":")
        if not (number.isdecimal() and parent.isdecimal() and int(parent) in groups):
            continue
        if kind == "group":
            match = sent.get(f"match-{number}", "all")
            groups[int(number)] = made = Group(match if match in MATCHES else "all", id=int(number))
            groups[int(parent)].parts.append(made)
        else:
            row = Row(id=int(number), negated=sent.get(f"negated-{number}") == "1")
            for name in Row.PARTS:
                setattr(row, name, sent.get(f"{name}-{number}", "")[:600])
            groups[int(parent)].parts.append(row)
    return root


def numbered(root: Group) -> Group:
    """Give every node its number, in order; the root is 0."""
    for number, (node, _parent) in enumerate(nodes(root)):
        node.id = number
    return root


def nodes(group: Group, parent: Group | None = None) -> Iterator[tuple[Group | Row, Group | None]]:
    """Every node with the group it is in, groups before their parts."""
    yield group, parent
    for part in group.parts:
        if isinstance(part, Group):
            yield from nodes(part, group)
        else:
            yield part, group


def act(root: Group, do: str) -> Group:
    """Do what a button says: ``add:3`` and ``group:3`` add to group 3, ``remove:4`` takes out."""
    verb, _colon, number = do.partition(":")
    for node, parent in list(nodes(root)):
        if str(node.id) != number:
            continue
        if verb == "add" and isinstance(node, Group):
            node.parts.append(Row())
        elif verb == "group" and isinstance(node, Group):
            node.parts.append(Group("any" if node.match in {"all", "not-all"} else "all", [Row(), Row()]))
        elif verb == "remove" and parent is not None:
            parent.parts.remove(node)
        break
    for node, parent in list(nodes(root)):
        if isinstance(node, Group) and not node.parts and parent is not None:
            parent.parts.remove(node)
    return numbered(root if root.parts else Group(root.match, [Row()]))


# -- to the tree ------------------------------------------------------------------------------------------------------
def tree_of(root: Group, words: Vocabulary) -> Node:
    """The tree of a form. Raises Incomplete, with each row's mistake written to it."""
    tree = _tree(root, words)
    if tree is None:
        raise Incomplete
    return words.tidy(tree)


def _tree(node: Group | Row, words: Vocabulary) -> Node | None:
    if isinstance(node, Row):
        return _leaf(node, words)
    parts = [_tree(part, words) for part in node.parts]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    inner = every(*known) if node.match in {"all", "not-all"} else either(*known)
    return opposite(inner) if node.match in {"none", "not-all"} else inner


def _leaf(row: Row, words: Vocabulary) -> Node | None:
    try:
        if not row.about:
            raise Mistake(_("Choose what is asked about."))
        if row.about.startswith(DID):
            leaf: Leaf = _event(row, words.happening(row.about.removeprefix(DID)))
        else:
            leaf = _compare(row, words.attribute(row.about))
        tidy = words.tidied(leaf)
    except Mistake as mistake:
        row.mistake = str(mistake)
        return None
    return Not(tidy) if row.negated else tidy


def _compare(row: Row, about: Attribute) -> Compare:
    op = row.op if row.op in about.ops else about.ops[0]
    if op in KNOWN:
        return Compare(row.about, op)
    if op in AROUND:
        return Compare(row.about, op, _span(row))
    if op == "in":
        return Compare(row.about, op, _several(row.value))
    return Compare(row.about, op, _value(row.value, about.type))


_ONE_OF = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)')
_PLAIN = re.compile(r'[^\s,"](?:[^,"\r\n]*[^\s,"])?\Z')


def _listed(value: str) -> str:
    """A value in a list with commas; in quotes where it would be read otherwise."""
    return value if _PLAIN.match(value) else '"' + value.replace('"', '""') + '"'


def _several(text: str) -> tuple[str, ...]:
    found = (quoted.replace('""', '"') or plain.strip() for quoted, plain in _ONE_OF.findall(text))
    return tuple(one for one in found if one)


def _value(text: str, kind: str) -> Value:
    if not text.strip():
        raise Mistake(_("A value is missing."))
    if kind in TEXTS:
        return text
    if kind == "boolean":
        return text == "yes"
    if kind != "number":
        return _day(text)
    plain = "".join(text.split()).replace(",", ".")
    try:
        return int(plain) if plain.lstrip("+-").isdecimal() else float(plain)
    except ValueError:
        raise Mistake(_("“%(text)s” is no number.") % {"text": text}) from None


def _event(row: Row, about: Happening) -> Event:
    number = int(row.object) if row.object.isdecimal() else None
    times = row.times.strip() or "1"
    if not times.isdecimal():
        raise Mistake(_("How many times is a whole number."))
    when = When()
    if about.dated and row.when == "within":
        when = When(within=_span(row))
    elif about.dated and row.when in WHENS:
        since = _day(row.since) if row.when in {"since", "between"} else None
        when = When(since=since, before=_day(row.before) if row.when in {"before", "between"} else None)
    return Event(about.words, number if about.object else None, int(times) if about.counted else 1, when)


def _span(row: Row) -> Span:
    if not row.number.strip().isdecimal():
        raise Mistake(_("How long is a whole number."))
    return Span(int(row.number), row.unit if row.unit in UNITS else "day")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Mistake(_("Choose a day.")) from None


# -- what the selects offer -------------------------------------------------------------------------------------------
def offered(words: Vocabulary, titles: Mapping[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be asked about, as groups of a select; `titles` says what categories are called."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, about in words.attributes.items():
        title = titles.get(about.category, about.category) if ":" in name else _("The person")
        groups.setdefault(title, []).append((name, str(about.label)))
    titled = {"preferences": _("Lists"), "correspondence": _("Campaigns"), "interaction": _("Campaigns")}
    for kind, happening in words.happenings.items():
        title = titled.get(happening.category) or titles.get(happening.category, happening.category)
        groups.setdefault(title, []).append((DID + kind, str(happening.label)))
    return list(groups.items())

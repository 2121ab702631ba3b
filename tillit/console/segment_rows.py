"""What the row of a condition offers: which questions, and which inputs for the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tillit.console.segment_builder import DID, Group, Row, nodes
from tillit.people.segments.vocabulary import AROUND, KNOWN, Attribute, Happening, Vocabulary

Choices = list[tuple[str, str | Promise]]

MATCHES: Choices = [
    ("all", _("All of these hold")),
    ("any", _("At least one of these holds")),
    ("none", _("None of these holds")),
    ("not-all", _("Not all of these hold")),
]
UNITS: Choices = [("day", _("days")), ("week", _("weeks")), ("month", _("months")), ("year", _("years"))]
WHENS: Choices = [
    ("", _("at any time")),
    ("within", _("within the last")),
    ("since", _("since")),
    ("before", _("before")),
    ("between", _("between")),
]
_OPS: Mapping[str, str | Promise] = {
    "=": _("is"),
    "!=": _("is not"),
    "<": _("is less than"),
    "<=": _("is at most"),
    ">": _("is more than"),
    ">=": _("is at least"),
    "contains": _("contains"),
    "starts with": _("begins with"),
    "ends with": _("ends with"),
    "in": _("is one of"),
    "is set": _("is known"),
    "is empty": _("is not known"),
    "within": _("is within the last"),
    "older than": _("is longer ago than"),
    "in the next": _("is within the next"),
}
_DATE_OPS: Mapping[str, str | Promise] = {
    "<": _("is before"),
    "<=": _("is on or before"),
    ">": _("is after"),
    ">=": _("is on or after"),
}
_EVERYTHING: Mapping[str, str | Promise] = {"campaign": _("any campaign"), "list": _("any list")}


@dataclass(slots=True)
class Offer:
    """What a row shows beside what it is about: `answer` is the kind of input, empty for none."""

    ops: Choices = field(default_factory=list)
    answer: str = ""
    choices: Choices = field(default_factory=list)
    objects: Choices = field(default_factory=list)
    happening: Happening | None = None
    negatable: bool = False


def show(root: Group, words: Vocabulary) -> Group:
    """Give every row of a form what it offers, and put right what its selects no longer offer."""
    for node, _parent in nodes(root):
        if isinstance(node, Row):
            node.offer = _offer(node, words)
    return root


def _offer(row: Row, words: Vocabulary) -> Offer:
    if row.about.startswith(DID):
        happening = words.happenings.get(row.about.removeprefix(DID))
        if happening is None:
            return Offer()
        return Offer(happening=happening, objects=_objects(happening, words), negatable=True)
    about = words.attributes.get(row.about)
    if about is None:
        return Offer()
    if row.op not in about.ops:
        row.op = about.ops[0]
    dates = about.type in {"date", "moment"}
    ops = [(op, _DATE_OPS.get(op, _OPS[op]) if dates else _OPS[op]) for op in about.ops]
    negatable = row.op in {"contains", "starts with", "ends with", "in"}  # the others have their opposite among them
    return Offer(ops=list(ops), answer=_answer(row.op, about), choices=_choices(about), negatable=negatable)


def _answer(op: str, about: Attribute) -> str:
    if op in KNOWN:
        return ""
    if op in AROUND:
        return "span"
    if op == "in":
        return "several"
    if about.choices or about.type == "boolean":
        return "choice"
    return {"number": "number", "date": "date", "moment": "date"}.get(about.type, "text")


def _choices(about: Attribute) -> Choices:
    if about.type == "boolean":
        return [("yes", _("Yes")), ("no", _("No"))]
    return list(about.choices.items())


def _objects(happening: Happening | None, words: Vocabulary) -> Choices:
    if happening is None or not happening.object:
        return []
    known: Choices = [(str(number), name) for number, name in words.objects.get(happening.object, {}).items()]
    return known if happening.needed else [("", _EVERYTHING.get(happening.object, _("any"))), *known]

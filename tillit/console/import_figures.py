"""The counts of an import in words, and how fast it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.people.models import Import, Subscription

#: Counts that are shown when they are not zero, in this order.
OUTCOMES: dict[str, str | Promise] = {
    "changed": gettext_lazy("Known people who were given something new"),
    "duplicates": gettext_lazy("Rows about somebody named in an earlier row, joined with it"),
    "kept_out": gettext_lazy("People who had said no or left the list, and stay out"),
    "restricted": gettext_lazy("People whose processing is restricted: only an opt-out was taken in"),
    "suppressed": gettext_lazy("People whose address is suppressed: they joined no list and get no mail"),
    "suppressed_bounced": gettext_lazy("Addresses that bounced in the earlier tool, now suppressed"),
    "suppressed_complaint": gettext_lazy("Addresses whose owners reported mail as spam, now suppressed"),
    "suppressed_moved": gettext_lazy("Addresses that were blocked in the earlier tool, now suppressed"),
    "opted_out": gettext_lazy("Opt-outs in the file, recorded"),
    "granted": gettext_lazy("Consents recorded, with the source as their proof"),
    "unknown_region": gettext_lazy("New people without a known country: the strictest law applies to them"),
    "region_kept": gettext_lazy("People who keep the region they had, though the file names another country"),
    "recoded_lines": gettext_lazy("Lines in another encoding than the rest, read as Windows-1252"),
}
#: Values that were left out, by column: its name is put in.
LEFT_OUT: dict[str, str | Promise] = {
    "unreadable": gettext_lazy("Values of “%(column)s” left out: they are not what the column means"),
    "ambiguous": gettext_lazy(
        "Values of “%(column)s” left out: they can be read in two ways, and no other tells which"
    ),
}
REASONS: dict[str, str | Promise] = {
    "no_address": gettext_lazy("no email address"),
    "invalid_address": gettext_lazy("not an email address"),
    "too_many_columns": gettext_lazy("more columns than the header"),
    "too_long": gettext_lazy("a cell of more than 2,000 characters"),
    "nul": gettext_lazy("zero bytes inside"),
    "quote": gettext_lazy("a quotation mark that is not closed"),
    "erased": gettext_lazy("the person was erased at their own request"),
    "not_permitted": gettext_lazy("the policy does not permit it for the person, who may have said no"),
}


#: Why people whom an import made stay when it is undone.
STAYS: dict[str, str | Promise] = {
    "chose": gettext_lazy("made a choice of their own since"),
    "list": gettext_lazy("joined or left a list since"),
    "imported": gettext_lazy("are in another import too, and go when that is undone"),
    "edited": gettext_lazy("were edited since"),
    "restricted": gettext_lazy("have their processing restricted"),
    "merged": gettext_lazy("were merged with another record"),
    "noted": gettext_lazy("have a note that somebody wrote"),
    "active": gettext_lazy("were written to, or asked for something"),
}
#: What undoing did, in this order.
UNDONE: dict[str, str | Promise] = {
    "removed": gettext_lazy("People removed whom the import had made"),
    "restored": gettext_lazy("Known people set back to how they were"),
    "voided": gettext_lazy("Recorded choices taken back"),
    "values_kept": gettext_lazy("Kinds of information left alone, because they were changed or confirmed since"),
    "lists_kept": gettext_lazy("Places on the list left alone, because they changed or were confirmed since"),
    "suppressions": gettext_lazy("Suppressions lifted that only this import stood for"),
    "gone_before": gettext_lazy("People who were erased in the meantime"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of an import."""

    rows: int
    new: int
    known: int
    refused: int
    outcomes: list[tuple[int, str | Promise]]
    reasons: list[tuple[int, str | Promise]]
    left_out: list[tuple[int, str]]


def figures(counts: Mapping[str, int]) -> Figures:
    """Put an import's counts in words."""
    reasons = {key.removeprefix("refused."): number for key, number in counts.items() if key.startswith("refused.")}
    return Figures(
        counts.get("rows", 0),
        counts.get("new", 0),
        counts.get("known", 0),
        counts.get("refused", 0),
        [(counts[key], words) for key, words in OUTCOMES.items() if counts.get(key)],
        sorted(((number, REASONS.get(reason, reason)) for reason, number in reasons.items()), reverse=True, key=_first),
        sorted(_left_out(counts), reverse=True, key=_first),
    )


def sample_rows(sample: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Who would be changed in what, from what to what, in words."""
    parts = {"list": _("Standing on the list"), "language": _("Language")}
    return [
        (each["who"], parts.get(name) or labels.get(name, name), _said(name, was), _said(name, now))
        for each in sample
        for name, was, now in each["changes"]
    ]


def _said(name: str, value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(dict(Subscription.State.choices).get(str(value), value) if name == "list" else value)


def stays(reasons: Mapping[str, int]) -> list[tuple[int, str | Promise]]:
    """How many people stay for which reason, most first."""
    return sorted(((number, STAYS[reason]) for reason, number in reasons.items()), reverse=True, key=_first)


@dataclass(frozen=True, slots=True)
class Undone:
    """How far undoing an import is, and what it did."""

    done: int
    total: int
    outcomes: list[tuple[int, str | Promise]]
    stays: list[tuple[int, str | Promise]]


def undone(item: Import) -> Undone | None:
    """Put what undoing an import did in words; None while nobody undoes it."""
    if not item.undo:
        return None
    counts = item.undo["counts"]
    kept = {key.removeprefix("kept."): number for key, number in counts.items() if key.startswith("kept.")}
    outcomes = [(counts[key], words) for key, words in UNDONE.items() if counts.get(key)]
    return Undone(item.undo["done"], item.undo["total"], outcomes, stays(kept))


def _left_out(counts: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    for key, number in counts.items():
        why, dot, column = key.partition(".")
        if dot and why in LEFT_OUT:
            yield number, str(LEFT_OUT[why]) % {"column": column}


def _first(pair: tuple[int, object]) -> int:
    return pair[0]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an import goes, and how long it will take; None before there is anything to tell by."""

    rows_per_second: int | None
    left: timedelta | None

    @property
    def minutes_left(self) -> int:
        return round(self.left.total_seconds() / 60) if self.left else 0

    @property
    def seconds_left(self) -> int:
        return round(self.left.total_seconds()) if self.left else 0


def pace(item: Import, *, now: datetime) -> Pace:
    """Work out an import's pace from what it has done since it started."""
    rows = item.counts.get("rows", 0)
    if not (item.started_at and rows and item.read_bytes):
        return Pace(None, None)
    took = ((item.finished_at or item.moved_at or now) - item.started_at).total_seconds()
    if took <= 0:
        return Pace(None, None)
    left = (item.total_bytes - item.read_bytes) / (item.read_bytes / took)
    return Pace(round(rows / took), timedelta(seconds=round(left)))

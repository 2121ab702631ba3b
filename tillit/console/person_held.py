"""Everything held about one person, table by table as the declarations find it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.console.activities import actors_in_words
from tillit.ledger.processing import OpenActivity
from tillit.ledger.versions import in_force, places
from tillit.policy.rules import Place
from tillit.rights.holdings import Column, Table, category_titles, holdings
from tillit.rights.words import table_title

ROWS_SHOWN = 50
_BITS = ("granted", "refused", "flags", "roles")  # 0 is none of them
#: Says in which category and from which source a row is, though it is no information by itself.
_WHENCE = ("category", "source_id", "by", "purpose")


@dataclass(frozen=True, slots=True)
class HeldTable:
    """A table as people read it: `rows` pairs each label with what is said; `more` rows are left out."""

    title: str
    categories: list[str]
    labels: list[str]
    rows: list[list[tuple[str, str]]]
    number: int
    more: int


def held(activity: OpenActivity, person_id: UUID) -> tuple[list[HeldTable], list[str]]:
    """Return the tables with rows that the context shows, and the titles of those it does not show at all."""
    version, language = in_force(activity.workspace_id), get_language() or "en"
    bound = {name: Place(rule.bit, rule.refused_bits) for name, rule in version.rules.items()}
    found = holdings(person_id, places=places(activity.workspace_id) | bound)
    seen = set(activity.categories)
    hidden = [table_title(each.name) for each in found if each.categories and not seen & set(each.categories)]
    titles = {name: category.title.said(language) for name, category in version.document.categories.items()}
    shown = [
        HeldTable(
            title=table_title(each.name),
            categories=category_titles(version.document, each, language),
            labels=[column.label for column in _columns(each)],
            rows=[
                [(column.label, _cell(column.name, row[column.name], titles)) for column in _columns(each)]
                for row in each.rows[:ROWS_SHOWN]
            ],
            number=len(each.rows),
            more=max(0, len(each.rows) - ROWS_SHOWN),
        )
        for each in found
        if each.rows
    ]
    return shown, hidden


def _columns(table: Table) -> list[Column]:
    return [column for column in table.columns if column.tells or column.name in _WHENCE]


def _cell(column: str, value: Any, titles: Mapping[str, str]) -> str:
    if column == "category":
        return titles.get(value, value)
    if column in _BITS and not value:
        return ""
    if column == "by" and value:
        return actors_in_words({value})[value]
    return _said(value)


def _said(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        if set(value) == {"number", "name"}:
            return str(value["name"])
        return "; ".join(f"{name}: {_said(each) or '–'}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    moment = _moment(value) if isinstance(value, str) else None
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT") if moment else str(value)


def _moment(text: str) -> Any:
    try:
        return parse_datetime(text) if "T" in text and text[:4].isdigit() else None
    except ValueError:
        return None

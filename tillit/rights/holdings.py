"""Everything that is held about one person, found by the declarations: a table is covered when it is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from tillit.ledger.rls import PERSON, personal_models
from tillit.people.merges import ids_of
from tillit.policy.declarations import Declares
from tillit.policy.document import Document
from tillit.policy.regions import Region
from tillit.policy.roles import ROLE_NAMES, Flag
from tillit.policy.rules import Place
from tillit.rights import words

HIDDEN = frozenset({"pk", "workspace_id", "person_id"})  # the same in every row
NAMES_OF_REGIONS: dict[int, str] = {int(region): region.code for region in Region}
_STANDING: Mapping[str, Mapping[str, int]] = {
    "roles": {name: int(role) for name, role in ROLE_NAMES.items()},
    "flags": {str(flag.name).lower(): int(flag) for flag in Flag},
}
#: Numbers that mean nothing to a person, and where their names are.
NAMED = {
    "list_id": "people.MailingList",
    "source_id": "people.Source",
    "campaign_id": "campaigns.Campaign",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One field, with the category that it was declared in; empty for a field that says nothing by itself."""

    name: str
    label: str
    category: str
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def tells(self) -> bool:
        """Whether a person learns something from it; the others are for machines."""
        return bool(self.category) and self.name != "key"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table about one person."""

    name: str
    title: str
    categories: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: list[dict[str, Any]]
    kept: str  # why erasure leaves the rows, empty if it does not

    @property
    def telling(self) -> list[Column]:
        """The columns that a person learns something from."""
        return [column for column in self.columns if column.tells]


def holdings(person_id: UUID, *, places: Mapping[str, Place]) -> list[Table]:
    """Return every table with a person's rows, empty tables too; runs in the caller's context, which shows them all.

    Of a person whom the context shows: also what lies under the id of a record that went into theirs.

    `places` are those of the workspace's purposes, by which the person's choices are told.
    """
    ids = ids_of(person_id)
    tables = [_table(model, declares, ids, places) for model, declares in personal_models()]
    order = [*words.TABLES]
    return sorted(
        tables, key=lambda table: (order.index(table.name) if table.name in order else len(order), table.name)
    )


def _table(model: type[models.Model], declares: Declares, person_ids: list[UUID], places: Mapping[str, Place]) -> Table:
    columns = tuple(_columns(model, declares))
    own = "pk" if model._meta.label == PERSON else "person_id"
    found = model._base_manager.filter(**{f"{own}__in": person_ids})  # the default one leaves out ids that are gone
    rows = [dict(zip(columns, row, strict=True)) for row in found.values_list(*(column.name for column in columns))]
    names = _names(rows) | _names_of_standing(rows)
    if model._meta.label == PERSON:
        names |= _names_of_bits(rows, places)
    return Table(
        name=model._meta.label_lower,
        title=str(words.TABLES.get(model._meta.label_lower) or model._meta.verbose_name).capitalize(),
        categories=tuple(_categories(declares, rows)),
        columns=columns,
        rows=[{column.name: _shown(column, value, names) for column, value in row.items()} for row in rows],
        kept=declares.reason if declares.erase == "keep" else "",
    )


def _columns(model: type[models.Model], declares: Declares) -> Iterator[Column]:
    for field in model._meta.concrete_fields:
        name = field.attname
        if name in HIDDEN or field.name in HIDDEN or not field.column:
            continue
        label = words.FIELDS.get(name) or field.verbose_name
        category = declares.personal.get(name, declares.personal.get(field.name, ""))
        choices = tuple((str(value), str(said)) for value, said in field.flatchoices)
        yield Column(name, str(label).capitalize(), category, choices)


def _categories(declares: Declares, rows: list[dict[Column, Any]]) -> list[str]:
    if declares.category_column:
        return sorted({str(value) for row in rows for column, value in row.items() if column.name == "category"})
    return sorted({declares.category or "", *declares.personal.values()} - {"", "by row"})


def _names(rows: list[dict[Column, Any]]) -> dict[str, dict[int, str]]:
    """The names behind the numbers of lists, sources and campaigns that occur."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        for column, value in row.items():
            if column.name in NAMED and value is not None:
                wanted.setdefault(column.name, set()).add(value)
    return {name: _names_of(apps.get_model(NAMED[name]), numbers) for name, numbers in wanted.items()}


def _names_of_standing(rows: list[dict[Column, Any]]) -> dict[str, dict[int, str]]:
    """What the numbers of regions, roles and flags say, in every table that has them."""
    names: dict[str, dict[int, str]] = {}
    for row in rows:
        for column, value in row.items():
            if column.name == "region":
                names.setdefault("region", {})[value] = NAMES_OF_REGIONS.get(value, "")
            elif column.name in _STANDING:
                names.setdefault(column.name, {})[value] = _bits_in_words(value, _STANDING[column.name])
    return names


def _names_of_bits(rows: list[dict[Column, Any]], places: Mapping[str, Place]) -> dict[str, dict[int, str]]:
    """What the integers of a person's choices say, bit by bit."""
    purposes = {
        "granted": {name: 1 << place.bit for name, place in places.items()},
        "refused": {name: place.refused_bits for name, place in places.items()},
    }
    return {
        column.name: {value: _bits_in_words(value, purposes[column.name])}
        for row in rows
        for column, value in row.items()
        if column.name in purposes
    }


def _bits_in_words(value: int, meanings: Mapping[str, int]) -> str:
    return ", ".join(name for name, place in meanings.items() if value & place)


def _names_of(model: type[models.Model], numbers: set[int]) -> dict[int, str]:
    return dict(model._default_manager.filter(pk__in=numbers).values_list("pk", "name"))


def _shown(column: Column, value: Any, names: Mapping[str, Mapping[int, str]]) -> Any:
    """A value as JSON can hold it: times in ISO form, hashes in hexadecimal, numbers of ours with their names."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if value is None or isinstance(value, bool | int | float | dict | list | str):
        named = names.get(column.name, {}).get(value) if isinstance(value, int) else None
        return {"number": value, "name": named} if named else value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def category_titles(document: Document, table: Table, language: str) -> list[str]:
    """What the policy calls the categories of a table."""
    known = document.categories
    return [known[name].title.said(language) if name in known else name for name in table.categories]

"""The data map: which tables hold each category, who reads it for what, who may receive it, and how much there is.

Made from the models' declarations, the workspace's own fields and the rules; nothing in it is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.apps import apps
from django.db import OperationalError, connection, models, transaction
from django.utils.text import capfirst

from tillit.ledger.processing import processing
from tillit.ledger.rls import PERSON, declared_tables
from tillit.ledger.versions import Version
from tillit.people.models import Field
from tillit.policy.declarations import Declares
from tillit.policy.document import Document
from tillit.policy.references import said
from tillit.policy.register import Kept, Named, Register, register

ADMINISTER = "audience.administer"

#: Rows of one category in one table beyond which counting stops: the map needs the size, and nobody waits for more.
MANY = 1_000_000

#: How long all the counting may take. A workspace with more is told so.
PATIENCE_S: float = 8

COUNT = "(SELECT count(*) FROM ({}) AS counted)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The part of a table that holds one category, of a ``person`` or a ``user``; ``rows`` is None if not counted.

    ``own`` are the labels of the workspace's own fields; ``kept`` says why erasure leaves the rows, if it does.
    ``label`` is the model's name, by which others give it a title of their own.
    """

    table: str
    title: str
    label: str
    subject: str
    fields: tuple[str, ...]
    own: tuple[str, ...] = ()
    erase: str = "delete"
    kept: str = ""
    countable: bool = False
    rows: int | None = None

    @property
    def many(self) -> bool:
        """Whether counting stopped."""
        return self.rows is not None and self.rows > MANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A purpose that reads a category, with the recipients who may get the category for it."""

    purpose: Named
    recipients: tuple[Named, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """All about one category. ``kept`` is None for a category that the tables hold and the policy does not know."""

    category: Named
    special: bool
    description: str
    held: tuple[Held, ...]
    sources: tuple[Named, ...]
    uses: tuple[Use, ...]
    kept: Kept | None

    @property
    def recipients(self) -> tuple[Named, ...]:
        """Everybody who may receive the category for some purpose."""
        return tuple(dict.fromkeys(each for use in self.uses for each in use.recipients))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a reader looks at alone: ids, or nothing."""

    source: str = ""
    category: str = ""
    purpose: str = ""
    recipient: str = ""

    def __bool__(self) -> bool:
        return bool(self.source or self.category or self.purpose or self.recipient)


def lines(version: Version, *, language: str, day: date) -> list[Line]:
    """Return the map of a version for its workspace, a line a category in the order of the document, without counts."""
    document = version.document
    found = register(document, version.rules, language=language, day=day)
    held = tables(version.workspace_id)
    kept = {each.category.id: each for record in found.records for each in record.retention}
    unknown = sorted(set(held) - set(document.categories))
    return [
        *(_line(document, name, found, held.get(name, ()), kept.get(name)) for name in document.categories),
        *(
            Line(
                category=Named(name, name),
                special=False,
                description="",
                held=held[name],
                sources=(),
                uses=(),
                kept=None,
            )
            for name in unknown
        ),
    ]


def _line(document: Document, name: str, found: Register, held: tuple[Held, ...], kept: Kept | None) -> Line:
    category, language = document.categories[name], found.language
    return Line(
        category=Named(name, category.title.said(language)),
        special=category.special,
        description=said(document, category.description, language),
        held=held,
        sources=tuple(
            Named(source_id, source.title.said(language))
            for source_id, source in document.sources.items()
            if source.categories == ("all",) or name in source.categories
        ),
        uses=tuple(
            Use(
                purpose=Named(record.id, record.title),
                recipients=tuple(
                    Named(each.id, each.title)
                    for each in record.recipients
                    if name in {category.id for category in each.categories}
                ),
            )
            for record in found.records
            if name in {each.id for each in record.categories}
        ),
        kept=kept,
    )


def narrowed(found: Iterable[Line], chosen: Chosen) -> list[Line]:
    """Return what of the map leads through everything that was chosen."""
    return [line for each in found if (line := _narrowed(each, chosen)) is not None]


def _narrowed(line: Line, chosen: Chosen) -> Line | None:
    if chosen.category and line.category.id != chosen.category:
        return None
    if chosen.source:
        line = replace(line, sources=tuple(each for each in line.sources if each.id == chosen.source))
        if not line.sources:
            return None
    if chosen.purpose:
        line = replace(line, uses=tuple(each for each in line.uses if each.purpose.id == chosen.purpose))
    if chosen.recipient:
        line = replace(line, uses=tuple(_only(line.uses, chosen.recipient)))
    return line if line.uses or not (chosen.purpose or chosen.recipient) else None


def _only(uses: Iterable[Use], recipient: str) -> Iterator[Use]:
    for use in uses:
        if named := tuple(each for each in use.recipients if each.id == recipient):
            yield replace(use, recipients=named)


# Where it is.


def tables(workspace_id: int) -> dict[str, tuple[Held, ...]]:
    """Return, by category, the tables that hold it: about persons first, then about users of the console."""
    own = _own_fields(workspace_id)
    known = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    found: dict[str, list[Held]] = {}
    for table, declares in sorted(declared_tables(), key=lambda pair: (pair[1].subject != "person", pair[0])):
        if declares.subject == "nobody":
            continue
        for category, held in _held(table, declares, known.get(table), own):
            found.setdefault(category, []).append(held)
    return {category: tuple(each) for category, each in found.items()}


def _own_fields(workspace_id: int) -> dict[str, list[str]]:
    labels: dict[str, list[str]] = {}
    for field in Field.objects.filter(workspace_id=workspace_id).in_use():
        labels.setdefault(field.category, []).append(field.said())
    return labels


def _held(
    table: str, declares: Declares, model: type[models.Model] | None, own: Mapping[str, list[str]]
) -> Iterator[tuple[str, Held]]:
    """Yield the categories of one table, each with the fields that hold it."""
    whole = Held(
        table=table,
        title=capfirst(str(model._meta.verbose_name)) if model else table,
        label=model._meta.label_lower if model else table,
        subject=declares.subject,
        fields=(),
        erase=declares.erase,
        kept=declares.reason if declares.erase == "keep" else "",
        countable=bool(model and _has_workspace(model)),
    )
    if declares.category_column:
        for category, labels in own.items():
            yield category, replace(whole, own=tuple(labels))
        return
    for category in dict.fromkeys(filter(None, (declares.category, *declares.personal.values()))):
        fields = (name for name, of in declares.personal.items() if of == category)
        yield category, replace(whole, fields=tuple(fields))


def _has_workspace(model: type[models.Model]) -> bool:
    return "workspace_id" in {field.attname for field in model._meta.concrete_fields}


# How much there is.


def counted(found: Iterable[Line], version: Version, *, by: str) -> list[Line]:
    """Return the map with how many rows each table holds now, counted in one query under `audience.administer`.

    What the purpose may not see stays uncounted, as do tables that belong to no workspace. When the counting takes
    longer than PATIENCE_S, nothing is counted.
    """
    lines = list(found)
    visible = version.rules[ADMINISTER].categories
    with processing(version.workspace_id, ADMINISTER, by=by, act="datamap.count") as activity:
        parts = dict(_countable(lines, visible, version.workspace_id))
        rows = _count(parts)
        activity.count(tables=len({table for table, _category in rows}))
    return [
        replace(
            line,
            held=tuple(replace(each, rows=_rows(rows, each.table, line.category.id)) for each in line.held),
        )
        for line in lines
    ]


def _rows(rows: Mapping[tuple[str, str], int], table: str, category: str) -> int | None:
    return rows.get((table, category), rows.get((table, "")))


def _countable(
    lines: Iterable[Line], visible: frozenset[str], workspace_id: int
) -> Iterator[tuple[tuple[str, str], models.QuerySet[Any]]]:
    """Yield what can be counted: by table, and by category where a table holds several."""
    known = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    declared = dict(declared_tables())
    for line in lines:
        for held in line.held:
            if not held.countable:
                continue
            model, declares = known[held.table], declared[held.table]
            found = model._default_manager.filter(workspace_id=workspace_id)
            if declares.category_column:
                if line.category.id in visible:
                    yield (held.table, line.category.id), found.filter(**{declares.category_column: line.category.id})
            elif declares.subject != "person" or model._meta.label == PERSON or declares.category in visible:
                yield (held.table, ""), found


def _count(parts: Mapping[tuple[str, str], models.QuerySet[Any]]) -> dict[tuple[str, str], int]:
    """Count every part in one statement, each up to MANY; nothing if that takes too long."""
    if not parts:
        return {}
    selects: list[str] = []
    arguments: list[Any] = []
    for found in parts.values():
        sql, values = found.order_by().values_list("workspace_id")[: MANY + 1].query.sql_with_params()
        selects.append(COUNT.format(sql))
        arguments.extend(values)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {round(PATIENCE_S * 1000)}")
            cursor.execute(f"SELECT {', '.join(selects)}", arguments)
            numbers = cursor.fetchone()
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError:  # the statement was cancelled
        return {}
    return dict(zip(parts, numbers, strict=True))

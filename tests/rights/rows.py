"""One row in every table about persons, with a value in every field that tells which field it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import models

from tillit.accounts.models import Workspace
from tillit.ledger.processing import processing
from tillit.ledger.rls import PERSON, personal_models

#: Field type → a value that occurs nowhere else. The first that fits counts.
_VALUES: dict[type[models.Field[Any, Any]], Callable[[int], Any]] = {
    models.GenericIPAddressField: lambda number: f"198.51.100.{number % 250}",
    models.DateTimeField: lambda number: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(hours=number),
    models.UUIDField: lambda number: uuid_utils.uuid7(),
    models.JSONField: lambda number: {f"key{number}": f"=value{number}"},
    models.BooleanField: lambda number: True,
    models.SmallIntegerField: lambda number: 10_000 + number,
    models.IntegerField: lambda number: 7_000_000 + number,
    models.BinaryField: lambda number: number.to_bytes(2) * 16,
}


def sentinel(field: models.Field[Any, Any], number: int) -> Any:
    """A value that occurs nowhere else, of the field's type."""
    for kind, value in _VALUES.items():
        if isinstance(field, kind):
            return value(number)
    return f"S{number:05d}S"[: field.max_length]


def fill(workspace: Workspace, person: UUID, *, first: int = 100) -> dict[tuple[str, str], Any]:
    """Write a row of every table about a person; return (table, field) → what the field holds."""
    written: dict[tuple[str, str], Any] = {}
    with processing(workspace.pk, "rights.fulfil", by="test", act="fill"):
        for number, (model, declares) in enumerate(personal_models(), start=1):
            if model._meta.label == PERSON:
                continue
            row = a_row(model, workspace, person, first=first + 100 * number)
            model._default_manager.bulk_create([row])
            for name in declares.personal:
                written[model._meta.label_lower, name] = getattr(row, model._meta.get_field(name).attname)
    return written


def a_row(model: type[models.Model], workspace: Workspace, person: UUID, *, first: int) -> models.Model:
    row = model()
    for number, field in enumerate(model._meta.concrete_fields, start=first):
        if isinstance(field, models.CompositePrimaryKey):
            continue
        known = {"workspace_id": workspace.pk, "person_id": person, "category": "occupation"}.get(field.attname)
        if field.attname == "category" and model.privacy.category_column != "category":  # type: ignore[attr-defined]
            known = None
        setattr(row, field.attname, known if known is not None else sentinel(field, number))
    return row


def remains(person: UUID) -> dict[str, int]:
    """Table → rows that still name a person, seen past row-level security; tables without any are left out."""
    from tests.conftest import superuser

    found = {}
    with superuser() as look:
        for model, _ in personal_models():
            own = "id" if model._meta.label == PERSON else "person_id"
            count = look.execute(f'SELECT count(*) FROM "{model._meta.db_table}" WHERE {own} = %s', [person]).fetchone()
            if count and count[0]:
                found[model._meta.db_table] = count[0]
    return found

"""Named SQL: statements in files, where the ORM would obscure them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection


@cache
def named(folder: Path, name: str) -> str:
    """Return the text of ``folder/sql/name.sql``."""
    return (folder / "sql" / f"{name}.sql").read_text()


def rows(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()

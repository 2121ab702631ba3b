"""The copy of somebody's information as files: JSON, and CSV in a zip. Source: GDPR art 15(3), 20(1)."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

from tillit.rights.holdings import Table
from tillit.spreadsheets import harmless


def as_json(copy: dict[str, Any]) -> str:
    """Return a copy as JSON text, readable by people too."""
    return json.dumps(copy, indent=1, ensure_ascii=False)


def as_zip(tables: Iterable[Table], copy: dict[str, Any]) -> bytes:
    """Return a zip with one CSV a table that has rows, and everything beside the rows as JSON."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables:
            if table.rows:
                archive.writestr(f"{table.name}.csv", as_csv(table))
        archive.writestr("about.json", as_json({name: value for name, value in copy.items() if name != "tables"}))
    return packed.getvalue()


def as_csv(table: Table) -> str:
    """Return a table as CSV (RFC 4180, UTF-8 with byte order mark, so that spreadsheets read it right)."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(column.name for column in table.columns)
    for row in table.rows:
        writer.writerow(cell(row[column.name]) for column in table.columns)
    return "\ufeff" + text.getvalue()


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet computes: an apostrophe goes before what begins like a formula."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    return harmless(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

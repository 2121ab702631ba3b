"""The files of exports in the data folder: readable by this program alone, and removed in time."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from tillit.people.models import Export

KEEP = timedelta(days=3)  # long enough for a weekend; a file of people is nothing to lie about
STALLED_AFTER = timedelta(minutes=15)
State = Export.State


def folder() -> Path:
    """The folder of exports; made when missing, mode 700."""
    path = Path(settings.EXPORT_FOLDER)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def new(kind: str) -> tuple[Path, BinaryIO]:
    """Open a new file that only this program reads."""
    path = folder() / f"{secrets.token_hex(16)}.{kind}"
    return path, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def path_of(export: Export) -> Path | None:
    """The file of an export, None when there is none (any more)."""
    if not export.path:
        return None
    path = folder() / export.path
    return path if path.exists() else None


def impersonal(export: Export) -> dict[str, object]:
    """What of an export's selection names nobody: a text that was searched and chosen persons are not kept."""
    said = export.selection
    kept = {name: value for name, value in said.items() if name not in {"text", "ids"}}
    return kept | {f"by_{name}": True for name in ("text", "ids") if said.get(name)}


def remove(export: Export) -> None:
    """Delete an export's file; what was exported stays in the history."""
    if path := path_of(export):
        path.unlink(missing_ok=True)
    Export.objects.filter(pk=export.pk).update(path="")


def clean(*, now: datetime) -> int:
    """Delete the files whose time is over; return how many."""
    Export.objects.filter(expires_at__lte=now).exclude(path="").update(path="")
    kept = set(Export.objects.exclude(path="").values_list("path", flat=True))
    removed = 0
    for path in folder().iterdir():
        # One that is being written has no row's name yet, and was touched a moment ago.
        if path.name not in kept and path.stat().st_mtime < (now - STALLED_AFTER).timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed

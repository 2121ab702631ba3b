"""Which connection may do what."""

from __future__ import annotations

from typing import Any


class OwnerMigrates:
    """Only the alias `owner` changes tables, whoever asks."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True

"""Having persons' choices folded anew from this package: `consent`, which folds, lies above and registers how."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Refold(Protocol):
    """Writes the integers that persons' choices give at a moment, in the caller's context and lock."""

    def __call__(self, workspace_id: int, person_ids: list[UUID], *, now: datetime) -> None: ...


_REGISTERED: list[Refold] = []


def register(refold: Refold) -> None:
    """Say how choices are folded."""
    _REGISTERED[:] = [refold]


def refold(workspace_id: int, person_ids: list[UUID], *, now: datetime) -> None:
    """Fold the choices of persons anew, in the caller's context and lock."""
    [registered] = _REGISTERED
    registered(workspace_id, person_ids, now=now)

"""Reads of the ledger: what was done, and whether it is sealed. Rows hold opaque ids, so no context is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, TruncDate

from tillit.ledger.models import Activity, Leaf, Pending, PolicyVersion, PurposeRule, Seal

#: Counting more waiting rows than this tells nobody more, and would take longer on a busy day.
MANY_PENDING = 10_000


@dataclass(frozen=True, slots=True)
class Sealing:
    """How far the ledger is sealed: the last seal, and how many rows wait for the next (at most MANY_PENDING)."""

    last: Seal | None
    pending: int

    @property
    def many(self) -> bool:
        return self.pending >= MANY_PENDING


def activities(workspace_id: int) -> QuerySet[Activity]:
    """The activities of a workspace, newest first."""
    return Activity.objects.filter(workspace_id=workspace_id).order_by("-id")


def version_numbers(workspace_id: int) -> Mapping[int, int]:
    """The number of every policy version of a workspace, by id."""
    return dict(PolicyVersion.objects.filter(workspace_id=workspace_id).values_list("id", "number"))


def purposes(workspace_id: int) -> list[str]:
    """The purposes that any policy version of a workspace ever had, by name."""
    rules = PurposeRule.objects.filter(version__workspace_id=workspace_id)
    return list(rules.order_by("purpose").values_list("purpose", flat=True).distinct())


def sealing() -> Sealing:
    """How far the whole ledger is sealed; seals cover all workspaces together."""
    return Sealing(Seal.objects.order_by("-number").first(), Pending.objects.all()[:MANY_PENDING].count())


def seal_of(activity_id: UUID) -> Leaf | None:
    """The place of an activity in its seal, or None while it waits."""
    return Leaf.objects.filter(record_id=activity_id).first()


def outcomes_by_day(workspace_id: int, *, since: datetime) -> dict[date, dict[str, int]]:
    """How many activities were done and refused on each day of the current time zone, days without any left out."""
    rows = (
        _since(workspace_id, since)
        .values(day=TruncDate("at"))
        .annotate(
            done=Count("id", filter=Q(outcome=Activity.Outcome.DONE)),
            refused=Count("id", filter=Q(outcome=Activity.Outcome.REFUSED)),
        )
    )
    return {row["day"]: {"done": row["done"], "refused": row["refused"]} for row in rows}


def counts_by_day(
    workspace_id: int, *, act: str, names: tuple[str, ...], since: datetime
) -> dict[date, dict[str, int]]:
    """The sums of some counts of one act on each day of the current time zone, days without any left out."""
    sums = {name: Sum(Cast(KT(f"counts__{name}"), BigIntegerField()), default=0) for name in names}
    rows: Iterable[Mapping[str, Any]] = (
        _since(workspace_id, since).filter(act=act).values(day=TruncDate("at")).annotate(**sums)
    )
    return {row["day"]: {name: row[name] for name in names} for row in rows}


def _since(workspace_id: int, since: datetime) -> QuerySet[Activity]:
    """The activities from a time on, found through the workspace's index: an id's first 48 bits are its time."""
    first = UUID(int=int(since.timestamp() * 1000) << 80)
    return Activity.objects.filter(workspace_id=workspace_id, id__gte=first).order_by()

"""Acts on many that are done to each person by themselves, in a transaction of their own, such as erasing them.

What is left to do is what the act's rows say: an erased person's row is gone with them, so a run that breaks off goes
on with whoever is still there, and two workers do no harm.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.db import connection
from django.utils import timezone

from tillit.ledger.processing import processing
from tillit.people.models import BulkAct

SLICE = 100
State = BulkAct.State
_ALIVE = (State.QUEUED, State.RUNNING)

_JUDGE = """
UPDATE people_bulkchange c SET verdict = j.verdict, at = %(now)s
FROM ({judge} AND p.id = ANY (%(ids)s)) j
WHERE c.act_id = %(act)s AND c.person_id = ANY (%(ids)s) AND c.person_id = j.id
"""
_THERE = """
SELECT c.person_id FROM people_bulkchange c JOIN people_person p ON p.id = c.person_id
WHERE c.act_id = %(act)s AND c.verdict = ANY (%(verdicts)s) ORDER BY c.person_id LIMIT %(limit)s
"""
_COUNT = "SELECT verdict, count(*) FROM people_bulkchange WHERE act_id = %(act)s GROUP BY 1"


class OneByOne(Protocol):
    """One thing that is done to each of many, and cannot be undone. Whom it is done to is gone from the act's rows."""

    name: ClassVar[str]
    purpose: ClassVar[str]
    category: ClassVar[str]
    outcome: ClassVar[str]

    @property
    def judge(self) -> str:
        """SQL of `id`, `verdict` and `before` (jsonb) of persons `p`; a condition can be added with AND."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statement needs besides `act`, `begun`, `ids` and `now`."""

    def each(self, workspace_id: int, person_id: UUID, *, by: str, now: datetime) -> None:
        """Do it to a person, unless what `judge` looks at no longer lets it be done: they are judged again then."""


def work_on(act: BulkAct, verb: OneByOne, *, size: int = SLICE) -> bool:
    """Do it to the next people of an act; say whether there may be more."""
    about = f"bulk_act:{act.pk}"
    with processing(act.workspace_id, verb.purpose, by=act.by, act="bulk.change", about=about) as activity:
        act = BulkAct.objects.select_for_update().get(pk=act.pk)
        if act.state not in _ALIVE:
            return False
        own = {"act": act.pk, "begun": act.created_at, "limit": size, "now": timezone.now()}
        told = {**verb.parameters, **own}
        with connection.cursor() as cursor:
            # Whom an earlier run was to do it to is judged again: the act may have been stopped for weeks.
            waiting = _ids(cursor, {**told, "verdicts": ["", "change"]})
            if waiting:
                cursor.execute(_JUDGE.format(judge=verb.judge), {**told, "ids": waiting})
            meant = _ids(cursor, {**told, "verdicts": ["change"]})
            cursor.execute(_COUNT, told)
            left = Counter(dict(cursor.fetchall()))
        _moved(act, verb, left, ended=not waiting)
        activity.count(persons=len(meant))
    for person_id in meant:
        verb.each(act.workspace_id, person_id, by=act.by, now=timezone.now())
    return bool(waiting)


def _ids(cursor: Any, told: dict[str, Any]) -> list[UUID]:
    cursor.execute(_THERE, told)
    return [row[0] for row in cursor.fetchall()]


def _moved(act: BulkAct, verb: OneByOne, left: Counter[str], *, ended: bool) -> None:
    """Count who is left out by reason, and whoever has no row any more as done."""
    now = timezone.now()
    out = {verdict: number for verdict, number in left.items() if verdict not in {"", "change"}}
    done = act.total - left.total()
    act.counts = out | ({verb.outcome: done} if done else {})
    act.state, act.moved_at, act.started_at = State.RUNNING, now, act.started_at or now
    if ended:
        act.state, act.finished_at = State.DONE, now
    act.save(update_fields=["counts", "moved_at", "started_at", "state", "finished_at"])

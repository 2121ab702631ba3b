"""Running an act on many people: a slice a transaction, so that a crash leaves whole slices and a run goes on after."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.people.bulk.actions import one_by_one, verb_of
from tillit.people.bulk.one_by_one import work_on
from tillit.people.bulk.verbs import Verb
from tillit.people.models import BulkAct
from tillit.people.records import UnreadableValue

SLICE = 2000
State = BulkAct.State
_ALIVE = (State.QUEUED, State.RUNNING, State.UNDOING)

_NEXT = """
SELECT c.person_id FROM people_bulkchange c JOIN people_person p ON p.id = c.person_id
WHERE c.act_id = %(act)s AND c.verdict = %(verdict)s ORDER BY c.person_id LIMIT %(limit)s
"""
# The lock keeps a person's choices and an erasure waiting until the slice is written.
_LOCK = "SELECT id FROM people_person WHERE id = ANY (%(ids)s) ORDER BY id FOR UPDATE"
# The ids are said of both tables: else every row of a fresh act, which the planner takes for few, is read for each
# slice: 7.6 s instead of 0.26 s of 134,000.
_JUDGE = """
UPDATE people_bulkchange c SET verdict = j.verdict, before = j.before, at = %(now)s
FROM ({judge} AND p.id = ANY (%(ids)s)) j
WHERE c.act_id = %(act)s AND c.person_id = ANY (%(ids)s) AND c.person_id = j.id RETURNING c.verdict
"""
_SETTLE = """
UPDATE people_bulkchange c SET verdict = CASE WHEN c.person_id = ANY (%(back)s) THEN 'undone' ELSE 'kept' END
WHERE c.act_id = %(act)s AND c.person_id = ANY (%(ids)s) AND c.verdict = 'change' RETURNING c.verdict
"""


def run(act_id: int, *, slice_size: int = SLICE) -> BulkAct:
    """Do, or undo, what is left of an act; return it as it ended. Safe to repeat, and beside another worker.

    A list or field that is gone ends it as failed, with the reason; so does a bug, which is raised.
    """
    try:
        while _slice(act_id, slice_size):
            pass
    except (Refused, UnreadableValue) as error:
        _fail(act_id, error.reason if isinstance(error, Refused) else _("The value does not fit the field any more."))
    except Exception:
        _fail(act_id, _("The program failed. Its log says why. The act can be gone on with."))
        raise
    return BulkAct.objects.get(pk=act_id)


def _fail(act_id: int, reason: str) -> None:
    alive = BulkAct.objects.filter(pk=act_id, state__in=_ALIVE)
    alive.update(state=State.FAILED, error=reason, finished_at=timezone.now())


def _slice(act_id: int, size: int) -> bool:
    """Do or undo one slice; say whether there may be more."""
    act = BulkAct.objects.get(pk=act_id)
    if act.state not in _ALIVE:
        return False
    if alone := one_by_one(act.verb):
        return work_on(act, alone)
    verb = verb_of(act.workspace_id, act.verb, act.arguments, undoing=act.state == State.UNDOING)
    name = "bulk.set-back" if act.state == State.UNDOING else "bulk.change"
    about = f"bulk_act:{act_id}"
    with processing(act.workspace_id, verb.purpose, by=act.by, act=name, about=about) as activity:
        act = BulkAct.objects.select_for_update().get(pk=act_id)
        if act.state not in _ALIVE or (act.state == State.UNDOING) != (name == "bulk.set-back"):
            return act.state in _ALIVE
        undoing = act.state == State.UNDOING
        told = {"act": act_id, "workspace": act.workspace_id, "by": act.by, **verb.parameters}
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, {"act": act_id, "verdict": "change" if undoing else "", "limit": size})
            ids = [row[0] for row in cursor.fetchall()]
            verdicts = _work(cursor, verb, ids, told, undoing=undoing) if ids else Counter()
        _moved(act, verdicts, ended=len(ids) < size, undoing=undoing)
        activity.count(persons=len(ids), **{name.replace("-", "_"): n for name, n in verdicts.items()})
        return len(ids) == size


def _work(cursor: CursorWrapper, verb: Verb, ids: list[UUID], told: dict[str, Any], *, undoing: bool) -> Counter[str]:
    values = {**told, "ids": ids, "edit_ids": [uuid_utils.uuid7() for _each in ids]}
    cursor.execute(_LOCK, values)
    values["now"] = timezone.now()  # whatever was waited for is over, and comes before
    if undoing:
        cursor.execute(verb.set_back, values)
        cursor.execute(_SETTLE, {**values, "back": [row[0] for row in cursor.fetchall()]})
        return Counter(row[0] for row in cursor.fetchall())
    cursor.execute(_JUDGE.format(judge=verb.judge), values)
    verdicts = Counter(row[0] for row in cursor.fetchall())
    cursor.execute(verb.write, values)
    return verdicts


def _moved(act: BulkAct, verdicts: Counter[str], *, ended: bool, undoing: bool) -> None:
    now = timezone.now()
    counts = Counter(act.counts) + verdicts
    if undoing:
        counts["change"] -= sum(verdicts.values())
    act.counts, act.moved_at, act.started_at = {k: n for k, n in counts.items() if n}, now, act.started_at or now
    act.state = State.UNDOING if undoing else State.RUNNING
    if ended:
        act.state, act.finished_at = (State.UNDONE if undoing else State.DONE), now
    act.save(update_fields=["counts", "moved_at", "started_at", "state", "finished_at"])

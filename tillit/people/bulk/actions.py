"""Acts on many people: previewed, begun, stopped, gone on with and undone. `run` does the work."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tillit.ledger.processing import OpenActivity, Refused, processing
from tillit.people.bulk.one_by_one import OneByOne
from tillit.people.bulk.restricting import LiftRestriction, Restrict
from tillit.people.bulk.verbs import LEFT_OUT, AddToList, RemoveFromList, SetField, Verb
from tillit.people.merges import forget_kept
from tillit.people.models import BulkAct, BulkChange, Field, MailingList
from tillit.people.patience import TooSlow, patience
from tillit.people.records import ADMINISTER, FULFIL, UnreadableValue
from tillit.people.selection import Selection, statement
from tillit.people.values import read

UNDO_FOR = timedelta(days=30)
STALLED_AFTER = timedelta(minutes=5)
PATIENCE_S = 30  # a selection of a million people is gathered in 15 s on two busy cores
State = BulkAct.State
#: The verbs that need nothing said besides, by name, and the acts that are done one by one.
_PLAIN: dict[str, Verb] = {Restrict.name: Restrict(), LiftRestriction.name: LiftRestriction()}
_ONE_BY_ONE: dict[str, OneByOne] = {}


def register(verb: OneByOne) -> None:
    """Let a package above have something done to each of many; it does so in its `AppConfig.ready`."""
    _ONE_BY_ONE[verb.name] = verb


def one_by_one(name: str) -> OneByOne | None:
    """The act of a name that is done one by one, and cannot be undone."""
    return _ONE_BY_ONE.get(name)


class NotPossible(Refused):
    """The act cannot be done, or no longer; the reason says why."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do: how many people it concerns and changes, and how many it leaves out, by reason."""

    total: int
    change: int
    same: int
    left_out: dict[str, int]


def meant_by(workspace_id: int, name: str, arguments: dict[str, Any]) -> Verb | OneByOne:
    """Return what a name and arguments mean, be it done by set or one by one. Raises as `verb_of`."""
    return one_by_one(name) or verb_of(workspace_id, name, arguments)


def verb_of(workspace_id: int, name: str, arguments: dict[str, Any], *, undoing: bool = False) -> Verb:
    """Return the verb that a name and arguments mean. Raises NotPossible and UnreadableValue.

    Arguments: `list` (id) for ``list.add`` and ``list.remove``; `field` (name), `text` and `only_empty` for
    ``field.set``, where an empty text empties the field. What is undone may have been put away meanwhile.
    """
    if name in _PLAIN:
        return _PLAIN[name]
    if name in {AddToList.name, RemoveFromList.name}:
        mailing_list = MailingList.objects.filter(workspace_id=workspace_id, pk=arguments.get("list") or 0).first()
        if mailing_list is None or (mailing_list.archived_at and not undoing):
            raise NotPossible(_("The list is no longer there. Choose another."))
        return (AddToList if name == AddToList.name else RemoveFromList)(mailing_list.pk)
    if name == SetField.name:
        field = Field.objects.filter(workspace_id=workspace_id, name=arguments.get("field") or "").in_use().first()
        if field is None:
            raise NotPossible(_("The field is no longer there. Choose another."))
        text = str(arguments.get("text") or "").strip()
        value = read(field, text) if text else None
        if text and value is None:
            raise UnreadableValue(field)
        written = None if value is None else json.dumps(value)
        return SetField(field.name, field.category, written, bool(arguments.get("only_empty")))
    raise NotPossible(_("There is no such act."))


def preview(workspace_id: int, selection: Selection, verb: Verb | OneByOne, *, by: str) -> Preview:
    """Count what an act would do, writing nothing. Raises NotPossible when counting takes too long."""
    with processing(workspace_id, ADMINISTER, by=by, act="bulk.preview") as activity:
        _check_category(activity, verb)
        sql, parameters = statement(workspace_id, selection)
        counted = f"SELECT verdict, count(*) FROM ({verb.judge} AND p.id IN ({sql})) judged GROUP BY 1"
        rows: dict[str, int] = dict(_patiently(counted, {**parameters, **verb.parameters}))
        activity.count(persons=sum(rows.values()))
    left_out = {reason: rows[reason] for reason in LEFT_OUT if reason in rows}
    return Preview(sum(rows.values()), rows.get("change", 0), rows.get("same", 0), left_out)


def begin(
    workspace_id: int, selection: Selection, name: str, arguments: dict[str, Any], *, by: str, defer: bool = True
) -> BulkAct:
    """Write down whom an act concerns, now and for good, and queue it; return it.

    Raises NotPossible, also for nobody, and UnreadableValue. Without `defer` the caller runs it.
    """
    verb = meant_by(workspace_id, name, arguments)
    kept = {key: value for key, value in selection.kept().items() if key not in {"text", "ids"}}
    with processing(workspace_id, ADMINISTER, by=by, act="bulk.begin") as activity:
        _check_category(activity, verb)
        act = BulkAct.objects.create(
            workspace_id=workspace_id, verb=name, arguments=arguments, selection=kept, by=by, moved_at=activity.at
        )
        sql, parameters = statement(workspace_id, selection)
        gather = (
            "INSERT INTO people_bulkchange (act_id, person_id, workspace_id, category, verdict)"
            f" SELECT %(act)s, gathered.id, %(workspace)s, %(bulk_category)s, '' FROM ({sql}) gathered"
        )
        told = {**parameters, "act": act.pk, "workspace": workspace_id, "bulk_category": verb.category}
        act.total = _patiently(gather, told)
        if not act.total:
            raise NotPossible(_("Nobody is meant: the selection is empty."))
        act.save(update_fields=["total"])
        activity.object_ref = f"bulk_act:{act.pk}"
        activity.count(persons=act.total)
        if defer:
            transaction.on_commit(lambda: _defer(act.pk))
    return act


def stop(act: BulkAct) -> bool:
    """Stop an act after the slice it is at; what is done stays, and can be undone. Say whether it was running."""
    running = BulkAct.objects.filter(pk=act.pk, state__in=[State.QUEUED, State.RUNNING])
    return bool(running.update(state=State.STOPPED))


def go_on(act: BulkAct, *, now: datetime) -> bool:
    """Go on with an act that was stopped or failed. Say whether there was something to go on with."""
    stopped = BulkAct.objects.filter(pk=act.pk, state__in=[State.STOPPED, State.FAILED])
    if not stopped.update(state=State.QUEUED, moved_at=now, error=""):
        return False
    _defer(act.pk)
    return True


def can_undo(act: BulkAct, *, now: datetime) -> bool:
    """Whether an act can still be undone."""
    ended = act.state in {State.DONE, State.STOPPED, State.FAILED}
    return ended and bool(act.counts.get("change")) and act.created_at > now - UNDO_FOR


def undo(act: BulkAct, *, now: datetime, by: str, defer: bool = True) -> None:
    """Set back what still is as an act left it. What changed since stays, and is counted. Raises NotPossible."""
    act.refresh_from_db()
    if not can_undo(act, now=now):
        raise NotPossible(_("This cannot be undone any more: it changed nothing, or is older than 30 days."))
    with processing(act.workspace_id, ADMINISTER, by=by, act="bulk.undo", about=f"bulk_act:{act.pk}"):
        BulkAct.objects.filter(pk=act.pk, state=act.state).update(state=State.UNDOING, moved_at=now, error="")
        if defer:
            transaction.on_commit(lambda: _defer(act.pk))


def resume_stalled(*, now: datetime) -> int:
    """Queue acts again whose worker died; return how many."""
    alive = [State.QUEUED, State.RUNNING, State.UNDOING]
    stalled = list(BulkAct.objects.filter(state__in=alive, moved_at__lt=now - STALLED_AFTER).order_by("id"))
    for act in stalled:
        _defer(act.pk)
    return len(stalled)


def clean(*, now: datetime) -> int:
    """Remove what acts did to whom once it cannot be undone any more; return how many rows.

    One context a workspace and night, however many acts there ever were, under the purpose that sees every category:
    what staff may no longer see is forgotten, too.
    """
    removed = 0
    old = BulkAct.objects.filter(created_at__lt=now - UNDO_FOR).exclude(state__in=[State.RUNNING, State.UNDOING])
    for workspace_id in sorted(set(old.order_by().values_list("workspace_id", flat=True))):
        acts = list(old.filter(workspace_id=workspace_id).values_list("pk", flat=True))
        with processing(workspace_id, FULFIL, by="system", act="bulk.clean") as activity:
            forgotten = BulkChange.objects.filter(act_id__in=acts).delete()[0]
            forget_kept(BulkChange, "act_id", acts)
            activity.count(changes=forgotten)
        removed += forgotten
    return removed


def _check_category(activity: OpenActivity, verb: Verb | OneByOne) -> None:
    if verb.category not in activity.categories:
        raise NotPossible(
            _("The policy in force does not let staff see the category “%(category)s”, so they cannot change it.")
            % {"category": verb.category},
            rule=activity.purpose,
        )


def _patiently(sql: str, parameters: dict[str, Any]) -> Any:
    """Run a statement within PATIENCE_S; return its rows, or how many it wrote. Raises NotPossible."""
    try:
        with patience(PATIENCE_S), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else cursor.rowcount
    except TooSlow as slow:
        raise NotPossible(_("Finding these people takes too long. Narrow the selection.")) from slow


def _defer(act_id: int) -> None:
    from tillit.people.tasks import run_bulk_act  # noqa: PLC0415  tasks import this module

    run_bulk_act.defer(act_id=act_id)

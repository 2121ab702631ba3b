"""Merging two records of one person, and splitting them: each one transaction, recorded under both ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from tillit.consent.actions import NobodyThere
from tillit.consent.fold import lock, refold
from tillit.consent.lineage import choices_of, deciding, refuses
from tillit.consent.models import Choice
from tillit.delivery.models import Message
from tillit.delivery.reasons import MERGED
from tillit.ledger.processing import OpenActivity, Refused, processing
from tillit.people.models import Identity, Merge, NotDuplicate, Person
from tillit.rights.merging import joining
from tillit.rights.merging.rows import Pair, movable, run
from tillit.rights.models import Request

FULFIL = "rights.fulfil"


class CannotMerge(Refused):
    """The two records cannot be made one now; the text says why."""


class CannotSplit(Refused):
    """The records cannot be parted now; the text says why."""


@dataclass(frozen=True, slots=True)
class Parted:
    """What splitting could not set back, since it was changed after the merge: it stayed with the kept record."""

    kept_id: UUID
    gone_id: UUID
    lists: list[str]
    fields: dict[str, list[str]]  # by category
    rows: int
    refusals: int


# -- merging ----------------------------------------------------------------------------------------------------------
def merge(workspace_id: int, kept_id: UUID, gone_id: UUID, *, by: str, now: datetime) -> Merge:
    """Make two records one, under the id of the first; return what remembers it.

    A no of either outweighs a yes of the other, and what narrows either counts for both. The gone record's links, mail
    and choices are the kept one's from now on. Raises NobodyThere, and CannotMerge with the reason.
    Source: GDPR art 5(1)(d); clause C20; decision 0015.
    """
    if kept_id == gone_id:
        raise CannotMerge(_("A record cannot be merged with itself."))
    about = f"person:{gone_id}"
    with processing(workspace_id, FULFIL, by=by, act="person.merge", subject=kept_id, about=about) as activity:
        if len(lock([kept_id, gone_id])) < 2:
            raise NobodyThere
        _check([kept_id, gone_id])
        pair = Pair(workspace_id, uuid_utils.uuid7(), kept_id, gone_id)
        _join(activity, pair)
        made = Merge(
            id=pair.merge_id,
            workspace_id=workspace_id,
            person_id=kept_id,
            kept_id=kept_id,
            gone_id=gone_id,
            by=by,
            at=now,
        )
        Merge.objects.bulk_create([made])
        refold(workspace_id, [kept_id], now=now)
        activity.count(merged=1)
    return made


def _check(both: list[UUID]) -> None:
    if any(person.restricted for person in Person.objects.filter(pk__in=both)):
        raise CannotMerge(
            _("The processing of one of the two is restricted: nothing of it is changed. Lift the restriction first."),
            clause="E2",
        )
    waiting = Request.objects.filter(person_id__in=both, kind=Request.Kind.ERASURE)
    if waiting.exclude(state=Request.State.FULFILLED).exists():
        raise CannotMerge(
            _("One of the two has asked to be erased. Answer that first: merging would erase the other with them."),
            clause="E1",
        )
    if Identity.objects.filter(person_id__in=both, erased_at__isnull=False).exists():
        raise CannotMerge(
            _("One of the two was erased and has asked to come back, which only their confirmation completes."),
            clause="E1",
        )


# What is said of the two as a pair.
_OF_THE_PAIR = "DELETE FROM {table} WHERE (person_id, other_id) IN ((%(kept)s, %(gone)s), (%(gone)s, %(kept)s))"


def _join(activity: OpenActivity, pair: Pair) -> None:
    for name in ("people_notduplicate", "people_likeness"):
        run(_OF_THE_PAIR.format(table=name), pair)
    mailed = joining.mailed(pair)
    for table in movable():
        table.move(pair)
    joining.join_values(activity, pair)
    joining.join_places(activity, pair)
    joining.join_persons(pair, mailed)
    activity.count(withheld=_withhold_doubles(pair.kept, now=activity.at))


# Whoever waited for one campaign under both ids gets it once.
_DOUBLES = """
UPDATE delivery_message m SET state = %(withheld)s, reply = %(reason)s, not_before = NULL, done_at = %(now)s
WHERE m.person_id = %(person)s AND m.campaign_id IS NOT NULL AND m.state IN ('queued', 'deferred')
  AND EXISTS (SELECT FROM delivery_message o WHERE o.person_id = m.person_id AND o.campaign_id = m.campaign_id
              AND o.id <> m.id AND (o.state NOT IN ('queued', 'deferred', 'withheld') OR o.id < m.id))
"""


def _withhold_doubles(person_id: UUID, *, now: datetime) -> int:
    told: dict[str, Any] = {
        "withheld": str(Message.State.WITHHELD),
        "reason": MERGED,
        "now": now,
        "person": person_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DOUBLES, told)
        return int(cursor.rowcount)


# -- splitting --------------------------------------------------------------------------------------------------------
def split(workspace_id: int, merge_id: UUID, *, by: str, now: datetime) -> Parted:
    """Part two records that were made one; return what stays with the kept one since it was changed after the merge.

    A no that was said since counts for both, for it cannot be told who said it; a yes stays with the kept record, and
    counts for neither where a no was said before it. The pair is remembered as not the same. Raises NobodyThere,
    CannotSplit.
    """
    with processing(workspace_id, FULFIL, by=by, act="person.split") as activity:
        found = _found(merge_id)
        activity.subject_id, activity.object_ref = found.kept_id, f"person:{found.gone_id}"
        pair = Pair(workspace_id, found.pk, found.kept_id, found.gone_id)
        refusals = list(_refusals_of_either(found))
        rows = sum(table.move_back(pair) for table in movable())
        joining.part_persons(pair)
        lists, fields = joining.part_places(pair), joining.part_values(activity, pair)
        run("DELETE FROM people_mergetrace WHERE merge_id = %(merge)s", pair)
        ended = {"split_id": uuid_utils.uuid7(), "split_by": by, "split_at": now}
        Merge.objects.filter(pk=found.pk).update(**ended)
        _repeat(refusals, now=now)
        refold(workspace_id, [pair.kept, pair.gone], now=now)
        _call_different(activity, pair.kept, pair.gone, now=now)
        activity.count(split=1, kept_rows=rows)
    return Parted(pair.kept, pair.gone, lists, fields, rows, len(refusals))


def _found(merge_id: UUID) -> Merge:
    """The merge, its person locked. Raises NobodyThere, and CannotSplit where a later merge holds it."""
    found: Merge | None = Merge.objects.filter(pk=merge_id).first()
    if found is None or not lock([found.person_id]):
        raise NobodyThere
    found.refresh_from_db()
    if found.split_id is not None:
        raise CannotSplit(_("The records were split already."))
    later = Merge.objects.standing().filter(Q(kept_id=found.kept_id, pk__gt=found.pk) | Q(gone_id=found.kept_id))
    if later.exists():
        raise CannotSplit(_("The record was merged again since. Split the latest merge first."))
    return found


def _refusals_of_either(found: Merge) -> Iterator[tuple[UUID, Choice]]:
    """Yield the choices to repeat, each with the record that it is repeated for: a no that is not its last word now."""
    lineage = choices_of([found.kept_id])
    others = [each for each in lineage.merges if each.pk != found.pk]
    earlier = [each for each in lineage.choices if each.id < found.pk]
    since = [each for each in lineage.choices if each.id > found.pk and refuses(each)]
    before = deciding(found.kept_id, earlier, others)
    no_before = {purpose: each for purpose, each in before.items() if refuses(each)}
    said_no = {each.purpose: each for each in since}
    for person_id, said in ((found.kept_id, no_before | said_no), (found.gone_id, said_no)):
        now = deciding(person_id, lineage.choices, others)
        yield from ((person_id, no) for purpose, no in said.items() if purpose not in now or not refuses(now[purpose]))


def _repeat(refusals: list[tuple[UUID, Choice]], *, now: datetime) -> None:
    """Write each no down for a record as what staff recorded, under the version that it was said under."""
    Choice.objects.bulk_create(
        [
            Choice(
                id=uuid_utils.uuid7(),
                workspace_id=said.workspace_id,
                person_id=person_id,
                purpose=said.purpose,
                state=said.state,
                method=Choice.Method.OPERATOR,
                policy_version_id=said.policy_version_id,
                notice_digest=said.notice_digest,
                source_id=said.source_id,
                at=now,
            )
            for person_id, said in refusals
        ]
    )


def call_different(workspace_id: int, one: UUID, other: UUID, *, by: str, now: datetime) -> None:
    """Remember that two records are different people, so that they are not suggested again. Raises NobodyThere."""
    about = f"person:{other}"
    with processing(workspace_id, FULFIL, by=by, act="person.differ", subject=one, about=about) as activity:
        if len(lock([one, other])) < 2:
            raise NobodyThere
        _call_different(activity, one, other, now=now)


def _call_different(activity: OpenActivity, one: UUID, other: UUID, *, now: datetime) -> None:
    rows = [
        NotDuplicate(person_id=mine, other_id=theirs, workspace_id=activity.workspace_id, by=activity.actor, at=now)
        for mine, theirs in ((one, other), (other, one))
    ]
    NotDuplicate.objects.bulk_create(rows, ignore_conflicts=True)

"""Taking the people of a kind off a list, and mending mistyped addresses; both can be undone for thirty days.

What an act changed carries its moment (`ListMending.at`, the same for all its batches): that is how it is found again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.people.hygiene.addresses import mend_batch, unmend_batch
from tillit.people.hygiene.domains import suggestion
from tillit.people.hygiene.kinds import KINDS
from tillit.people.hygiene.looking import ADMINISTER, PEOPLE, looked_at
from tillit.people.models import ListMending, MailingList, Person
from tillit.people.own_acts import ended_since

BATCH = 5000
SMALL = 5000  # people that are done while one waits
UNDO_WITHIN = timedelta(days=30)
STALLED_AFTER = timedelta(minutes=5)
Act, State = ListMending.Act, ListMending.State

# Whoever had processing restricted is left as they are. Source: GDPR art 18(1), (2).
_FREE = f"p.flags & {Person.RESTRICTED} = 0"
_REMOVE = f"""
WITH batch AS (SELECT s.person_id {{people}} ORDER BY 1 LIMIT {BATCH})
UPDATE people_subscription s SET state = 'unsubscribed', since = %(at)s
FROM batch b WHERE s.person_id = b.person_id AND s.list_id = %(list)s AND s.state = 'subscribed'
"""
_PUT_BACK = f"""
WITH batch AS (
    SELECT s.person_id FROM people_subscription s JOIN people_person p ON p.id = s.person_id
    WHERE s.list_id = %(list)s AND s.state = 'unsubscribed' AND s.since = %(at)s
      AND {_FREE} AND NOT {ended_since("s.person_id", "s.since")}
      AND NOT EXISTS (SELECT FROM consent_choice k
                      WHERE k.person_id = s.person_id AND k.at > s.since AND k.state <> 'granted') LIMIT {BATCH})
UPDATE people_subscription s SET state = 'subscribed', since = %(now)s
FROM batch b WHERE s.person_id = b.person_id AND s.list_id = %(list)s AND s.state = 'unsubscribed'
"""


def remove(mailing_list: MailingList, kind: str, *, by: str, now: datetime, total: int = 0) -> ListMending:
    """Take everybody of a kind off a list: at once where few are expected (`total`), else by a job.

    They can join again by their own act, as whoever left.
    """
    return _start(queued_removal(mailing_list, kind, by=by, now=now, total=total))


def queued_removal(mailing_list: MailingList, kind: str, *, by: str, now: datetime, total: int = 0) -> ListMending:
    """An act of taking people off a list that waits to be run."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is nothing that is looked for")
    return ListMending.objects.create(
        list=mailing_list, act=Act.REMOVE, kind=kind, at=now, moved_at=now, total=total, by=by
    )


def mend(mailing_list: MailingList, domain: str, *, by: str, now: datetime, total: int = 0) -> ListMending:
    """Write the domain that was meant into the addresses of a mistyped one on a list.

    People keep their choices and lists, and can be reached again if their address bounced. Whoever's right address is
    another person's, was erased or is suppressed stays as they are, and is counted. Raises Refused for a domain that is
    not taken for mistyped. Source: GDPR art 5(1)(d); clause E8.
    """
    return _start(queued_mend(mailing_list, domain, by=by, now=now, total=total))


def queued_mend(mailing_list: MailingList, domain: str, *, by: str, now: datetime, total: int = 0) -> ListMending:
    """An act of mending that waits to be run. Raises Refused."""
    meant = suggestion(domain)
    if not meant:
        raise Refused(_("“%(domain)s” is not taken for mistyped.") % {"domain": domain}, clause="E8")
    return ListMending.objects.create(
        list=mailing_list,
        act=Act.MEND,
        kind="typo",
        domain=domain,
        meant=meant,
        at=now,
        moved_at=now,
        total=total,
        by=by,
    )


def undo(done: ListMending, *, by: str, now: datetime) -> ListMending:
    """Put back what an act changed, but for what has changed since. Raises Refused when thirty days are over."""
    if done.at < now - UNDO_WITHIN:
        raise Refused(_("What was done more than 30 days ago cannot be undone here."))
    taken = ListMending.objects.filter(pk=done.pk, state=State.DONE)
    if taken.update(state=State.UNDOING, moved_at=now, by=by):
        done.refresh_from_db()
        return _start(done)
    return done


def _start(made: ListMending) -> ListMending:
    if made.total <= SMALL:
        return run(made.pk)
    with transaction.atomic():
        _defer(made.pk)
    return made


def run(mending_id: int) -> ListMending:
    """Do an act, or undo it, batch by batch, from where an earlier run ended; return it."""
    after: UUID | None = UUID(int=0)
    item = ListMending.objects.select_related("list").get(pk=mending_id)
    ListMending.objects.filter(pk=mending_id, state=State.QUEUED).update(state=State.RUNNING)
    item.refresh_from_db()
    if item.state not in {State.RUNNING, State.UNDOING}:
        return item
    undoing = item.state == State.UNDOING
    step = _STEPS[item.act, undoing]
    act = "list.undo-mending" if undoing else {Act.REMOVE: "list.clean", Act.MEND: "list.mend"}[Act(item.act)]
    while after is not None:
        with processing(
            item.list.workspace_id, ADMINISTER, by=item.by, act=act, about=f"list:{item.list_id}"
        ) as activity:
            item = ListMending.objects.select_for_update(of=("self",)).select_related("list").get(pk=mending_id)
            if item.state != (State.UNDOING if undoing else State.RUNNING):
                break  # another worker ended it, and somebody may be undoing it
            counts, after = step(item, after)
            activity.count(**counts)
            item.counts = dict(Counter(item.counts) + Counter(counts))
            item.moved_at = timezone.now()
            if after is None:
                item.state = State.UNDONE if undoing else State.DONE
            item.save(update_fields=["counts", "moved_at", "state"])
    return item


Step = Callable[[ListMending, UUID], tuple[dict[str, int], UUID | None]]


def _remove_batch(item: ListMending, after: UUID) -> tuple[dict[str, int], UUID | None]:
    kind = KINDS[item.kind]
    told = kind.told(looked_at(item.list_id, now=item.at))
    statement = _REMOVE.format(people=PEOPLE.format(where=f"({kind.where}) AND {_FREE}"))
    return _updated(statement, {"list": item.list_id, "at": item.at, **told}, "removed", after)


def _put_back_batch(item: ListMending, after: UUID) -> tuple[dict[str, int], UUID | None]:
    return _updated(_PUT_BACK, {"list": item.list_id, "at": item.at, "now": timezone.now()}, "put_back", after)


def _updated(statement: str, told: dict[str, Any], name: str, after: UUID) -> tuple[dict[str, int], UUID | None]:
    """Run a statement that changes a batch so that the next finds others; None ends it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, told)
        return {name: cursor.rowcount}, after if cursor.rowcount == BATCH else None


def _mend_step(item: ListMending, after: UUID) -> tuple[dict[str, int], UUID | None]:
    return mend_batch(item, after, key=settings.IDENTITY_KEY)


def _unmend_step(item: ListMending, after: UUID) -> tuple[dict[str, int], UUID | None]:
    return unmend_batch(item, after, key=settings.IDENTITY_KEY)


_STEPS: dict[tuple[str, bool], Step] = {
    (Act.REMOVE, False): _remove_batch,
    (Act.REMOVE, True): _put_back_batch,
    (Act.MEND, False): _mend_step,
    (Act.MEND, True): _unmend_step,
}


def resume_stalled(*, now: datetime) -> int:
    """Queue acts again whose worker died; return how many."""
    alive = ListMending.objects.filter(state__in=[State.QUEUED, State.RUNNING, State.UNDOING])
    stalled = list(alive.filter(moved_at__lt=now - STALLED_AFTER).values_list("pk", flat=True))
    for pk in stalled:
        _defer(pk)
    return len(stalled)


def _defer(mending_id: int) -> None:
    from tillit.people.tasks import mend_list  # noqa: PLC0415  tasks import this module

    mend_list.defer(mending_id=mending_id)

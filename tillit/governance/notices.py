"""Telling people of a change of policy: who must hear of it, and the mail to them.

A notice is queued in batches by a job. Each batch commits with how far it has come, and a message's id is made of
notice and person, so that a crash, a second worker or a second start writes to nobody twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from tillit.delivery.ids import id_range
from tillit.delivery.named import named, rows
from tillit.delivery.reasons import CANCELLED
from tillit.governance import concerned
from tillit.governance.compared import before, since_before
from tillit.governance.concerned import Rules
from tillit.governance.models import ChangeNotice
from tillit.ledger.models import PolicyVersion, PolicyWithdrawal
from tillit.ledger.processing import SYSTEM, Refused, processing, user_actor
from tillit.ledger.versions import Version, version
from tillit.policy.diff import Changes

HERE = Path(__file__).parent
NOTIFY, OPERATE, ADMINISTER = "policy.notify", "delivery.operate", "audience.administer"
TEMPLATE = "policy.changed"
BATCH = 2000
#: How long before a change takes effect people should know of it. No law names a number; the guidelines ask for a
#: reasonable time, more for a greater change. Source: WP260 rev.01, paragraphs 30 and 48.
REASONABLE = timedelta(days=30)
MAX_WORDS = 4000
State = ChangeNotice.State


class NotNow(Refused):
    """The notice is in another state than this needs, or the version was taken back."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Whether people must be told of changes before they take effect, and whether the moment leaves them time."""

    material: Changes
    at_once: bool
    short: bool

    @property
    def any(self) -> bool:
        """Whether there is something to tell."""
        return len(self.material) > 0

    @property
    def reason_required(self) -> bool:
        """Whether publishing needs a reason why nobody is told before."""
        return self.any and self.at_once


def needed(changes: Changes, effective_at: datetime | None, now: datetime) -> Needed:
    """Say whether changes that take effect at a moment (None: at once) must be told before, and whether there is time.

    Source: GDPR art 13(3), 14(4); WP260 rev.01, paragraphs 29-31; CLAUSES J1.
    """
    at_once = effective_at is None or effective_at <= now
    short = not at_once and effective_at is not None and effective_at < now + REASONABLE
    return Needed(changes.material, at_once, short)


def without_notice(note: str, reason: str) -> str:
    """The note of a version that takes effect before people were told, with the reason; kept for ever, and public."""
    return "\n\n".join(part for part in (note.strip(), _("Without notice, because: %s") % reason.strip()) if part)


@dataclass(frozen=True, slots=True)
class Concerned:
    """How many people a version concerns, and how many of them a mail can reach."""

    people: int
    reachable: int

    @property
    def unreachable(self) -> int:
        return self.people - self.reachable


def rules_of(told: Version) -> Rules:
    """The rules before and after a version."""
    earlier = before(told)
    return Rules(earlier.rules if earlier else {}, told.rules)


def affected(told: Version) -> str:
    """SQL that is true for the persons ``p`` who must be told of a version."""
    return concerned.affected("p", since_before(told), rules_of(told), asked=told.asks_again)


def count(told: Version, *, by: str) -> Concerned:
    """Count whom a version concerns, and who of them has an address and can be written to."""
    with (
        processing(told.workspace_id, ADMINISTER, by=by, act="notice.count", about=f"policy:{told.number}") as activity,
        connection.cursor() as cursor,
    ):
        notify = version(activity.policy_version_id).rules.get(NOTIFY)
        reach = concerned.permitted("p", notify)
        cursor.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {reach} AND EXISTS (SELECT FROM people_identity i"
            " WHERE i.person_id = p.id AND i.kind = 'email' AND i.value IS NOT NULL))"
            f" FROM people_person p WHERE {affected(told)}"
        )
        found = Concerned(*cursor.fetchone())
        activity.count(persons=found.people)
    return found


def draft(told: Version, *, by: int, now: datetime) -> ChangeNotice:
    """Begin a notice of a version, or return the one there is: each version is told of once."""
    _not_withdrawn(told.id)
    made, _new = ChangeNotice.objects.get_or_create(
        version_id=told.id, defaults={"workspace_id": told.workspace_id, "made_by": by, "made_at": now}
    )
    return made


def write(notice: ChangeNotice, words: Mapping[str, str]) -> None:
    """Keep the officer's own words, by language, as plain text. Raises NotNow once people are being told."""
    with transaction.atomic():
        found = _locked(notice, State.DRAFT)
        found.words = {language: text.strip()[:MAX_WORDS] for language, text in words.items() if text.strip()}
        found.save(update_fields=["words"])
    notice.words = found.words


def start(notice: ChangeNotice, *, by: int, now: datetime) -> None:
    """Begin to tell people, or go on after a stop. Raises NotNow."""
    with transaction.atomic():
        found = _locked(notice, State.DRAFT, State.STOPPED)
        _not_withdrawn(found.version_id)
        if found.started_at is None:
            found.started_at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # the time inside the ids
        found.total = count(version(found.version_id), by=user_actor(by)).reachable
        found.state, found.made_by, found.finished_at = State.QUEUED, by, None
        found.save()
        _put_back(found, by=user_actor(by))
    notice.refresh_from_db()
    _have_queued(notice.pk)


def _have_queued(notice_id: int) -> None:
    with suppress(AlreadyEnqueued), transaction.atomic():  # a job that waits already does the same
        app.configure_task("governance.notify", queueing_lock=f"notice {notice_id}").defer(notice_id=notice_id)


def queue_all(notice_id: int, *, now: datetime, batch: int = BATCH) -> int:
    """Queue a notice's mails until nobody is left or it is stopped; return how many were queued now."""
    queued = 0
    while (number := queue_next(notice_id, now=now, batch=batch)) is not None:
        queued += number
    return queued


@transaction.atomic
def queue_next(notice_id: int, *, now: datetime, batch: int = BATCH) -> int | None:
    """Queue the next batch; return how many mails, or None when nothing is left to do here.

    That is when the notice is through or stopped, its version was taken back, or another worker is at it.
    """
    notice = ChangeNotice.objects.select_for_update(skip_locked=True).filter(pk=notice_id).first()
    if notice is None or notice.state not in (State.QUEUED, State.RUNNING):
        return None
    told = version(notice.version_id)
    if _withdrawn(told.id):
        _end(notice, State.STOPPED, now=now)
        return None
    about = f"notice:{notice.pk}"
    by = SYSTEM if notice.made_by is None else user_actor(notice.made_by)
    with processing(notice.workspace_id, NOTIFY, by=by, act="notice.queue", about=about) as activity:
        found, queued, last = _insert(notice, told, version_id=activity.policy_version_id, batch=batch)
        activity.count(queued=queued)
    notice.state, notice.done = State.RUNNING, notice.done + queued
    notice.last_person = last or notice.last_person
    if found < batch:
        _end(notice, State.DONE, now=now)
    else:
        notice.save(update_fields=["state", "done", "last_person"])
    return queued


def _insert(notice: ChangeNotice, told: Version, *, version_id: int, batch: int) -> tuple[int, int, UUID | None]:
    sql = named(HERE, "queue_notice").format(affected=affected(told).replace("%", "%%"))
    ((found, queued, last),) = rows(
        sql,
        {
            "notice": notice.pk,
            "started": notice.started_at,
            "after": notice.last_person,
            "purpose": NOTIFY,
            "template": TEMPLATE,
            "version": version_id,
            "size": batch,
        },
    )
    return found, queued, last


def _end(notice: ChangeNotice, state: str, *, now: datetime) -> None:
    notice.state, notice.finished_at = state, now
    notice.save(update_fields=["state", "done", "last_person", "finished_at"])


def stop(notice: ChangeNotice, *, by: str, now: datetime) -> int:
    """Stop telling people, and withhold the mails that no sender has taken yet; return how many. Raises NotNow.

    They are put back when the notice goes on.
    """
    with transaction.atomic():
        found = _locked(notice, State.QUEUED, State.RUNNING, State.DONE)
        _end(found, State.STOPPED, now=now)
    notice.refresh_from_db()
    return withhold(notice, by=by, act="notice.stop")


def withhold(notice: ChangeNotice, *, by: str, act: str) -> int:
    """Take what waits to be sent off the queue; return how many mails."""
    if notice.started_at is None:
        return 0
    first, last = id_range(notice.started_at)
    told = {"notice": notice.pk, "first": first, "last": last, "reason": CANCELLED}
    with processing(notice.workspace_id, OPERATE, by=by, act=act, about=f"notice:{notice.pk}") as activity:
        ((number,),) = rows(named(HERE, "withhold_notice"), told)
        activity.count(withheld=number)
    return int(number)


def _put_back(notice: ChangeNotice, *, by: str) -> None:
    """Queue again what a stop withheld; nothing happens at the first start."""
    if notice.last_person is None or notice.started_at is None:
        return
    first, last = id_range(notice.started_at)
    told = {"notice": notice.pk, "first": first, "last": last, "reason": CANCELLED}
    about = f"notice:{notice.pk}"
    with processing(notice.workspace_id, OPERATE, by=by, act="notice.resume", about=about) as activity:
        ((number,),) = rows(named(HERE, "put_back_notice"), told)
        activity.count(queued=number)


def tend(*, now: datetime) -> None:
    """Go on with notices whose worker died, and stop those whose version was taken back; once a minute."""
    for notice in ChangeNotice.objects.filter(state__in=(State.QUEUED, State.RUNNING)).order_by("id"):
        queue_all(notice.pk, now=now)
    taken_back = ChangeNotice.objects.filter(version__withdrawal__isnull=False, started_at__isnull=False)
    for notice in taken_back.order_by("id"):
        if waiting(notice):
            withhold(notice, by=SYSTEM, act="notice.withhold")
        if notice.state != State.STOPPED:
            ChangeNotice.objects.filter(pk=notice.pk).update(state=State.STOPPED, finished_at=now)


def waiting(notice: ChangeNotice) -> int:
    """How many mails of a notice wait to be sent or are being sent; reads no one's data."""
    if notice.started_at is None:
        return 0
    first, last = id_range(notice.started_at)
    sql = "SELECT count(*) FROM delivery_waiting WHERE id BETWEEN %(first)s AND %(last)s AND purpose = %(purpose)s"
    ((number,),) = rows(sql, {"first": first, "last": last, "purpose": NOTIFY})
    return int(number)


def outcomes(notice: ChangeNotice, *, by: str) -> dict[str, int]:
    """What became of a notice's mails, by state."""
    if notice.started_at is None:
        return {}
    first, last = id_range(notice.started_at)
    sql = (
        "SELECT m.state, count(*) FROM delivery_message m WHERE m.id BETWEEN %(first)s AND %(last)s"
        " AND (m.arguments ->> 'notice')::bigint = %(notice)s GROUP BY m.state"
    )
    with processing(notice.workspace_id, OPERATE, by=by, act="notice.report", about=f"notice:{notice.pk}"):
        return dict(rows(sql, {"first": first, "last": last, "notice": notice.pk}))


def _withdrawn(version_id: int) -> bool:
    return PolicyWithdrawal.objects.filter(version_id=version_id).exists()


def _not_withdrawn(version_id: int) -> None:
    if _withdrawn(version_id):
        number = PolicyVersion.objects.only("number").get(pk=version_id).number
        said = _("Version %(number)d was taken back before it took effect, so there is nothing to tell.")
        raise NotNow(said % {"number": number}, clause="J1")


def _locked(notice: ChangeNotice, *states: str) -> ChangeNotice:
    """Return the notice as it now is, its row taken. Raises NotNow when it is in none of the states."""
    found = ChangeNotice.objects.select_for_update().get(pk=notice.pk)
    if found.state not in states:
        said = _("The notice is “%(state)s” now, so this cannot be done. Load the page again.")
        raise NotNow(said % {"state": State(found.state).label}, clause="J1")
    return found

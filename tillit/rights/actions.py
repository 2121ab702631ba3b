"""Requests of persons: asked, verified, fulfilled. Each is recorded with its deadline, and none ends unanswered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import uuid_utils.compat as uuid_utils
from django.conf import settings
from django.utils.translation import gettext as _

from tillit.consent.actions import NobodyThere
from tillit.consent.fold import lock
from tillit.consent.queries import state_of
from tillit.delivery.models import Message
from tillit.delivery.service import queue
from tillit.ledger.processing import OpenActivity, Refused, person_actor, processing
from tillit.ledger.versions import Version, in_force, places
from tillit.people.merges import ids_of
from tillit.people.models import Likeness, NotDuplicate, Person
from tillit.policy.regions import Region
from tillit.policy.rules import Place
from tillit.rights.art15 import about
from tillit.rights.deadlines import due_at
from tillit.rights.erasure import erase_rows
from tillit.rights.holdings import Table, holdings
from tillit.rights.models import Request

FULFIL, CONFIRM = "rights.fulfil", "people.confirm"
Kind, State = Request.Kind, Request.State
ASK_AGAIN_AFTER = timedelta(minutes=10)  # a link is mailed once in that time, so that nobody's mailbox can be filled


MAILS_A_DAY = 3  # of one kind that whoever holds a forwarded mail can cause


@dataclass(frozen=True, slots=True)
class Copy:
    """Everything held about a person, and what Article 15 says must be told with it."""

    request_id: UUID
    tables: list[Table]
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a person made; `mailed` is False when their address cannot be reached."""

    request: Request
    mailed: bool


class RestrictedMeanwhile(Refused):
    """Somebody whom others meant to erase has processing restricted, so that what is held stays. GDPR art 18(1)."""


def ask(workspace_id: int, person_id: UUID, kind: str, *, now: datetime, by: str | None = None) -> Asked:
    """Record a person's request and mail them the link that proves it is they.

    An open request of the same kind is taken up again. Somebody whose address bounces gets no mail, and the request
    waits for the staff. Raises NobodyThere. Source: GDPR art 12(3), 12(6).
    """
    actor, act = by or person_actor(person_id), f"request.{kind}"
    with processing(workspace_id, FULFIL, by=actor, act=act, subject=person_id) as activity:
        request = _open_request(activity, person_id, kind, now=now)
    with processing(workspace_id, CONFIRM, by=actor, act=f"{act}.link", subject=person_id) as activity:
        reachable = Person.objects.filter(pk=person_id).exists()
        if reachable and not asked_enough(person_id, f"rights.{kind}", now=now):
            queue(activity, person_id, template=f"rights.{kind}", arguments={"request": request.pk})
    return Asked(request, reachable)


def asked_enough(person_id: UUID, template: str, *, now: datetime) -> bool:
    """Whether a person got a mail of this template a moment ago, or as many as they shall get in a day."""
    today = Message.objects.filter(person_id=person_id, template=template, id__gte=uuid_of(now - timedelta(days=1)))
    lately = today.filter(id__gte=uuid_of(now - ASK_AGAIN_AFTER))
    return lately.exists() or today.count() >= MAILS_A_DAY


def uuid_of(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment. Source: RFC 9562 section 5.7."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))


def receive(workspace_id: int, person_id: UUID, kind: str, *, received_at: datetime, by: str) -> Request:
    """Record a request that somebody made in writing, as of the day it came; return it. Raises NobodyThere."""
    with processing(workspace_id, FULFIL, by=by, act=f"request.{kind}", subject=person_id) as activity:
        return _open_request(activity, person_id, kind, now=received_at)


def access(workspace_id: int, person_id: UUID, *, by: str, now: datetime, language: str = "en") -> Copy:
    """Return a copy of everything held about a person, and close their open request for it. Raises NobodyThere.

    Source: GDPR art 15, 20.
    """
    version = in_force(workspace_id)
    with processing(workspace_id, FULFIL, by=by, act="request.copy", subject=person_id) as activity:
        person = Person.objects.filter(pk=person_id).first()
        if person is None:
            raise NobodyThere
        request = _fulfilled(activity, person_id, Kind.ACCESS, now=now)
        bound = {name: Place(rule.bit, rule.refused_bits) for name, rule in version.rules.items()}
        tables = holdings(person_id, places=places(workspace_id) | bound)
        counts = {table.name: len(table.rows) for table in tables if table.rows}
        _close(request, counts, now=now)
        activity.count(rows=sum(counts.values()))
    return Copy(request.pk, tables, _content(version, person, tables, now=now, language=language))


def erase(
    workspace_id: int, person_id: UUID, *, by: str, now: datetime, spare_restricted: bool = False
) -> Request | None:
    """Erase a person everywhere as the tables declare, and close their request; return it, None if nobody was there.

    Repeating it finds nobody. Records that went into theirs are erased with it. The keyed hash of their address stays,
    so that an import does not bring them back; so do choices and requests, as evidence without a name. A mail that a
    sender has already claimed may still go out. With `spare_restricted`, for an erasure that the person did not ask
    for, raises RestrictedMeanwhile for somebody who has processing restricted.
    Source: GDPR art 17(1), 17(3)(e).
    """
    with processing(workspace_id, FULFIL, by=by, act="person.erase", subject=person_id) as activity:
        if not lock([person_id]):
            activity.count(**erase_rows([person_id], now=now))  # what came in while the first erasure was running
            return None
        if spare_restricted and Person.objects.get(pk=person_id).restricted:
            raise RestrictedMeanwhile(_("Processing is restricted, so what is held of the person stays."), clause="E2")
        request = _fulfilled(activity, person_id, Kind.ERASURE, now=now)
        ids = ids_of(person_id)
        counts = erase_rows(ids, now=now)
        for named in (NotDuplicate, Likeness):  # rows of other people that name them
            named.objects.filter(other_id__in=ids).delete()
        _close(request, counts, now=now)
        _erased_too(request, ids[1:])
        activity.count(**counts)
    return request


def _erased_too(request: Request, gone_ids: list[UUID]) -> None:
    """Note an erasure for the records that went into the person's: a backup from before that holds them singly."""
    Request.objects.bulk_create(
        [
            Request(
                id=uuid_utils.uuid7(),
                workspace_id=request.workspace_id,
                person_id=gone_id,
                kind=request.kind,
                state=request.state,
                received_at=request.received_at,
                due_at=request.due_at,
                fulfilled_at=request.fulfilled_at,
            )
            for gone_id in gone_ids
        ]
    )


def _open_request(activity: OpenActivity, person_id: UUID, kind: str, *, now: datetime) -> Request:
    """The person's open request of a kind, or a new one that begins now."""
    if not lock([person_id]):
        raise NobodyThere
    known = Request.objects.filter(person_id=person_id, kind=kind).exclude(state=State.FULFILLED).first()
    if known:
        return known
    person = Person.objects.get(pk=person_id)
    country = in_force(activity.workspace_id).document.operator.country
    request = Request(
        id=uuid_utils.uuid7(),
        workspace_id=activity.workspace_id,
        person_id=person_id,
        kind=kind,
        received_at=now,
        due_at=due_at(
            kind,
            region=Region(person.region),
            received_at=now,
            country=country,
            zone=ZoneInfo(settings.TIME_ZONE),
        ),
    )
    Request.objects.bulk_create([request])
    activity.count(requests=1)
    return request


def _fulfilled(activity: OpenActivity, person_id: UUID, kind: str, *, now: datetime) -> Request:
    """The request that is being answered: the open one; the last one, when its answer is only fetched again."""
    last = Request.objects.filter(person_id=person_id, kind=kind).order_by("-id").first()
    return last or _open_request(activity, person_id, kind, now=now)


def _close(request: Request, counts: dict[str, int], *, now: datetime) -> None:
    """Close a request, and any other that is open: of two records that were merged each may have brought one."""
    alike = Request.objects.filter(person_id=request.person_id, kind=request.kind).exclude(state=State.FULFILLED)
    alike.update(state=State.FULFILLED, fulfilled_at=now, counts=counts)
    if request.state != State.FULFILLED:
        request.state, request.fulfilled_at, request.counts = State.FULFILLED, now, counts


def _content(version: Version, person: Person, tables: list[Table], *, now: datetime, language: str) -> dict[str, Any]:
    return {
        "made_at": now.isoformat(),
        "person": str(person.pk),
        **about(version, state_of(person), language=language),
        "tables": [
            {
                "table": table.name,
                "categories": list(table.categories),
                "columns": {
                    column.name: {"label": column.label, "category": column.category} for column in table.columns
                },
                "rows": table.rows,
            }
            for table in tables
        ],
    }

"""Joining a list with confirmation by mail: nothing is used before the person has pressed the button in it.

Source: GDPR art 7(1); Swedish Marketing Act (2008:486) section 19; CLAUSES D5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import connection
from django.utils.translation import gettext as _

from tillit.consent.actions import NobodyThere, record_choice
from tillit.consent.fold import lock
from tillit.consent.lineage import choices_of
from tillit.consent.models import Choice
from tillit.consent.subscriptions import NotPublic
from tillit.delivery.service import queue
from tillit.delivery.welcome import queue_welcome
from tillit.ledger.processing import OpenActivity, Refused, person_actor, processing
from tillit.people.actions import Erased, add_person, identity_key, is_held, set_subscription
from tillit.people.identity import normalise_email
from tillit.people.models import Identity, MailingList, Person, Subscription
from tillit.people.suppression.known import suppressed
from tillit.policy.roles import Role
from tillit.rights.actions import asked_enough

CONFIRM, MANAGE, MARKETING = "people.confirm", "preferences.manage", "marketing.email"
TEMPLATE = "rights.confirm"
VISITOR = "visitor"
KEPT = timedelta(days=7)  # an address on somebody else's word; the link lives as long (edge.tokens.LIFETIME_DAYS)


class LeftMeanwhile(Refused):
    """The person has left the list since the mail that would confirm was sent."""

    def __init__(self) -> None:
        said = _("You have left the list since this mail was sent. Sign up again if you want to come back.")
        super().__init__(said, clause="E5")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What confirming did; `receipt` is None when it had been confirmed before."""

    list: MailingList
    receipt: UUID | None


def public_list(workspace_id: int, list_id: int) -> MailingList:
    """Return a list that people may join by themselves. Raises NotPublic."""
    lists = MailingList.objects.filter(workspace=workspace_id, pk=list_id, public=True, archived_at=None)
    if found := lists.first():
        return found
    raise NotPublic


def sign_up(workspace_id: int, list_id: int, *, email: str, language: str, now: datetime, by: str = VISITOR) -> None:
    """Ask by mail whether the owner of an address wants to join a list. Says nothing about who is known.

    Whoever is new is kept for a week; whoever is known stays as they are until they confirm. Somebody who was erased
    may come back by this way alone: until they confirm, their row is restricted, so that nothing else can use it. A
    suppressed address gets no mail, and is not kept: anybody can type it in, and its owner asked for peace.
    Raises NotPublic and InvalidIdentifier.
    """
    mailing_list = public_list(workspace_id, list_id)
    with processing(workspace_id, CONFIRM, by=by, act="list.ask", about=f"list:{list_id}") as activity:
        if suppressed(workspace_id, [normalise_email(email)]):
            activity.count(suppressed=1)
            return
        person_id = _person(activity, email, language)
        if not lock([person_id]) or asked_enough(person_id, TEMPLATE, now=now):
            return
        if not Subscription.objects.filter(person_id=person_id, list_id=list_id).exists():
            set_subscription(activity, [person_id], mailing_list, Subscription.State.PENDING, now=now)
        arguments = {"list": list_id, "minute": now.hour * 60 + now.minute}
        queue(activity, person_id, template=TEMPLATE, arguments=arguments)


def confirm(
    workspace_id: int, person_id: UUID, list_id: int, *, asked_at: datetime, notice_digest: str, now: datetime
) -> Confirmed:
    """Put a person on the list that they signed up for, and record their consent to marketing mail with its evidence.

    They are welcomed once, where the list has a text for it. Confirming again changes nothing. Raises NobodyThere when
    the week is over, LeftMeanwhile when the person has left since `asked_at`, and NotPublic.
    Source: GDPR art 4(11), 7(1).
    """
    mailing_list = public_list(workspace_id, list_id)
    actor = person_actor(person_id)
    with processing(
        workspace_id, MANAGE, by=actor, act="list.confirm", subject=person_id, about=f"list:{list_id}"
    ) as activity:
        if not lock([person_id]):
            raise NobodyThere
        row = Subscription.objects.filter(person_id=person_id, list_id=list_id).first()
        if row and row.state == Subscription.State.UNSUBSCRIBED and row.since > asked_at + timedelta(minutes=1):
            raise LeftMeanwhile
        _welcome(activity, person_id)
        changed = set_subscription(
            activity, [person_id], mailing_list, Subscription.State.SUBSCRIBED, now=now, revive=True
        )
        if not changed and _consented(person_id):
            return Confirmed(mailing_list, None)
        [receipt] = record_choice(
            activity,
            [person_id],
            MARKETING,
            Choice.State.GRANTED,
            method=Choice.Method.CONFIRMED,
            now=now,
            notice_digest=notice_digest,
        )
    queue_welcome(mailing_list, person_id)
    return Confirmed(mailing_list, receipt)


def join(workspace_id: int, list_id: int, *, email: str, language: str, notice_digest: str, now: datetime) -> None:
    """Put the owner of an address on a list of single opt-in at once, if nobody knew the address; else ask by mail.

    A form proves nothing of who filled it in. So it can only add somebody new: whoever is known, has left, refused or
    was erased is asked, as for any list, and nobody is brought back by somebody else. The consent is recorded with the
    words that stood on the form. Raises NotPublic and InvalidIdentifier. Source: GDPR art 7(1), 7(3); clause D5.
    """
    mailing_list = public_list(workspace_id, list_id)
    with processing(workspace_id, MANAGE, by=VISITOR, act="list.join", about=f"list:{list_id}") as activity:
        fresh = (
            mailing_list.opt_in == MailingList.OptIn.SINGLE
            and not is_held(workspace_id, Identity.Kind.EMAIL, email)
            and not suppressed(workspace_id, [normalise_email(email)])
        )
        if fresh:
            person_id = add_person(activity, email=email, language=language)
            activity.subject_id = person_id
            set_subscription(activity, [person_id], mailing_list, Subscription.State.SUBSCRIBED, now=now)
            record_choice(
                activity,
                [person_id],
                MARKETING,
                Choice.State.GRANTED,
                method=Choice.Method.FORM,
                now=now,
                notice_digest=notice_digest,
            )
    if fresh:
        queue_welcome(mailing_list, person_id)
    else:
        sign_up(workspace_id, list_id, email=email, language=language, now=now)


def forget_unconfirmed(workspace_id: int, *, now: datetime) -> int:
    """Remove what nobody confirmed within a week: the waiting places, and persons of whom nothing else is known.

    An address that was a tombstone becomes one again. Returns how many persons were removed.
    """
    before = now - KEPT
    with processing(workspace_id, MANAGE, by="system", act="list.forget") as activity, connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM people_subscription s USING people_person p WHERE p.id = s.person_id"
            " AND s.state = 'pending' AND s.since < %s RETURNING s.person_id",
            [before],
        )
        waited = [row[0] for row in cursor.fetchall()]
        cursor.execute(_NOTHING_ELSE, [int(Role.VISITOR), waited])
        gone = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "UPDATE people_identity SET value = NULL, person_id = NULL"
            " WHERE person_id = ANY (%s) AND erased_at IS NOT NULL",
            [gone],
        )
        for table, own in (
            ("people_identity", "person_id"),
            ("delivery_message", "person_id"),
            ("people_person", "id"),
        ):
            cursor.execute(f"DELETE FROM {table} WHERE {own} = ANY (%s)", [gone])
        activity.count(places=len(waited), persons=len(gone))
    return len(gone)


# Who came by a form, confirmed nothing, and has left no other trace.
_NOTHING_ELSE = """
SELECT p.id FROM people_person p
 WHERE p.roles = %s AND p.id = ANY (%s)
   AND NOT EXISTS (SELECT FROM people_subscription s WHERE s.person_id = p.id)
   AND NOT EXISTS (SELECT FROM consent_choice c WHERE c.person_id = p.id)
   AND NOT EXISTS (SELECT FROM people_merge g WHERE g.person_id = p.id)
   AND NOT EXISTS (SELECT FROM delivery_message m WHERE m.person_id = p.id AND m.campaign_id IS NOT NULL)
 FOR UPDATE
"""


def _person(activity: OpenActivity, email: str, language: str) -> UUID:
    """The person with an address, or a new one; for a tombstone a new, restricted one that holds the tombstone open."""
    try:
        return add_person(activity, email=email, language=language, role=Role.VISITOR)
    except Erased:
        person_id = uuid_utils.uuid7()
    key, value = identity_key(activity.workspace_id, Identity.Kind.EMAIL, email)
    person = Person(
        id=person_id,
        workspace_id=activity.workspace_id,
        roles=int(Role.VISITOR),
        flags=Person.RESTRICTED,
        language=language,
    )
    Person.objects.bulk_create([person])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_identity SET person_id = %s, value = %s WHERE key = %s AND person_id IS NULL",
            [person_id, value, key],
        )
    return person_id


def _welcome(activity: OpenActivity, person_id: UUID) -> None:
    """Make a person who came by a form a contact, and one who had been erased an ordinary person again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_identity SET erased_at = NULL WHERE person_id = %s AND erased_at IS NOT NULL", [person_id]
        )
        back = cursor.rowcount
        lifted = Person.RESTRICTED if back else 0
        cursor.execute(
            "UPDATE people_person SET roles = roles | %s, flags = flags & ~%s::smallint WHERE id = %s",
            [int(Role.CONTACT), lifted, person_id],
        )
    activity.count(came_back=back)


def _consented(person_id: UUID) -> bool:
    last = {choice.purpose: choice for choice in choices_of([person_id]).counting()[person_id]}.get(MARKETING)
    return last is not None and last.state == Choice.State.GRANTED

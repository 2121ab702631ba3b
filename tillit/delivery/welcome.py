"""Queueing the mail that welcomes somebody who joined a list by their own act; `campaigns.welcome` writes it.

It is direct marketing like the mails that follow, so it goes under `marketing.email`, which the person has just agreed
to: a service message may carry no advertising (clause E10), and nobody can be sure that a welcome carries none.
"""

from __future__ import annotations

from uuid import UUID

from tillit.delivery.models import Message
from tillit.delivery.service import queue
from tillit.ledger.processing import Refused, person_actor, processing
from tillit.people.models import MailingList, Person, Subscription

MARKETING = "marketing.email"
TEMPLATE = "campaigns.welcome"


def queue_welcome(mailing_list: MailingList, person_id: UUID) -> bool:
    """Queue the welcome of a list to somebody who has just joined it; return whether one was.

    None goes where the list has no text for it, to whom the policy does not permit marketing mail, and to whoever got
    it before. Whoever was imported has not joined by their own act, and nothing calls this for them.
    """
    if not mailing_list.welcomes:
        return False
    about = f"list:{mailing_list.pk}"
    actor = person_actor(person_id)
    try:
        with processing(
            mailing_list.workspace_id, MARKETING, by=actor, act="list.welcome", subject=person_id, about=about
        ) as activity:
            standing = Subscription.objects.filter(
                person_id=person_id, list_id=mailing_list.pk, state=Subscription.State.SUBSCRIBED
            )
            # The lock keeps two confirmations at once from welcoming twice.
            there = Person.objects.select_for_update().filter(pk=person_id).first()
            had = Message.objects.filter(person_id=person_id, template=TEMPLATE, arguments__list=mailing_list.pk)
            if there is None or not standing.exists() or had.exists():
                return False
            queue(activity, person_id, template=TEMPLATE, arguments={"list": mailing_list.pk})
            return True
    except Refused:  # the policy in force has no marketing mail: joining stands without a welcome
        return False

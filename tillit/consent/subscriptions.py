"""Leaving lists and joining them: a person's own acts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from tillit.consent.fold import MANAGE, lock
from tillit.ledger.processing import OpenActivity, Refused, person_actor, processing
from tillit.people.actions import set_subscription
from tillit.people.models import MailingList, Subscription

State = Subscription.State
UNDO_WITHIN = timedelta(hours=1)  # long enough to see that it was a mistake, too short for whom a mail is forwarded to


class NotPublic(Refused):
    """The list is not one that people can join by themselves."""

    def __init__(self) -> None:
        super().__init__(_("This list is not one that people can join by themselves."), clause="A4")


def unsubscribe(
    workspace_id: int,
    person_id: UUID,
    lists: Collection[int] | None,
    *,
    now: datetime,
    by: str | None = None,
    about: str = "",
    one_click: bool = False,
) -> list[int]:
    """Take a person off some lists, or off every list they are on (None); return the lists that they left.

    Repeating it changes nothing, and an erased person is off every list. The next batch of a running campaign leaves
    the person out. Source: RFC 8058; GDPR art 21(3); Swedish Marketing Act (2008:486) section 19.
    """
    actor = by or person_actor(person_id)
    with processing(workspace_id, MANAGE, by=actor, act="list.unsubscribe", subject=person_id, about=about) as activity:
        lock([person_id])
        activity.count(one_click=int(one_click))
        return leave(activity, person_id, lists, now=now)


def leave(activity: OpenActivity, person_id: UUID, lists: Collection[int] | None, *, now: datetime) -> list[int]:
    """Take a person off lists inside the caller's context; return those that they were on."""
    rows = Subscription.objects.filter(person_id=person_id).exclude(state=State.UNSUBSCRIBED)
    on = dict(rows.values_list("list_id", "state"))
    # Lists of the campaign that the person is not on are refused as well: a later import must not put them there.
    asked = set(on) if lists is None else set(lists)
    _set(activity, person_id, asked, State.UNSUBSCRIBED, now=now)
    return sorted(number for number in asked if on.get(number) == State.SUBSCRIBED)


def undo(workspace_id: int, person_id: UUID, lists: Iterable[int], *, now: datetime) -> list[int]:
    """Put a person back on lists that they left a moment ago; return those. Later, the preference centre does it."""
    actor = person_actor(person_id)
    with processing(workspace_id, MANAGE, by=actor, act="list.undo", subject=person_id) as activity:
        lock([person_id])
        just_left = Subscription.objects.filter(
            person_id=person_id, list_id__in=list(lists), state=State.UNSUBSCRIBED, since__gte=now - UNDO_WITHIN
        ).values_list("list_id", flat=True)
        back = sorted(just_left)
        _set(activity, person_id, back, State.SUBSCRIBED, now=now)
    return back


def change_lists(
    activity: OpenActivity, person_id: UUID, *, join: Collection[int], leave: Collection[int], now: datetime
) -> dict[int, str]:
    """Put a person on lists and take them off others, inside the caller's context; return list → state that changed.

    Raises NotPublic for a list that people cannot join and that the person has not been on.
    """
    standing = dict(Subscription.objects.filter(person_id=person_id).values_list("list_id", "state"))
    _may_join(activity.workspace_id, set(join) - set(standing))
    wanted = dict.fromkeys(join, State.SUBSCRIBED) | dict.fromkeys(leave, State.UNSUBSCRIBED)
    changed = {number: state for number, state in wanted.items() if standing.get(number) != state}
    for state in (State.SUBSCRIBED, State.UNSUBSCRIBED):
        _set(activity, person_id, [number for number, to in changed.items() if to == state], state, now=now)
    return {number: str(state) for number, state in changed.items()}


def _may_join(workspace_id: int, lists: set[int]) -> None:
    open_lists = MailingList.objects.filter(workspace=workspace_id, pk__in=lists, public=True, archived_at=None)
    if open_lists.count() != len(lists):
        raise NotPublic


def _set(activity: OpenActivity, person_id: UUID, lists: Iterable[int], state: str, *, now: datetime) -> None:
    for mailing_list in MailingList.objects.filter(workspace=activity.workspace_id, pk__in=list(lists)):
        set_subscription(activity, [person_id], mailing_list, state, now=now, revive=True)

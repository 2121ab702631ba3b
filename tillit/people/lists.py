"""Keeping lists and sources, and putting people on lists and taking them off on staff’s part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tillit.ledger.processing import processing
from tillit.people.actions import set_subscription
from tillit.people.models import Evidence, MailingList, Source, Subscription

ADMINISTER = "audience.administer"


class NameTaken(ValueError):
    """Another list of the workspace has this name."""


def make_list(workspace_id: int, *, name: str, by: str, **fields: Any) -> MailingList:
    """Make a list. Raises NameTaken."""
    _check_name(workspace_id, name)
    with processing(workspace_id, ADMINISTER, by=by, act="list.make") as activity:
        made = MailingList.objects.create(workspace_id=workspace_id, name=name, **fields)
        activity.object_ref = f"list:{made.pk}"
        return made


def change_list(mailing_list: MailingList, *, name: str, by: str, **fields: Any) -> MailingList:
    """Change what a list is called and how people join it. Raises NameTaken."""
    _check_name(mailing_list.workspace_id, name, besides=mailing_list.pk)
    about = f"list:{mailing_list.pk}"
    with processing(mailing_list.workspace_id, ADMINISTER, by=by, act="list.change", about=about):
        mailing_list.name = name
        for field, value in fields.items():
            setattr(mailing_list, field, value)
        mailing_list.save(update_fields=["name", *fields])
    return mailing_list


def _check_name(workspace_id: int, name: str, *, besides: int | None = None) -> None:
    named = MailingList.objects.filter(workspace_id=workspace_id, name=name)
    if (named if besides is None else named.exclude(pk=besides)).exists():
        raise NameTaken(NameTaken.__doc__)


def archive(mailing_list: MailingList, *, by: str, now: datetime) -> None:
    """Put a list away: nobody can join it and no campaign can choose it. Its people stay as they are."""
    _set_archived(mailing_list, now, by=by, act="list.archive")


def restore(mailing_list: MailingList, *, by: str) -> None:
    """Take a list into use again."""
    _set_archived(mailing_list, None, by=by, act="list.restore")


def _set_archived(mailing_list: MailingList, at: datetime | None, *, by: str, act: str) -> None:
    about = f"list:{mailing_list.pk}"
    with processing(mailing_list.workspace_id, ADMINISTER, by=by, act=act, about=about):
        MailingList.objects.filter(pk=mailing_list.pk).update(archived_at=at)
    mailing_list.archived_at = at


def put_on_list(
    mailing_list: MailingList, person_ids: Iterable[UUID], *, by: str, now: datetime, source: Source | None = None
) -> int:
    """Put people on a list; return how many that changed.

    Whoever unsubscribed stays off, and whoever has yet to confirm joins by their own word alone. So does nobody who is
    suppressed, or whose processing is restricted.
    """
    return _stand(mailing_list, person_ids, Subscription.State.SUBSCRIBED, by=by, now=now, source=source)


def take_off_list(mailing_list: MailingList, person_ids: Iterable[UUID], *, by: str, now: datetime) -> int:
    """Take people off a list; return how many that changed."""
    return _stand(mailing_list, person_ids, Subscription.State.UNSUBSCRIBED, by=by, now=now)


def _stand(
    mailing_list: MailingList,
    person_ids: Iterable[UUID],
    state: str,
    *,
    by: str,
    now: datetime,
    source: Source | None = None,
) -> int:
    people = list(person_ids)
    subject = people[0] if len(people) == 1 else None
    act = "list.add" if state == Subscription.State.SUBSCRIBED else "list.remove"
    about = f"list:{mailing_list.pk}"
    with processing(mailing_list.workspace_id, ADMINISTER, by=by, act=act, subject=subject, about=about) as activity:
        return set_subscription(activity, people, mailing_list, state, now=now, source=source)


@dataclass(frozen=True, slots=True)
class Proof:
    """A file that proves a warranty: its name, and its content as the caller judged it."""

    name: str
    content: bytes


def make_source(
    workspace_id: int, *, name: str, warranty: str, by: str, proof: Proof | None = None, **more: Any
) -> Source:
    """Write down where information comes from. Source: clause B4."""
    with processing(workspace_id, ADMINISTER, by=by, act="source.make") as activity:
        made = Source.objects.create(workspace_id=workspace_id, name=name, warranty=warranty, **more)
        activity.object_ref = f"source:{made.pk}"
        _prove(made, proof, by=by, now=activity.at)
        return made


def change_source(source: Source, *, by: str, proof: Proof | None = None, **fields: Any) -> None:
    """Change a source, or renew its warranty; a new file takes the place of the one before."""
    about = f"source:{source.pk}"
    with processing(source.workspace_id, ADMINISTER, by=by, act="source.change", about=about) as activity:
        for name, value in fields.items():
            setattr(source, name, value)
        source.save(update_fields=[*fields])
        _prove(source, proof, by=by, now=activity.at)


def _prove(source: Source, proof: Proof | None, *, by: str, now: datetime) -> None:
    if proof is None:
        return
    told = {"content": proof.content, "added_by": by, "added_at": now}
    Evidence.objects.update_or_create(source=source, defaults=told)
    source.evidence_name = proof.name
    source.save(update_fields=["evidence_name"])

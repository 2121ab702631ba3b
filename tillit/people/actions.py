"""Writes about persons. Each runs inside a processing context that the caller opened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tillit.ledger.processing import OpenActivity, Refused
from tillit.people.identity import NORMALISE, hasher
from tillit.people.models import Field, Identity, MailingList, Person, Source, Subscription
from tillit.people.suppression.known import suppressed
from tillit.policy.roles import Role

DEFAULT_FIELDS = (
    ("first_name", "First name", "text", "identity"),
    ("last_name", "Last name", "text", "identity"),
    ("title", "Title", "text", "occupation"),
    ("company", "Company", "text", "occupation"),
    ("city", "City", "text", "demographics"),
    ("country", "Country", "text", "demographics"),
)


def identity_key(workspace_id: int, kind: str, value: str) -> tuple[bytes, str]:
    """Return the key and the normalised form of an identifier. Raises InvalidIdentifier."""
    normalised = NORMALISE[kind](value)
    return hasher(settings.IDENTITY_KEY, workspace_id, kind)(normalised), normalised


def make_default_fields(workspace_id: int) -> None:
    """Give a new workspace the fields that nearly everybody has."""
    Field.objects.bulk_create(
        [
            Field(workspace_id=workspace_id, name=name, label=label, type=kind, category=category)
            for name, label, kind, category in DEFAULT_FIELDS
        ],
        ignore_conflicts=True,
    )


def is_held(workspace_id: int, kind: str, value: str) -> bool:
    """Say whether an identifier is somebody's, or a tombstone's. Raises InvalidIdentifier."""
    key, _value = identity_key(workspace_id, kind, value)
    return Identity.everyone.filter(key=key).exists()


class Erased(Refused):
    """The identifier belongs to somebody who was erased, and only they can bring themselves back."""


def add_person(
    activity: OpenActivity,
    *,
    email: str,
    region: int = 0,
    language: str = "",
    traits: Mapping[str, Mapping[str, Any]] | None = None,
    source: Source | None = None,
    role: Role = Role.CONTACT,
) -> UUID:
    """Find the person with an address or make one, and merge what is known; return the person's id.

    `traits` maps category → field → value. A new person whose address is suppressed is marked so, and gets no mail.
    Raises InvalidIdentifier, and Erased for a tombstone.
    """
    key, value = identity_key(activity.workspace_id, Identity.Kind.EMAIL, email)
    held_back = bool(suppressed(activity.workspace_id, [value]))
    person_id = uuid_utils.uuid7()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)"
            " VALUES (%s, %s, %s, 'email', %s, now()) ON CONFLICT (key) DO NOTHING",
            [key, activity.workspace_id, person_id, value],
        )
        made = cursor.rowcount
    if made:
        Person.objects.bulk_create(
            [
                Person(
                    id=person_id,
                    workspace_id=activity.workspace_id,
                    region=region,
                    roles=int(role),
                    flags=Person.SUPPRESSED if held_back else 0,
                    language=language,
                )
            ]
        )
    else:
        known = Identity.everyone.filter(key=key).values_list("person_id", flat=True).first()
        if known is None:
            raise Erased("This person was erased at their own request, and is not brought back.", clause="E1")
        person_id = known
    for category, values in (traits or {}).items():
        set_traits(activity, person_id, category=category, values=values, source=source)
    activity.count(persons=1)
    return person_id


def set_traits(
    activity: OpenActivity, person_id: UUID, *, category: str, values: Mapping[str, Any], source: Source | None = None
) -> None:
    """Merge values into what a person has in one category; the row keeps the source that it was made with."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_traits (person_id, category, workspace_id, values, source_id, updated_at)"
            " SELECT p.id, %s, p.workspace_id, %s::jsonb, %s, %s FROM people_person p WHERE p.id = %s"
            " ON CONFLICT (person_id, category) DO UPDATE"
            " SET values = people_traits.values || EXCLUDED.values, updated_at = EXCLUDED.updated_at",
            [category, json.dumps(dict(values)), source.pk if source else None, timezone.now(), person_id],
        )
    activity.count(traits=len(values))


def set_subscription(
    activity: OpenActivity,
    person_ids: Iterable[UUID],
    mailing_list: MailingList,
    state: str,
    *,
    now: datetime,
    source: Source | None = None,
    revive: bool = False,
) -> int:
    """Set persons' standing on a list; return how many changed.

    Somebody who unsubscribed, or has yet to confirm, stays so unless `revive`, which only the person's own act may set.
    Without it nobody who is suppressed joins a list either, nor is anybody put on one whose processing is restricted.
    """
    leaving = state == Subscription.State.UNSUBSCRIBED
    held = Person.SUPPRESSED | (Person.RESTRICTED if state == Subscription.State.SUBSCRIBED else 0)
    keep = "" if revive or leaving else " AND people_subscription.state NOT IN ('unsubscribed', 'pending')"
    whom = "" if revive or leaving else f" AND p.flags & {held} = 0"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since, source_id)"
            " SELECT p.id, %s, p.workspace_id, %s, %s, %s FROM people_person p WHERE p.id = ANY (%s)"
            f"{whom} ON CONFLICT (person_id, list_id) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since"
            f" WHERE people_subscription.state <> EXCLUDED.state{keep}",
            [mailing_list.pk, state, now, source.pk if source else None, list(person_ids)],
        )
        changed = cursor.rowcount
    activity.count(**{f"list_{state}": changed})
    return changed

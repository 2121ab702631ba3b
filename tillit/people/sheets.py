"""What is held of some people at once, in the caller's context: four queries, however many they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tillit.people.models import Identity, Person, Subscription, Traits

CONTACT, PREFERENCES = "contact", "preferences"


@dataclass(slots=True)
class Sheet:
    """One person with what the context and the allowed categories show of them; `values` is field → value."""

    person: Person
    identities: list[Identity] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    standings: list[Subscription] = field(default_factory=list)


def sheets(ids: Sequence[UUID], *, categories: Collection[str]) -> list[Sheet]:
    """Return what is held of some people, in the order of their ids, of some categories alone.

    Row-level security leaves out whom the purpose does not permit, and the categories it does not have; `categories`
    narrows that further, to what a recipient may get.
    """
    found = {person.pk: Sheet(person) for person in Person.objects.filter(pk__in=ids)}
    if CONTACT in categories:
        for identity in Identity.objects.filter(person_id__in=ids).order_by("kind", "created_at"):
            found[identity.person_id].identities.append(identity)
    for traits in Traits.objects.filter(person_id__in=ids, category__in=list(categories)).order_by("category"):
        found[traits.person_id].values.update(traits.values)
    if PREFERENCES in categories:
        for standing in Subscription.objects.filter(person_id__in=ids).order_by("list_id"):
            found[standing.person_id].standings.append(standing)
    return [found[person_id] for person_id in ids if person_id in found]

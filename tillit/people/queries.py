"""Reads about people and lists, in the caller's context (`audience.administer` on staff pages)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from tillit.ledger.versions import Version, in_force
from tillit.people.models import Field, Identity, Import, MailingList, Person, Source, Subscription, Traits
from tillit.people.patience import patience
from tillit.policy.decide import decide
from tillit.policy.document import Purpose
from tillit.policy.outcomes import Decision
from tillit.policy.rules import PersonState

ADMINISTER = "audience.administer"


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether one purpose is permitted for one person, and why."""

    id: str
    purpose: Purpose
    decision: Decision


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person in one category; `values` as (label, name, value), and where it came from."""

    category: str
    values: list[tuple[str, str, object]]
    source: Source | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's standing on a list."""

    list: MailingList
    subscription: Subscription
    source: Source | None


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that this package holds of one person."""

    person: Person
    identities: list[Identity]
    known: list[Known]
    standings: list[Standing]
    fields: list[Field]

    @property
    def address(self) -> str:
        return next((each.value or "" for each in self.identities if each.kind == Identity.Kind.EMAIL), "")

    @property
    def values(self) -> dict[str, object]:
        """Field name → value, over all categories."""
        return {name: value for known in self.known for _, name, value in known.values}


def record(workspace_id: int, person_id: UUID) -> Record | None:
    """Return what is held of a person, or None when nobody is there whom the context shows."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        return None
    kept = in_force(workspace_id).rules[ADMINISTER].categories
    known_fields = list(fields(workspace_id).filter(category__in=kept))
    traits = list(Traits.objects.filter(person_id=person_id).order_by("category"))
    subscriptions = list(Subscription.objects.filter(person_id=person_id))
    numbers = {row.source_id for row in (*traits, *subscriptions)} - {None}
    sources = Source.objects.filter(workspace_id=workspace_id).in_bulk(numbers)
    lists = MailingList.objects.filter(workspace_id=workspace_id).in_bulk({row.list_id for row in subscriptions})
    standings = [
        Standing(lists[row.list_id], row, sources.get(row.source_id)) for row in subscriptions if row.list_id in lists
    ]
    return Record(
        person,
        list(Identity.objects.filter(person_id=person_id).order_by("kind", "created_at")),
        [_known(row, known_fields, sources) for row in traits],
        sorted(standings, key=lambda standing: standing.list.name.casefold()),
        known_fields,
    )


def _known(row: Traits, known_fields: list[Field], sources: Mapping[int, Source]) -> Known:
    labels = {each.name: each.said() for each in known_fields}
    order = {each.name: place for place, each in enumerate(known_fields)}
    named = sorted(row.values.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0]))
    values = [(labels.get(name, name), name, value) for name, value in named]
    return Known(row.category, values, sources.get(row.source_id) if row.source_id else None, row.updated_at)


def decision_for(version: Version, purpose: str, person: Person) -> Decision:
    """Decide one purpose for a person, who need not have been read under it."""
    return decide(version.rules[purpose], _state(person))


def _state(person: Person) -> PersonState:
    return PersonState(person.region, person.roles, person.flags, person.granted, person.refused)


def permissions(version: Version, person: Person) -> list[Permission]:
    """Decide every purpose of the policy for a person."""
    state = _state(person)
    return [
        Permission(name, version.document.purposes[name], decide(rule, state)) for name, rule in version.rules.items()
    ]


# -- lists ------------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class ListFigures:
    """A list with the number of people in each standing; each is None where they are not counted."""

    list: MailingList
    counts: dict[str, int] | None = None

    @property
    def subscribed(self) -> int | None:
        return self._number(Subscription.State.SUBSCRIBED)

    @property
    def pending(self) -> int | None:
        return self._number(Subscription.State.PENDING)

    @property
    def unsubscribed(self) -> int | None:
        return self._number(Subscription.State.UNSUBSCRIBED)

    def _number(self, state: str) -> int | None:
        return None if self.counts is None else self.counts.get(state, 0)


def lists(workspace_id: int, *, archived: bool = False) -> QuerySet[MailingList]:
    """The lists of a workspace that are in use, or those that were put away."""
    return every_list(workspace_id).filter(archived_at__isnull=not archived)


def every_list(workspace_id: int) -> QuerySet[MailingList]:
    """The lists of a workspace, in use or put away."""
    return MailingList.objects.filter(workspace_id=workspace_id).order_by("name")


# Counted without the join with the persons, which costs ten times as much: a purpose under which staff work must be
# permitted for everybody (`policy.required.STANDING_PURPOSES`), so the join would leave nobody out.
_FIGURES = "SELECT list_id, state, count(*) FROM people_subscription WHERE list_id = ANY (%s) GROUP BY 1, 2"
#: The planner's figure up to which counting takes a few hundredths of a second: some 200,000 standings.
SOON = 5_000.0
# Times are grouped before they are turned into days: an import gives a chunk of people one time.
_GROWTH = """
SELECT (since AT TIME ZONE %s)::date, state, sum(number)::bigint
FROM (SELECT since, state, count(*) AS number FROM people_subscription
      WHERE list_id = %s AND since >= %s GROUP BY 1, 2) times
GROUP BY 1, 2
"""


def counted_soon(mailing_lists: Iterable[MailingList]) -> bool:
    """Whether the people of some lists are counted in a moment, as PostgreSQL expects it."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {_FIGURES}", [[each.pk for each in mailing_lists]])
        told = cursor.fetchone()[0]
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return float(plan["Total Cost"]) <= SOON


def figures(mailing_lists: Iterable[MailingList]) -> list[ListFigures]:
    """Count the people of some lists by standing, in one query: 0.2 s for a million. Raises TooSlow."""
    counts: dict[int, dict[str, int]] = {each.pk: {} for each in mailing_lists}
    with patience(), connection.cursor() as cursor:
        cursor.execute(_FIGURES, [list(counts)])
        for list_id, state, number in cursor.fetchall():
            counts[list_id][state] = number
    return [ListFigures(each, counts[each.pk]) for each in mailing_lists]


def growth(mailing_list: MailingList, *, since: datetime) -> dict[date, dict[str, int]]:
    """How many joined and left a list on each day of the current time zone, days without any left out.

    Somebody who left counts on the day they left alone: the list holds one standing a person. Raises TooSlow.
    """
    days: dict[date, dict[str, int]] = {}
    with patience(), connection.cursor() as cursor:
        cursor.execute(_GROWTH, [timezone.get_current_timezone_name(), mailing_list.pk, since])
        for day, state, number in cursor.fetchall():
            days.setdefault(day, {})[state] = number
    return days


# -- imports ----------------------------------------------------------------------------------------------------------
def imports(workspace_id: int) -> QuerySet[Import]:
    """The imports of a workspace, newest first."""
    return Import.objects.filter(workspace_id=workspace_id).select_related("source", "list").order_by("-id")


def fields(workspace_id: int) -> QuerySet[Field]:
    """What a workspace may know of its people, in the order in which it is shown."""
    return Field.objects.filter(workspace_id=workspace_id).in_use()


_HOLDERS = """
SELECT count(*) FROM people_traits t WHERE t.workspace_id = %s AND t.category = %s AND t."values" ? %s
"""


def holders(field: Field) -> int:
    """How many people a field says something of: 1 s for a million, since every row of the category is read."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [field.workspace_id, field.category, field.name])
        return int(cursor.fetchone()[0])


def sources(workspace_id: int) -> QuerySet[Source]:
    """Where a workspace's information comes from."""
    return Source.objects.filter(workspace_id=workspace_id).order_by("name")


def valid_sources(workspace_id: int, *, today: date) -> QuerySet[Source]:
    """The sources whose warranty has not ended."""
    return sources(workspace_id).filter(Q(valid_until=None) | Q(valid_until__gte=today))

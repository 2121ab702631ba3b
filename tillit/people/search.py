"""Finding people: by address, name, list, standing and region; one page at a time, from newest to oldest.

Person ids are UUIDv7, so their order is the order in which people came, and a page begins after the last id of the one
before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tillit.people import matching
from tillit.people.models import Identity, MailingList, Person, Subscription, Traits
from tillit.people.names import CATEGORY as NAMES
from tillit.people.patience import patience
from tillit.people.selection import FLAGS, STATES, Selection, conditions, everybody, filters, parameters

PER_PAGE = 50
NEAR = 4_000  # people among whom those of a segment are looked for before all of them are
LOOKED_AT = 4  # people whom a text means, for each place of the page, that are looked at before all of them are


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Selection):
    """A page of a selection: what comes after (older) or before (newer) a person."""

    after: UUID | None = None
    before: UUID | None = None
    limit: int = PER_PAGE


@dataclass(slots=True)
class Found:
    """One person as a list shows them."""

    person: Person
    address: str = ""
    name: str = ""
    lists: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Some of the people found, and whether there are newer or older ones."""

    rows: list[Found]
    newer: bool
    older: bool


def find(workspace_id: int, wanted: Wanted) -> FoundPage:
    """Return a page of people, in the caller's context. As many queries, however many people there are.

    Raises TooSlow when finding them takes longer than somebody waits for.
    """
    with patience():
        ids = _ids(workspace_id, wanted)
    more = len(ids) > wanted.limit
    ids = ids[: wanted.limit]
    if wanted.before:
        return FoundPage(details(ids[::-1]), newer=more, older=True)
    return FoundPage(details(ids), newer=wanted.after is not None, older=more)


def details(ids: Sequence[UUID]) -> list[Found]:
    """Return what a list shows of some people, in the order of their ids."""
    rows = {person.pk: Found(person) for person in Person.objects.filter(pk__in=ids)}
    for identity in Identity.objects.filter(person_id__in=ids, kind=Identity.Kind.EMAIL).order_by("-created_at"):
        rows[identity.person_id].address = identity.value or ""
    for traits in Traits.objects.filter(person_id__in=ids, category=NAMES):
        rows[traits.person_id].name = name_of(traits.values)
    names: dict[int, str] = {}
    subscriptions = list(Subscription.objects.filter(person_id__in=ids).order_by("list_id"))
    if subscriptions:
        wanted = {subscription.list_id for subscription in subscriptions}
        names = dict(MailingList.objects.filter(pk__in=wanted).values_list("pk", "name"))
    for subscription in subscriptions:
        if subscription.list_id in names:
            rows[subscription.person_id].lists.append((names[subscription.list_id], subscription.state))
    return [rows[person_id] for person_id in ids if person_id in rows]


def name_of(values: dict[str, Any]) -> str:
    """The name among the values of the category that holds names."""
    parts = [values.get("first_name"), values.get("last_name")]
    return " ".join(str(part) for part in parts if part) or str(values.get("name") or "")


def _ids(workspace_id: int, wanted: Wanted) -> list[UUID]:
    """The ids of a page and one more: newest first, or oldest first when paging back."""
    order = "ASC" if wanted.before else "DESC"
    told = parameters(workspace_id, wanted)
    told |= {"limit": wanted.limit + 1, "cursor": wanted.before or wanted.after}
    with connection.cursor() as cursor:
        for first in _steps(wanted):
            cursor.execute(_looked(wanted, order, "LIMIT %(first)s"), {**told, "first": first})
            found, looked = _read(cursor)
            if len(found) > wanted.limit or looked < first:
                return found
        if wanted.text and not _sifted(wanted):
            cursor.execute(_looked(wanted, order, ""), told)
            return _read(cursor)[0]
        cursor.execute(_statement(wanted, order), told)
        return [row[0] for row in cursor.fetchall()]


def _steps(wanted: Wanted) -> Iterator[int]:
    """How many people are looked at before all of them are: nearly always the first few fill a page.

    A short text means a fifth of all people; to keep the first few hundred of them in order costs a third of sorting
    them all. How rare a segment is the planner does not know: with 2 million people it read all of them for a page that
    the first hundred fill (6 s), or looked each of them up one by one for a page that nobody fills (14 s).
    """
    if wanted.text:
        yield LOOKED_AT * (wanted.limit + 1)
    if _sifted(wanted):
        yield max(NEAR, wanted.limit + 1)


def _sifted(wanted: Wanted) -> bool:
    """Whether something leaves out people that no index tells: then hardly anybody may be left."""
    on_list = wanted.list_id is not None and (wanted.region is not None or wanted.state in FLAGS)
    return wanted.segment_id is not None or on_list


def _read(cursor: CursorWrapper) -> tuple[list[UUID], int]:
    """What the SQL of `_looked` gave: the ids, and how many people were looked at."""
    rows = cursor.fetchall()
    return [person_id for person_id, _looked in rows if person_id], rows[0][1]


def _looked(wanted: Wanted, order: str, cut: str) -> str:
    """The SQL of a page of those who may be meant: put in order first, and looked at until the page is full."""
    standing = ""
    if wanted.list_id is not None and wanted.text:
        state = " AND s.state = %(state)s" if wanted.state in STATES else ""
        standing = f" JOIN people_subscription s ON s.person_id = f.person_id AND s.list_id = %(list)s{state}"
    where = " AND ".join(filters(wanted, near="SELECT person_id FROM looked")) or "true"
    return (
        f"WITH looked AS MATERIALIZED ({_candidates(wanted, order)} {cut})"
        " SELECT page.id, n.looked FROM (SELECT count(*) AS looked FROM looked) n LEFT JOIN ("
        f"SELECT p.id FROM (SELECT DISTINCT person_id FROM looked ORDER BY person_id {order} OFFSET 0) f"
        f" JOIN people_person p ON p.id = f.person_id{standing}"
        f" WHERE {where} ORDER BY f.person_id {order} LIMIT %(limit)s) page ON true ORDER BY page.id {order}"
    )


def _candidates(wanted: Wanted, order: str) -> str:
    """The SQL of those who may be meant, in order: whom the text means, else who is on the list, else everybody."""
    beyond = f"{'>' if wanted.before else '<'} %(cursor)s" if wanted.before or wanted.after else ""
    end = f"ORDER BY 1 {order}"
    if wanted.text:
        paging = f" WHERE m.person_id {beyond}" if beyond else ""
        return f"SELECT m.person_id FROM ({matching.statement(wanted.text)}) m{paging} {end}"
    if wanted.list_id is None:
        return f"SELECT p0.id AS person_id FROM people_person p0{f' WHERE p0.id {beyond}' if beyond else ''} {end}"
    paging = f" AND s.person_id {beyond}" if beyond else ""
    return _by_standing(
        wanted, f"SELECT s.person_id FROM people_subscription s WHERE s.list_id = %(list)s{paging}", end
    )


def _by_standing(wanted: Wanted, sql: str, end: str) -> str:
    """The SQL of people on a list, one standing `s` at a time: so the index `subscription_list` gives the order."""
    if wanted.state in STATES:
        return f"{sql} AND s.state = %(state)s {end}"
    branches = (f"({sql} AND s.state = '{state}' {end})" for state in STATES)
    return f"{' UNION ALL '.join(branches)} {end}"


def _statement(wanted: Wanted, order: str) -> str:
    """The SQL of a page, from all who may be on it."""
    end = f"ORDER BY 1 {order} LIMIT %(limit)s"
    beyond = f"{'>' if wanted.before else '<'} %(cursor)s" if wanted.before or wanted.after else ""
    where = " AND ".join([*([f"p.id {beyond}"] if beyond else []), *conditions(wanted)]) or "true"
    if _sifted(wanted):  # told of the limit, the planner would expect to fill the page early, and look up one by one
        return f"WITH found AS MATERIALIZED ({everybody(where, wanted)}) SELECT id FROM found {end}"
    if wanted.list_id is None:
        return f"SELECT p.id FROM people_person p WHERE {where} {end}"
    # The place is said of both tables: PostgreSQL does not carry a “less than” over a join, and read half a million
    # persons before the first that counts.
    paging = f" AND s.person_id {beyond}" if beyond else ""
    on_list = (
        "SELECT s.person_id FROM people_subscription s JOIN people_person p ON p.id = s.person_id"
        f" WHERE s.list_id = %(list)s{paging} AND {where}"
    )
    return _by_standing(wanted, on_list, end)

"""Finding people: by address, name, list, standing and region; one page at a time, from newest to oldest.

Person ids are UUIDv7, so their order is the order in which people came, and a page begins after the last id of the one
before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tillit.people import matching
from tillit.people.models import Identity, MailingList, Person, Subscription, Traits
from tillit.people.names import CATEGORY as NAMES
from tillit.people.patience import patience
from tillit.people.segments.compile import among
from tillit.people.selection import STATES, Selection, conditions, filters, parameters

PER_PAGE = 50
NEAR = 10_000  # people among whom those of a segment are looked for before everybody is read
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
    first = LOOKED_AT * (wanted.limit + 1)
    told = parameters(workspace_id, wanted)
    told |= {"limit": wanted.limit + 1, "cursor": wanted.before or wanted.after, "first": first}
    with connection.cursor() as cursor:
        if wanted.text:
            found, looked = _looked(cursor, _matched(wanted, order, "LIMIT %(first)s"), told)
            if len(found) <= wanted.limit and looked == first:
                found, _all = _looked(cursor, _matched(wanted, order, ""), told)
            return found
        if wanted.segment_id is not None and wanted.list_id is None:
            return _of_segment(cursor, wanted, order, told)
        cursor.execute(_statement(wanted, order), told)
        return [row[0] for row in cursor.fetchall()]


def _of_segment(cursor: CursorWrapper, wanted: Wanted, order: str, told: Mapping[str, Any]) -> list[UUID]:
    """Look among the next few thousand people first; only for a rare segment everybody is read.

    The planner does not know how rare a segment is: with 2 million people it either read all of them for a page that
    the first hundred fill (6 s), or looked each of them up one by one for a page that nobody fills (14 s).
    """
    paging = f" WHERE p.id {'>' if wanted.before else '<'} %(cursor)s" if wanted.before or wanted.after else ""
    bound = f"SELECT p.id FROM people_person p{paging} ORDER BY p.id {order} OFFSET {NEAR} LIMIT 1"
    cursor.execute(bound, told)
    sql, last = _statement(wanted, order), cursor.fetchone()
    if last is not None:
        ends = [("<" if wanted.before else ">", "%(last)s")]
        ends += [(">" if wanted.before else "<", "%(cursor)s")] if paging else []
        cursor.execute(among(sql, *ends), {**told, "last": last[0]})
        found = [row[0] for row in cursor.fetchall()]
        if len(found) > wanted.limit:
            return found
        cursor.execute("SET LOCAL enable_nestloop = off")
    cursor.execute(sql, told)
    found = [row[0] for row in cursor.fetchall()]
    cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")
    return found


def _looked(cursor: CursorWrapper, sql: str, told: Mapping[str, Any]) -> tuple[list[UUID], int]:
    """Run the SQL of `_matched`; return the ids, and how many matches were looked at."""
    cursor.execute(sql, told)
    rows = cursor.fetchall()
    return [person_id for person_id, _looked in rows if person_id], rows[0][1]


def _matched(wanted: Wanted, order: str, cut: str) -> str:
    """The SQL of a page of those whom a text means: they are put in order first, and looked at until the page is full.

    A short text means a fifth of all people. To keep the first few hundred of them in order costs a third of sorting
    them all, and nearly always fills a page.
    """
    paging = " WHERE m.person_id " + ("> %(cursor)s" if wanted.before else "< %(cursor)s")
    standing = ""
    if wanted.list_id is not None:
        state = " AND s.state = %(state)s" if wanted.state in STATES else ""
        standing = f" JOIN people_subscription s ON s.person_id = f.person_id AND s.list_id = %(list)s{state}"
    where = " AND ".join(filters(wanted)) or "true"
    return (
        f"WITH looked AS MATERIALIZED (SELECT m.person_id FROM ({matching.statement(wanted.text)}) m"
        f"{paging if wanted.before or wanted.after else ''} ORDER BY m.person_id {order} {cut})"
        " SELECT page.id, n.looked FROM (SELECT count(*) AS looked FROM looked) n LEFT JOIN ("
        f"SELECT p.id FROM (SELECT DISTINCT person_id FROM looked ORDER BY person_id {order} OFFSET 0) f"
        f" JOIN people_person p ON p.id = f.person_id{standing}"
        f" WHERE {where} ORDER BY f.person_id {order} LIMIT %(limit)s) page ON true ORDER BY page.id {order}"
    )


def _statement(wanted: Wanted, order: str) -> str:
    """The SQL of a page. One list and one standing at a time, so that the index `subscription_list` gives the order.

    The place in the list is said of both tables: PostgreSQL does not carry a “less than” over a join, and read half a
    million persons before the first that counts.
    """
    end = f"ORDER BY 1 {order} LIMIT %(limit)s"
    paging = ["p.id > %(cursor)s" if wanted.before else "p.id < %(cursor)s"] if wanted.before or wanted.after else []
    said = [*paging, *conditions(wanted)]
    where = " AND ".join(said) or "true"
    if wanted.list_id is None:
        return f"SELECT p.id FROM people_person p WHERE {where} {end}"
    states = [wanted.state] if wanted.state in STATES else STATES
    of_both = " AND ".join(each for each in said if "SELECT" not in each) or "true"  # a segment is asked once
    branches = [
        "(SELECT s.person_id FROM people_subscription s JOIN people_person p ON p.id = s.person_id"
        f" WHERE s.list_id = %(list)s AND s.state = '{state}'"
        f" AND {where} AND {of_both.replace('p.id', 's.person_id')} {end})"
        for state in states
    ]
    return f"{' UNION ALL '.join(branches)} {end}" if len(branches) > 1 else branches[0]

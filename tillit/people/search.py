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

from tillit.people.actions import identity_key
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import Identity, MailingList, Person, Subscription, Traits

PER_PAGE = 50
MATCHES = 1000  # people that a text may match before the oldest are left out
STATES = tuple(Subscription.State.values)
RESTRICTED, UNREACHABLE = "restricted", "unreachable"
NAMES = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for. `state` is a standing on the list (or on any), or `restricted` or `unreachable`."""

    text: str = ""
    list_id: int | None = None
    state: str = ""
    region: int | None = None
    after: UUID | None = None
    before: UUID | None = None
    limit: int = PER_PAGE

    @property
    def anything(self) -> bool:
        """Whether nothing in particular is looked for."""
        return not (self.text or self.list_id or self.state) and self.region is None


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
    """Return a page of people, in the caller's context. Five queries, however many people there are."""
    ids = _ids(workspace_id, wanted)
    more = len(ids) > wanted.limit
    ids = ids[: wanted.limit]
    if wanted.before:
        return FoundPage(details(ids[::-1]), newer=more, older=True)
    return FoundPage(details(ids), newer=wanted.after is not None, older=more)


def every(workspace_id: int, wanted: Wanted, *, batch: int = 2000) -> Iterator[Found]:
    """Yield everybody found, newest first, for a file to download."""
    after = None
    while True:
        one = Wanted(
            text=wanted.text,
            list_id=wanted.list_id,
            state=wanted.state,
            region=wanted.region,
            after=after,
            limit=batch,
        )
        page = find(workspace_id, one)
        yield from page.rows
        if not page.older:
            return
        after = page.rows[-1].person.pk


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
    values: dict[str, Any] = {
        "limit": wanted.limit + 1,
        "list": wanted.list_id,
        "state": wanted.state,
        "region": wanted.region,
        "cursor": wanted.before or wanted.after,
    }
    if wanted.text:
        values["matches"] = matches(workspace_id, wanted.text)
    with connection.cursor() as cursor:
        cursor.execute(_statement(wanted, order), values)
        return [row[0] for row in cursor.fetchall()]


def _statement(wanted: Wanted, order: str) -> str:
    """The SQL of a page. One list and one standing at a time, so that the index `subscription_list` gives the order.

    The place in the list is said of both tables: PostgreSQL does not carry a “less than” over a join, and read half a
    million persons before the first that counts.
    """
    end = f"ORDER BY 1 {order} LIMIT %(limit)s"
    where = " AND ".join(_conditions(wanted)) or "true"
    if wanted.list_id is None:
        return f"SELECT p.id FROM people_person p WHERE {where} {end}"
    states = [wanted.state] if wanted.state in STATES else STATES
    branches = [
        "(SELECT s.person_id FROM people_subscription s JOIN people_person p ON p.id = s.person_id"
        f" WHERE s.list_id = %(list)s AND s.state = '{state}'"
        f" AND {where} AND {where.replace('p.id', 's.person_id')} {end})"
        for state in states
    ]
    return f"{' UNION ALL '.join(branches)} {end}" if len(branches) > 1 else branches[0]


def _conditions(wanted: Wanted) -> Iterator[str]:
    if wanted.before or wanted.after:
        yield "p.id > %(cursor)s" if wanted.before else "p.id < %(cursor)s"
    if wanted.text:
        yield "p.id = ANY (%(matches)s)"
    if wanted.region is not None:
        yield "p.region = %(region)s"
    if wanted.state in {RESTRICTED, UNREACHABLE}:
        flag = Person.RESTRICTED if wanted.state == RESTRICTED else Person.UNREACHABLE
        yield f"p.flags <> 0 AND p.flags & {flag} <> 0"  # the first part is what the index `person_flags` holds
    elif wanted.state and wanted.list_id is None:
        yield "EXISTS (SELECT FROM people_subscription s WHERE s.person_id = p.id AND s.state = %(state)s)"


def matches(workspace_id: int, text: str) -> list[UUID]:
    """Return the people whose address begins with a text, or in whose name each of its words begins a word.

    The newest MATCHES of them. A whole address is found by its key; the beginning of one by the index on addresses,
    with the operators that row-level security lets reach an index (they are leak-proof, LIKE is not).
    """
    words = text.lower().split()
    found: list[UUID] = []
    with connection.cursor() as cursor:
        if len(words) == 1:
            cursor.execute(_BY_ADDRESS, _address_values(workspace_id, words[0]))
            found = [row[0] for row in cursor.fetchall()]
        parts = [part for word in words if (part := word.replace('"', ""))]
        if parts and "@" not in text:
            cursor.execute(_BY_NAME.format(conditions=" AND ".join([_WORD] * len(parts))), _name_values(parts))
            found += [row[0] for row in cursor.fetchall()]
    return found


_BY_ADDRESS = """
SELECT i.person_id FROM people_identity i JOIN people_person p ON p.id = i.person_id
WHERE i.key = %(key)s OR i.workspace_id = %(workspace)s AND i.value ~>=~ %(from)s AND i.value ~<~ %(to)s
ORDER BY i.person_id DESC LIMIT %(limit)s
"""
# The values of the category as text: `"anna` begins a value, ` anna` a word inside one. Reads every name there is:
# an expression could not use an index under row-level security.
_BY_NAME = f"""
SELECT t.person_id FROM people_traits t JOIN people_person p ON p.id = t.person_id
WHERE t.category = '{NAMES}' AND {{conditions}} ORDER BY t.person_id DESC LIMIT %s
"""
_WORD = """(lower(t."values"::text) LIKE %s OR lower(t."values"::text) LIKE %s)"""


def _address_values(workspace_id: int, word: str) -> dict[str, Any]:
    try:
        key = identity_key(workspace_id, Identity.Kind.EMAIL, word)[0]
    except InvalidIdentifier:
        key = b""
    return {"key": key, "workspace": workspace_id, "from": word, "to": f"{word}\U0010ffff", "limit": MATCHES}


def _name_values(words: Sequence[str]) -> list[Any]:
    values: list[Any] = []
    for word in words:
        escaped = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in word)
        values += [f'%: "{escaped}%', f'%: "% {escaped}%']
    return [*values, MATCHES]

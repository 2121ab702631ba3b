"""Suppressing addresses and domains, lifting that, and keeping people's flags true to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from tillit.ledger.models import PolicyInForce
from tillit.ledger.processing import OpenActivity, processing
from tillit.people.actions import identity_key
from tillit.people.models import Identity, Person, Suppression
from tillit.people.suppression import lifted
from tillit.people.suppression.keys import DOMAIN, EMAIL, KEY, domains_of, untagged
from tillit.people.suppression.known import in_workspace, keyring, of, suppressed, take_lock
from tillit.people.suppression.lifted import Leave
from tillit.policy.roles import SILENT

ADMINISTER = "audience.administer"
AT_ONCE = 10_000
FEW = 100  # addresses; a look by the index costs 1 ms each where one at all the tagged costs half a second a million


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why something is suppressed, and by whom."""

    reason: str
    by: str
    now: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """How many suppressions were added or lifted, and how many people that silenced or set free."""

    entries: int = 0
    people: int = 0

    def __add__(self, other: Done) -> Done:
        return Done(self.entries + other.entries, self.people + other.people)


def suppress(workspace_id: int | None, told: Iterable[tuple[str, str]], why: Why) -> Done:
    """Suppress addresses, domains and keys, as (kind, normal form), in a workspace or (None) in the whole installation.

    From the next query on no purpose that sends reaches the people who have such an address. What is suppressed
    already stays as it is, with its reason, unless a person's own wish or complaint is the new one. Running batches
    that were claimed before may still go out.
    """
    entries = list(dict.fromkeys(told))
    if workspace_id is not None:
        with processing(workspace_id, ADMINISTER, by=why.by, act="suppression.add") as activity:
            take_lock(workspace_id)
            added = _insert(workspace_id, entries, why)
            silenced = silence_people(activity, entries)
            activity.count(suppressions=added, persons=silenced)
        return Done(added, silenced)
    added = _insert(None, entries, why)  # committed first, so that no workspace writes an address past it
    silenced = 0
    for each in workspaces():
        with processing(each, ADMINISTER, by=why.by, act="suppression.add", about="installation") as activity:
            take_lock(each)
            one = silence_people(activity, entries)
            activity.count(suppressions=added, persons=one)
        silenced += one
    return Done(added, silenced)


def lift(workspace_id: int | None, ids: Sequence[int], leave: Leave) -> Done:
    """Lift suppressions of a workspace or (None) of the installation, by their ids, and keep why.

    People whom nothing else suppresses can be written to again, as far as the policy and their choices permit. Raises
    Refused where this leave is not enough.
    """
    if workspace_id is not None:
        with processing(workspace_id, ADMINISTER, by=leave.by, act="suppression.lift") as activity:
            take_lock(workspace_id)
            gone = _delete(workspace_id, ids, leave)
            freed = free(activity)
            activity.count(suppressions=gone, persons=freed)
        return Done(gone, freed)
    with transaction.atomic():
        gone = _delete(None, ids, leave)
    freed = 0
    for each in workspaces() if gone else ():
        with processing(each, ADMINISTER, by=leave.by, act="suppression.lift", about="installation") as activity:
            take_lock(each)
            one = free(activity)
            activity.count(suppressions=gone, persons=one)
        freed += one
    return Done(gone, freed)


def _delete(workspace_id: int | None, ids: Sequence[int], leave: Leave) -> int:
    rows = list(of(workspace_id).filter(pk__in=list(ids)).select_for_update())
    lifted.check(rows, leave)
    lifted.keep(rows, leave)
    return of(workspace_id).filter(pk__in=[row.pk for row in rows]).delete()[0]


def reconcile(workspace_id: int, *, by: str) -> Done:
    """Compare everybody's flag with what is suppressed, and mend it; return how many were wrong.

    Nothing should be: it is there for the day after a backup was restored. Reads every address.
    """
    if not in_workspace(workspace_id).exists():
        return Done()
    with processing(workspace_id, ADMINISTER, by=by, act="suppression.check") as activity:
        take_lock(workspace_id)
        silenced = sum(_flag(found) for found in _suppressed_people(workspace_id))
        freed = free(activity)
        activity.count(silenced=silenced, freed=freed)
    return Done(silenced, freed)


def affected(workspace_id: int, told: Iterable[tuple[str, str]], *, by: str) -> int:
    """How many people of a workspace suppressing this would silence who can be written to now."""
    with processing(workspace_id, ADMINISTER, by=by, act="suppression.count") as activity:
        found = _whom(activity, list(told))
        number = _written_to(found)
        activity.count(persons=number)
    return number


def workspaces() -> list[int]:
    """The workspaces that have a policy, and so may have people."""
    return list(PolicyInForce.objects.order_by("workspace").values_list("workspace", flat=True))


def _insert(workspace_id: int | None, entries: Sequence[tuple[str, str]], why: Why) -> int:
    """Add what is not there yet; return how many that were."""
    ring = keyring()
    rows = [
        Suppression(
            workspace_id=workspace_id,
            key=ring.key(kind, value),
            kind=EMAIL if kind == KEY else kind,
            domain=value if kind == DOMAIN else "",
            reason=why.reason,
            note=why.note,
            made_by=why.by,
            created_at=why.now,
        )
        for kind, value in entries
    ]
    ours = of(workspace_id)
    with transaction.atomic():
        known = ours.filter(key__in=[row.key for row in rows])
        before = known.count()
        known.exclude(imports=None).update(imports=None)  # undoing an import does not lift what somebody asks for too
        Suppression.objects.bulk_create(rows, ignore_conflicts=True, batch_size=AT_ONCE)
        if weaker := lifted.WEAKER.get(why.reason):
            told = {"reason": why.reason, **({"note": why.note} if why.note else {})}
            known.filter(reason__in=weaker).update(**told)
    return len(rows) - before


def silence_people(activity: OpenActivity, entries: Sequence[tuple[str, str]]) -> int:
    """Flag the people of the context's workspace whom some suppressions cover; return how many were not yet."""
    return _flag(_whom(activity, entries))


def _written_to(person_ids: Sequence[object]) -> int:
    """How many of some people mail can reach now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM people_person WHERE id = ANY (%s) AND flags & {int(SILENT)} = 0", [list(person_ids)]
        )
        return int(cursor.fetchone()[0])


def _flag(person_ids: Sequence[object]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE people_person SET flags = flags | {Person.SUPPRESSED}"
            f" WHERE id = ANY (%s) AND flags & {Person.SUPPRESSED} = 0",
            [list(person_ids)],
        )
        return int(cursor.rowcount)


_BY_KEY = "SELECT DISTINCT person_id FROM people_identity WHERE key = ANY (%s) AND person_id IS NOT NULL"
# The range from `anna+` to `anna,` is what the index on addresses holds of anna's tagged forms. Its ends come as they
# are (an operator on them would keep row-level security off the index); LATERAL keeps the planner from joining by
# domain, which compared 10,000 addresses with a million.
_BY_TAG = """
SELECT DISTINCT i.person_id
FROM unnest(%s::text[], %s::text[], %s::text[]) AS s (low, high, domain)
CROSS JOIN LATERAL (
    SELECT person_id, value FROM people_identity
    WHERE workspace_id = %s AND value ~>=~ s.low AND value ~<~ s.high AND kind = 'email' AND person_id IS NOT NULL
    OFFSET 0
) i
WHERE split_part(i.value, '@', -1) = s.domain
"""
_TAGGED = """
SELECT person_id, value FROM people_identity
WHERE workspace_id = %s AND kind = 'email' AND person_id IS NOT NULL AND strpos(value, '+') > 0
"""
_DOMAINS = """
SELECT DISTINCT split_part(value, '@', -1) FROM people_identity
WHERE workspace_id = %s AND kind = 'email' AND value IS NOT NULL
"""
_BY_DOMAIN = """
SELECT DISTINCT person_id FROM people_identity
WHERE workspace_id = %s AND kind = 'email' AND split_part(value, '@', -1) = ANY (%s) AND person_id IS NOT NULL
"""


def _whom(activity: OpenActivity, entries: Sequence[tuple[str, str]]) -> list[object]:
    """The people of the context's workspace whom these addresses and domains cover."""
    ours = activity.workspace_id
    addresses = [value for kind, value in entries if kind == EMAIL]
    domains = {value for kind, value in entries if kind == DOMAIN}
    found: set[object] = set()
    for start in range(0, len(addresses), AT_ONCE):
        some = addresses[start : start + AT_ONCE]
        found |= _ids(_BY_KEY, [[identity_key(ours, Identity.Kind.EMAIL, each)[0] for each in some]])
        found |= _tagged(ours, [each for each in some if "+" not in each.rpartition("@")[0]])
    if domains:
        here = _ids(_DOMAINS, [ours])
        covered = [each for each in here if not domains.isdisjoint(domains_of(f"@{each}"))]
        found |= _ids(_BY_DOMAIN, [ours, covered])
    if any(kind == KEY for kind, _ in entries):  # no index leads from such a key to an address
        for some_people in _suppressed_people(ours):
            found |= set(some_people)
    return list(found)


def _tagged(workspace_id: int, addresses: Sequence[str]) -> set[object]:
    """The people with a tagged form of some addresses: a few by the index, many by one look at all that have a tag."""
    if len(addresses) <= FEW:
        parts = [each.rpartition("@") for each in addresses]
        ends = [[f"{local}{end}" for local, _, _ in parts] for end in "+,"]
        return _ids(_BY_TAG, [*ends, [domain for _, _, domain in parts], workspace_id])
    wanted = set(addresses)
    with connection.cursor() as cursor:
        cursor.execute(_TAGGED, [workspace_id])
        return {person_id for person_id, value in cursor.fetchall() if untagged(value) in wanted}


def _ids(statement: str, parameters: list[Any]) -> set[object]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {value for (value,) in cursor.fetchall()}


def free(activity: OpenActivity) -> int:
    """Take the flag off everybody whom nothing suppresses any more; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, i.value FROM people_person p"
            " LEFT JOIN people_identity i ON i.person_id = p.id AND i.kind = 'email' AND i.value IS NOT NULL"
            f" WHERE p.flags <> 0 AND p.flags & {Person.SUPPRESSED} <> 0"
        )
        held = cursor.fetchall()
        still = suppressed(activity.workspace_id, {value for _, value in held if value})
        keep = {person_id for person_id, value in held if value in still}
        cursor.execute(
            f"UPDATE people_person SET flags = flags & ~{Person.SUPPRESSED}::smallint WHERE id = ANY (%s)",
            [list({person_id for person_id, _ in held} - keep)],
        )
        return int(cursor.rowcount)


def _suppressed_people(workspace_id: int) -> Iterable[list[object]]:
    """Everybody with a suppressed address, some at a time."""
    rows = Identity.objects.filter(workspace_id=workspace_id, kind=Identity.Kind.EMAIL, value__isnull=False)
    for batch in _batches(rows.values_list("person_id", "value").iterator(chunk_size=AT_ONCE)):
        hits = suppressed(workspace_id, {value for _, value in batch})
        yield [person_id for person_id, value in batch if value in hits]


def _batches(rows: Iterator[tuple[object, str]]) -> Iterator[list[tuple[object, str]]]:
    while batch := list(islice(rows, AT_ONCE)):
        yield batch

"""Writing other addresses for people, a batch at a time: the right one for a mistyped one, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from tillit.people.identity import InvalidIdentifier, hasher, normalise_email
from tillit.people.models import ListMending, Person
from tillit.people.suppression.known import suppressed

BATCH = 2000

_MISTYPED = f"""
SELECT i.key, i.person_id, i.value
FROM people_subscription s JOIN people_person p ON p.id = s.person_id
JOIN people_identity i ON i.person_id = p.id AND i.kind = 'email' AND split_part(i.value, '@', 2) = %(from)s
WHERE s.list_id = %(list)s AND s.state = 'subscribed' AND p.id > %(after)s
  AND p.flags & {Person.RESTRICTED | Person.SUPPRESSED} = 0 {{more}}
ORDER BY p.id LIMIT {BATCH} FOR UPDATE OF p
"""
_INSERT = """
INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
SELECT new.key, %(workspace)s, new.person_id, 'email', new.value, %(at)s
FROM unnest(%(keys)s::bytea[], %(people)s::uuid[], %(values)s::text[]) AS new (key, person_id, value)
ORDER BY new.key ON CONFLICT (key) DO NOTHING RETURNING person_id
"""
_DELETE = "DELETE FROM people_identity WHERE key = ANY (%(keys)s) AND person_id = ANY (%(people)s)"
_REACHABLE = f"""
UPDATE people_person SET flags = flags & ~{Person.UNREACHABLE}::smallint
WHERE id = ANY (%(people)s) AND flags & {Person.UNREACHABLE} <> 0
"""
# What the bounce said was said of the address that is theirs again.
_BOUNCED = f"""
UPDATE people_person p SET flags = p.flags | {Person.UNREACHABLE}
WHERE p.id = ANY (%(people)s) AND p.flags & {Person.UNREACHABLE} = 0
  AND (SELECT s.flags FROM people_paststanding s WHERE s.person_id = p.id AND s.until > %(at)s ORDER BY s.id LIMIT 1)
      & {Person.UNREACHABLE} <> 0
"""


def mend_batch(item: ListMending, after: UUID, *, key: bytes) -> tuple[dict[str, int], UUID | None]:
    """Mend the next people's addresses; return the counts and whom to go on after, None at the end."""
    rows = _rows(item, after, domain=item.domain)
    return _rewrite(item, rows, domain=item.meant, key=key, name="mended")


def unmend_batch(item: ListMending, after: UUID, *, key: bytes) -> tuple[dict[str, int], UUID | None]:
    """Write the addresses back that were mended at `item.at`; whom mail did not reach then, it does not reach again."""
    rows = _rows(item, after, domain=item.meant, more="AND i.created_at = %(at)s")
    return _rewrite(item, rows, domain=item.domain, key=key, name="put_back")


def _rows(item: ListMending, after: UUID, *, domain: str, more: str = "") -> list[tuple[bytes, UUID, str]]:
    with connection.cursor() as cursor:
        told: dict[str, Any] = {"list": item.list_id, "from": domain, "after": after, "at": item.at}
        cursor.execute(_MISTYPED.format(more=more), told)
        return [(bytes(old), person, value) for old, person, value in cursor.fetchall()]


def _rewrite(
    item: ListMending, rows: Sequence[tuple[bytes, UUID, str]], *, domain: str, key: bytes, name: str
) -> tuple[dict[str, int], UUID | None]:
    """Give people an address in another domain instead of theirs, where it is nobody's and not suppressed."""
    workspace_id = item.list.workspace_id
    hashed = hasher(key, workspace_id, "email")
    wanted = {old: value for old, _person, text in rows if (value := _in(text, domain))}
    barred = suppressed(workspace_id, wanted.values())
    usable = [(old, person, wanted[old]) for old, person, _ in rows if old in wanted and wanted[old] not in barred]
    told: dict[str, Any] = {
        "workspace": workspace_id,
        "at": item.at,
        "keys": [hashed(value) for _old, _person, value in usable],
        "people": [person for _old, person, _value in usable],
        "values": [value for _old, _person, value in usable],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, told)
        done = {row[0] for row in cursor.fetchall()}
        old_keys = [old for old, person, _value in usable if person in done]
        cursor.execute(_DELETE, {"keys": old_keys, "people": list(done)})
        standing = _REACHABLE if name == "mended" else _BOUNCED
        cursor.execute(standing, {"people": list(done), "at": item.at})
    counts = {name: len(done), "taken": len(usable) - len(done), "barred": len(rows) - len(usable)}
    return counts, rows[-1][1] if len(rows) == BATCH else None


def _in(address: str, domain: str) -> str:
    """An address with another domain; "" when that is none."""
    try:
        return normalise_email(f"{address.rpartition('@')[0]}@{domain}")
    except InvalidIdentifier:
        return ""

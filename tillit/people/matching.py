"""People whom a typed text means: by the beginning of an address, or of the words of a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from tillit.people.actions import identity_key
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import Identity

MATCHES = 1000  # people that a text may match before the oldest are left out
NAMES = "identity"


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

"""Suppressing what a file says bounced, complained or was blocked in the tool it comes from, and taking that back.

A suppression remembers which imports said so, so that undoing one lifts exactly what no other import, and nobody by
hand, stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from tillit.ledger.processing import OpenActivity
from tillit.people.models import Import
from tillit.people.suppression.actions import free, silence_people
from tillit.people.suppression.keys import EMAIL
from tillit.people.suppression.known import keyring, take_lock

# In one order, so that two imports of the same addresses wait for each other and do not deadlock.
_ADD = """
INSERT INTO people_suppression (workspace_id, key, kind, domain, reason, note, made_by, created_at, imports)
SELECT %(workspace)s, told.key, 'email', '', told.reason, '', %(by)s, %(now)s, ARRAY[%(import)s]::bigint[]
FROM unnest(%(keys)s::bytea[], %(reasons)s::text[]) told (key, reason) ORDER BY told.key
ON CONFLICT (key, workspace_id) DO UPDATE SET
    imports = array_remove(people_suppression.imports, %(import)s::bigint) || EXCLUDED.imports,
    reason = CASE EXCLUDED.reason WHEN 'complaint' THEN 'complaint' ELSE people_suppression.reason END
WHERE people_suppression.imports IS NOT NULL
  AND (NOT %(import)s = ANY (people_suppression.imports) OR EXCLUDED.reason = 'complaint')
RETURNING reason, xmax = 0
"""
_ALONE = "people_suppression WHERE workspace_id = %(workspace)s AND imports = ARRAY[%(import)s]::bigint[]"
_SHARED = """
UPDATE people_suppression SET imports = array_remove(imports, %(import)s::bigint)
WHERE workspace_id = %(workspace)s AND %(import)s = ANY (imports)
"""


def silence(activity: OpenActivity, told: Mapping[str, str], *, import_id: int, now: datetime) -> Counter[str]:
    """Suppress addresses in normal form, each for its reason, in the caller's transaction; count those that are new.

    What is suppressed already keeps its reason, but a complaint about what bounced is one. The people who are known are
    silenced. Call it before the chunk's people are written: it has the lock alone that writers of addresses share.
    """
    take_lock(activity.workspace_id)
    ring = keyring()
    values: dict[str, Any] = {
        "workspace": activity.workspace_id,
        "by": activity.actor,
        "now": now,
        "import": import_id,
        "keys": [ring.key(EMAIL, address) for address in told],
        "reasons": list(told.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, values)
        made = Counter(f"suppressed_{reason}" for reason, new in cursor.fetchall() if new)
    silence_people(activity, [(EMAIL, address) for address in told])
    activity.count(suppressions=made.total())
    return made


def made_alone(item: Import) -> int:
    """How many suppressions only one import stands for."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {_ALONE}", {"workspace": item.workspace_id, "import": item.pk})
        return int(cursor.fetchone()[0])


def take_back(activity: OpenActivity, item: Import) -> int:
    """Lift what only this import stands for, and let go of the rest; return how many suppressions were lifted."""
    take_lock(activity.workspace_id)
    values = {"workspace": item.workspace_id, "import": item.pk}
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_ALONE}", values)
        lifted = int(cursor.rowcount)
        cursor.execute(_SHARED, values)
    if lifted:
        free(activity)
    return lifted

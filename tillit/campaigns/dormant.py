"""Who gets mail and never looks at it, of those who permit that it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tillit.campaigns.measured import measured
from tillit.delivery.ids import id_range
from tillit.people.hygiene.kinds import Kind, Looked, add_kind

AFTER = timedelta(days=182)
MAILS = 3  # too few to look at says nothing

# The ids of both tables tell the time, which keeps to the months' partitions. Whoever objects to measurement, now or
# when the mails were sent, is never counted as dormant: nobody can know.
_WHERE = f"""
p.id IN (SELECT m.person_id FROM delivery_message m
         WHERE m.id >= %(first)s AND m.state = 'sent' AND m.measured GROUP BY 1 HAVING count(*) >= {MAILS})
AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.person_id = p.id AND e.id >= %(first)s AND e.machine = '')
AND {measured("p")}
"""


def register() -> None:
    """Let lists be looked through for the dormant."""
    add_kind(Kind("dormant", _WHERE, _since))


def _since(looked: Looked) -> Mapping[str, Any]:
    return {"first": id_range(looked.at - AFTER)[0]}

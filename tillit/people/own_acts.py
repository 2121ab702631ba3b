"""What the ledger says that persons did about their lists and choices, for whatever is undone.

Who leaves a list that they are off already changes no row, and still must stay off when that is undone which took them
off. `ledger` lies below, and a person's own acts name them there.
"""

from __future__ import annotations

#: Acts by which one person, or somebody on their request, leaves lists. A choice has a row of its own.
ENDING = ("list.unsubscribe", "list.remove", "marketing.stop", "preferences.save")


def ended_since(person: str, moment: str) -> str:
    """SQL of whether a person ended something since a moment.

    An act is dated when it begins, and may then wait for the write that it is compared with: hence the minute.
    """
    acts = ", ".join(f"'{act}'" for act in ENDING)
    return (
        f"EXISTS (SELECT FROM ledger_activity own WHERE own.subject_id = {person} AND own.act IN ({acts})"
        f" AND own.outcome = 'done' AND own.at > {moment} - interval '1 minute')"
    )

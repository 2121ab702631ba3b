"""What the ledger says that persons did about their lists and choices, for whatever is undone.

Who leaves a list that they are off already changes no row, and still must stay off when that is undone which took them
off. `ledger` lies below, and a person's own acts name them there.
"""

from __future__ import annotations

#: Acts by which one person, or somebody on their request, leaves lists. A choice has a row of its own.
ENDING = ("list.unsubscribe", "list.remove", "marketing.stop", "preferences.save")


def ended_since(person: str, moment: str) -> str:
    """SQL of whether a person ended something since a moment.

    An act is dated when it begins, and may then wait for the write that it is compared with: hence the minute. What
    they did under a record that went into theirs counts as well.
    """
    acts = ", ".join(f"'{act}'" for act in ENDING)
    ended = f"own.act IN ({acts}) AND own.outcome = 'done' AND own.at > {moment} - interval '1 minute'"
    return (
        f"(EXISTS (SELECT FROM ledger_activity own WHERE own.subject_id = {person} AND {ended})"
        " OR EXISTS (SELECT FROM people_merge g JOIN ledger_activity own ON own.subject_id = g.gone_id"
        f" WHERE g.person_id = {person} AND g.split_id IS NULL AND {ended}))"
    )

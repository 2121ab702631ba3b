"""How many people a change of policy concerns now: counted in the database, in one pass over the persons."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from hashlib import sha256
from operator import or_

from django.core.cache import cache
from django.db import connection

from tillit.governance import concerned
from tillit.governance.compared import asked_by_default
from tillit.governance.concerned import Rules
from tillit.governance.due import Due, due
from tillit.ledger.processing import processing
from tillit.ledger.versions import Version, places
from tillit.policy.diff import Change, Changes, Kind
from tillit.policy.rules import compile_rules

ADMINISTER = "audience.administer"
KEPT_S = 60  # one count a minute: a page that is looked at twice reads the people once
P = "p"

# Measured with two million people, ten purposes that change, and one person in sixteen who said yes to each: 0.6 s,
# against 4.5 s with the rules asked of each person. If everybody's choices were as different as can be, 7 s.
_ALIKE = """
SELECT region, roles, flags, granted & {bits} AS granted, refused & {bits} AS refused, count(*) AS people
  FROM people_person GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose in numbers of people: permitted before and after, who is gained and lost, whose grant lapses."""

    id: str
    before: int
    after: int
    gained: int
    lost: int
    asked: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change means in people. `changes` are in the order of the changes; None where nobody can be counted.

    `gaining`, `losing` and `asked` count each person once, over all purposes; `told` are those a notice would go to.
    `recipients` are the people whose data would newly go to a recipient, `retention` what would fall due, by category.
    """

    people: int
    gaining: int
    losing: int
    asked: int
    told: int
    changes: tuple[int | None, ...]
    purposes: dict[str, Purpose] = field(default_factory=dict)
    recipients: dict[str, int] = field(default_factory=dict)
    retention: dict[str, Due] = field(default_factory=dict)
    took_ms: int = 0


def rules_between(workspace_id: int, old: Version | None, changes: Changes) -> Rules:
    """The rules in force, and those that the new document would compile to if it were published in the workspace."""
    new = compile_rules(changes.new, places(workspace_id))
    return Rules(old.rules if old else {}, new)


def measure(
    workspace_id: int, changes: Changes, rules: Rules, *, by: str, now: datetime, asked: Collection[str] | None = None
) -> Impact:
    """Count whom each change concerns, in the context of administration, which sees everybody.

    `asked` are the purposes whose consent would be asked for anew; if nothing is said, those that should be. Measured
    on 2 million persons: see docs/telling-people.md.
    """
    wanted = tuple(asked_by_default(changes) if asked is None else asked)
    began = time.monotonic()
    rules = rules.in_place()
    with processing(workspace_id, ADMINISTER, by=by, act="policy.impact") as activity:
        counts = _counted(changes, rules, wanted)
        activity.count(persons=counts["people"])
        falling = dict(_due(changes, frozenset(activity.categories), now=now))
    return _impact(changes, rules, counts, falling, took_ms=round(1000 * (time.monotonic() - began)))


def remembered(
    workspace_id: int,
    changes: Changes,
    rules: Rules,
    *,
    key: str,
    by: str,
    now: datetime,
    asked: Collection[str] | None = None,
) -> Impact:
    """Like `measure`, but counted once a minute for one `key`, such as a draft's revision."""
    wanted = tuple(asked_by_default(changes) if asked is None else asked)
    named = sha256(f"{key} {wanted}".encode()).hexdigest()
    place = f"policy.impact:{workspace_id}:{named}:{int(now.timestamp()) // KEPT_S}"
    found: Impact | None = cache.get(place)
    if found is None:
        found = measure(workspace_id, changes, rules, by=by, now=now, asked=wanted)
        cache.set(place, found, KEPT_S)
    return found


def _counted(changes: Changes, rules: Rules, asked: Collection[str]) -> dict[str, int]:
    """Run the one statement: people alike in all that the rules look at are decided once, and counted together."""
    purposes = concerned_purposes(changes, asked)
    decided = [
        part
        for n, name in enumerate(purposes)
        for part in (
            f"{rules.before(P, name)} AS o{n}",
            f"{rules.after(P, name)} AS n{n}",
            f"{rules.asked(P, name) if name in asked else concerned.NOBODY} AS a{n}",
        )
    ]
    columns = dict(_columns(changes, {name: n for n, name in enumerate(purposes)}))
    counts = ", ".join(f"COALESCE(sum(p.people) FILTER (WHERE {where}), 0)::bigint" for where in columns.values())
    alike = _ALIKE.format(bits=_bits(rules, purposes))
    with connection.cursor() as cursor:
        # The fence keeps each purpose from being decided again for every count.
        decisions = ", ".join(["p.region", "p.people", *decided])
        cursor.execute(f"SELECT {counts} FROM (SELECT {decisions} FROM ({alike}) p OFFSET 0) p")
        return dict(zip(columns, cursor.fetchone(), strict=True))


def _bits(rules: Rules, purposes: Collection[str]) -> int:
    """Every place in which a choice about one of the purposes can stand."""
    known = [side[name] for side in rules for name in purposes if name in side]
    return reduce(or_, (rule.refused_bits for rule in known), 0)


def concerned_purposes(changes: Changes, asked: Collection[str]) -> list[str]:
    """The purposes about which something is counted, each once."""
    named = dict.fromkeys(name for change in changes for name in change.purposes)
    return list(dict.fromkeys([*named, *asked]))


def _columns(changes: Changes, numbered: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Give every count its name and its condition on the decisions of the inner statement."""
    all_of = list(numbered.values())
    yield "people", concerned.EVERYBODY
    yield "gaining", concerned.any_of(f"(n{n} AND NOT o{n})" for n in all_of)
    yield "losing", concerned.any_of(f"(o{n} AND NOT n{n})" for n in all_of)
    yield "asked", concerned.any_of(f"a{n}" for n in all_of)
    told = [_condition(change, numbered) for change in changes.material if change.facts.tell]
    yield "told", concerned.any_of([*told, *(f"a{n}" for n in all_of)])
    for name, n in numbered.items():
        yield f"before {name}", f"o{n}"
        yield f"after {name}", f"n{n}"
        yield f"gained {name}", f"n{n} AND NOT o{n}"
        yield f"lost {name}", f"o{n} AND NOT n{n}"
        yield f"asked {name}", f"a{n}"
    for place, change in enumerate(changes):
        yield f"change {place}", _condition(change, numbered)
    for recipient, names in gained_recipients(changes).items():
        yield f"recipient {recipient}", concerned.any_of(f"n{numbered[name]}" for name in names if name in numbered)


def _condition(change: Change, numbered: dict[str, int]) -> str:
    """What `concerned.by` says of a change, on the decisions that are made already."""

    class Decided(Rules):
        def before(self, person: str, purpose: str) -> str:
            return f"o{numbered[purpose]}"

        def after(self, person: str, purpose: str) -> str:
            return f"n{numbered[purpose]}"

    return concerned.by(P, change, Decided({}, {}))


def gained_recipients(changes: Changes) -> dict[str, list[str]]:
    """The recipients that get people's data for a purpose for the first time, with those purposes.

    A recipient of a purpose that is new counts too.
    """
    found: dict[str, list[str]] = {}
    for change in changes:
        if change.kind is Kind.SHARES_MORE:
            for recipient in change.items:
                found.setdefault(recipient, []).append(change.purposes[0])
        elif change.kind is Kind.PURPOSE_ADDED:
            for recipient in changes.new.purposes[change.purposes[0]].recipients:
                found.setdefault(recipient, []).append(change.purposes[0])
    return found


def _due(changes: Changes, seen: frozenset[str], *, now: datetime) -> Iterator[tuple[str, Due]]:
    if changes.old is None:
        return
    kinds = (Kind.KEPT_SHORTER, Kind.KEPT_FROM)
    for name in dict.fromkeys(str(change.path[1]) for change in changes if change.kind in kinds):
        yield name, due(name, changes.old.retention[name], changes.new.retention[name], seen=seen, now=now)


def _impact(changes: Changes, rules: Rules, counts: dict[str, int], falling: dict[str, Due], *, took_ms: int) -> Impact:
    named = [key.removeprefix("before ") for key in counts if key.startswith("before ")]
    purposes = {
        name: Purpose(name, *(counts[f"{what} {name}"] for what in ("before", "after", "gained", "lost", "asked")))
        for name in named
    }
    countable = [bool(change.purposes) or change.kind is Kind.CONTROLLER for change in changes]
    return Impact(
        people=counts["people"],
        gaining=counts["gaining"],
        losing=counts["losing"],
        asked=counts["asked"],
        told=counts["told"],
        changes=tuple(counts[f"change {n}"] if known else None for n, known in enumerate(countable)),
        purposes=purposes,
        recipients={
            key.removeprefix("recipient "): count for key, count in counts.items() if key.startswith("recipient ")
        },
        retention=falling,
        took_ms=took_ms,
    )

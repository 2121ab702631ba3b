"""The rule of ``decide`` as a SQL condition, for sets of persons and for row-level security.

Only standard operators and ``CAST`` are used. Everything is widened to bigint before a shift, because a
32-bit integer would lose bit 31 and every purpose above it.
"""

from collections.abc import Callable

from tillit.policy.roles import SILENT
from tillit.policy.rules import Rule

#: The parts of a rule that the condition asks for, with the SQL type each is cast to.
RULE_PARTS: dict[str, str] = {
    "roles": "bigint",
    "default_regions": "bigint",
    "consent_regions": "bigint",
    "bit": "integer",
    "refused_bits": "bigint",
    "refusable": "boolean",
    "sends": "boolean",
    "allowed_when_restricted": "boolean",
}


def condition(person: str, rule: Callable[[str], str]) -> str:
    """Write the condition that is true for the persons a rule permits.

    ``person`` is the alias or table whose columns region, roles, flags, granted, refused are read.
    ``rule`` gives the SQL expression of one of RULE_PARTS: a literal for a filter, a scalar sub-select
    ``(select …)`` in row-level security, which PostgreSQL evaluates once a query. If an expression is
    null, since no rule is in force, the condition is null and permits nobody. Regions must be within
    0 to 30: keep a check constraint on the column.
    """
    part = {name: f"CAST({rule(name)} AS {kind})" for name, kind in RULE_PARTS.items()}
    # Bits are compared by <>, which the planner takes to be nearly always true. By = it would expect one row in two
    # hundred and join persons row by row: 2.0 s for a list of a million, against 0.5 s.
    granted = f"((({person}.granted >> {part['bit']}) & 1) <> 0)"
    # The rule's own bit is added here, since a version that knew no others has stored none. As a number compared by <>,
    # for the planner's sake again.
    refused = f"({person}.refused & ({part['refused_bits']} | (CAST(1 AS bigint) << {part['bit']})))"
    not_refused = f"(CAST({refused} = 0 AS integer) <> 0)"
    default, consent = (
        f"((({part[regions]} >> CAST({person}.region AS integer)) & 1) <> 0)"
        for regions in ("default_regions", "consent_regions")
    )
    return (
        f"(({part['roles']} & {person}.roles) <> 0"
        f" AND (({default} AND (NOT {part['refusable']} OR {not_refused}))"
        f" OR ({consent} AND {granted} AND {not_refused}))"
        f" AND (({person}.flags & 1) <> 1 OR {part['allowed_when_restricted']})"
        f" AND (CAST(({person}.flags & {int(SILENT)}) = 0 AS integer) <> 0 OR NOT {part['sends']}))"
    )


def literal(rule: Rule) -> Callable[[str], str]:
    """Give the parts of a rule as SQL literals, for ``condition``."""

    def part(name: str) -> str:
        if name not in RULE_PARTS:
            raise KeyError(name)
        value = getattr(rule, name)
        return str(value).upper() if isinstance(value, bool) else str(int(value))

    return part

"""Of whom it may be known now what they did with mail, whatever was lawful when they did it."""

from __future__ import annotations

from tillit.ledger.rls import in_force
from tillit.policy.sql import condition

MEASURE = "measurement.email"


def measured(person: str) -> str:
    """SQL of whether the policy in force permits measuring a person of the context's workspace.

    Whoever objects, or takes their consent back, is asked about no more: neither is what they did before.
    Source: GDPR art 7(3), 21(3).
    """
    return condition(person, lambda column: in_force(column, purpose=MEASURE))

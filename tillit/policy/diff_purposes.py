"""What changes in the purposes: what each permits for whom, where, and what it uses."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tillit.policy.bases import Basis, Objection
from tillit.policy.diff_kinds import Ask, Change, Kind
from tillit.policy.diff_texts import more_than_a_trifle, reworded
from tillit.policy.document import Document, Purpose
from tillit.policy.problems import Path
from tillit.policy.regions import REGION_COUNT, Region
from tillit.policy.roles import ROLE_NAMES
from tillit.policy.rules import Rule
from tillit.policy.values import Period, Texts

#: Fields that can be written otherwise without saying anything else.
_ORDERED = frozenset({"basis", "objection", "roles", "categories", "recipients", "clauses"})
_STRENGTH = {Objection.NONE: 0, Objection.REVIEW: 1, Objection.AT_ONCE: 2}


class Side(NamedTuple):
    """One of the two documents, with the rules it compiles to."""

    document: Document
    rules: Mapping[str, Rule]

    def uses(self, purpose_id: str) -> list[str]:
        """The categories a purpose uses, in the order of the document."""
        purpose = self.document.purposes[purpose_id]
        every = purpose.uses_every_category
        return [name for name in self.document.categories if every or name in purpose.categories]


class Pair(NamedTuple):
    """One purpose as it stands in both documents."""

    id: str
    old: Side
    new: Side

    @property
    def before(self) -> Purpose:
        return self.old.document.purposes[self.id]

    @property
    def after(self) -> Purpose:
        return self.new.document.purposes[self.id]

    @property
    def rules(self) -> tuple[Rule, Rule]:
        return self.old.rules[self.id], self.new.rules[self.id]

    @property
    def path(self) -> Path:
        return "purposes", self.id

    @property
    def by_consent(self) -> bool:
        """Whether consent given under the old document could still count somewhere under the new one."""
        old, new = self.rules
        return bool(old.consent_regions & new.consent_regions)

    @property
    def ask(self) -> Ask:
        """What an extension of the purpose does to consent that was given."""
        return Ask.FORCED if self.by_consent else Ask.NO

    def change(self, kind: Kind, field: str, **more: object) -> Change:
        """Make a change of the purpose."""
        return Change(kind=kind, path=(*self.path, field), purposes=(self.id,), **more)  # type: ignore[arg-type]


def grounded(rule: Rule) -> tuple[Region, ...]:
    """The regions in which a rule gives the purpose a ground."""
    return _regions(rule.default_regions | rule.consent_regions)


def _regions(bits: int) -> tuple[Region, ...]:
    return tuple(region for region in Region if bits >> region & 1)


def purpose_changes(pair: Pair) -> Iterator[Change]:
    """Give every change of one purpose that is in both documents, those of its permissions first."""
    for field in Purpose.model_fields:
        found = list(_FIELDS[field](pair, field)) if field in _FIELDS else []
        yield from found
        if not found and getattr(pair.before, field) != getattr(pair.after, field):
            kind = Kind.EDITORIAL if field in _ORDERED else Kind.DETAIL
            yield pair.change(kind, field)


def added(purpose_id: str, side: Side) -> Change:
    """A purpose that is new."""
    rule = side.rules[purpose_id]
    return Change(
        kind=Kind.PURPOSE_ADDED, path=("purposes", purpose_id), purposes=(purpose_id,), regions=grounded(rule)
    )


def dropped(purpose_id: str, side: Side) -> Change:
    """A purpose that is gone."""
    rule = side.rules[purpose_id]
    return Change(
        kind=Kind.PURPOSE_DROPPED, path=("purposes", purpose_id), purposes=(purpose_id,), regions=grounded(rule)
    )


# -- what is permitted, and where -------------------------------------------------------------------------------------
def _grounds(pair: Pair, field: str) -> Iterator[Change]:
    """Give one change for each way in which the ground differs, with the regions where it does."""
    old, new = pair.rules
    turned: dict[tuple[Basis | None, Basis | None], list[Region]] = {}
    for region in Region:
        before, after = _basis(old, region), _basis(new, region)
        if before is not after:
            turned.setdefault((before, after), []).append(region)
    for (before, after), regions in turned.items():
        kind = _turn(before, after)
        yield pair.change(kind, field, regions=tuple(regions), before=before, after=after)


def _basis(rule: Rule, region: Region) -> Basis | None:
    assert len(rule.bases) == REGION_COUNT  # a rule compiled from a document knows its grounds
    return rule.bases[region]


def _turn(before: Basis | None, after: Basis | None) -> Kind:
    if before is None:
        return Kind.CONSENT_OFFERED if after is Basis.CONSENT else Kind.PERMITTED
    if after is None:
        return Kind.CONSENT_ENDED if before is Basis.CONSENT else Kind.STOPPED
    if after is Basis.CONSENT:
        return Kind.NEEDS_CONSENT
    return Kind.CONSENT_WAIVED if before is Basis.CONSENT else Kind.GROUND


def _objection(pair: Pair, field: str) -> Iterator[Change]:
    """Refusals matter to the rule only where the ground is not consent: there, no consent is refusal enough."""
    old, new = pair.rules
    where = _regions(old.default_regions & new.default_regions)
    before, after = pair.before.effective_objection, pair.after.effective_objection
    if old.refusable != new.refusable and where:
        yield pair.change(Kind.REFUSABLE if new.refusable else Kind.UNREFUSABLE, field, regions=where)
    elif before is not after:
        heard = _STRENGTH[after] > _STRENGTH[before]
        yield pair.change(Kind.OBJECTION_HEARD if heard else Kind.OBJECTION_LOST, field, before=before, after=after)


def _roles(pair: Pair, field: str) -> Iterator[Change]:
    old, new = pair.rules
    where = _common(pair)
    if gained := _names(new.roles & ~old.roles):
        yield pair.change(Kind.ROLES_WIDER, field, regions=where, items=gained, ask=pair.ask)
    if lost := _names(old.roles & ~new.roles):
        yield pair.change(Kind.ROLES_NARROWER, field, regions=where, items=lost)


def _names(bits: int) -> tuple[str, ...]:
    """The names of roles; ``everyone`` stands for those that have no name yet."""
    named = tuple(name for name, role in ROLE_NAMES.items() if bits & role)
    return (*named, "everyone") if bits & ~sum(ROLE_NAMES.values()) else named


def _common(pair: Pair) -> tuple[Region, ...]:
    """The regions in which the purpose has a ground in both documents."""
    old, new = pair.rules
    return _regions((old.default_regions | old.consent_regions) & (new.default_regions | new.consent_regions))


def _restricted(pair: Pair, field: str) -> Iterator[Change]:
    old, new = pair.rules
    if old.allowed_when_restricted != new.allowed_when_restricted:
        kind = Kind.RESTRICTED_USED if new.allowed_when_restricted else Kind.RESTRICTED_SPARED
        yield pair.change(kind, field, regions=_common(pair))


def _sends(pair: Pair, field: str) -> Iterator[Change]:
    old, new = pair.rules
    if old.sends != new.sends:
        kind, ask = (Kind.SENDS, pair.ask) if new.sends else (Kind.SENDS_NOTHING, Ask.NO)
        yield pair.change(kind, field, regions=_common(pair), ask=ask)


# -- what is used -----------------------------------------------------------------------------------------------------
def _categories(pair: Pair, field: str) -> Iterator[Change]:
    before, after = pair.old.uses(pair.id), pair.new.uses(pair.id)
    if gained := tuple(name for name in after if name not in before):
        yield pair.change(Kind.USES_MORE, field, items=gained, ask=pair.ask)
    if lost := tuple(name for name in before if name not in after):
        yield pair.change(Kind.USES_LESS, field, items=lost)


def _recipients(pair: Pair, field: str) -> Iterator[Change]:
    before, after = pair.before.recipients, pair.after.recipients
    if gained := tuple(name for name in after if name not in before):
        yield pair.change(Kind.SHARES_MORE, field, items=gained, ask=pair.ask)
    if lost := tuple(name for name in before if name not in after):
        yield pair.change(Kind.SHARES_LESS, field, items=lost)


def _marketing(pair: Pair, field: str) -> Iterator[Change]:
    if pair.before.marketing != pair.after.marketing:
        kind, ask = (Kind.MARKETING, pair.ask) if pair.after.marketing else (Kind.NO_MARKETING, Ask.NO)
        yield pair.change(kind, field, ask=ask)


def _consent_life(pair: Pair, field: str) -> Iterator[Change]:
    before, after = pair.before.consent_lasts, pair.after.consent_lasts
    if before != after:
        longer = after is None or (before is not None and span(after) > span(before))
        kind, ask = (Kind.CONSENT_LONGER, pair.ask) if longer else (Kind.CONSENT_SHORTER, Ask.NO)
        yield pair.change(kind, field, before=before, after=after, ask=ask)


def span(period: Period) -> tuple[float, int]:
    """Give what orders periods by length: the days in the mean year of the calendar (365.2425), then the months."""
    return period.days + period.months * 365.2425 / 12, period.months


def _who_decides(pair: Pair, field: str) -> Iterator[Change]:
    if pair.before.role != pair.after.role:
        yield pair.change(Kind.WHO_DECIDES, field, before=pair.before.role, after=pair.after.role, ask=pair.ask)


def _asked_words(pair: Pair, field: str) -> Iterator[Change]:
    """The words people said yes to: whether they mean the same is the officer's to say."""
    old, new = getattr(pair.before, field), getattr(pair.after, field)
    if old != new:
        doubt = pair.by_consent and more_than_a_trifle(old, new)
        yield pair.change(
            Kind.REWORDED,
            field,
            before=old,
            after=new,
            texts=reworded(old, new),
            ask=Ask.SUGGESTED if doubt else Ask.NO,
        )


def _other_words(pair: Pair, field: str) -> Iterator[Change]:
    old: Texts | None = getattr(pair.before, field)
    new: Texts | None = getattr(pair.after, field)
    if old != new:
        yield pair.change(Kind.REWORDED, field, before=old, after=new, texts=reworded(old, new))


_FIELDS: dict[str, Callable[[Pair, str], Iterator[Change]]] = {
    "title": _asked_words,
    "description": _asked_words,
    "basis": _grounds,
    "objection": _objection,
    "roles": _roles,
    "allowed_when_restricted": _restricted,
    "sends": _sends,
    "categories": _categories,
    "recipients": _recipients,
    "marketing": _marketing,
    "consent_lasts": _consent_life,
    "role": _who_decides,
    "balancing": _other_words,
    "compulsory": _other_words,
}


def named_by(recipient_id: str, *, old: Side, new: Side) -> tuple[tuple[str, ...], Ask]:
    """Give the purposes that share with a recipient in both documents, and whether any of them may need asking."""
    both = [
        Pair(name, old, new)
        for name, purpose in new.document.purposes.items()
        if recipient_id in purpose.recipients and name in old.document.purposes
    ]
    kept = [pair for pair in both if recipient_id in pair.before.recipients]
    return tuple(pair.id for pair in kept), Ask.SUGGESTED if any(pair.by_consent for pair in kept) else Ask.NO

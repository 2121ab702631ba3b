"""The register of processing: one record a purpose, made of what the rules execute. Source: GDPR art 30."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from tillit.policy.bases import Basis, Objection
from tillit.policy.document import Category, Document, Officer, Party, Purpose, RecipientRole, Right
from tillit.policy.impact import profiles
from tillit.policy.keeping import Trigger
from tillit.policy.references import said as resolved
from tillit.policy.regions import Region
from tillit.policy.roles import EVERYONE, Role
from tillit.policy.rules import Rule
from tillit.policy.statement_words import Words
from tillit.policy.transfers import Transfer, transfer
from tillit.policy.values import Period, Texts

#: The regions of a record, in the order of their codes: all but the unknown one, which is derived from them.
REGIONS: tuple[Region, ...] = tuple(region for region in Region if region is not Region.UNKNOWN)


class Named(NamedTuple):
    """Something of the document with what it is called in the register's language."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody with an address. Source: GDPR art 30(1)(a), 30(2)(a)."""

    name: str
    address: str
    country: str
    email: str = ""
    phone: str = ""
    website: str = ""
    title: str = ""
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A recipient of a purpose with the categories it may get for it, and what protects the transfer."""

    id: str
    title: str
    name: str
    role: RecipientRole
    country: str
    categories: tuple[Named, ...]
    contract: str
    policy: str
    transfer: Transfer | None
    safeguard: str
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long a category is kept. Source: GDPR art 30(1)(f)."""

    category: Named
    keep: Period
    after: Trigger
    then: str
    reason: str
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One purpose as the register shows it; every fact is the rule's, and the texts are the document's.

    ``grounds`` gives the ground for each region of REGIONS, None where the purpose is not permitted.
    ``profiling`` names the categories by which it evaluates people. ``rights`` are those that its grounds leave.
    """

    id: str
    title: str
    description: str
    role: str
    everybody: bool
    subjects: tuple[Named, ...]
    categories: tuple[Named, ...]
    special: tuple[Named, ...]
    grounds: Mapping[Region, Basis | None]
    marketing: bool
    objection: Objection
    recipients: tuple[Received, ...]
    retention: tuple[Kept, ...]
    sources: tuple[Named, ...]
    profiling: tuple[Named, ...]
    rights: tuple[Right, ...]
    consent_lasts: Period | None
    balancing: str
    compulsory: str
    clauses: tuple[str, ...]

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The grounds it rests on somewhere, in the order of the law."""
        return tuple(basis for basis in Basis if basis in self.grounds.values())

    @property
    def transfers(self) -> tuple[Received, ...]:
        """The recipients outside the EEA."""
        return tuple(each for each in self.recipients if each.transfer is not None)

    @property
    def joint_controllers(self) -> tuple[Received, ...]:
        """Who decides about it together with the operator. Source: GDPR art 26."""
        return tuple(each for each in self.recipients if each.role is RecipientRole.JOINT_CONTROLLER)

    @property
    def as_processor(self) -> bool:
        """Whether somebody else decides about it, so that it stands in the processor's register."""
        return self.role == "processor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Both registers of one version on a day, in one language."""

    language: str
    day: date
    operator: Contact
    officers: tuple[Contact, ...]
    representatives: tuple[Contact, ...]
    measures: tuple[tuple[str, str], ...]
    records: tuple[Record, ...]

    @property
    def controller_records(self) -> tuple[Record, ...]:
        """What the operator decides about, alone or jointly. Source: GDPR art 30(1)."""
        return tuple(record for record in self.records if not record.as_processor)

    @property
    def processor_records(self) -> tuple[Record, ...]:
        """What it does on behalf of others. Source: GDPR art 30(2)."""
        return tuple(record for record in self.records if record.as_processor)


def register(document: Document, rules: Mapping[str, Rule], *, language: str, day: date) -> Register:
    """Make the register of a document and the rules it was compiled to, as it holds on a day.

    Source: GDPR art 30(1)-(2).
    """
    words = Words(language)

    def said(texts: Texts) -> str:
        return resolved(document, texts, language)

    return Register(
        language=language,
        day=day,
        operator=_contact(document.operator),
        officers=tuple(_officer(each, words) for each in document.officers if not each.representative),
        representatives=tuple(_officer(each, words) for each in document.officers if each.representative),
        measures=tuple((said(each.title), said(each.description)) for each in document.measures.values()),
        records=tuple(
            _record(document, purpose, rules[name], words, day=day) for name, purpose in document.purposes.items()
        ),
    )


def _record(document: Document, purpose: Purpose, rule: Rule, words: Words, *, day: date) -> Record:
    def said(texts: Texts | None) -> str:
        return resolved(document, texts, words.language) if texts else ""

    used = {name: category for name, category in document.categories.items() if name in rule.categories}
    grounds: dict[Region, Basis | None] = {region: rule.bases[region] for region in REGIONS}
    profiling = _named(profiles(purpose, used), words)
    special = {name: category for name, category in used.items() if category.special}
    everybody = rule.roles & EVERYONE == EVERYONE
    return Record(
        id=rule.purpose,
        title=said(purpose.title),
        description=said(purpose.description),
        role=purpose.role,
        everybody=everybody,
        subjects=tuple(Named(_role_id(role), words.role(role)) for role in Role if rule.roles & role),
        categories=_named(used, words),
        special=_named(special, words),
        grounds=grounds,
        marketing=purpose.marketing,
        objection=purpose.effective_objection,
        recipients=tuple(_received(document, name, rule, words, day=day) for name in purpose.recipients),
        retention=tuple(_kept(document, name, words) for name in used),
        sources=_sources(document, used, words),
        profiling=profiling,
        rights=_rights(document, purpose, set(grounds.values()), profiling=bool(profiling), special=bool(special)),
        consent_lasts=purpose.consent_lasts,
        balancing=said(purpose.balancing),
        compulsory=said(purpose.compulsory),
        clauses=purpose.clauses,
    )


def _role_id(role: Role) -> str:
    return str(role.name).lower()


def _named(categories: Mapping[str, Category], words: Words) -> tuple[Named, ...]:
    return tuple(Named(name, category.title.said(words.language)) for name, category in categories.items())


def _contact(party: Party) -> Contact:
    return Contact(
        name=party.name,
        address=party.address,
        country=party.country,
        email=party.email or "",
        phone=party.phone or "",
        website=party.website or "",
    )


def _officer(officer: Officer, words: Words) -> Contact:
    return replace(_contact(officer), title=officer.title.said(words.language), regions=officer.regions)


def _received(document: Document, name: str, rule: Rule, words: Words, *, day: date) -> Received:
    recipient = document.recipients[name]
    moved = transfer(document, recipient, day=day)
    safeguard = document.safeguards[moved.safeguard].title.said(words.language) if moved and moved.safeguard else ""
    wanted = [
        category
        for category in document.categories
        if category in rule.categories and (recipient.categories == ("all",) or category in recipient.categories)
    ]
    return Received(
        id=name,
        title=recipient.title.said(words.language) if recipient.title else recipient.name,
        name=recipient.name,
        role=recipient.role,
        country=recipient.country,
        categories=_named({category: document.categories[category] for category in wanted}, words),
        contract=recipient.contract or "",
        policy=recipient.policy or "",
        transfer=moved,
        safeguard=safeguard,
        contact=_contact(recipient),
    )


def _kept(document: Document, name: str, words: Words) -> Kept:
    rule = document.retention[name]
    return Kept(
        category=Named(name, document.categories[name].title.said(words.language)),
        keep=rule.keep,
        after=rule.after,
        then=rule.then,
        reason=resolved(document, rule.reason, words.language),
        law=rule.law or "",
    )


def _sources(document: Document, used: Mapping[str, Category], words: Words) -> tuple[Named, ...]:
    return tuple(
        Named(name, source.title.said(words.language))
        for name, source in document.sources.items()
        if source.categories == ("all",) or used.keys() & set(source.categories)
    )


#: Rights that exist only on some grounds. Source: GDPR art 7(3), 20(1)(a), 21(1)-(2), 22; CCPA 1798.120-121.
_ONLY_ON: Mapping[Right, frozenset[Basis]] = {
    Right.WITHDRAW: frozenset({Basis.CONSENT}),
    Right.PORT: frozenset({Basis.CONSENT, Basis.CONTRACT}),
    Right.OBJECT: frozenset({Basis.LEGITIMATE_INTEREST, Basis.PUBLIC_TASK, Basis.OPT_OUT}),
    Right.OPT_OUT_OF_SALE: frozenset({Basis.OPT_OUT}),
}


def _rights(
    document: Document, purpose: Purpose, grounds: Iterable[Basis | None], *, profiling: bool, special: bool
) -> tuple[Right, ...]:
    """Give the rights of the document's regimes that the grounds of a purpose leave people."""
    bases = frozenset(basis for basis in grounds if basis is not None)
    given = {right for regime in document.rights.values() for right in regime.rights}

    def applies(right: Right) -> bool:
        if right is Right.HUMAN_REVIEW:
            return profiling
        if right is Right.LIMIT_SENSITIVE:
            return special
        if right in (Right.UNSUBSCRIBE, Right.MARKETING_DISCLOSURE):
            return purpose.marketing
        if right is Right.OBJECT and purpose.marketing:
            return True
        return right not in _ONLY_ON or bool(bases & _ONLY_ON[right])

    return tuple(right for right in Right if right in given and applies(right))

"""The models of the policy document: what a workspace promises, in one checked and unchangeable value."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from tillit.policy.bases import COMPULSORY_BASES, OBJECTIONABLE_BASES, REFUSABLE_BASES, Basis, Objection
from tillit.policy.keeping import Duty, Measure, Retention
from tillit.policy.regions import COUNTRIES, NAMED_REGIONS
from tillit.policy.roles import ROLE_NAMES
from tillit.policy.values import CategoryIds, Clauses, Identifier, Language, Line, Part, Period, Texts, one_word_for_all

Country = str
RegionName = str


def _known_country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError(f"“{value}” is no country code")
    return value


def _known_regions(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value not in NAMED_REGIONS:
            raise ValueError(f"“{value}” is no region")
    return values


class Party(Part):
    """Somebody with a name and a postal address. ``country`` is ISO 3166-1 alpha-2."""

    name: Line
    address: Line
    country: Country
    email: Line | None = None
    phone: Line | None = None
    website: Line | None = None

    _country = field_validator("country")(_known_country)


class Operator(Party):
    """The company behind the policy: where it sits, what it does, and where to write to it."""

    registration: Line | None = None
    seat: Line
    business: Texts
    objections: Line
    privacy: Line
    clauses: Clauses = ()


class Officer(Party):
    """Who answers for data protection in some regions; without regions, in all the others.

    ``representative`` says that it stands for the operator where that has no seat. Source: GDPR art 27, 30(1)(a).
    """

    title: Texts
    regions: tuple[RegionName, ...] = ()
    representative: bool = False
    clauses: Clauses = ()

    _regions = field_validator("regions")(_known_regions)


class Category(Part):
    """A kind of personal data. ``dpv`` lists its terms in the W3C Data Privacy Vocabulary."""

    title: Texts
    description: Texts
    dpv: tuple[Line, ...] = Field(min_length=1)
    special: bool = False
    clauses: Clauses = ()


class Purpose(Part):
    """What personal data is used for, for whom, on which ground, and whether it can be refused.

    ``basis`` maps region names, and ``default`` for the rest, to grounds. ``roles`` may be
    ``everyone`` and ``categories`` may be ``all``. ``compulsory`` says what follows if the person
    does not give what is asked. ``marketing`` is direct marketing.
    """

    title: Texts
    description: Texts
    roles: Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(one_word_for_all)]
    categories: CategoryIds
    basis: Mapping[str, Basis]
    objection: Objection | None = None
    marketing: bool = False
    sends: bool = False
    allowed_when_restricted: bool = False
    role: Literal["controller", "joint-controller", "processor"] = "controller"
    recipients: tuple[Identifier, ...] = ()
    consent_lasts: Period | None = None
    balancing: Texts | None = None
    compulsory: Texts | None = None
    clauses: Clauses = ()

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if value not in ROLE_NAMES and value != "everyone":
                raise ValueError(f"“{value}” is no role")
        return values

    @field_validator("basis")
    @classmethod
    def _basis_of_regions(cls, value: Mapping[str, Basis]) -> Mapping[str, Basis]:
        _known_regions(tuple(name for name in value if name != "default"))
        return value

    @property
    def grounds(self) -> frozenset[Basis]:
        """The grounds the purpose rests on somewhere."""
        return frozenset(self.basis.values()) - {Basis.NONE}

    @property
    def effective_objection(self) -> Objection:
        """What a refusal does: as the document says, else as the grounds imply."""
        if self.objection is not None:
            return self.objection
        if self.grounds & REFUSABLE_BASES:
            return Objection.AT_ONCE
        return Objection.REVIEW if self.grounds & OBJECTIONABLE_BASES else Objection.NONE

    @property
    def refusable(self) -> bool:
        """Whether a refusal is obeyed at once, by the rule itself."""
        return self.effective_objection is Objection.AT_ONCE

    @property
    def is_compulsory(self) -> bool:
        """Whether every ground leaves the person no choice."""
        return bool(self.grounds) and self.grounds <= COMPULSORY_BASES

    @property
    def uses_every_category(self) -> bool:
        """Whether the purpose uses all categories of the document."""
        return self.categories == ("all",)


class RecipientRole(StrEnum):
    """What a recipient is in law."""

    PROCESSOR = "processor"
    CONTROLLER = "controller"
    JOINT_CONTROLLER = "joint-controller"
    PARTNER = "partner"
    ADVERTISING = "advertising"
    AUTHORITY = "authority"
    BUYER = "buyer"


class Recipient(Party):
    """Who may receive data. ``business`` gives examples of its trade, which California asks for.

    ``title`` names a group of recipients where no single party can be named yet.

    Source: GDPR art 13(1)(e)-(f), 30(1)(d); California Civil Code 1798.83(b)(3).
    """

    title: Texts | None = None
    role: RecipientRole
    business: Texts
    categories: CategoryIds
    safeguard: Identifier | None = None
    contract: Line | None = None
    policy: Line | None = None
    direct_marketing: bool = False
    clauses: Clauses = ()


class SafeguardKind(StrEnum):
    """What can protect a transfer. Source: GDPR art 45, 46, 47, 49."""

    ADEQUACY = "adequacy"
    FRAMEWORK = "framework"
    STANDARD_CLAUSES = "standard-clauses"
    BINDING_RULES = "binding-rules"
    DEROGATION = "derogation"
    CONSENT = "consent"


class Safeguard(Part):
    """What protects a transfer out of the EEA: for which countries, until when, and what comes after it.

    Adequacy covers every recipient in its countries; any other safeguard covers those that name it.
    Without ``countries`` it covers any country.
    """

    title: Texts
    kind: SafeguardKind
    countries: tuple[Country, ...] = ()
    valid_from: date
    expires: date | None = None
    review: date | None = None
    fallback: Identifier | None = None
    reference: Line
    recourse: Texts | None = None
    clauses: Clauses = ()

    @field_validator("countries")
    @classmethod
    def _known_countries(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_known_country(value) for value in values)

    def holds(self, day: date) -> bool:
        """Say whether the safeguard is in force on a day; it ends before ``expires`` begins."""
        return self.valid_from <= day and (self.expires is None or day < self.expires)


class Source(Part):
    """Where information comes from. ``warranty`` says why the source may give it away."""

    title: Texts
    kind: Literal["person", "device", "import", "partner", "social", "data-provider", "public"]
    categories: CategoryIds
    warranty: Texts
    evidence: Line | None = None
    expires: date | None = None
    recipient: Identifier | None = None
    clauses: Clauses = ()


class Tracker(Part):
    """Something stored on or read from a person's device. ``essential`` needs no consent.

    Source: Directive 2002/58/EC art 5(3); Guidelines EDPB 2/2023.
    """

    title: Texts
    description: Texts
    kind: Literal["cookie", "storage", "pixel", "link", "script", "embed"]
    name: Line
    purpose: Identifier | None = None
    categories: CategoryIds
    lasts: Period | Literal["session"]
    essential: bool = False
    host: Line | None = None
    recipient: Identifier | None = None
    clauses: Clauses = ()


class Right(StrEnum):
    """A right a person can exercise. Source: GDPR art 7(3), 12-22, 77; CCPA 1798.100-125; 1798.83."""

    ACCESS = "access"
    RECTIFY = "rectify"
    ERASE = "erase"
    RESTRICT = "restrict"
    PORT = "port"
    OBJECT = "object"
    WITHDRAW = "withdraw"
    HUMAN_REVIEW = "human-review"
    OPT_OUT_OF_SALE = "opt-out-of-sale"
    LIMIT_SENSITIVE = "limit-sensitive"
    MARKETING_DISCLOSURE = "marketing-disclosure"
    UNSUBSCRIBE = "unsubscribe"
    COMPLAIN = "complain"


class Regime(Part):
    """The rights people have in some regions, how to use them, and who hears complaints.

    Without ``regions`` it is the regime of everybody whose region no other regime names.
    """

    title: Texts
    regions: tuple[RegionName, ...] = ()
    rights: Mapping[Right, Texts]
    how: Texts
    verification: Texts | None = None
    authority: Party | None = None
    clauses: Clauses = ()

    _regions = field_validator("regions")(_known_regions)


class Audience(StrEnum):
    """Whom a section of the statement speaks to."""

    EVERYONE = "everyone"
    CONTACTS = "contacts"
    VISITORS = "visitors"
    MEMBERS = "members"
    PARTNERS = "partners"
    APPLICANTS = "applicants"
    CUSTOMERS = "customers"


class Fact(StrEnum):
    """What a section of the statement can assert of a purpose; the check compares it with the rules."""

    PERMITTED = "permitted"
    NEEDS_CONSENT = "needs-consent"
    NOT_PERMITTED = "not-permitted"
    CAN_BE_REFUSED = "can-be-refused"
    CANNOT_BE_REFUSED = "cannot-be-refused"
    DOES_NOT_USE = "does-not-use"


class Assertion(Part):
    """A promise of a section that the rules must keep: what holds of a purpose in regions, or everywhere.

    ``categories`` are those that the purpose does not use, where that is what ``says`` says.
    """

    purpose: Identifier
    says: Fact
    regions: tuple[RegionName, ...] = ()
    categories: tuple[Identifier, ...] = ()

    _regions = field_validator("regions")(_known_regions)


class Section(Part):
    """A section of the statement in the operator's own words, as Markdown.

    ``asserts`` are the promises its text makes about purposes, checked against the rules.
    """

    audience: Audience = Audience.EVERYONE
    title: Texts
    text: Texts
    asserts: tuple[Assertion, ...] = ()
    clauses: Clauses = ()


class Statement(Part):
    """The prose of the published statement."""

    title: Texts
    introduction: Texts
    sections: Mapping[Identifier, Section]
    clauses: Clauses = ()


class Document(Part):
    """A whole policy document. Mappings are keyed by id; the first language is the default."""

    operator: Operator
    officers: tuple[Officer, ...] = Field(min_length=1)
    languages: tuple[Language, ...] = Field(min_length=1)
    categories: Mapping[Identifier, Category]
    purposes: Mapping[Identifier, Purpose]
    recipients: Mapping[Identifier, Recipient] = {}
    safeguards: Mapping[Identifier, Safeguard] = {}
    sources: Mapping[Identifier, Source] = {}
    trackers: Mapping[Identifier, Tracker] = {}
    retention: Mapping[Identifier, Retention]
    duties: Mapping[Identifier, Duty] = {}
    measures: Mapping[Identifier, Measure] = {}
    rights: Mapping[Identifier, Regime]
    statement: Statement

    def clauses(self) -> dict[str, list[str]]:
        """Give, for each clause the document cites, the places that cite it."""
        cited: dict[str, list[str]] = {}
        for path, part in parts(self):
            for clause in getattr(part, "clauses", ()) if path else ():
                cited.setdefault(clause, []).append("/".join(str(step) for step in path))
        return cited


Path = tuple[str | int, ...]


def parts(value: object, path: Path = ()) -> Iterator[tuple[Path, Part | Texts]]:
    """Walk a document: every part and every text in it with its path, outermost first."""
    if isinstance(value, Texts):
        yield path, value
    elif isinstance(value, Part):
        yield path, value
        for name in type(value).model_fields:
            yield from parts(getattr(value, name), (*path, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from parts(item, (*path, str(key)))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from parts(item, (*path, index))

"""What the columns of a file mean: their names, in English and Swedish, mapped to what a person has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

FIELD = "field:"
EMAIL, PHONE, CUSTOMER = "email", "phone", "customer"
COUNTRY, SUBDIVISION, LANGUAGE = "country", "subdivision", "language"
STATUS, UNSUBSCRIBED, CONSENT = "status", "unsubscribed", "consent"
STANDING = (STATUS, UNSUBSCRIBED)  # the columns that say who left
CHOICES = (*STANDING, CONSENT)  # the columns that say what people chose
#: What becomes of a value that a known person has already: the file's, the one that is there, or the file's where there
#: is none. New people get the file's in any case.
OVERWRITE, KEEP, FILL = MODES = ("overwrite", "keep", "empty")
WHOLE_NAME = "name"  # parted into the two fields of a name
NAME_PARTS = ("first_name", "last_name")
TARGETS = (WHOLE_NAME, EMAIL, PHONE, CUSTOMER, COUNTRY, SUBDIVISION, LANGUAGE, STATUS, UNSUBSCRIBED, CONSENT)

_NAMES: dict[str, str] = {
    WHOLE_NAME: "name|fullname|wholename|contactname|namn|helanamnet|fullständigtnamn|förochefternamn",
    EMAIL: "email|emailaddress|mail|mailaddress|epost|epostadress|mejl|mejladress|mailadress|eposten|eaddress",
    PHONE: "phone|phonenumber|telephone|mobile|mobilephone|cell|telefon|telefonnummer|mobil|mobilnummer"
    "|mobiltelefon|tel",
    CUSTOMER: "customerid|customernumber|customerno|customer|kundnr|kundnummer|kundid",
    COUNTRY: "country|countrycode|countryregion|land|landskod|cc",
    SUBDIVISION: "state|usstate|stateprovince|stateregion|province|delstat",
    LANGUAGE: "language|lang|locale|preferredlanguage|sprak|språk",
    STATUS: "status|memberstatus|subscriptionstatus|emailmarketing|emailmarketingstatus"
    "|subscriberstatus|prenumerationsstatus",
    UNSUBSCRIBED: "unsubscribed|unsubscribedat|unsubtime|optout|optedout|hasoptedoutofemail|avregistrerad|avanmald"
    "|avanmäld|avprenumererad|donotemail|donotcontact|emailblacklisted|emailblocklisted|blocklisted|blacklisted",
    CONSENT: "consent|optin|optedin|marketingconsent|gdprconsent|samtycke|marknadsföringssamtycke",
}
_FIELD_NAMES: dict[str, str] = {
    WHOLE_NAME: "name|fullname|wholename|contactname|namn|helanamnet|fullständigtnamn|förochefternamn",
    "first_name": "firstname|fname|first|givenname|forename|förnamn|fornamn|tilltalsnamn",
    "last_name": "lastname|lname|last|surname|familyname|efternamn",
    "title": "title|jobtitle|role|position|titel|befattning|yrkestitel",
    "company": "company|companyname|organisation|organization|organisationname|employer|företag|foretag|bolag"
    "|företagsnamn",
    "city": "city|town|postort|stad|ort|locality",
}
_TARGET_BY_NAME = {name: target for target, names in _NAMES.items() for name in names.split("|")}
_FIELD_BY_NAME = {name: field for field, names in _FIELD_NAMES.items() for name in names.split("|")}
_NOT_A_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field of the workspace, as far as an import needs to know it."""

    name: str
    label: str
    type: str
    category: str
    allowed: bool
    choices: Sequence[str] = ()
    checks: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file and what it means; an empty target is not imported. `mode` counts for fields of a person."""

    name: str
    target: str = ""
    samples: tuple[str, ...] = ()
    mode: str = OVERWRITE

    def kept(self) -> dict[str, str]:
        """What an import remembers of it."""
        return {"name": self.name, "target": self.target, **({"mode": self.mode} if self.mode != OVERWRITE else {})}


class BadMapping(ValueError):
    """The columns cannot be imported as mapped."""


def suggest(
    rows: Sequence[Sequence[str]],
    *,
    has_header: bool,
    fields: Iterable[KnownField],
    told: Mapping[int, str] | None = None,
) -> list[Column]:
    """Return the columns of a table with the likeliest meaning of each; each meaning is given to one column only.

    `told` are the meanings that are known by place, from the tool that wrote the table; they go before what a name
    seems to mean.
    """
    if not rows:
        return []
    usable = {field.name: field for field in fields if field.allowed}
    called = {fold(label): name for name, field in usable.items() for label in (field.label, *field.labels)}
    named = {**called, **{fold(name): name for name in usable}}
    body = rows[1:] if has_header else rows
    sure = {place: target for place, target in (told or {}).items() if _usable(target, usable)}
    columns, taken = [], set(sure.values())
    for place, head in enumerate(rows[0]):
        name = head.strip() if has_header else f"Column {place + 1}"
        samples = tuple(row[place].strip() for row in body[:5] if place < len(row) and row[place].strip())[:3]
        target = _meaning(name, named, usable) if has_header else ""
        if not has_header and "@" in head:
            target = EMAIL
        target = sure.get(place) or ("" if target in taken else target)
        columns.append(Column(name, target, samples))
        taken.add(target)
    parts = {FIELD + part for part in NAME_PARTS}
    if taken & parts or not usable.keys() & set(NAME_PARTS):  # the parts themselves say more than the whole
        columns = [replace(column, target="") if column.target == WHOLE_NAME else column for column in columns]
    return columns


def _usable(target: str, usable: Mapping[str, KnownField]) -> bool:
    return not target.startswith(FIELD) or target.removeprefix(FIELD) in usable


def fold(name: str) -> str:
    """A header without case, spaces and punctuation: ``E-Mail Address`` is ``emailaddress``."""
    return _NOT_A_LETTER.sub("", name.lower())


def _meaning(name: str, named: Mapping[str, str], usable: Mapping[str, KnownField]) -> str:
    folded = fold(name)
    if target := _TARGET_BY_NAME.get(folded):
        return target
    inner = fold(name.rpartition(".")[2])  # the value of an object: “attributes.city” may be the city
    field = named.get(folded) or _FIELD_BY_NAME.get(folded) or named.get(inner) or _FIELD_BY_NAME.get(inner)
    return FIELD + field if field and field in usable else ""


def apply_map(columns: Sequence[Column], wanted: Mapping[str, str]) -> list[Column]:
    """Return the columns with the given meanings (column name → target or field name; "" leaves a column out).

    Raises BadMapping for a column that the file does not have.
    """
    by_name = {fold(name): target for name, target in wanted.items()}
    missing = set(by_name) - {fold(column.name) for column in columns}
    if missing:
        raise BadMapping(_("The file has no column “%(name)s”.") % {"name": sorted(missing)[0]})
    return [
        replace(column, target=_target(by_name[fold(column.name)])) if fold(column.name) in by_name else column
        for column in columns
    ]


def apply_modes(columns: Sequence[Column], wanted: Mapping[str, str]) -> list[Column]:
    """Return the columns with the given modes (column name → mode). Raises BadMapping as `apply_map` does."""
    by_name = {fold(name): mode for name, mode in wanted.items()}
    missing = set(by_name) - {fold(column.name) for column in columns}
    if missing:
        raise BadMapping(_("The file has no column “%(name)s”.") % {"name": sorted(missing)[0]})
    return [replace(column, mode=by_name.get(fold(column.name), column.mode)) for column in columns]


def _target(text: str) -> str:
    return text if not text or text in TARGETS or text.startswith(FIELD) else FIELD + text


def check_chooses_nothing(columns: Sequence[Column], *, purpose: str) -> None:
    """Raise BadMapping when a column says what people chose, which a file under this purpose cannot bring."""
    if chosen := next((column for column in columns if column.target in CHOICES), None):
        said = _("“%(name)s” says what people chose, which a file under the purpose %(purpose)s cannot bring.")
        raise BadMapping(said % {"name": chosen.name, "purpose": purpose})


def check(columns: Sequence[Column], fields: Iterable[KnownField], *, purpose: str) -> None:
    """Raise BadMapping unless the mapping has one address, no meaning twice, and only fields that may be imported."""
    known = {field.name: field for field in fields}
    used: dict[str, str] = {}
    for column in columns:
        if column.mode not in MODES:
            raise BadMapping(_("“%(mode)s” is no way to treat what is known already.") % {"mode": column.mode})
        if not column.target:
            continue
        if earlier := used.get(column.target):
            raise BadMapping(
                _("“%(one)s” and “%(other)s” are mapped to the same thing. Leave one of them out.")
                % {"one": earlier, "other": column.name}
            )
        used[column.target] = column.name
        if column.target.startswith(FIELD):
            field = known.get(column.target.removeprefix(FIELD))
            if field is None:
                raise BadMapping(
                    _("“%(name)s” is mapped to a field that this workspace does not have.") % {"name": column.name}
                )
            if not field.allowed:
                raise BadMapping(
                    _(
                        "“%(field)s” is of the category %(category)s, which the purpose %(purpose)s does not have in"
                        " the policy in force. Leave the column out, or change the policy."
                    )
                    % {"field": field.label, "category": field.category, "purpose": purpose}
                )
        elif column.target not in TARGETS:
            raise BadMapping(_("“%(target)s” is nothing that a column can mean.") % {"target": column.target})
    if WHOLE_NAME in used and (part := next((FIELD + part for part in NAME_PARTS if FIELD + part in used), "")):
        raise BadMapping(
            _("“%(one)s” and “%(other)s” are mapped to the same thing. Leave one of them out.")
            % {"one": used[WHOLE_NAME], "other": used[part]}
        )
    if EMAIL not in used:
        raise BadMapping(_("No column holds the email address. Say which one does."))

"""Exports of other tools, told by their headers: what their columns mean, and what must be taken apart first.

Sources: listmonk `cmd/subscribers.go` (the header of its export, and name parts as its templates cut them), Keila
`contacts_csv_export.ex`, Mautic `ExportHelper` and `ReportDNCSubscriber`, Brevo's reference of contact exports, the
headers of Mailchimp's audience exports and MailerLite's subscriber exports as published by people who read them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from tillit.people.importing.jsonlines import cells as flattened
from tillit.people.importing.mapping import (
    COUNTRY,
    CUSTOMER,
    EMAIL,
    FIELD,
    LANGUAGE,
    PHONE,
    STATUS,
    SUBDIVISION,
    UNSUBSCRIBED,
    fold,
)
from tillit.people.importing.names import STANDING, standing_in_name, tells_standing

Row = dict[str, str]
Adjust = Callable[[Row], Row]
FIRST, LAST, TITLE, COMPANY, CITY, TAGS = (
    FIELD + name for name in ("first_name", "last_name", "title", "company", "city", "tags")
)


@dataclass(frozen=True, slots=True)
class Format:
    """An export of a tool: folded headers that mark it, and the headers for each meaning, the best first."""

    name: str
    label: str
    marks: frozenset[str]
    meanings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    any_of: frozenset[str] = frozenset()
    adjust: Callable[[Sequence[str], str], Adjust] | None = None

    def matches(self, folded: frozenset[str]) -> bool:
        return self.marks <= folded and (not self.any_of or bool(self.any_of & folded))

    def targets(self, header: Sequence[str]) -> dict[int, str]:
        """Return the meaning of each column, by its place."""
        places: dict[str, int] = {}
        for place, name in enumerate(header):
            places.setdefault(fold(name), place)
        found: dict[int, str] = {}
        for target, names in self.meanings.items():
            for name in [name for name in names if name in places][:1]:
                found.setdefault(places[name], target)
        return found


def recognised(header: Sequence[str]) -> Format | None:
    """Return the export that a header is of, or None."""
    folded = frozenset(fold(name) for name in header)
    return next((each for each in FORMATS if each.matches(folded)), None)


def named(name: str) -> Format | None:
    return next((each for each in FORMATS if each.name == name), None)


def adjuster(header: Sequence[str], file_name: str) -> Adjust | None:
    """Return what makes plain rows of a file's rows, or None where they are plain already.

    A file whose name alone says that everybody in it left, e.g. “unsubscribed.csv”, gets a column that says it.
    """
    known = recognised(header)
    if known and known.adjust:
        return known.adjust(header, file_name)
    standing = standing_in_name(file_name)
    if standing and standing != "subscribed" and not tells_standing(header):
        return lambda row: {**row, STANDING: standing}
    return None


# -- taking apart -----------------------------------------------------------------------------------------------------


def _mailchimp(header: Sequence[str], file_name: str) -> Adjust:
    """A file holds one section of the audience: its name, and the columns it alone has, say which."""
    folded = {fold(name): name for name in header}
    standing = standing_in_name(file_name) or "subscribed"
    if "unsubtime" in folded:
        standing = "unsubscribed"
    elif "cleantime" in folded:
        standing = "cleaned"
    tags = folded.get("tags")

    def adjust(row: Row) -> Row:
        if tags and row.get(tags):
            row[tags] = _tags(row[tags])
        return row if STANDING in row else {**row, STANDING: standing}

    return adjust


def _tags(text: str) -> str:
    """Mailchimp puts each tag in quotation marks, with commas between."""
    return ", ".join(tag.strip() for row in csv.reader(StringIO(text)) for tag in row if tag.strip())


def _listmonk(header: Sequence[str], _file_name: str) -> Adjust:
    name, attributes = _called(header, "name"), _called(header, "attributes")

    def adjust(row: Row) -> Row:
        first, _space, last = row.pop(name, "").strip().partition(" ")  # as listmonk's own templates cut it
        return _expanded({**row, "first_name": first, "last_name": last.strip()}, attributes)

    return adjust


def _keila(header: Sequence[str], _file_name: str) -> Adjust:
    return lambda row: _expanded(row, _called(header, "data"))


def _expanded(row: Row, column: str) -> Row:
    """A row whose column of JSON is a column a value; what is no object stays as it is."""
    text = row.pop(column, "").strip()
    try:
        value = json.loads(text, parse_int=str, parse_float=str) if text else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return {**row, column: text}
    return {**row, **{f"{column}.{name}": cell for name, cell in flattened(value).items()}}


def _mautic_opt_outs(header: Sequence[str], _file_name: str) -> Adjust:
    """A row is one channel that somebody does not want: only that of email keeps mail away."""
    reason, channel = _called(header, "dncreason"), _called(header, "dncchannel")

    def adjust(row: Row) -> Row:
        by_mail = row.get(channel, "").strip().lower() in {"email", ""}
        return {**row, STANDING: (row.get(reason) or "blocklisted") if by_mail else "nonsubscribed"}

    return adjust


def _called(header: Sequence[str], folded: str) -> str:
    return next((name for name in header if fold(name) == folded), "")


# -- what there is ----------------------------------------------------------------------------------------------------


def _marks(names: str) -> frozenset[str]:
    return frozenset(names.split("|"))


_NAMES: dict[str, tuple[str, ...]] = {
    FIRST: ("firstname", "fname", "prenom", "prénom", "vorname", "nombre", "förnamn"),
    LAST: ("lastname", "lname", "nom", "nachname", "apellidos", "efternamn"),
    COMPANY: ("company", "companyname"),
    CITY: ("city",),
    COUNTRY: ("country",),
    TAGS: ("tags", "tag"),
}
FORMATS: tuple[Format, ...] = (
    Format(
        "mailchimp",
        "Mailchimp",
        _marks("leid|euid"),
        {
            EMAIL: ("emailaddress", "email"),
            STATUS: (fold(STANDING),),
            **_NAMES,
            PHONE: ("phonenumber", "phone", "smsphonenumber"),
            COUNTRY: ("country", "cc"),
            SUBDIVISION: ("region", "state"),
            LANGUAGE: ("language",),
        },
        adjust=_mailchimp,
    ),
    Format(
        "listmonk",
        "listmonk",
        _marks("uuid|email|name|attributes|status"),
        adjust=_listmonk,
    ),
    Format(
        "listmonk",
        "listmonk",
        _marks("uuid|email|firstname|status|createdat|updatedat"),
        {
            EMAIL: ("email",),
            STATUS: ("status",),
            **_NAMES,
            COMPANY: ("attributescompany", "attributesorganisation", "attributesorganization"),
            TITLE: ("attributestitle", "attributesjobtitle", "attributesrole"),
            CITY: ("attributescity",),
            COUNTRY: ("attributescountry", "attributescountrycode"),
            SUBDIVISION: ("attributesstate",),
            PHONE: ("attributesphone", "attributesmobile", "attributestelephone"),
            LANGUAGE: ("attributeslanguage", "attributeslang", "attributeslocale"),
            TAGS: ("attributestags",),
        },
    ),
    Format(
        "mautic-dnc",
        "Mautic",
        _marks("email|dncreason|dncchannel"),
        {EMAIL: ("email",), STATUS: (fold(STANDING),), **_NAMES},
        adjust=_mautic_opt_outs,
    ),
    Format(
        "mautic",
        "Mautic",
        _marks("email|firstname|points|preferredlocale"),
        {
            EMAIL: ("email",),
            UNSUBSCRIBED: ("donotcontact", "donotemail", "dnc"),
            **_NAMES,
            TITLE: ("position",),
            PHONE: ("mobile", "phone"),
            SUBDIVISION: ("state",),
            LANGUAGE: ("preferredlocale",),
        },
    ),
    Format(
        "keila",
        "Keila",
        _marks("email|firstname|lastname|data|status"),
        adjust=_keila,
    ),
    Format(
        "keila",
        "Keila",
        _marks("email|firstname|lastname|status|externalid"),
        {
            EMAIL: ("email",),
            STATUS: ("status",),
            CUSTOMER: ("externalid",),
            **_NAMES,
            COMPANY: ("datacompany",),
            CITY: ("datacity",),
            COUNTRY: ("datacountry",),
            PHONE: ("dataphone",),
            LANGUAGE: ("datalanguage", "datalang", "datalocale"),
            TAGS: ("datatags",),
        },
    ),
    Format(
        "brevo",
        "Brevo",
        _marks("email|addedtime|modifiedtime"),
        {
            EMAIL: ("email",),
            UNSUBSCRIBED: ("emailblacklisted", "emailblocklisted", "blacklisted", "blocklisted"),
            STATUS: ("emailmarketing", "emailmarketingstatus", "status", fold(STANDING)),
            CUSTOMER: ("extid",),
            **_NAMES,
            PHONE: ("sms", "landlinenumber", "whatsapp"),
        },
    ),
    Format(
        "mailerlite",
        "MailerLite",
        _marks("subscriber"),
        {
            EMAIL: ("subscriber",),
            STATUS: ("status", fold(STANDING)),
            UNSUBSCRIBED: ("unsubscribed", "unsubscribedat", "unsubscribedate"),
            **_NAMES,
            FIRST: ("firstname", "name"),
            PHONE: ("phone",),
            SUBDIVISION: ("state",),
        },
        any_of=_marks("subscribed|opens|opened|clicks|clicked|groups|location|unsubscribed|signupip|optinip"),
    ),
)

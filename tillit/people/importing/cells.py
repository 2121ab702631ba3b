"""Reading single cells: country, language, status, yes or no, numbers and dates. Each answer is remembered per text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from enum import IntEnum
from functools import lru_cache

import phonenumbers
from babel import Locale
from babel.core import get_global

from tillit.people.identity import InvalidIdentifier, normalise_phone
from tillit.policy.regions import COUNTRIES, Region, region_of

REMEMBERED = 10_000  # different texts a column, of which files have few; beyond it the oldest are forgotten
SHORTEST_INTERNATIONAL = 10  # digits with the country's; shorter ones are mostly without
_BETWEEN_DIGITS = re.compile(r"[\s().-]+")
LOCALES = ("en", "sv", "da", "nb", "fi", "de", "fr", "es", "it", "nl", "pl")
_COLLOQUIAL = {
    "usa": "US",
    "u.s.a.": "US",
    "u.s.": "US",
    "united states of america": "US",
    "america": "US",
    "amerika": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "skottland": "GB",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "republic of ireland": "IE",
    "eire": "IE",
    "el": "GR",
    "russia": "RU",
    "south korea": "KR",
    "korea": "KR",
    "turkey": "TR",
}
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA"
    "|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_US_STATES = frozenset(_STATES.split("|"))


class Standing(IntEnum):
    """What a file says of a person's standing on the list. The numbers are used in the staging table only."""

    NOT_JOINED = 0
    SUBSCRIBED = 1
    OPTED_OUT = 2


_STANDINGS = {
    Standing.SUBSCRIBED: "subscribed|active|enabled|confirmed|opted in|opt-in|optin|single opt-in|double opt-in|yes|1"
    "|true|aktiv|prenumererar|prenumerant|bekräftad|ja",
    Standing.OPTED_OUT: "unsubscribed|unsubscribe|complained|complaint|spam|opted out|opt-out|optout"
    "|blocklisted|blacklisted|blocked|suppressed|avregistrerad|avanmäld|avprenumererad|klagomål|spärrad|junk"
    "|reported as spam|marked as spam|dnc unsubscribed|dnc manually unsubscribed",
}
_STANDING_BY_WORD = {word: standing for standing, words in _STANDINGS.items() for word in words.split("|")}
#: Reasons for which an address is suppressed, the gravest last. Who complained or was blocked has said no besides;
#: whose mail bounced has said nothing.
SILENCES = {
    "bounced": "cleaned|bounced|bounce|hard bounced|hard bounce|undeliverable|unreachable|studsar|studsad|studsat"
    "|dnc bounced",
    "moved": "blocklisted|blacklisted|blocked|suppressed|spärrad",
    "complaint": "complained|complaint|spam|junk|reported as spam|marked as spam|klagomål",
}
GRAVEST = tuple(SILENCES)
_SILENCE_BY_WORD = {word: reason for reason, words in SILENCES.items() for word in words.split("|")}
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "on", "ja", "j", "sant", "granted", "given"})
_NO = frozenset({"", "no", "n", "false", "f", "0", "off", "nej", "falskt", "-", "null", "none"})
_DATE = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[T ].*)?\Z")
_DOTTED_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\Z")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,9})?\Z")


@lru_cache(maxsize=REMEMBERED)
def region_code(country: str, subdivision: str = "") -> int:
    """Return the region of a country given by name or ISO code; 0, the strictest, for what is not one.

    A state of the US counts by its two letters; any other text there is taken for California, the strictest.
    """
    state = subdivision.strip().upper().removeprefix("US-")
    return int(region_of(country_code(country), state if state in _US_STATES else ""))


@lru_cache(maxsize=REMEMBERED)
def country_code(text: str) -> str:
    """Return the ISO 3166-1 alpha-2 code of a country given by name (in eleven languages) or code, or ""."""
    word = " ".join(text.split()).casefold()
    if not word:
        return ""
    return _codes_by_name().get(word, "")


@lru_cache(maxsize=REMEMBERED)
def phone_region(number: str) -> int:
    """Return the region of a telephone number in E.164 form; 0 for one that belongs to no country.

    A number of the United States says no state, so the strictest of them counts.
    """
    return region_code(phonenumbers.region_code_for_number(phonenumbers.parse(number)) or "")


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in LOCALES:
        for code, name in Locale(locale).territories.items():
            if code in COUNTRIES:
                names.setdefault(str(name).casefold(), code)
    for alias, codes in get_global("territory_aliases").items():  # holds the three-letter codes of ISO 3166-1
        if len(alias) == 3 and len(codes) == 1 and codes[0] in COUNTRIES:
            names.setdefault(alias.casefold(), codes[0])
    return {**names, **_COLLOQUIAL, **{code.casefold(): code for code in COUNTRIES}}


@lru_cache(maxsize=REMEMBERED)
def language_code(text: str) -> str:
    """Return the two-letter code of a language given by name (English or Swedish) or code, or ""."""
    word = text.strip().casefold()
    short = re.split(r"[-_]", word)[0]
    known = _languages()
    return known.get(word) or known.get(short, "")


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in ("en", "sv"):
        for code, name in Locale(locale).languages.items():
            if len(code) == 2:
                names.setdefault(str(name).casefold(), code)
                names[code] = code
    return names


@lru_cache(maxsize=REMEMBERED)
def standing(text: str) -> Standing:
    """Read a status column. A word that is not known does not put anybody on a list."""
    word = _word(text)
    return _STANDING_BY_WORD.get(word, Standing.SUBSCRIBED if not word else Standing.NOT_JOINED)


@lru_cache(maxsize=REMEMBERED)
def silence(text: str) -> str:
    """Return why a word such as “cleaned” says that nothing may be sent to an address, or "" when it does not."""
    return _SILENCE_BY_WORD.get(_word(text), "")


def _word(text: str) -> str:
    return text.strip().casefold().replace("_", " ")


@lru_cache(maxsize=REMEMBERED)
def opted_out(text: str) -> bool:
    """Read an "unsubscribed" column: anything but a plain no, such as a date, means that the person left."""
    return text.strip().casefold() not in _NO


@lru_cache(maxsize=REMEMBERED)
def agreed(text: str) -> bool:
    """Read a consent column: nothing but a plain yes is one."""
    return text.strip().casefold() in _YES


def phone_number(text: str, country: str) -> str:
    """Return a number in E.164 form, without a plus too where it is valid with one. Raises InvalidIdentifier.

    Spreadsheets and some tools drop the plus; a number of nine digits or so is never guessed to be of any country.
    """
    try:
        return normalise_phone(text, country=country or None)
    except InvalidIdentifier:
        digits = _BETWEEN_DIGITS.sub("", text).removeprefix("00")
        if not digits.isdecimal() or digits.startswith("0") or len(digits) < SHORTEST_INTERNATIONAL:
            raise
        number = normalise_phone(f"+{digits}")
        if not phonenumbers.is_valid_number(phonenumbers.parse(number)):
            raise
        return number


def json_number(text: str) -> str:
    """Return a number, with point or comma, as JSON, or "" when it is none."""
    plain = text.replace(" ", "").replace("\u00a0", "")
    if not _NUMBER.match(plain):
        return ""
    number = plain.replace(",", ".").lstrip("+")
    return json.dumps(float(number)) if "." in number else str(int(number))


def json_date(text: str) -> str:
    """Return a date as JSON in ISO form, or "".

    Read: 2024-05-01, 20240501, 1.5.2024; never 05/01/2024, which means one day to some and another to others.
    """
    if found := _DATE.match(text):
        parts = [int(part) for part in found.groups()]
    elif found := _DOTTED_DATE.match(text):
        parts = [int(part) for part in found.groups()][::-1]
    else:
        return ""
    try:
        return json.dumps(date(*parts).isoformat())
    except ValueError:
        return ""


def json_boolean(text: str) -> str:
    """Return yes or no as JSON, or ""."""
    word = text.casefold()
    if word in _YES:
        return "true"
    return "false" if word in _NO else ""


JSON_OF: dict[str, Callable[[str], str]] = {"number": json_number, "date": json_date, "boolean": json_boolean}
UNKNOWN_REGION = int(Region.UNKNOWN)

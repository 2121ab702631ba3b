"""The policies that ship with the program: the reference policy, and templates that somebody fills in."""

import json
import re
from dataclasses import dataclass
from importlib import resources

from tillit.policy.law import authorities
from tillit.policy.regions import Region, region_of

REFERENCE = "smart-media-solutions"

#: The templates, each with what it is for.
TEMPLATES: dict[str, str] = {
    "newsletter-only": "one newsletter, and nothing that a newsletter does not need",
    "member-default": "a company with lists, campaigns and sign-up forms in a service that somebody else runs",
}

#: What the operator of a template does, where that follows from the template.
BUSINESS: dict[str, tuple[str, str]] = {
    "newsletter-only": ("We publish a newsletter by email.", "Vi ger ut ett nyhetsbrev med e-post."),
}

_MADE = "# Check it with `tillit policy check FILE`. What every word means: docs/policy-document.md.\n"
_HEADING = re.compile(r"^# Make your own with (?:.*\n)*?#.*docs/policy-document\.md\.\n", re.MULTILINE)
_ASKED = re.compile(r": FILL IN ([a-zA-Z ]+)$", re.MULTILINE)
_RECIPIENT = re.compile(r"^# Who receives it.*\n(?:#.*\n)*\nrecipients:\n(?:  .*\n|\n(?=  ))+\n", re.MULTILINE)
_AUTHORITY = re.compile(r"^    authority:\n(?:      .*\n)+", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company by name, postal address and country (ISO 3166-1 alpha-2)."""

    name: str
    address: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Company):
    """What a template asks for. ``processor`` runs the service for the operator, if somebody else does."""

    email: str
    seat: str
    business: str
    business_sv: str
    processor: Company | None = None


def text(name: str) -> str:
    """Give the text of a shipped policy, by the name of its file without the ending. Raises KeyError."""
    if name != REFERENCE and name not in TEMPLATES:
        raise KeyError(name)
    return resources.files("tillit").joinpath("policies", f"{name}.yaml").read_text(encoding="utf-8")


def seat_of(address: str) -> str:
    """Guess the seat from a postal address: its last part, without the postal code."""
    last = address.rpartition(",")[2]
    return " ".join(word for word in last.split() if not any(letter.isdigit() for letter in word))


def filled(name: str, facts: Facts) -> str:
    """Give a template with the facts in it, ready to be checked and published. Raises KeyError on another name.

    Without a processor nobody is a recipient; without a known authority of the country none is named. A processor
    outside the EEA is put under standard contractual clauses, which the operator must then have.
    """
    whole = text(name)
    known = {
        "name": facts.name,
        "seat": facts.seat,
        "address": facts.address,
        "country": facts.country,
        "email": facts.email,
        "business": facts.business,
        "business in Swedish": facts.business_sv,
    }
    if facts.processor:
        known |= _prefixed("processor", facts.processor.name, facts.processor.address, facts.processor.country)
        if region_of(facts.processor.country) is not Region.EEA:
            whole = whole.replace("    contract: Data", "    safeguard: scc\n    contract: Data", 1)
    else:
        whole = _RECIPIENT.sub("", whole)
        whole = re.sub(r"^    recipients: \[platform\]\n", "", whole, flags=re.MULTILINE)
    authority = authorities().get(facts.country)
    if authority:
        known |= _prefixed("authority", authority["name"], authority["address"], authority["country"])
        known["authority website"] = authority["website"]
    else:
        whole = _AUTHORITY.sub("", whole)
    whole = _ASKED.sub(lambda asked: f": {_quoted(known[asked[1]])}", whole)
    return _HEADING.sub(_MADE, whole)


def _prefixed(what: str, name: str, address: str, country: str) -> dict[str, str]:
    return {what: name, f"{what} address": address, f"{what} country": country}


def _quoted(value: str) -> str:
    """Write a value as YAML that can be nothing but a text: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)

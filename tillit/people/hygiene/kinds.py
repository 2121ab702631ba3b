"""What can be wrong with an address on a list, each as a condition on the person. Later packages add theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tillit.people.models import Person

# Addresses of a function. Source: RFC 2142 sections 3 to 5, and what companies use beside them, in English and Swedish.
ROLES = (
    *("info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "webmaster"),
    *(
        "admin",
        "administrator",
        "contact",
        "office",
        "hello",
        "help",
        "billing",
        "accounts",
        "accounting",
        "jobs",
        "hr",
    ),
    *("noreply", "no-reply", "no_reply", "donotreply", "mailer-daemon", "root", "team", "staff", "enquiries", "press"),
    *(
        "kontakt",
        "kontor",
        "kundtjanst",
        "kundservice",
        "faktura",
        "ekonomi",
        "order",
        "reception",
        "forsaljning",
        "post",
    ),
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What conditions are told: the moment, and the domains of the list that are disposable or mistyped."""

    at: datetime
    disposable: list[str] = field(default_factory=list)
    typos: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be wrong. `where` is SQL on subscription `s` and person `p`, `told` its values."""

    name: str
    where: str
    told: Callable[[Looked], Mapping[str, Any]] = lambda looked: {}


def _address(condition: str) -> str:
    return f"EXISTS (SELECT FROM people_identity i WHERE i.person_id = p.id AND i.kind = 'email' AND {condition})"


KINDS: dict[str, Kind] = {}


def add_kind(kind: Kind) -> None:
    """Look for something else, too."""
    KINDS[kind.name] = kind


add_kind(Kind("bouncing", f"p.flags <> 0 AND p.flags & {Person.UNREACHABLE} <> 0"))
add_kind(Kind("role", _address("split_part(i.value, '@', 1) = ANY (%(roles)s)"), lambda looked: {"roles": list(ROLES)}))
add_kind(
    Kind(
        "disposable",
        _address("split_part(i.value, '@', 2) = ANY (%(disposable)s)"),
        lambda looked: {"disposable": looked.disposable},
    )
)
add_kind(
    Kind(
        "typo",
        _address("split_part(i.value, '@', 2) = ANY (%(typos)s)"),
        lambda looked: {"typos": list(looked.typos)},
    )
)

"""What protects a transfer out of the EEA on a day."""

from dataclasses import dataclass
from datetime import date

from tillit.policy.document import Document, Recipient, Safeguard, SafeguardKind
from tillit.policy.regions import Region, region_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer to one recipient outside the EEA; without ``safeguard`` nothing protects it that day.

    ``until`` is the first day on which the safeguard no longer holds.
    """

    country: str
    safeguard: str | None = None
    kind: SafeguardKind | None = None
    reference: str = ""
    until: date | None = None
    fallback: str | None = None

    @property
    def exceptional(self) -> bool:
        """Whether it rests on a derogation, whose safeguards must be documented. Source: GDPR art 49(1), 49(6)."""
        return self.kind in (SafeguardKind.DEROGATION, SafeguardKind.CONSENT)


def transfer(document: Document, recipient: Recipient, *, day: date) -> Transfer | None:
    """Say what protects the transfer to a recipient on a day, or None if it stays in the EEA.

    The safeguard that the recipient names, else its first fallback in force, else an adequacy decision for the country.
    Source: GDPR art 44-49.
    """
    if region_of(recipient.country) is Region.EEA:
        return None
    named = safeguard_in_force(document, recipient.safeguard, today=day)
    found = named or _adequacy(document, recipient.country, day=day)
    if found is None:
        return Transfer(country=recipient.country)
    safeguard: Safeguard = document.safeguards[found]
    return Transfer(
        country=recipient.country,
        safeguard=found,
        kind=safeguard.kind,
        reference=safeguard.reference,
        until=safeguard.expires,
        fallback=safeguard.fallback,
    )


def safeguard_in_force(document: Document, safeguard: str | None, *, today: date) -> str | None:
    """Give the id of the safeguard that protects on a day: the named one, else its first fallback in force."""
    visited: set[str] = set()
    while safeguard is not None and safeguard in document.safeguards and safeguard not in visited:
        if document.safeguards[safeguard].holds(today):
            return safeguard
        visited.add(safeguard)
        safeguard = document.safeguards[safeguard].fallback
    return None


def _adequacy(document: Document, country: str, *, day: date) -> str | None:
    return next(
        (
            name
            for name, safeguard in document.safeguards.items()
            if safeguard.kind is SafeguardKind.ADEQUACY and country in safeguard.countries and safeguard.holds(day)
        ),
        None,
    )

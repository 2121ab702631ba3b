"""Which regime of rights a person has."""

from tillit.policy.document import Document, Regime
from tillit.policy.regions import Region


def regime_of(document: Document, region: Region) -> Regime | None:
    """The regime of rights that a region belongs to; an unknown region has the one of the EEA, the strictest here."""
    code = Region.EEA.code if region is Region.UNKNOWN else region.code
    regimes = document.rights.values()
    named = next((regime for regime in regimes if code in regime.regions), None)
    return named or next((regime for regime in regimes if not regime.regions), None)

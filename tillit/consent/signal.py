"""Global Privacy Control: a browser's word against the sale and sharing of its person's data."""

from __future__ import annotations

from tillit.consent.queries import Preferences
from tillit.policy.bases import Basis
from tillit.policy.document import Document, Purpose, RecipientRole
from tillit.policy.fold import ChoiceState

HEADER = "Sec-GPC"


def objections(known: Preferences) -> dict[str, ChoiceState]:
    """Return what the signal says no to: purposes that share data for advertising and that are on by opt-out.

    A consent that somebody gave stays: the law lets the person's own, later word stand against the signal.
    Source: W3C Global Privacy Control; California Code of Regulations title 11 section 7025(c).
    """
    document = known.version.document
    return {
        line.id: ChoiceState.OBJECTED
        for line in known.choosable
        if line.on and line.basis is Basis.OPT_OUT and _shares_for_advertising(document, line.purpose)
    }


def _shares_for_advertising(document: Document, purpose: Purpose) -> bool:
    """Source: California Civil Code 1798.140(ad) and (ah)."""
    return any(document.recipients[name].role is RecipientRole.ADVERTISING for name in purpose.recipients)

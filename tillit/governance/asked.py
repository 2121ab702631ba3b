"""Why somebody who said yes is asked again."""

from __future__ import annotations

from tillit.governance.compared import before, between, reasons_to_ask
from tillit.ledger.versions import Version, history, version
from tillit.policy.diff_words import Sayer


def why_asked(current: Version, purpose: str, *, granted_under: int, language: str) -> tuple[str, ...] | None:
    """Say why a consent given under an earlier version counts no more; None where nobody asked for it anew since.

    An empty answer says that the operator asks again without a change of what is done.
    """
    asking = (
        history(current.workspace_id)
        .filter(pk__gt=granted_under, number__lte=current.number, asks_again__contains=[purpose])
        .values_list("id", flat=True)
        .first()
    )
    if asking is None:
        return None
    found = version(asking)
    changes = between(before(found), found)
    sayer = Sayer(changes, language)
    return tuple(dict.fromkeys(sayer.say(change) for change in reasons_to_ask(changes, purpose)))

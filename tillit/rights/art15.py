"""What an answer to a request for access says beside the copy. Source: GDPR art 15(1)-(2)."""

from __future__ import annotations

from typing import Any

from tillit.ledger.versions import Version
from tillit.policy.decide import decide, explain
from tillit.policy.document import Document, Party, Purpose
from tillit.policy.keeping import Retention
from tillit.policy.references import said
from tillit.policy.regimes import regime_of
from tillit.policy.regions import Region
from tillit.policy.rules import PersonState


def about(version: Version, state: PersonState, *, language: str) -> dict[str, Any]:
    """Return purposes, categories, recipients, retention, sources, rights and authority for one person's case.

    Source: GDPR art 15(1): (a) purposes, (b) categories, (c) recipients, (d) retention, (e) rights, (f) complaint,
    (g) source; 15(2) safeguards of transfers.
    """
    document = version.document
    regime = regime_of(document, Region(state.region))
    return {
        "controller": _party(document.operator) | {"privacy": document.operator.privacy},
        "policy": {"number": version.number, "digest": version.digest, "published": version.published_at.isoformat()},
        "purposes": [_purpose(version, name, purpose, state, language) for name, purpose in document.purposes.items()],
        "categories": {
            name: {
                "title": category.title.said(language),
                "description": said(document, category.description, language),
            }
            for name, category in document.categories.items()
        },
        "recipients": [_recipient(document, name, language) for name in document.recipients],
        "retention": {name: _retention(document, rule, language) for name, rule in document.retention.items()},
        "sources": [
            {"title": source.title.said(language), "warranty": said(document, source.warranty, language)}
            for source in document.sources.values()
        ],
        "rights": {
            str(right): said(document, text, language) for right, text in (regime.rights.items() if regime else ())
        },
        "how": said(document, regime.how, language) if regime else "",
        "authority": _party(regime.authority) if regime and regime.authority else None,
    }


def _purpose(version: Version, name: str, purpose: Purpose, state: PersonState, language: str) -> dict[str, Any]:
    decision = decide(version.rules[name], state)
    title = purpose.title.said(language)
    return {
        "id": name,
        "title": title,
        "description": said(version.document, purpose.description, language),
        "basis": str(decision.basis) if decision.basis else None,
        "permitted": decision.permitted,
        "why": explain(decision, language, purpose=title),
        "categories": list(version.document.categories if purpose.uses_every_category else purpose.categories),
        "recipients": [version.document.recipients[each].name for each in purpose.recipients],
    }


def _retention(document: Document, rule: Retention, language: str) -> dict[str, str]:
    why = said(document, rule.reason, language)
    return {"keep": str(rule.keep), "after": str(rule.after), "then": rule.then, "why": why}


def _recipient(document: Document, name: str, language: str) -> dict[str, Any]:
    recipient = document.recipients[name]
    safeguard = document.safeguards[recipient.safeguard] if recipient.safeguard else None
    return _party(recipient) | {
        "business": said(document, recipient.business, language),
        "role": str(recipient.role),
        "safeguard": safeguard.title.said(language) if safeguard else None,
    }


def _party(party: Party) -> dict[str, Any]:
    known = {"name": party.name, "address": party.address, "country": party.country}
    return known | {name: value for name in ("email", "phone", "website") if (value := getattr(party, name))}

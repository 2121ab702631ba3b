"""What a receipt says of a choice: the record of ISO/IEC TS 27560:2023 in terms of the Data Privacy Vocabulary.

What was the case when the choice was made counts: the policy of that moment, and the law of where the person was then.
What the person's name is, no record says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from tillit.consent import vocabulary
from tillit.consent.models import Choice, Notice
from tillit.ledger.versions import Version
from tillit.people.standing import Standing
from tillit.policy.bases import Basis
from tillit.policy.document import Party, Purpose, Recipient, RecipientRole, Regime
from tillit.policy.references import said
from tillit.policy.regimes import regime_of
from tillit.policy.regions import Region
from tillit.policy.values import Period, Texts

OPERATOR, AUTHORITY = "operator", "authority"
OWN_ACTS = {
    Choice.Method.CONFIRMED,
    Choice.Method.FORM,
    Choice.Method.ONE_CLICK,
    Choice.Method.PREFERENCES,
    Choice.Method.SIGNAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One choice with what it was made under. `site` is the address of the installation."""

    choice: Choice
    version: Version
    standing: Standing
    notice: Notice | None
    site: str
    language: str

    @property
    def purpose(self) -> Purpose:
        return self.version.document.purposes[self.choice.purpose]

    @property
    def region(self) -> Region:
        return Region(self.standing.region)

    @property
    def basis(self) -> Basis | None:
        return self.version.rules[self.choice.purpose].bases[self.standing.region]

    @property
    def regime(self) -> Regime | None:
        return regime_of(self.version.document, self.region)

    def said(self, texts: Texts) -> str:
        """A text of the policy in the language of the receipt."""
        return said(self.version.document, texts, self.language)

    @property
    def categories(self) -> tuple[str, ...]:
        document, purpose = self.version.document, self.purpose
        return tuple(document.categories) if purpose.uses_every_category else purpose.categories


def record(chosen: Chosen) -> dict[str, Any]:
    """Return the record of one choice, its texts in one language."""
    choice = chosen.choice
    with translation.override(chosen.language):
        return {
            "@type": "dpv:ConsentRecord",
            "dct:conformsTo": f"{vocabulary.SCHEMAS}{_profile(chosen)}",
            "dct:identifier": str(choice.pk),
            "dpv:hasIdentifier": str(choice.pk),
            "dpv:hasDataSubject": str(choice.person_id),
            "state": choice.state,
            "method": choice.method,
            "policy": _policy(chosen.version),
            "dpv:hasNotice": list(_notices(chosen)),
            "dpv:hasProcess": _process(chosen),
            "dpv:hasEntity": list(_entities(chosen)),
            "dpv:hasConsentStatus" if chosen.basis is Basis.CONSENT else "dpv:hasStatus": _event(chosen),
        }


def _profile(chosen: Chosen) -> str:
    """That of the GDPR says the basis, the rights and the authority too."""
    names_authority = chosen.regime is not None and chosen.regime.authority is not None
    return "record-eu-gdpr" if chosen.region in vocabulary.UNDER_GDPR and names_authority else "record"


def utc(moment: datetime) -> str:
    """A moment as the ledger writes it. Source: ISO 8601; consent migration 0002."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _policy(version: Version) -> dict[str, Any]:
    return {
        "dct:identifier": str(version.id),
        "number": version.number,
        "digest": version.digest,
        "dct:issued": utc(version.published_at),
    }


def _notices(chosen: Chosen) -> Iterator[dict[str, Any]]:
    """The words that the person was shown, if they were kept; and the statement of the version, always."""
    if chosen.notice:
        yield {
            "@type": "dpv:ConsentNotice" if chosen.basis is Basis.CONSENT else "dpv:Notice",
            "dct:identifier": chosen.notice.digest,
            "dct:language": [chosen.notice.language],
            "text": chosen.notice.text,
        }
    version = chosen.version
    yield {
        "@type": "dpv:PrivacyNotice",
        "dct:identifier": version.digest,
        "dct:language": list(version.document.languages),
        "schema:url": f"{chosen.site}/privacy/{version.workspace_id}/v/{version.number}",
    }


def _process(chosen: Chosen) -> dict[str, Any]:
    regime = chosen.regime
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": _purpose(chosen),
        "dpv:hasPersonalData": list(_data(chosen)),
        "dpv:hasDataController": OPERATOR,
        "dpv:hasLegalBasis": {
            "@type": vocabulary.basis(chosen.basis, chosen.region),
            "dct:identifier": str(chosen.basis or Basis.NONE),
        },
        "dpv:hasStorageCondition": [_storage_place(chosen), *_storage_time(chosen)],
        "dpv:hasRecipient": [name for name, _recipient in _recipients(chosen)],
        "dpv:hasJurisdiction": _jurisdiction(chosen),
        _control_key(chosen): _control(chosen),
        "dpv:hasRight": list(_rights(chosen)),
        **({"dpv:hasAuthority": AUTHORITY} if regime and regime.authority else {}),
    }


def _purpose(chosen: Chosen) -> dict[str, Any]:
    purpose = chosen.purpose
    return {
        "@type": "dpv:Purpose",
        "dct:identifier": chosen.choice.purpose,
        "dct:title": chosen.said(purpose.title),
        "dct:description": chosen.said(purpose.description),
        **({"skos:broader": "dpv:DirectMarketing"} if purpose.marketing else {}),
    }


def _data(chosen: Chosen) -> Iterator[dict[str, Any]]:
    for name in chosen.categories:
        category = chosen.version.document.categories[name]
        yield {
            "@type": "dpv:SpecialCategoryPersonalData" if category.special else "dpv:PersonalData",
            "dct:identifier": name,
            "dct:title": chosen.said(category.title),
            "skos:broader": list(category.dpv),
        }


def _recipients(chosen: Chosen) -> list[tuple[str, Recipient]]:
    known = chosen.version.document.recipients
    return [(f"recipient:{name}", known[name]) for name in chosen.purpose.recipients]


def _storage_place(chosen: Chosen) -> dict[str, Any]:
    """The countries of the operator and of those who keep all of the purpose's categories for it."""
    document, wanted = chosen.version.document, set(chosen.categories)
    keepers = [
        each
        for each in document.recipients.values()
        if each.role is RecipientRole.PROCESSOR and (each.categories == ("all",) or wanted <= set(each.categories))
    ]
    places = dict.fromkeys([document.operator.country, *(each.country for each in keepers)])
    return {"@type": "dpv:StorageLocation", "dpv:hasLocation": [vocabulary.country(code) for code in places]}


def _storage_time(chosen: Chosen) -> Iterator[dict[str, Any]]:
    retention = chosen.version.document.retention
    for name in chosen.categories:
        if rule := retention.get(name):
            yield {
                "@type": "dpv:StorageDuration",
                "dct:identifier": name,
                "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": _iso(rule.keep)},
                "after": str(rule.after),
                "then": rule.then,
            }


def _iso(period: Period) -> str:
    """A period as ISO 8601 writes it."""
    if period.months:
        return f"P{period.months // 12}Y" if period.months % 12 == 0 else f"P{period.months}M"
    return f"P{period.days}D"


def _jurisdiction(chosen: Chosen) -> dict[str, Any]:
    """The law that counted for the person then; `certain` unless it was before changes of it were kept."""
    term = vocabulary.jurisdiction(chosen.region)
    return {
        **({"@id": term} if term else {}),
        "@type": "dpv:Location",
        "dct:identifier": chosen.region.code,
        "certain": chosen.standing.certain,
    }


def _control_key(chosen: Chosen) -> str:
    return "dpv:hasConsentControl" if chosen.basis is Basis.CONSENT else "dpv:hasEntityControl"


def _control(chosen: Chosen) -> dict[str, Any]:
    """How to take the choice back. Source: GDPR art 7(3), 21(2)-(4)."""
    operator = chosen.version.document.operator
    words = _("By the link in every mail, in your preferences, or by writing to %(mail)s.")
    return {
        "@type": "dpv:WithdrawConsent" if chosen.basis is Basis.CONSENT else "dpv:ObjectingToProcess",
        "dct:description": words % {"mail": operator.objections},
        "dpv:isExercisedAt": f"mailto:{operator.objections}",
    }


def _rights(chosen: Chosen) -> Iterator[dict[str, Any]]:
    regime, operator = chosen.regime, chosen.version.document.operator
    for which, words in regime.rights.items() if regime else ():
        yield {
            "@type": vocabulary.right(which, chosen.region),
            "dct:identifier": str(which),
            "dct:title": chosen.said(words),
            "dpv:isExercisedAt": f"mailto:{operator.privacy}",
        }


def _entities(chosen: Chosen) -> Iterator[dict[str, Any]]:
    """Every party that the record names, by its id within the record; of the person the id alone."""
    operator, regime = chosen.version.document.operator, chosen.regime
    controller = _entity(OPERATOR, operator, ["dpv:Entity", vocabulary.operator(chosen.purpose.role)])
    yield {**controller, "dpv:hasContact": f"mailto:{operator.privacy}"}
    for name, recipient in _recipients(chosen):
        yield _entity(name, recipient, vocabulary.recipient(recipient.role))
    if regime and regime.authority:
        yield _entity(AUTHORITY, regime.authority, ["dpv:DataProtectionAuthority"])
    yield {"@type": ["dpv:DataSubject"], "dpv:hasIdentifier": str(chosen.choice.person_id)}


def _entity(name: str, party: Party, kinds: list[str]) -> dict[str, Any]:
    contact = f"mailto:{party.email}" if party.email else party.website or party.phone or party.address
    return {
        "@type": kinds,
        "dpv:hasIdentifier": name,
        "dpv:hasName": party.name,
        "dpv:hasAddress": f"{party.address}, {party.country}",
        "dpv:hasLocation": vocabulary.country(party.country),
        "dpv:hasContact": contact,
    }


def _event(chosen: Chosen) -> dict[str, Any]:
    choice = chosen.choice
    own = choice.method in OWN_ACTS
    return {
        "@type": vocabulary.event(choice.state, chosen.basis, own_act=own),
        "dpv:isIndicatedBy": str(choice.person_id),
        **({} if own else {"dpv:isImplementedByEntity": OPERATOR}),
        "dpv:isIndicatedAtTime": utc(choice.at),
        "dpv:hasIndicationMethod": str(Choice.Method(choice.method).label),
        "dpv:hasDuration": (
            {"@type": "dpv:UntilTimeDuration", "rdf:value": utc(choice.expires_at)}
            if choice.expires_at
            else {"@type": "dpv:UntilEventDuration", "rdf:value": "another choice of the person"}
        ),
    }

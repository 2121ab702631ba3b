"""An explanation in words: the chain from the policy to the answer, a step each, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.consent.models import Choice
from tillit.governance.explain import Answer, Event, Explanation, Period
from tillit.policy.bases import Basis, Objection
from tillit.policy.decide import explain
from tillit.policy.document import Purpose
from tillit.policy.outcomes import Reason
from tillit.policy.promises import promise
from tillit.policy.references import said
from tillit.policy.regions import Region
from tillit.policy.roles import EVERYONE, Flag, Role

GROUNDS: Mapping[Basis, Promise] = {
    Basis.CONSENT: gettext_lazy("consent"),
    Basis.CONTRACT: gettext_lazy("a contract with the person"),
    Basis.LEGAL_OBLIGATION: gettext_lazy("a legal obligation"),
    Basis.VITAL_INTERESTS: gettext_lazy("somebody's vital interests"),
    Basis.PUBLIC_TASK: gettext_lazy("a task in the public interest"),
    Basis.LEGITIMATE_INTEREST: gettext_lazy("a legitimate interest"),
    Basis.OPT_OUT: gettext_lazy("the law's permission until the person refuses"),
}
ROLES: Mapping[Role, Promise] = {
    Role.CONTACT: gettext_lazy("contact"),
    Role.VISITOR: gettext_lazy("visitor"),
    Role.MEMBER: gettext_lazy("member"),
    Role.PARTNER: gettext_lazy("partner"),
    Role.APPLICANT: gettext_lazy("applicant"),
    Role.CUSTOMER: gettext_lazy("customer"),
}
REGIONS: Mapping[Region, Promise] = {
    Region.UNKNOWN: gettext_lazy("an unknown region (decided as the strictest)"),
    Region.EEA: gettext_lazy("the European Economic Area"),
    Region.UK: gettext_lazy("the United Kingdom"),
    Region.CH: gettext_lazy("Switzerland"),
    Region.US_CA: gettext_lazy("California"),
    Region.US: gettext_lazy("the United States"),
    Region.CA: gettext_lazy("Canada"),
    Region.AU: gettext_lazy("Australia"),
    Region.NZ: gettext_lazy("New Zealand"),
    Region.JP: gettext_lazy("Japan"),
    Region.KR: gettext_lazy("South Korea"),
    Region.BR: gettext_lazy("Brazil"),
    Region.SG: gettext_lazy("Singapore"),
    Region.OTHER: gettext_lazy("other countries"),
}
CHOICES: Mapping[str, Promise] = {
    "granted": gettext_lazy("The person said yes"),
    "refused": gettext_lazy("The person said no"),
    "withdrawn": gettext_lazy("The person took back their consent"),
    "objected": gettext_lazy("The person objected"),
}
EVENTS: Mapping[Event, Promise] = {
    Event.RECORDED: gettext_lazy("the person was recorded"),
    Event.POLICY: gettext_lazy("a version of the policy took effect"),
    Event.CHOICE: gettext_lazy("the person chose"),
    Event.LAPSE: gettext_lazy("a consent lapsed"),
    Event.VOIDED: gettext_lazy("a choice that was recorded by mistake was taken back"),
    Event.STANDING: gettext_lazy("region, roles or restriction changed"),
    Event.MERGED: gettext_lazy("another record of the person was made one with this"),
    Event.SPLIT: gettext_lazy("a record that had been made one with this was split off"),
}
#: Why, in a few words, for tables.
SHORT: Mapping[Reason, Promise] = {
    Reason.PERMITTED_BY_CONSENT: gettext_lazy("consent"),
    Reason.NOT_FOR_THIS_ROLE: gettext_lazy("not for this role"),
    Reason.NO_BASIS_IN_REGION: gettext_lazy("no ground in this region"),
    Reason.CONSENT_MISSING: gettext_lazy("no consent"),
    Reason.REFUSED: gettext_lazy("the person said no"),
    Reason.RESTRICTED: gettext_lazy("processing restricted"),
    Reason.UNREACHABLE: gettext_lazy("cannot be reached"),
}
NO_RULE: Mapping[Answer, Promise] = {
    Answer.NOBODY: gettext_lazy("nobody was held then"),
    Answer.NO_POLICY: gettext_lazy("no policy was in force"),
    Answer.NO_PURPOSE: gettext_lazy("no purpose of that policy"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain. `kind` is policy, rule, choice, person or verdict."""

    kind: str
    title: str
    text: str


def title_of(explanation: Explanation) -> str:
    """What the purpose was called at the moment; its id when the policy of that moment did not know it."""
    purpose, version = explanation.declared, explanation.version
    return said(version.document, purpose.title, _language()) if purpose and version else explanation.purpose


def steps(explanation: Explanation) -> list[Step]:
    """The chain that leads to the answer, in the language that is active."""
    chain = [Step("policy", str(_("Policy")), _policy(explanation))]
    if explanation.answer is Answer.DECIDED:
        chain.append(Step("rule", str(_("Rule")), _rule(explanation)))
        chain.append(Step("choice", str(_("Choice")), _choice(explanation)))
        chain.append(Step("person", str(_("Person")), _person(explanation)))
    return [*chain, Step("verdict", str(_("Verdict")), verdict(explanation))]


def verdict(explanation: Explanation) -> str:
    """The answer in a sentence or two."""
    title = title_of(explanation)
    match explanation.answer:
        case Answer.NOBODY:
            return _(
                "Nobody was held then: the person was recorded later, so nothing was done with anything of theirs."
            )
        case Answer.NO_POLICY:
            return _("Not permitted. No policy was in force, so nothing could be done with anybody's information.")
        case Answer.NO_PURPOSE:
            return _("Not permitted. The policy of that moment had no purpose “%(name)s”.") % {"name": title}
    assert explanation.decision is not None  # it was decided
    if explanation.decision.reason is Reason.CONSENT_MISSING and (explanation.lapsed or explanation.superseded):
        return _(
            "“%(name)s” is not permitted. It needs consent, and the one that was given did not count any more."
        ) % {"name": title}
    return explain(explanation.decision, _language(), purpose=title)


def short(explanation: Explanation) -> str:
    """Why, in a few words."""
    if explanation.decision is None:
        return str(NO_RULE[explanation.answer])
    decision = explanation.decision
    if decision.reason is Reason.PERMITTED_BY_BASIS and decision.basis:
        return str(GROUNDS[decision.basis])
    return str(SHORT[decision.reason])


def doubt(explanation: Explanation) -> str:
    """What is not known of the moment, empty when all of it is."""
    if explanation.certain:
        return ""
    return _(
        "Changes of region, roles and restriction are kept since %(day)s. For a moment before that, the first that is "
        "known is taken: the answer is as far as is known."
    ) % {"day": when(explanation.kept_since)}


def promises(explanation: Explanation) -> list[tuple[str, str]]:
    """The clauses that the purpose keeps, the first of which its rule cites, each with its words."""
    purpose = explanation.declared
    return [(clause, promise(clause, _language())) for clause in purpose.clauses] if purpose else []


def _policy(explanation: Explanation) -> str:
    version = explanation.version
    if version is None:
        return _("No version of the policy was in force.")
    return _("Version %(number)s, in force since %(when)s.") % {
        "number": version.number,
        "when": when(version.effective_at),
    }


def _rule(explanation: Explanation) -> str:
    """The rule for where the person was: on what the purpose rests there, and what a refusal does."""
    rule, purpose, standing = explanation.rule, explanation.declared, explanation.standing
    assert rule and purpose and standing  # it was decided
    place = {"region": REGIONS[Region(standing.region)]}
    parts = [_for_whom(rule.roles)]
    basis = rule.bases[standing.region]
    if basis is None:
        parts.append(_("The policy names no legal ground for it in %(region)s.") % place)
    else:
        parts.append(_("In %(region)s it rests on %(ground)s.") % {**place, "ground": GROUNDS[basis]})
        parts.append(_refusal(basis, purpose))
    if rule.sends:
        parts.append(_("It sends messages, so it needs an address that can be reached."))
    if rule.allowed_when_restricted:
        parts.append(_("It is allowed while processing is restricted."))
    return " ".join(parts)


def _for_whom(roles: int) -> str:
    if roles == EVERYONE:
        return _("The purpose concerns everybody.")
    named = ", ".join(str(words) for role, words in ROLES.items() if roles & role)
    return _("The purpose concerns people in these roles: %(roles)s.") % {"roles": named}


def _refusal(basis: Basis, purpose: Purpose) -> str:
    if basis is Basis.CONSENT:
        return _("Without a yes it is not done.")
    words = {
        Objection.AT_ONCE: _("A no ends it at once."),
        Objection.REVIEW: _("An objection to it is weighed."),
        Objection.NONE: _("It cannot be refused."),
    }
    return words[purpose.effective_objection]


def _choice(explanation: Explanation) -> str:
    choice = explanation.choice
    if choice is None:
        return _("No choice about it had been made.")
    told = _("%(said)s on %(when)s (%(how)s), under version %(number)s.") % {
        "said": CHOICES[choice.state],
        "when": when(choice.at),
        "how": Choice.Method(choice.method).label,
        "number": explanation.choice_version,
    }
    if explanation.lapsed and choice.expires_at:
        told += " " + _("That lapsed on %(when)s, so it counted neither as yes nor as no.") % {
            "when": when(choice.expires_at)
        }
    elif explanation.superseded:
        told += " " + _("Consent was asked for anew since, so that yes did not count any more.")
    elif choice.expires_at:
        told += " " + _("Good until %(when)s.") % {"when": when(choice.expires_at)}
    return told


def _person(explanation: Explanation) -> str:
    standing = explanation.standing
    assert standing is not None  # it was decided
    roles = ", ".join(str(words) for role, words in ROLES.items() if standing.roles & role)
    parts = [
        _("Where: %(region)s. Role: %(roles)s.") % {"region": REGIONS[Region(standing.region)], "roles": roles or "–"}
    ]
    if standing.flags & Flag.RESTRICTED:
        parts.append(_("Processing was restricted."))
    if standing.flags & Flag.UNREACHABLE:
        parts.append(_("The address could not be reached."))
    if standing.flags & Flag.SUPPRESSED:
        parts.append(_("The address was suppressed."))
    return " ".join(parts)


def events_in_words(period: Period) -> str:
    """What made a period begin."""
    told = ", ".join(str(EVENTS[event]) for event in period.events)
    return told[:1].upper() + told[1:]


def as_json(explanation: Explanation, periods: list[Period]) -> dict[str, Any]:
    """The explanation for programs, its sentences in the language that is active."""
    version, standing, choice = explanation.version, explanation.standing, explanation.choice
    decision = explanation.decision
    return {
        "person": str(explanation.person_id),
        "purpose": explanation.purpose,
        "title": title_of(explanation),
        "at": explanation.moment.isoformat(),
        "answer": explanation.answer.value,
        "permitted": explanation.permitted,
        "certain": explanation.certain,
        "doubt": doubt(explanation),
        "reason": decision.reason.value if decision else None,
        "basis": str(decision.basis) if decision and decision.basis else None,
        "clause": decision.clause if decision else None,
        "clauses": dict(promises(explanation)),
        "policy": version
        and {"number": version.number, "digest": version.digest, "effective": version.effective_at.isoformat()},
        "choice": choice
        and {
            "id": str(choice.pk),
            "state": choice.state,
            "method": choice.method,
            "at": choice.at.isoformat(),
            "expires": choice.expires_at.isoformat() if choice.expires_at else None,
            "policy": explanation.choice_version,
            "lapsed": explanation.lapsed,
            "superseded": explanation.superseded,
        },
        "standing": standing
        and {
            "region": Region(standing.region).code,
            "roles": [str(role.name).lower() for role in Role if standing.roles & role],
            "restricted": bool(standing.flags & Flag.RESTRICTED),
            "unreachable": bool(standing.flags & Flag.UNREACHABLE),
            "suppressed": bool(standing.flags & Flag.SUPPRESSED),
        },
        "steps": [{"kind": step.kind, "title": step.title, "text": step.text} for step in steps(explanation)],
        "periods": [
            {
                "from": each.start.isoformat(),
                "to": each.end.isoformat() if each.end else None,
                "permitted": each.permitted,
                "why": short(each.explanation),
                "because": [event.value for event in each.events],
            }
            for each in periods
        ],
    }


def when(moment: datetime) -> str:
    """A moment in the reader's zone and language."""
    return date_format(localtime(moment), "DATETIME_FORMAT")


def _language() -> str:
    return get_language() or "en"

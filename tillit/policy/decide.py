"""Decide one purpose for one person, and say why in plain words."""

from collections.abc import Mapping

from tillit.policy.bases import Basis
from tillit.policy.outcomes import Decision, Reason
from tillit.policy.regions import REGION_COUNT
from tillit.policy.rules import PersonState, Rule

__all__ = ["Decision", "Reason", "decide", "explain"]


def decide(rule: Rule, state: PersonState) -> Decision:
    """Decide whether a rule permits its purpose for a person, with the reason.

    Reads no clock and allocates nothing: the answer was made with the rule. A region code outside
    the table has no basis.
    """
    region, roles, flags, granted, refused = state
    if not rule.roles & roles:
        return rule.wrong_role
    if not 0 <= region < REGION_COUNT:
        return rule.nowhere
    no = 8 if refused & rule.refused_bits else 0
    # outcome_index() spelt out: the call would double the cost
    # suppressed counts as unreachable
    return rule.table[region << 4 | no | (granted >> rule.bit & 1) << 2 | (flags | flags >> 1 & 2) & 3]


def explain(decision: Decision, language: str = "en", *, purpose: str = "") -> str:
    """Say a decision in one or two plain sentences, in English or Swedish (else English).

    ``purpose`` is the title to name; without one the sentence says "this use".
    """
    swedish = language.lower().startswith("sv")
    words = _SWEDISH if swedish else _ENGLISH
    subject = f"“{purpose}”" if purpose else ("denna användning" if swedish else "this use")
    basis = "" if decision.basis is None else (_BASES_SV if swedish else _BASES_EN)[decision.basis]
    sentence = words[decision.reason].format(subject=subject, basis=basis)
    return sentence[:1].upper() + sentence[1:]


_ENGLISH: Mapping[Reason, str] = {
    Reason.PERMITTED_BY_BASIS: "{subject} is permitted. It rests on {basis}.",
    Reason.PERMITTED_BY_CONSENT: "{subject} is permitted, because the person has consented to it.",
    Reason.NOT_FOR_THIS_ROLE: "{subject} is not permitted. The policy does not foresee it for a person in this role.",
    Reason.NO_BASIS_IN_REGION: "{subject} is not permitted. The policy names no legal ground for it where the "
    "person is.",
    Reason.CONSENT_MISSING: "{subject} is not permitted. Where the person is it needs consent, and none has been "
    "given.",
    Reason.REFUSED: "{subject} is not permitted. The person has refused it.",
    Reason.RESTRICTED: "{subject} is not permitted. The person has had processing restricted, so the "
    "information is only stored.",
    Reason.UNREACHABLE: "{subject} is not permitted. It would send a message, and the person's address bounces or "
    "is suppressed.",
}

_SWEDISH: Mapping[Reason, str] = {
    Reason.PERMITTED_BY_BASIS: "{subject} är tillåten. Den vilar på {basis}.",
    Reason.PERMITTED_BY_CONSENT: "{subject} är tillåten, eftersom personen har samtyckt till den.",
    Reason.NOT_FOR_THIS_ROLE: "{subject} är inte tillåten. Policyn förutser den inte för en person i den här rollen.",
    Reason.NO_BASIS_IN_REGION: "{subject} är inte tillåten. Policyn anger ingen rättslig grund för den där "
    "personen finns.",
    Reason.CONSENT_MISSING: "{subject} är inte tillåten. Där personen finns krävs samtycke, och något sådant har "
    "inte lämnats.",
    Reason.REFUSED: "{subject} är inte tillåten. Personen har sagt nej till den.",
    Reason.RESTRICTED: "{subject} är inte tillåten. Personen har fått behandlingen begränsad, så uppgifterna "
    "bara lagras.",
    Reason.UNREACHABLE: "{subject} är inte tillåten. Den skulle skicka ett meddelande, och personens adress "
    "studsar eller är spärrad.",
}

_BASES_EN: Mapping[Basis, str] = {
    Basis.CONSENT: "consent",
    Basis.CONTRACT: "a contract with the person",
    Basis.LEGAL_OBLIGATION: "a legal obligation",
    Basis.VITAL_INTERESTS: "somebody's vital interests",
    Basis.PUBLIC_TASK: "a task in the public interest",
    Basis.LEGITIMATE_INTEREST: "a legitimate interest",
    Basis.OPT_OUT: "the law's permission until the person refuses",
    Basis.NONE: "nothing",
}

_BASES_SV: Mapping[Basis, str] = {
    Basis.CONSENT: "samtycke",
    Basis.CONTRACT: "ett avtal med personen",
    Basis.LEGAL_OBLIGATION: "en rättslig förpliktelse",
    Basis.VITAL_INTERESTS: "någons grundläggande intressen",
    Basis.PUBLIC_TASK: "en uppgift av allmänt intresse",
    Basis.LEGITIMATE_INTEREST: "ett berättigat intresse",
    Basis.OPT_OUT: "att lagen tillåter den tills personen säger nej",
    Basis.NONE: "ingenting",
}

"""The legal grounds a purpose may rest on, and what follows from each."""

from enum import StrEnum


class Basis(StrEnum):
    """Why a purpose is lawful in a region.

    Source: GDPR art 6(1)(a)-(f) for the first six. ``opt-out`` is the ground of regimes that permit
    a use until the person refuses it (CAN-SPAM, CCPA 1798.120, Swiss FADP art 30). ``none`` says
    that the purpose is not permitted in the region.
    """

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal-obligation"
    VITAL_INTERESTS = "vital-interests"
    PUBLIC_TASK = "public-task"
    LEGITIMATE_INTEREST = "legitimate-interest"
    OPT_OUT = "opt-out"
    NONE = "none"


class Objection(StrEnum):
    """What happens when a person refuses a purpose that did not ask for consent first.

    ``at-once``: the refusal is a bit that the rule obeys from the next query on.
    ``review``: the refusal opens a request that somebody weighs (GDPR art 21(1)).
    ``none``: the purpose cannot be refused (contract, legal obligation, vital interests).
    """

    AT_ONCE = "at-once"
    REVIEW = "review"
    NONE = "none"


#: Grounds on which the person's own word decides. A purpose that has one of them can be refused.
REFUSABLE_BASES = frozenset({Basis.CONSENT, Basis.OPT_OUT, Basis.LEGITIMATE_INTEREST})

#: Grounds to which a person may object on grounds of their situation. Source: GDPR art 21(1).
OBJECTIONABLE_BASES = frozenset({Basis.LEGITIMATE_INTEREST, Basis.PUBLIC_TASK})

#: Grounds that leave the person no choice. Source: GDPR art 7, 21 (which do not reach them).
COMPULSORY_BASES = frozenset({Basis.CONTRACT, Basis.LEGAL_OBLIGATION, Basis.VITAL_INTERESTS})

#: Grounds that may carry special categories of data. Source: GDPR art 9(2)(a), (b), (c), (g).
SPECIAL_BASES = frozenset({Basis.CONSENT, Basis.LEGAL_OBLIGATION, Basis.VITAL_INTERESTS, Basis.PUBLIC_TASK, Basis.NONE})

"""What each kind of assessment must say, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from tillit.governance.models import Assessment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Promise

Kind = Assessment.Kind

#: The likelihood and severity of a risk, 1 to 4. Source: CNIL, Privacy impact assessment: knowledge bases (2018), 2.
LEVELS: Mapping[int, Promise] = {1: _("Negligible"), 2: _("Limited"), 3: _("Significant"), 4: _("Maximum")}

#: Risks of one assessment; more than this nobody reads.
MOST_RISKS = 20

#: The longest text of one part, in characters.
LONGEST_PART = 20_000


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an assessment: its name in `Assessment.parts`, its heading, and what belongs there."""

    name: str
    heading: str | Promise
    help: str | Promise


class Risk(NamedTuple):
    """One risk for people: what may happen, how likely and how severe (1 to 4), what is done, and what is left."""

    text: str
    likelihood: int
    severity: int
    measure: str = ""
    left: int = 0

    @property
    def score(self) -> int:
        """Likelihood times severity, 1 to 16."""
        return self.likelihood * self.severity


#: The parts by kind. Source: GDPR art 6(1)(f) with EDPB guidelines 1/2024 for the first, art 35(7) and 35(2), 35(9) for
#: the second, EDPB recommendations 01/2020 for the third.
PARTS: Mapping[str, tuple[Part, ...]] = {
    Kind.LEGITIMATE_INTEREST: (
        Part(
            "purpose", _("The interest"), _("Whose interest is it, what is gained, and is it lawful, clear and real?")
        ),
        Part("necessity", _("Is it needed?"), _("Why does nothing that reaches less deep serve the interest as well?")),
        Part(
            "balancing",
            _("The balance"),
            _("What does it mean for people, what can they expect, who of them is vulnerable, and what weighs more?"),
        ),
        Part("safeguards", _("Safeguards"), _("What lessens the effect on people: a no at once, short retention, …")),
        Part("conclusion", _("Conclusion"), _("Which weighs more, and under which conditions?")),
    ),
    Kind.IMPACT: (
        Part(
            "description",
            _("What is done"),
            _("The processing and its purposes, step by step, and the legitimate interest if it rests on one."),
        ),
        Part(
            "necessity",
            _("Necessity and proportion"),
            _("Why is it needed, and why is it not too much for its purpose?"),
        ),
        Part("views", _("What people say"), _("The views of the people concerned, or why they were not asked.")),
        Part("measures", _("Measures"), _("What meets the risks: safeguards, security, and how it is shown to work.")),
        Part(
            "residual", _("What is left"), _("The risk that stays. If it stays high, the authority is consulted first.")
        ),
        Part(
            "advice",
            _("The officer’s advice"),
            _("What the data protection officer advised, and whether it was followed."),
        ),
        Part("conclusion", _("Conclusion"), _("May it go on, and under which conditions?")),
    ),
    Kind.TRANSFER: (
        Part("transfer", _("The transfer"), _("What goes to whom, in which country, how and how often?")),
        Part(
            "law",
            _("Law and practice there"),
            _("What can authorities there demand, and what is known of how they do?"),
        ),
        Part("safeguards", _("The safeguard"), _("Which instrument protects it, and does that work under this law?")),
        Part("measures", _("Further measures"), _("Encryption, pseudonyms, contract and organisation beside it.")),
        Part("conclusion", _("Conclusion"), _("Is the protection essentially the same as here?")),
    ),
}


def risks(assessment: Assessment) -> list[Risk]:
    """Return the risks of an assessment, the gravest first; what is no risk by now is left out."""
    kept = [Risk(**each) for each in assessment.parts.get("risks", []) if isinstance(each, dict)]
    return sorted(kept, key=lambda risk: (-risk.score, risk.text))


def has_risks(kind: str) -> bool:
    """Whether a kind of assessment weighs risks. Source: GDPR art 35(7)(c)."""
    return kind == Kind.IMPACT

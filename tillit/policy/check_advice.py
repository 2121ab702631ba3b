"""Advice: what is allowed but seldom meant. It keeps no policy from being published."""

from collections.abc import Iterator

from tillit.policy.bases import Basis
from tillit.policy.document import Document, Path, Purpose
from tillit.policy.findings import Finding
from tillit.policy.law import vocabulary
from tillit.policy.references import said
from tillit.policy.required import CODE_PURPOSES
from tillit.policy.values import Period

#: The fewest words in which an interest, its need, its effect and its safeguards can be weighed.
BALANCING_WORDS = 25

#: The longest an identifier on a device should last. Source: CNIL, guidelines on trackers of 2020-09-17, for statistics
#: without consent (13 months); a yardstick for all others.
TRACKER_MONTHS = 13

_DAYS_A_MONTH = 31


def advice_findings(document: Document) -> Iterator[Finding]:
    """Give advice on purposes, recipients, categories and trackers."""
    yield from _idle_purposes(document)
    for purpose_id, purpose in document.purposes.items():
        path: Path = ("purposes", purpose_id)
        yield from _balancing(document, purpose, path=path)
        yield from _consequence(purpose, path=path)
        yield from _lapse(purpose, path=path)
    yield from _unnamed_recipients(document)
    yield from _terms(document)
    yield from _lasting_trackers(document)


def _idle_purposes(document: Document) -> Iterator[Finding]:
    """Name the purposes under which the program does nothing, once for all of them."""
    idle = [name for name, purpose in document.purposes.items() if name not in CODE_PURPOSES and not purpose.sends]
    if idle:
        yield Finding(
            ("purposes",),
            f"No part of the program works under {', '.join(idle)} yet: nothing is done under them here.",
            "Keep those that you carry out elsewhere, since the statement speaks for you as a whole; drop the others.",
            "advice",
        )


def _balancing(document: Document, purpose: Purpose, *, path: Path) -> Iterator[Finding]:
    """Source: GDPR art 6(1)(f), recital 47; EDPB guidelines 1/2024 (interest, necessity, balance)."""
    if purpose.balancing is None or Basis.LEGITIMATE_INTEREST not in purpose.grounds:
        return
    for language in document.languages:
        words = len(said(document, purpose.balancing, language).split())
        if language in purpose.balancing.root and words < BALANCING_WORDS:
            yield Finding(
                (*path, "balancing", language),
                f"The balancing test has {words} words, too few to weigh anything.",
                "Say the interest, why it needs this, what it means for people, what protects them, and what follows.",
                "advice",
            )


def _consequence(purpose: Purpose, *, path: Path) -> Iterator[Finding]:
    """Source: GDPR art 13(2)(e)."""
    if Basis.CONTRACT in purpose.grounds and purpose.compulsory is None:
        mend = "Add “compulsory:” that says what is needed for the agreement and what follows without it."
        what = "The purpose rests on a contract, and nothing says what follows if a person gives nothing."
        yield Finding(path, what, mend, "advice")


def _lapse(purpose: Purpose, *, path: Path) -> Iterator[Finding]:
    """Source: EDPB guidelines 05/2020, paragraph 110: consent is to be refreshed at intervals."""
    if Basis.CONSENT in purpose.grounds and purpose.consent_lasts is None:
        mend = "Add “consent_lasts:”, such as 2 years, after which it is asked for anew."
        yield Finding(path, "A consent to this purpose never ends by itself.", mend, "advice")


def _unnamed_recipients(document: Document) -> Iterator[Finding]:
    """Find recipients that get nothing, since no purpose and no tracker names them."""
    named = {name for purpose in document.purposes.values() for name in purpose.recipients}
    named |= {tracker.recipient for tracker in document.trackers.values() if tracker.recipient}
    for recipient_id in document.recipients:
        if recipient_id not in named:
            mend = "Name it under “recipients” of the purposes it serves, or take it out."
            yield Finding(("recipients", recipient_id), "No purpose names this recipient.", mend, "advice")


def _terms(document: Document) -> Iterator[Finding]:
    """Find terms the vocabulary does not have, and special categories that are not marked so. Source: GDPR art 9(1)."""
    known = vocabulary()
    for category_id, category in document.categories.items():
        for index, term in enumerate(category.dpv):
            place: Path = ("categories", category_id, "dpv", index)
            if term.startswith("pd:") and term not in known.terms:
                mend = "Look it up at https://w3id.org/dpv/pd; receipts and the register name it."
                yield Finding(place, f"The vocabulary has no term “{term}”.", mend, "advice")
            elif term in known.special and not category.special:
                mend = f"Say “special: true” of “{category_id}”, or name a term that fits it better."
                yield Finding(place, f"“{term}” is a special category by GDPR article 9.", mend, "advice")


def _lasting_trackers(document: Document) -> Iterator[Finding]:
    for tracker_id, tracker in document.trackers.items():
        if isinstance(tracker.lasts, Period) and _months(tracker.lasts) > TRACKER_MONTHS:
            yield Finding(
                ("trackers", tracker_id, "lasts"),
                f"It stays on the device for {tracker.lasts}; more than {TRACKER_MONTHS} months is hard to defend.",
                f"Let it end after {TRACKER_MONTHS} months at most, and ask anew.",
                "advice",
            )


def _months(period: Period) -> float:
    return period.months + period.days / _DAYS_A_MONTH

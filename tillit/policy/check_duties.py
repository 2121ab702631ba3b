"""Retention compared with the laws that ask for records to be kept."""

from collections.abc import Iterator
from datetime import date

from tillit.policy.document import Document, Path
from tillit.policy.findings import Finding
from tillit.policy.keeping import Duty, Retention, Trigger
from tillit.policy.law import KnownDuty, known_duties
from tillit.policy.values import Period

#: The days of a month, rounded up for what a law asks and down for what is kept, so that doubt favours the law.
_LONG_MONTH, _SHORT_MONTH = 31, 28

#: A year from which retention counts ends at most this long after anything that happened in it: in months, in days.
_YEAR_MONTHS, _YEAR_DAYS = 12, 366


def duty_findings(document: Document) -> Iterator[Finding]:
    """Find categories that are kept shorter than a duty of the document asks. Source: GDPR art 6(1)(c), 17(3)(b)."""
    for duty_id, duty in document.duties.items():
        names = document.categories if duty.categories == ("all",) else duty.categories
        for name in names:
            rule = document.retention.get(name)
            if rule is not None:
                yield from _compared(duty, rule, duty_id=duty_id, category=name)


def _compared(duty: Duty, rule: Retention, *, duty_id: str, category: str) -> Iterator[Finding]:
    path: Path = ("retention", category, "keep")
    longer = _asked_for(rule, keep=duty.keep, after=duty.after)
    if longer is None:
        yield Finding(
            path,
            f"“{category}” is kept {rule.keep} after “{rule.after}”; whether that meets “{duty_id}”, {duty.keep} after "
            f"“{duty.after}”, cannot be told.",
            f"Say “after: {duty.after}” if both count from the same event.",
            "advice",
        )
    elif not _at_least(rule.keep, longer):
        same = rule.after is duty.after
        yield Finding(
            path,
            f"“{category}” is kept {rule.keep} after “{rule.after}”, and {duty.law} asks for {duty.keep} after "
            f"“{duty.after}”.",
            f"Keep it {longer}{'' if same else f', or count from “{duty.after}”'}.",
        )


def known_duty_findings(document: Document, *, today: date | None = None) -> Iterator[Finding]:
    """Advise of laws of the operator's country that the document neither lists nor meets.

    A law matters to categories that share a term with it. With ``today`` only laws that hold by then do.
    """
    for known in known_duties():
        if known.country != document.operator.country or (today is not None and known.valid_from > today):
            continue
        for name, category in document.categories.items():
            rule = document.retention.get(name)
            listed = any(name in duty.categories or duty.categories == ("all",) for duty in document.duties.values())
            if rule is None or listed or not known.matches & set(category.dpv):
                continue
            longer = _asked_for(rule, keep=known.keep, after=known.after)
            if longer is None or not _at_least(rule.keep, longer):
                yield _known(known, rule, name=name)


def _known(known: KnownDuty, rule: Retention, *, name: str) -> Finding:
    return Finding(
        ("retention", name, "keep"),
        f"“{name}” is kept {rule.keep} after “{rule.after}”. In {known.country} the {known.law} asks for {known.keep} "
        f"after “{known.after}” for {known.what}.",
        "If it binds you, list it under “duties” and keep the category that long; else list the duty with the "
        "categories it does bind.",
        "advice",
    )


def _asked_for(rule: Retention, *, keep: Period, after: Trigger) -> Period | None:
    """Give how long a rule must keep in order to meet a duty surely; None where the two cannot be compared.

    Whatever a rule counts from happens after collecting. A year ends at most twelve months after what happened in it.
    """
    if rule.after is after or after is Trigger.COLLECTED:
        return keep
    if after is Trigger.YEAR_ENDED:
        more = f"{keep.months + _YEAR_MONTHS} months" if keep.months else f"{keep.days + _YEAR_DAYS} days"
        return Period.model_validate(more)
    return None


def _at_least(kept: Period, asked: Period) -> bool:
    if kept.days == asked.days == 0 or kept.months == asked.months == 0:
        return (kept.months, kept.days) >= (asked.months, asked.days)
    return kept.months * _SHORT_MONTH + kept.days >= asked.months * _LONG_MONTH + asked.days

"""What the statement asserts of purposes, compared with the rules that are executed."""

from collections.abc import Iterator

from tillit.policy.bases import COMPULSORY_BASES, Objection
from tillit.policy.document import Assertion, Document, Fact, Path, Purpose
from tillit.policy.findings import Finding, unknown
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.rules import Rule, compile_rules


def assert_findings(document: Document) -> Iterator[Finding]:
    """Find promises of the statement's sections that the compiled rules do not keep.

    An assertion without regions is about every region, the unknown one included.
    """
    rules: dict[str, Rule] = {}
    for section_id, section in document.statement.sections.items():
        for index, assertion in enumerate(section.asserts):
            path: Path = ("statement", "sections", section_id, "asserts", index)
            purpose = document.purposes.get(assertion.purpose)
            if purpose is None:
                yield unknown((*path, "purpose"), "purpose", assertion.purpose, document.purposes)
                continue
            if assertion.purpose not in rules:
                rules |= _compiled(document, assertion.purpose)
            yield from _broken(assertion, purpose, rules[assertion.purpose], path=path)


def _compiled(document: Document, purpose_id: str) -> dict[str, Rule]:
    alone = {purpose_id: document.purposes[purpose_id]}
    return compile_rules(document.model_copy(update={"purposes": alone}))


def _broken(assertion: Assertion, purpose: Purpose, rule: Rule, *, path: Path) -> Iterator[Finding]:
    if assertion.says is Fact.DOES_NOT_USE:
        yield from _used(assertion, rule, path=path)
        return
    regions = [NAMED_REGIONS[code] for code in assertion.regions] or list(Region)
    against = [region.code for region in regions if not _holds(assertion.says, purpose, rule, region=region)]
    if against:
        yield Finding(
            path,
            f"The text promises that “{assertion.purpose}” {_SAID[assertion.says]}; by the rules that is not so in "
            f"{', '.join(against)}.",
            f"Mend the text and this assertion, or “basis” and “objection” of purposes/{assertion.purpose}.",
        )


def _used(assertion: Assertion, rule: Rule, *, path: Path) -> Iterator[Finding]:
    if not assertion.categories:
        mend = "Add “categories:” with those that the text says it does not use."
        yield Finding(path, "“does-not-use” is said of no category.", mend)
    used = [name for name in assertion.categories if name in rule.categories]
    if used:
        yield Finding(
            path,
            f"The text promises that “{assertion.purpose}” does not use {', '.join(used)}, and its rule does.",
            f"Mend the text and this assertion, or “categories” of purposes/{assertion.purpose}.",
        )


def _holds(fact: Fact, purpose: Purpose, rule: Rule, *, region: Region) -> bool:
    by_default = bool(rule.default_regions >> region & 1)
    by_consent = bool(rule.consent_regions >> region & 1)
    match fact:
        case Fact.PERMITTED:
            return by_default or by_consent
        case Fact.NEEDS_CONSENT:
            return by_consent
        case Fact.NOT_PERMITTED:
            return not (by_default or by_consent)
        case Fact.CAN_BE_REFUSED:
            return rule.refusable or not (by_default or by_consent)
        case Fact.CANNOT_BE_REFUSED:
            compulsory = rule.bases[region] in COMPULSORY_BASES
            return compulsory and not rule.refusable and purpose.effective_objection is Objection.NONE
        case _:  # does-not-use is about categories, not regions
            raise AssertionError(fact)


_SAID = {
    Fact.PERMITTED: "is permitted",
    Fact.NEEDS_CONSENT: "needs consent",
    Fact.NOT_PERMITTED: "is not permitted",
    Fact.CAN_BE_REFUSED: "can be refused",
    Fact.CANNOT_BE_REFUSED: "cannot be refused",
}

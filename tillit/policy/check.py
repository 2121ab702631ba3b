"""What must hold between the parts of a policy document; each part by itself is checked on loading."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date

from tillit.policy.check_advice import advice_findings
from tillit.policy.check_asserts import assert_findings
from tillit.policy.check_duties import duty_findings, known_duty_findings
from tillit.policy.check_purposes import limit_findings, purpose_findings
from tillit.policy.check_references import reference_findings
from tillit.policy.check_retyped import retyped_findings
from tillit.policy.check_texts import same_in_two_languages, text_findings
from tillit.policy.check_trackers import tracker_findings
from tillit.policy.check_transfers import dated_findings, transfer_findings
from tillit.policy.document import Document, Path
from tillit.policy.findings import Finding, unknown
from tillit.policy.problems import Lines, Problem, written
from tillit.policy.regions import NAMED_REGIONS
from tillit.policy.rules import Place

Check = Callable[[Document], Iterator[Finding]]


def check(
    document: Document,
    *,
    lines: Lines | None = None,
    today: date | None = None,
    places: Mapping[str, Place] | None = None,
    ask_again: Collection[str] = (),
    advice: bool = True,
) -> list[Problem]:
    """Give everything that contradicts itself in a document, in the order of its lines.

    ``lines`` come from ``load.parse``; without them every problem is on line 1. With ``today`` (a
    date) what has run out by then is a problem as well. ``places`` are the bits that a workspace has used up
    (``ledger.versions.places``) and ``ask_again`` the purposes whose consent is to be asked for anew: with them the
    limit of purposes counts what is left. Without ``advice`` only errors are looked for, which is what loading needs.
    """
    findings = [finding for examine in _ERRORS for finding in examine(document)]
    findings += limit_findings(document, places=places or {}, ask_again=ask_again)
    if today is not None:
        findings += dated_findings(document, today=today)
    if advice:
        findings += [finding for examine in _ADVICE for finding in examine(document)]
        findings += known_duty_findings(document, today=today)
    return _placed((finding for finding in findings if advice or finding.level == "error"), lines)


def due(document: Document, *, today: date) -> list[Problem]:
    """Give what a day alone asks to be looked at: what has expired or soon will, and reviews that are due."""
    return _placed(dated_findings(document, today=today), None)


def _placed(findings: Iterable[Finding], lines: Lines | None) -> list[Problem]:
    spots = lines or Lines()
    return sorted(
        Problem(spots.of(finding.path), written(finding.path), finding.message, finding.mend, finding.level)
        for finding in findings
    )


def _retention(document: Document) -> Iterator[Finding]:
    """Find categories that would be kept for ever. Source: GDPR art 5(1)(e), 13(2)(a)."""
    for category_id in document.categories:
        if category_id not in document.retention:
            yield Finding(
                ("categories", category_id),
                f"Nothing says how long “{category_id}” is kept.",
                f"Add “{category_id}:” under “retention”.",
            )
    for category_id in document.retention:
        if category_id not in document.categories:
            yield unknown(("retention", category_id), "category", category_id, document.categories)


def _people_in_charge(document: Document) -> Iterator[Finding]:
    """Find regions without officer or rights, and regions with two. Source: GDPR art 13(1)(b), 13(2)(b)."""
    officers = [(("officers", index), each.regions) for index, each in enumerate(document.officers)]
    regimes = [(("rights", regime_id), each.regions) for regime_id, each in document.rights.items()]
    yield from _one_each(officers, section="officers", noun="officer")
    yield from _one_each(regimes, section="rights", noun="regime of rights")


def _one_each(
    entries: "list[tuple[tuple[str, int], tuple[str, ...]]] | list[tuple[tuple[str, str], tuple[str, ...]]]",
    *,
    section: str,
    noun: str,
) -> Iterator[Finding]:
    owner: dict[str, Path] = {}
    for path, regions in entries:
        for region in regions or ("every other region",):
            if region in owner:
                place: Path = (*path, "regions") if regions else path
                mend = "Leave it with one of them."
                yield Finding(place, f"{region} has two entries: also {written(owner[region])}.", mend)
            owner.setdefault(region, path)
    if "every other region" not in owner:
        missing = [code for code in NAMED_REGIONS if code not in owner]
        if missing:
            mend = "Add an entry without “regions”: it serves all that have none of their own."
            yield Finding((section,), f"There is no {noun} for {', '.join(missing)}.", mend)


_ERRORS: tuple[Check, ...] = (
    reference_findings,
    purpose_findings,
    transfer_findings,
    tracker_findings,
    _retention,
    duty_findings,
    _people_in_charge,
    text_findings,
    assert_findings,
)

_ADVICE: tuple[Check, ...] = (
    advice_findings,
    retyped_findings,
    same_in_two_languages,
)

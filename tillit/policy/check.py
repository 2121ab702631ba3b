"""What must hold between the parts of a policy document; each part by itself is checked on loading."""

from collections.abc import Callable, Iterator
from datetime import date

from tillit.policy.bases import Basis
from tillit.policy.check_purposes import purpose_findings
from tillit.policy.document import Document, Path, Recipient, Safeguard, SafeguardKind, Tracker, parts
from tillit.policy.findings import Finding, unknown
from tillit.policy.problems import Lines, Problem, written
from tillit.policy.regions import NAMED_REGIONS, Region, region_of
from tillit.policy.rules import bases_by_region
from tillit.policy.values import Texts


def check(document: Document, *, lines: Lines | None = None, today: date | None = None) -> list[Problem]:
    """Give everything that contradicts itself in a document, in the order of its lines.

    ``lines`` come from ``load.parse``; without them every problem is on line 1. With ``today`` (a
    date) what has run out by then is a problem as well.
    """
    places = lines or Lines()
    findings = [finding for examine in _CHECKS for finding in examine(document)]
    if today is not None:
        findings.extend(_run_out(document, today=today))
    return sorted(
        Problem(places.of(finding.path), written(finding.path), finding.message, finding.mend, finding.level)
        for finding in findings
    )


def _references(document: Document) -> Iterator[Finding]:
    """Find names of categories, recipients, safeguards and purposes that nobody declared."""
    for path, part in parts(document):
        categories = getattr(part, "categories", ()) if path else ()
        for index, name in enumerate(categories):
            if name not in document.categories and categories != ("all",):
                place = (*path, "categories", index)
                yield unknown(place, "category", name, document.categories)
        recipient = getattr(part, "recipient", None)
        if recipient is not None and recipient not in document.recipients:
            yield unknown((*path, "recipient"), "recipient", recipient, document.recipients)
        for key in ("safeguard", "fallback"):
            safeguard = getattr(part, key, None)
            if safeguard is not None and safeguard not in document.safeguards:
                yield unknown((*path, key), "safeguard", safeguard, document.safeguards)
    for purpose_id, purpose in document.purposes.items():
        for index, name in enumerate(purpose.recipients):
            if name not in document.recipients:
                place = ("purposes", purpose_id, "recipients", index)
                yield unknown(place, "recipient", name, document.recipients)


def _languages(document: Document) -> Iterator[Finding]:
    """Find texts that miss a language of the document, or have one it does not list."""
    for path, part in parts(document):
        if not isinstance(part, Texts):
            continue
        for language in document.languages:
            if language not in part.root:
                yield Finding(
                    path,
                    f"The text is missing in the language “{language}”.",
                    f"Add “{language}:” with the text, or take {language} out of “languages”.",
                )
        for language in part.root:
            if language not in document.languages:
                yield Finding(
                    (*path, language),
                    f"The language “{language}” is not one of the document's.",
                    f"Add {language} to “languages”, or delete this text.",
                )


def _transfers(document: Document) -> Iterator[Finding]:
    """Find recipients to whom data would leave the EEA unprotected. Source: GDPR art 44-49."""
    for recipient_id, recipient in document.recipients.items():
        path: Path = ("recipients", recipient_id)
        if region_of(recipient.country) is Region.EEA:
            continue
        safeguard = document.safeguards.get(recipient.safeguard or "")
        if recipient.safeguard is None and not _adequate(document, recipient):
            yield Finding(
                path,
                f"The recipient is in {recipient.country}, outside the EEA, and nothing protects the transfer.",
                "Name a “safeguard:” that covers it.",
            )
        elif safeguard is not None and not _covers(safeguard, recipient):
            yield Finding(
                (*path, "safeguard"),
                f"The safeguard “{recipient.safeguard}” does not cover {recipient.country}.",
                "Name one that does, or add the country to it if that is true.",
            )


def _adequate(document: Document, recipient: Recipient) -> bool:
    return any(
        safeguard.kind is SafeguardKind.ADEQUACY and recipient.country in safeguard.countries
        for safeguard in document.safeguards.values()
    )


def _covers(safeguard: Safeguard, recipient: Recipient) -> bool:
    return not safeguard.countries or recipient.country in safeguard.countries


def _fallbacks(document: Document) -> Iterator[Finding]:
    """Find safeguards whose fallback leads back to themselves."""
    for safeguard_id, safeguard in document.safeguards.items():
        visited = {safeguard_id}
        following = safeguard.fallback
        while following is not None and following in document.safeguards and following not in visited:
            visited.add(following)
            following = document.safeguards[following].fallback
        if following == safeguard_id:
            yield Finding(
                ("safeguards", safeguard_id, "fallback"),
                "The fallback leads back to the same safeguard.",
                "Name another one, or none.",
            )


def _trackers(document: Document) -> Iterator[Finding]:
    """Find trackers without purpose, and those that need consent and would not ask for it."""
    for tracker_id, tracker in document.trackers.items():
        path: Path = ("trackers", tracker_id)
        if tracker.purpose is None:
            yield Finding(path, "The tracker has no purpose.", "Add “purpose:” with the id of one.")
        elif tracker.purpose not in document.purposes:
            yield unknown((*path, "purpose"), "purpose", tracker.purpose, document.purposes)
        else:
            yield from _tracker_consent(document, tracker, path=path, purpose_id=tracker.purpose)


def _tracker_consent(document: Document, tracker: Tracker, *, path: Path, purpose_id: str) -> Iterator[Finding]:
    """Source: Directive 2002/58/EC art 5(3)."""
    purpose = document.purposes[purpose_id]
    if not tracker.essential and bases_by_region(purpose)[Region.EEA] not in (Basis.CONSENT, None):
        yield Finding(
            (*path, "purpose"),
            f"The tracker is not essential, and “{purpose_id}” does not ask for consent in the EEA.",
            "Rest the purpose on consent there, or say “essential: true” if the person asked for what it does.",
        )
    if not purpose.uses_every_category:
        for index, category in enumerate(tracker.categories):
            if category in document.categories and category not in purpose.categories:
                yield Finding(
                    (*path, "categories", index),
                    f"The tracker collects “{category}”, which the purpose “{purpose_id}” does not use.",
                    "Add the category to the purpose, or do not collect it.",
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


def _run_out(document: Document, *, today: date) -> Iterator[Finding]:
    """Find what has expired: safeguards in use without a fallback in force, sources, and due reviews."""
    for recipient_id, recipient in document.recipients.items():
        if recipient.safeguard in document.safeguards and not safeguard_in_force(
            document, recipient.safeguard, today=today
        ):
            yield Finding(
                ("recipients", recipient_id, "safeguard"),
                f"The safeguard “{recipient.safeguard}” is not in force on {today}, nor is a fallback.",
                "Renew it, name another one, or stop sharing with the recipient.",
            )
    for source_id, source in document.sources.items():
        if source.expires is not None and source.expires <= today:
            mend = "Get the warranty renewed, or take the source out."
            yield Finding(("sources", source_id, "expires"), f"The source ran out on {source.expires}.", mend)
    for safeguard_id, safeguard in document.safeguards.items():
        if safeguard.review is not None and safeguard.review <= today:
            mend = "Review whether it still protects, and set the next date."
            yield Finding(("safeguards", safeguard_id, "review"), f"The review was due on {safeguard.review}.", mend)


def safeguard_in_force(document: Document, safeguard: str | None, *, today: date) -> str | None:
    """Give the id of the safeguard that protects on a day: the named one, else its first fallback in force."""
    visited: set[str] = set()
    while safeguard is not None and safeguard in document.safeguards and safeguard not in visited:
        if document.safeguards[safeguard].holds(today):
            return safeguard
        visited.add(safeguard)
        safeguard = document.safeguards[safeguard].fallback
    return None


_CHECKS: tuple[Callable[[Document], Iterator[Finding]], ...] = (
    _references,
    purpose_findings,
    _transfers,
    _fallbacks,
    _trackers,
    _retention,
    _people_in_charge,
    _languages,
)

"""Checks of what is stored on or read from devices."""

from collections.abc import Iterator

from tillit.policy.bases import Basis
from tillit.policy.document import Document, Path, Tracker
from tillit.policy.findings import Finding, unknown
from tillit.policy.regions import Region
from tillit.policy.rules import bases_by_region


def tracker_findings(document: Document) -> Iterator[Finding]:
    """Find trackers without purpose, and those that need consent and would not ask for it."""
    for tracker_id, tracker in document.trackers.items():
        path: Path = ("trackers", tracker_id)
        if tracker.purpose is None:
            yield Finding(path, "The tracker has no purpose.", "Add “purpose:” with the id of one.")
        elif tracker.purpose not in document.purposes:
            yield unknown((*path, "purpose"), "purpose", tracker.purpose, document.purposes)
        else:
            yield from _consent(document, tracker, path=path, purpose_id=tracker.purpose)


def _consent(document: Document, tracker: Tracker, *, path: Path, purpose_id: str) -> Iterator[Finding]:
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

"""Which suppressions are not lifted lightly, and what is kept of those that were lifted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused
from tillit.people.models import LiftedSuppression, Suppression
from tillit.people.suppression.known import keyring

Reason = Suppression.Reason

#: What a person wanted, or may have wanted in an earlier tool, is lifted on their word alone, and the word is kept.
#: Source: GDPR art 21(3), 7(1).
WANTED = frozenset({Reason.ASKED, Reason.COMPLAINT, Reason.MOVED})
#: Whoever complained is written to again on an administrator's word alone.
COMPLAINED = frozenset({Reason.COMPLAINT})
#: What a later reason takes the place of: a complaint about an address that bounced is a complaint.
WEAKER: dict[str, Collection[str]] = {
    Reason.COMPLAINT: set(Reason.values) - COMPLAINED,
    Reason.ASKED: set(Reason.values) - COMPLAINED - {Reason.ASKED},
}
LEAST_WORDS = 10  # characters: a word is no reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Why a suppression is lifted, by whom, and whether they administer what it holds in."""

    by: str
    now: datetime
    because: str = ""
    administers: bool = False


def check(rows: Sequence[Suppression], leave: Leave) -> None:
    """Raise Refused unless these suppressions may be lifted by this leave."""
    reasons = {row.reason for row in rows}
    if reasons & COMPLAINED and not leave.administers:
        said = _(
            "Somebody complained about mail to it. Only an owner of this workspace can lift that, with a written"
            " reason."
        )
        raise Refused(said, rule="suppression", clause="E9")
    if reasons & WANTED and len(leave.because.strip()) < LEAST_WORDS:
        said = _("The person wanted this. Write down when and how they said that they want mail again; it is kept.")
        raise Refused(said, rule="suppression", clause="E9")


def keep(rows: Sequence[Suppression], leave: Leave) -> None:
    """Write down what was lifted, by whom and why."""
    LiftedSuppression.objects.bulk_create(
        LiftedSuppression(
            workspace_id=row.workspace_id,
            key=row.key,
            kind=row.kind,
            domain=row.domain,
            reason=row.reason,
            note=row.note,
            made_by=row.made_by,
            made_at=row.created_at,
            because=leave.because.strip()[:500],
            lifted_by=leave.by,
            lifted_at=leave.now,
        )
        for row in rows
    )


def lifted_of(workspace_id: int | None) -> QuerySet[LiftedSuppression]:
    """What was lifted of a workspace's suppressions, or (None) of the installation's; the latest first."""
    found = LiftedSuppression.objects.order_by("-id")
    return found.filter(workspace_id=workspace_id) if workspace_id else found.filter(workspace_id__isnull=True)


def lifted_from(workspace_id: int, address: str) -> list[LiftedSuppression]:
    """What held for an address in normal form, or for its domain, and was lifted; the latest first."""
    keys = keyring().keys(address)
    ours, everywhere = lifted_of(workspace_id).filter(key__in=keys), lifted_of(None).filter(key__in=keys)
    return sorted([*ours, *everywhere], key=lambda each: each.lifted_at, reverse=True)

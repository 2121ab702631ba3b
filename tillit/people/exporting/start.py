"""Starting an export: what it would hold, whether it may be, and the job that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tillit.ledger.processing import OpenActivity, Refused, processing
from tillit.ledger.versions import Version, in_force, version
from tillit.people.exporting import columns as holding
from tillit.people.exporting import files, rows
from tillit.people.exporting.columns import Column
from tillit.people.jobs import waits
from tillit.people.models import Export
from tillit.people.patience import TooSlow, patience
from tillit.people.selection import Selection
from tillit.policy.disclosure import NotDisclosable, disclosed

ADMINISTER = "audience.administer"
AT_ONCE = 5000  # people who are written while one waits: half a second
State = Export.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Whom to take out, under which purpose, for whom (a recipient of the policy, or ourselves), and as what.

    `columns` are names, None for the usual ones. `asked_from_outside` says that the recipient asks: whom they ask for
    may tell them of no category that they may not have.
    """

    selection: Selection = field(default_factory=Selection)
    purpose: str = ADMINISTER
    recipient: str = ""
    format: str = Export.Format.CSV
    columns: tuple[str, ...] | None = None
    asked_from_outside: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What an order would give: how many people (None: counting took too long), in which of the possible columns."""

    people: int | None
    columns: list[Column]
    possible: list[Column]

    @property
    def small(self) -> bool:
        """Whether the file can be written while one waits."""
        return self.people is not None and self.people <= AT_ONCE


def offer(workspace_id: int, order: Order, *, by: str) -> Offer:
    """Count and check an order. Raises Refused where the policy does not let the data be used, or go, like this."""
    act = "people.export.count"
    with processing(workspace_id, order.purpose, by=by, act=act, recipient=order.recipient or _house(by)) as activity:
        if order.asked_from_outside:
            holding.check_recipient(order.selection, activity.categories)
        possible = possible_columns(activity, order)
        wanted = holding.chosen(order.columns, possible)
        people = _counted(workspace_id, order.selection)
        activity.count(persons=people or 0)
    return Offer(people, wanted, possible)


def _counted(workspace_id: int, wanted: Selection) -> int | None:
    try:
        with patience():
            return rows.count(workspace_id, wanted)
    except TooSlow:
        return None


def possible_columns(activity: OpenActivity, order: Order) -> list[Column]:
    """The columns that may stand in the file, in the order's own context. Raises Refused for whom may not be chosen."""
    rule = version(activity.policy_version_id).rules[order.purpose]
    holding.check(order.selection, rule.categories)
    return holding.offered(activity.workspace_id, order.selection, activity.categories)


def start(workspace_id: int, order: Order, *, by: str, now: datetime, defer: bool = True) -> Export:
    """Queue an export; without `defer` the caller runs it. Raises Refused."""
    told = offer(workspace_id, order, by=by)
    if not told.columns:
        raise Refused(str(holding.NOTHING), rule=order.purpose, clause="A6")
    with transaction.atomic():
        made = Export.objects.create(
            workspace_id=workspace_id,
            purpose=order.purpose,
            recipient=order.recipient,
            format=order.format,
            selection=order.selection.kept(),
            columns=[each.name for each in told.columns],
            total=told.people or 0,
            started_by=by,
            created_at=now,
        )
        if defer:
            _defer(made.pk)
    return made


def order_of(export: Export) -> Order:
    """The order that an export was made by."""
    return Order(
        selection=Selection.of(export.selection),
        purpose=export.purpose,
        recipient=export.recipient,
        format=export.format,
        columns=tuple(export.columns),
    )


def recipient_of(export: Export) -> str:
    """To whom the ledger says that the data went."""
    return export.recipient or _house(export.started_by)


def stop(export: Export, *, now: datetime) -> bool:
    """Stop an export; return whether it still ran. What was written of its file goes."""
    alive = Export.objects.filter(pk=export.pk, state__in=[State.QUEUED, State.RUNNING])
    return bool(alive.update(state=State.STOPPED, finished_at=now, selection=files.impersonal(export)))


def resume_stalled(*, now: datetime) -> int:
    """End exports whose worker died while it wrote, and queue those again whose job was lost; return how many.

    One that waits behind other work keeps its place.
    """
    before = now - files.STALLED_AFTER
    broken = Export.objects.filter(state=State.RUNNING, moved_at__lt=before)
    error = _("The worker ended before the file was complete. Make the export again.")
    for export in broken.order_by("id"):
        told = {"error": error, "finished_at": now, "selection": files.impersonal(export)}
        broken.filter(pk=export.pk).update(state=State.FAILED, **told)
    waiting = Export.objects.filter(state=State.QUEUED, created_at__lt=before).order_by("id")
    lost = [export.pk for export in waiting if not waits("people.export", export_id=export.pk)]
    for export_id in lost:
        _defer(export_id)
    return len(lost)


def open_again(export: Export, *, by: str, now: datetime, purpose: str = ADMINISTER) -> None:
    """Record that somebody downloads the file.

    Raises Refused when its time is over, and when the policy no longer lets its recipient have it: a safeguard may have
    ended since it was written. Source: CLAUSES H1.
    """
    if files.path_of(export) is None or (export.expires_at and export.expires_at <= now):
        raise Refused(str(holding.EXPIRED), rule=export.purpose)
    about = f"export:{export.pk}"
    act = "people.export.download"
    with processing(export.workspace_id, purpose, by=by, act=act, about=about) as activity:
        _check_recipient(export, activity, now=now)
        activity.count(persons=export.written)


def _check_recipient(export: Export, activity: OpenActivity, *, now: datetime) -> None:
    document = version(activity.policy_version_id).document
    if not export.recipient:
        return
    try:
        if export.purpose in document.purposes:
            disclosed(document, export.purpose, export.recipient, today=now.date())
            return
    except NotDisclosable as refusal:
        raise Refused(refusal.reason, rule=export.purpose, clause=refusal.clause) from refusal
    raise Refused(_("The policy in force has no purpose “%(name)s”.") % {"name": export.purpose}, rule=export.purpose)


def recipients(policy: Version, purpose: str, *, today: datetime) -> list[str]:
    """The recipients of the policy to whom a purpose's data may go today."""
    named = policy.document.purposes[purpose].recipients
    return [each for each in named if _may(policy, purpose, each, today)]


def _may(policy: Version, purpose: str, recipient: str, now: datetime) -> Sequence[str] | frozenset[str]:
    try:
        return disclosed(policy.document, purpose, recipient, today=now.date())
    except NotDisclosable:
        return ()


def purposes(workspace_id: int) -> list[str]:
    """The purposes that people can be taken out for: those that use their contact details; administration first."""
    rules = in_force(workspace_id).rules
    found = [name for name, rule in rules.items() if holding.CONTACT in rule.categories]
    return sorted(found, key=lambda name: name != ADMINISTER)


def _house(by: str) -> str:
    """Ourselves as a recipient: the user who gets the file."""
    return by if by.startswith("user:") else ""


def _defer(export_id: int) -> None:
    from tillit.people.tasks import export_people  # noqa: PLC0415  tasks import this module

    export_people.defer(export_id=export_id)

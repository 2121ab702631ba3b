"""What an export's page asks: whom, for which purpose and recipient, as what, with which columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.console.bulk_page import chosen
from tillit.console.people_listing import REGIONS, STATES
from tillit.ledger.versions import Version, in_force
from tillit.people import queries
from tillit.people.exporting.start import ADMINISTER, Order, purposes, recipients
from tillit.people.models import Export, Segment
from tillit.people.selection import Selection

FORMATS: list[tuple[str, str | Promise]] = [
    ("csv", gettext_lazy("CSV, for any program")),
    ("xlsx", gettext_lazy("Excel workbook")),
    ("jsonl", gettext_lazy("JSON Lines, for programmers")),
]


def selection_of(told: QueryDict) -> Selection:
    """Whom an address or a form names, by the same words as the list of people; the ticked alone, if any are."""
    if ids := chosen(told):
        return Selection(ids=ids)
    return Selection(
        text=told.get("q", "").strip()[:200],
        list_id=_number(told.get("list")),
        state=told.get("state", "") if told.get("state") in dict(STATES) else "",
        region=_number(told.get("region")),
        segment_id=_number(told.get("segment")),
    )


def query_of(selection: Selection) -> list[tuple[str, str]]:
    """The selection as an address carries it."""
    said = {
        "q": selection.text,
        "list": selection.list_id,
        "state": selection.state,
        "region": selection.region,
        "segment": selection.segment_id,
    }
    told = [(name, str(value)) for name, value in said.items() if value not in {None, ""}]
    return told + [("id", str(each)) for each in selection.ids]


def order_of(told: QueryDict, workspace_id: int, *, now: datetime) -> Order:
    """The order that a form asks for; what it says that cannot be is left as it is usual."""
    policy = in_force(workspace_id)
    possible = purposes(workspace_id)
    purpose = told.get("purpose", "")
    purpose = purpose if purpose in possible else ADMINISTER
    recipient = told.get("recipient", "")
    kind = told.get("format", "")
    return Order(
        selection=selection_of(told),
        purpose=purpose,
        recipient=recipient if recipient in recipients(policy, purpose, today=now) else "",
        format=kind if kind in Export.Format.values else Export.Format.CSV,
        columns=tuple(told.getlist("column")) or None,
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of an export's page, in words."""

    purposes: list[tuple[str, str]]
    recipients: list[tuple[str, str]]
    formats: list[tuple[str, str | Promise]]
    hidden: list[tuple[str, str]]
    back: str


def choices(workspace_id: int, order: Order, *, now: datetime) -> Choices:
    """What may be chosen with what is chosen so far."""
    policy = in_force(workspace_id)
    hidden = query_of(order.selection)
    return Choices(
        purposes=[(name, purpose_title(policy, name)) for name in purposes(workspace_id)],
        recipients=[
            ("", _("Ourselves")),
            *((name, recipient_name(policy, name)) for name in recipients(policy, order.purpose, today=now)),
        ],
        formats=FORMATS,
        hidden=hidden,
        back="?" + urlencode(back) if (back := [pair for pair in hidden if pair[0] != "id"]) else "",
    )


def without_columns(order: Order) -> Order:
    """The same order with the usual columns."""
    return replace(order, columns=None)


def purpose_title(policy: Version, name: str) -> str:
    """What the policy calls a purpose, to the reader."""
    known = policy.document.purposes.get(name)
    return known.title.said(get_language() or "en") if known else name


def recipient_name(policy: Version, name: str) -> str:
    """What the policy calls a recipient."""
    known = policy.document.recipients.get(name)
    return known.name if known else name


@dataclass(frozen=True, slots=True)
class Names:
    """What the lists and segments of a workspace are called; read once for a page."""

    lists: Mapping[int, str]
    segments: Mapping[int, str]

    @classmethod
    def of(cls, workspace_id: int) -> Self:
        """Those of a workspace, put away or not."""
        segments = Segment.objects.filter(workspace_id=workspace_id)
        return cls(
            dict(queries.every_list(workspace_id).values_list("pk", "name")), dict(segments.values_list("pk", "name"))
        )

    def whom(self, kept: Mapping[str, Any]) -> str:
        """Whom a selection takes, in words; for an export of the past without what named people."""
        parts: list[str] = []
        if number := kept.get("list_id"):
            parts.append(_("the list “%(name)s”") % {"name": self.lists.get(number, number)})
        if number := kept.get("segment_id"):
            parts.append(_("the segment “%(name)s”") % {"name": self.segments.get(number, number)})
        if state := kept.get("state"):
            parts.append(str(dict(STATES).get(state, state)).lower())
        if (region := kept.get("region")) is not None:
            parts.append(str(REGIONS.get(region, region)))
        if text := kept.get("text"):
            parts.append(_("a search for “%(text)s”") % {"text": text})
        if kept.get("by_text"):
            parts.append(_("a search"))
        if kept.get("ids") or kept.get("by_ids"):
            parts.append(_("people chosen one by one"))
        told = ", ".join(parts) or _("Everybody")
        return told[:1].upper() + told[1:]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None

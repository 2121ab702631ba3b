"""The demo's fields, lists, segments and suppressions: made in the first weeks of work with an audience."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tillit.conf.sample import INTERESTS
from tillit.people import notes
from tillit.people.duplicates import finding
from tillit.people.fields import make_field
from tillit.people.lists import make_list
from tillit.people.models import Edit, Field, MailingList, SavedFilter, Subscription, Suppression
from tillit.people.records import Origin, change_values
from tillit.people.segments import language
from tillit.people.segments.actions import make_segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.selection import Selection
from tillit.people.suppression.actions import Why, suppress
from tillit.people.suppression.keys import read

Type = Field.Type
FIELDS = (
    ("interest", Type.CHOICE, "preferences", {"en": "Interest", "sv": "Intresse"}),
    ("direct_number", Type.PHONE, "contact", {"en": "Direct number", "sv": "Direktnummer"}),
    ("last_order", Type.DATE, "purchases", {"en": "Last order", "sv": "Senaste beställning"}),
    ("ordered", Type.NUMBER, "purchases", {"en": "Ordered in all", "sv": "Beställt totalt"}),
)
LISTS = (
    (
        "Newsletter",
        "Nyhetsbrev",
        "News about sound, light and rooms, once a month.",
        "Nytt om ljud, ljus och rum, en gång i månaden.",
    ),
    (
        "Reseller offers",
        "Erbjudanden till återförsäljare",
        "Prices and training for resellers, now and then.",
        "Priser och utbildning för återförsäljare, då och då.",
    ),
)
SEGMENTS = (
    (
        "Sound in Sweden",
        "Whom our talks in Stockholm are for.",
        'interest in ("Sound", "Acoustics") and country = "Sweden"',
    ),
    ("Quiet readers", "Sent to, and nothing opened for a month.", "sent within 30 days and not opened within 30 days"),
    (
        "Resellers without news",
        "They get offers and have left the newsletter.",
        'on list "Reseller offers" and not on list "Newsletter"',
    ),
)
SUPPRESSED = (
    ("competitor.example", Suppression.Reason.EXCLUDED, "A competitor"),
    ("angry@example.net", Suppression.Reason.COMPLAINT, ""),
)


def make_fields(workspace_id: int, *, by: str) -> None:
    for name, kind, category, labels in FIELDS:
        choices = INTERESTS if kind == Type.CHOICE else ()
        make_field(workspace_id, name=name, labels=labels, type=kind, category=category, by=by, choices=choices)


def make_lists(workspace_id: int, *, by: str) -> list[MailingList]:
    """Make the lists, each with what people read of it in both languages."""
    return [
        make_list(
            workspace_id,
            name=name,
            by=by,
            description=topic,
            titles={"en": name, "sv": namn},
            topics={"en": topic, "sv": amne},
        )
        for name, namn, topic, amne in LISTS
    ]


def work_with(workspace_id: int, news: MailingList, people: Sequence[UUID], *, by: str, now: datetime) -> None:
    """Make segments and a filter, suppress a few, look for who came twice, correct and note something about one."""
    words = vocabulary(workspace_id)
    for name, description, text in SEGMENTS:
        make_segment(workspace_id, name=name, description=description, tree=language.parse(text, words), by=by)
    left = Selection(list_id=news.pk, state=Subscription.State.UNSUBSCRIBED).kept()
    SavedFilter.objects.create(workspace_id=workspace_id, name="Left the newsletter", selection=left, by=by)
    for told, reason, note in SUPPRESSED:
        suppress(workspace_id, [read(told)], Why(reason=reason, by=by, now=now, note=note))
    finding.search(workspace_id, by=by, now=now)
    change_values(workspace_id, people[0], {"title": "Head of facilities"}, by=by, origin=Origin(Edit.Word.PERSON))
    notes.add(workspace_id, people[0], "Met at the fair. Builds a new conference floor next spring.", by=by)

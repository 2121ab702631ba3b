"""What the pages of acts on many people show: whom, what, what it would do, what it did, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tillit.console.people_listing import REGIONS, STATES
from tillit.people.bulk import filters
from tillit.people.bulk.actions import Preview
from tillit.people.models import BulkAct, Field, MailingList, SavedFilter, Segment
from tillit.people.selection import Selection
from tillit.people.values import shown

MOST_CHOSEN = 500
#: Outcomes in words, in the order in which they are shown.
VERDICTS: dict[str, str | Promise] = {
    "change": gettext_lazy("were changed"),
    "erased": gettext_lazy("were erased"),
    "undone": gettext_lazy("were set back"),
    "kept": gettext_lazy("stayed, since something was done about them after the act"),
    "same": gettext_lazy("are so already"),
    "unsubscribed": gettext_lazy("left the list themselves or were taken off: only they can come back"),
    "pending": gettext_lazy("have yet to confirm: only they can"),
    "restricted": gettext_lazy("have processing restricted, so nothing of theirs is changed"),
    "suppressed": gettext_lazy("have a suppressed address"),
    "filled": gettext_lazy("have a value already, which stays"),
    "merged": gettext_lazy("were joined with another record after the act began, so they stay"),
}
PERSON_VERBS: dict[str, str | Promise] = {
    "person.restrict": gettext_lazy("Restrict processing"),
    "person.lift": gettext_lazy("Lift the restriction of processing"),
    "person.erase": gettext_lazy("Erase the people"),
}
#: Of a selection as JSON keeps it → its name in an address of the people's page.
_PARAMETERS = {"list_id": "list", "state": "state", "region": "region", "segment_id": "segment"}


@dataclass(frozen=True, slots=True)
class FilterLink:
    """A kept filter and where it leads; `current` when it is the one that is on."""

    filter: SavedFilter
    href: str
    current: bool


def filter_links(workspace_id: int, query: str) -> list[FilterLink]:
    """The kept filters of a workspace as links of the people's page."""
    now = {name: value for name, value in parse_qsl(query) if name in _PARAMETERS.values()}
    found = []
    for each in filters.saved(workspace_id):
        kept = each.selection
        told = {parameter: str(kept[name]) for name, parameter in _PARAMETERS.items() if name in kept}
        found.append(FilterLink(each, "?" + urlencode(told), now == told))
    return found


def chosen(query: QueryDict) -> tuple[UUID, ...]:
    """The persons that were ticked, at most MOST_CHOSEN; what is no id is left out."""
    found = []
    for text in query.getlist("id")[:MOST_CHOSEN]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return tuple(found)


def whom(workspace_id: int, selection: Selection) -> list[str]:
    """A selection in words: each part narrows it."""
    if selection.ids:
        number = len(selection.ids)
        return [ngettext("%(number)d chosen person", "%(number)d chosen people", number) % {"number": number}]
    said = []
    if selection.text:
        said.append(_("found by “%(text)s”") % {"text": selection.text})
    return said + in_words(workspace_id, selection.kept()) or [_("everybody")]


def in_words(workspace_id: int, kept: Mapping[str, Any]) -> list[str]:
    """The filters of a kept selection in words."""
    said = []
    if "list_id" in kept:
        known = MailingList.objects.filter(workspace_id=workspace_id, pk=kept["list_id"]).first()
        said.append(_("on “%(list)s”") % {"list": known or "–"})
    if "segment_id" in kept:
        segment = Segment.objects.filter(workspace_id=workspace_id, pk=kept["segment_id"]).first()
        said.append(_("in the segment “%(segment)s”") % {"segment": segment or "–"})
    if "state" in kept:
        said.append(str(dict(STATES).get(kept["state"], kept["state"])))
    if "region" in kept:
        said.append(str(REGIONS.get(kept["region"], "")))
    return said


def what(act: BulkAct) -> str:
    """What an act does, in words."""
    return what_of(act.workspace_id, act.verb, act.arguments)


def what_of(workspace_id: int, verb: str, arguments: Mapping[str, Any]) -> str:
    """What a verb with its arguments does, in words."""
    if verb == "field.set":
        field = Field.objects.filter(workspace_id=workspace_id, name=arguments.get("field", "")).first()
        label, text = field.said() if field else arguments.get("field", ""), str(arguments.get("text") or "")
        if not text:
            return _("Empty “%(field)s”") % {"field": label}
        said = shown(field.type, text) if field else text
        return _("Set “%(field)s” to “%(value)s”") % {"field": label, "value": said}
    if verb in PERSON_VERBS:
        return str(PERSON_VERBS[verb])
    known = MailingList.objects.filter(workspace_id=workspace_id, pk=arguments.get("list") or 0).first()
    words = _("Put on “%(list)s”") if verb == "list.add" else _("Take off “%(list)s”")
    return words % {"list": known or "–"}


def foreseen(counted: Preview, verb: str) -> list[tuple[int, str | Promise]]:
    """What an act would do, in words."""
    found = outcomes({"same": counted.same, **counted.left_out})
    will = _("will be erased") if verb == "person.erase" else _("will be changed")
    return [(counted.change, will), *found] if counted.change else found


def outcomes(counts: Mapping[str, int]) -> list[tuple[int, str | Promise]]:
    """Counts of verdicts in words, those that occur."""
    return [(counts[name], words) for name, words in VERDICTS.items() if counts.get(name)]

"""What a change of policy means, as an officer reads it: sentences, people, whom to ask and whom to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tillit.console.figures import Chart, Series
from tillit.console.navigation import address
from tillit.console.policy_page import entry_address, entry_name
from tillit.console.policy_sections import SECTIONS, Section
from tillit.governance.compared import reasons_to_ask
from tillit.governance.due import Due
from tillit.governance.impact import Impact
from tillit.governance.models import Draft
from tillit.ledger.versions import Version
from tillit.policy.diff import Change, Changes, Group, Kind, Piece, asks
from tillit.policy.diff_words import Sayer, heading
from tillit.policy.reading import read_tree

ICONS = {
    Group.PERMITTED: "circle-check",
    Group.STOPS: "ban",
    Group.RECIPIENTS: "users-group",
    Group.TRACKERS: "eye",
    Group.RETENTION: "clock",
    Group.RIGHTS: "gavel",
    Group.WORDS: "writing",
}
CHARTED = 12  # purposes in the chart; the lines name them all
Link = Callable[[Change], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One change as a line: its sentence, how many people it concerns, and whether it must be told or asked."""

    sentence: str
    href: str
    people: int | None
    material: bool
    ask: str
    more: str = ""
    texts: tuple[tuple[str, tuple[Piece, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """The changes of one group."""

    heading: str
    icon: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A purpose whose consent must, or may, be asked for anew: why, and from how many people."""

    id: str
    title: str
    reasons: tuple[str, ...]
    must: bool
    people: int | None
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the page of changes shows. `counts_href` is asked for the numbers while there is no impact."""

    changes: Changes
    groups: tuple[Lines, ...]
    asked: tuple[Asked, ...]
    impact: Impact | None = None
    counts_href: str = ""
    chart: Chart | None = None
    recipients: tuple[tuple[str, int], ...] = field(default=())

    @property
    def first(self) -> bool:
        """Whether there is no policy to compare with."""
        return self.changes.old is None

    @property
    def material(self) -> int:
        """How many changes must be told before they take effect."""
        return len(self.changes.material)


def page_of(
    changes: Changes,
    language: str,
    *,
    link: Link,
    impact: Impact | None = None,
    counts_href: str = "",
    chosen: frozenset[str] | None = None,
) -> Page:
    """Put the changes into words and groups, with the numbers where they are counted.

    `chosen` are the purposes that are asked for anew, if that is decided; else all that should be.
    """
    sayer = Sayer(changes, language)
    return Page(
        changes=changes,
        groups=tuple(_groups(changes, sayer, link=link, impact=impact)),
        asked=tuple(_asked(changes, sayer, impact=impact, chosen=chosen)),
        impact=impact,
        counts_href="" if impact else counts_href,
        chart=_chart(sayer, impact),
        recipients=tuple((sayer.name("recipients", name), count) for name, count in impact.recipients.items())
        if impact
        else (),
    )


def _groups(changes: Changes, sayer: Sayer, *, link: Link, impact: Impact | None) -> Iterator[Lines]:
    counts = impact.changes if impact else (None,) * len(changes)
    for group in Group:
        lines = tuple(
            _line(change, sayer, first=changes.old is None, href=link(change), people=people, impact=impact)
            for change, people in zip(changes, counts, strict=True)
            if change.group is group
        )
        if lines:
            yield Lines(heading(group, sayer.language), ICONS[group], lines)


def _line(change: Change, sayer: Sayer, *, first: bool, href: str, people: int | None, impact: Impact | None) -> Line:
    return Line(
        sentence=sayer.say(change),
        href=href,
        people=people,
        material=change.material and not first,
        ask=change.ask.value,
        more=_falls_due(change, impact),
        texts=tuple(change.texts.items()),
    )


def _falls_due(change: Change, impact: Impact | None) -> str:
    """What would fall due at once under a retention that changes."""
    kinds = (Kind.KEPT_SHORTER, Kind.KEPT_FROM)
    if impact is None or change.kind not in kinds or str(change.path[1]) not in impact.retention:
        return ""
    due: Due = impact.retention[str(change.path[1])]
    if due.number is None:
        return _("What falls due cannot be counted: nothing says when the period begins.")
    told = {"number": due.number}
    if due.people:
        said = ngettext(
            "The data of %(number)d person falls due at once.",
            "The data of %(number)d people falls due at once.",
            due.number,
        )
    else:
        said = ngettext("%(number)d entry falls due at once.", "%(number)d entries fall due at once.", due.number)
    return said % told


def _asked(changes: Changes, sayer: Sayer, *, impact: Impact | None, chosen: frozenset[str] | None) -> Iterator[Asked]:
    forced, suggested = asks(changes)
    others = tuple(name for name in sorted(chosen or ()) if name not in (*forced, *suggested))
    for name in (*forced, *suggested, *others):
        counted = impact.purposes.get(name) if impact else None
        yield Asked(
            id=name,
            title=sayer.title(name),
            reasons=tuple(dict.fromkeys(sayer.say(change) for change in reasons_to_ask(changes, name))),
            must=name in forced,
            people=counted.asked if counted else None,
            chosen=chosen is None or name in chosen,
        )


def _chart(sayer: Sayer, impact: Impact | None) -> Chart | None:
    """How many people each purpose gains and loses; none where it would hold a single bar."""
    moved = [each for each in impact.purposes.values() if each.gained or each.lost] if impact else []
    if len(moved) < 2:
        return None
    shown = sorted(moved, key=lambda each: -(each.gained + each.lost))[:CHARTED]
    return Chart(
        id="moved",
        title=_("People gained and lost by purpose"),
        labels=[sayer.title(each.id) for each in shown],
        series=[
            Series(_("Become permitted"), [each.gained for each in shown]),
            Series(_("Stop being permitted"), [each.lost for each in shown]),
        ],
    )


def in_draft(draft: Draft, changes: Changes) -> Link:
    """Lead from a change to the form of its entry in a draft; nowhere where the entry is gone."""

    def link(change: Change) -> str:
        section = SECTIONS.get(str(change.path[0])) if change.path else None
        if section is None:
            return address("policy_draft", draft.workspace_id, draft.pk)
        if _gone(change, changes, section):
            return ""
        entry = len(change.path) > 1 and section.name != "rights"
        if section.kind == "one" or entry:
            return entry_address(draft, section, entry_name(section, change.path))
        return address("policy_section", draft.workspace_id, draft.pk, section.name)

    return link


def _gone(change: Change, changes: Changes, section: Section) -> bool:
    """Whether the entry of a change is no longer in the new document."""
    keys = [str(step) for step in change.path[len(section.path) :]]
    if section.kind != "ids" or section.name == "rights" or not keys:
        return False
    known = changes.new.statement.sections if section.name == "statement" else getattr(changes.new, section.name)
    return change.path[: len(section.path)] == section.path and keys[0] not in known


def in_version(shown: Version) -> Link:
    """Lead from a change to its line in the text of a version."""
    lines = read_tree(shown.text)[1]
    page = address("policy_version", shown.workspace_id, shown.number)

    def link(change: Change) -> str:
        known = lines.known(change.path)
        return f"{page}#L{lines.of(known)}" if len(known) > 1 else page

    return link


def asked_again(changes: Changes, wanted: frozenset[str]) -> list[str]:
    """The purposes that are asked for anew: those that must be, and of the others those the officer wants."""
    forced, suggested = asks(changes)
    return [name for name in (*forced, *suggested) if name in forced or name in wanted]

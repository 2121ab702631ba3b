"""What every page of a draft shows around its own content: where it stands, and its sections with their marks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.accounts.roles import allows
from tillit.console.navigation import address, address_if_any
from tillit.console.pages import PageRequest
from tillit.console.policy_inputs import language_name
from tillit.console.policy_sections import HEAD, SECTIONS, Section, entries, titles
from tillit.console.policy_words import label
from tillit.governance import draft_queries, drafts
from tillit.governance.draft_queries import Checked
from tillit.governance.models import Draft
from tillit.policy.document import Path
from tillit.policy.merge import ABSENT, Place, changed_entries
from tillit.policy.problems import PolicyErrors, Problem, written
from tillit.policy.reading import read_tree


@dataclass(frozen=True, slots=True)
class SectionMark:
    """A section in the editor's navigation."""

    section: Section
    href: str
    count: int | None
    problems: int
    changed: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that a draft changes."""

    section: str | Promise
    title: str
    state: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One place of a conflict as people read it."""

    key: str
    place: str
    base: str
    ours: str
    theirs: str


def draft_or_404(request: PageRequest, draft_id: int) -> Draft:
    """A draft of the workspace, or a page that says there is none."""
    return get_object_or_404(draft_queries.drafts(request.workspace.pk), pk=draft_id)


def draft_page(request: PageRequest, draft: Draft, *, tab: str, section: str = "") -> dict[str, Any]:
    """What the frame of a draft's pages shows; `tab` and `section` are where the reader is."""
    text = drafts.text_of(draft)
    checked = draft_queries.problems_of(request.workspace.pk, text, today=timezone.localdate())
    writable = draft.state in drafts.WRITABLE and allows(request.membership, Role.EDITOR)
    return {
        "draft": draft,
        "text": text,
        "checked": checked,
        "tab": tab,
        "current_section": SECTIONS.get(section),
        "sections": section_marks(request, draft, checked, current=section),
        "outdated": draft_queries.is_outdated(draft),
        "writable": writable,
        "changes_href": address_if_any("policy_draft_changes", request.workspace.pk, draft.pk),
    }


def section_marks(request: PageRequest, draft: Draft, checked: Checked, *, current: str) -> list[SectionMark]:
    """The sections with how many entries they have, and whether something in them changed or is wrong."""
    tree = checked.tree or {}
    changed = {path[0] for path in changed_paths(draft, checked.tree)}
    return [
        SectionMark(
            section=section,
            href=address("policy_section", request.workspace.pk, draft.pk, name),
            count=None if section.kind == "one" else len(entries(section, tree)),
            problems=len(draft_queries.problems_at(checked.errors, name)),
            changed=name in changed,
            current=name == current,
        )
        for name, section in SECTIONS.items()
    ]


def changed_paths(draft: Draft, tree: Mapping[str, Any] | None) -> dict[Path, str]:
    """The entries that differ from the version the draft was begun from; none where there is nothing to compare."""
    if draft.based_on is None or tree is None:
        return {}
    try:
        before, _lines = read_tree(draft.based_on.document)
    except PolicyErrors:
        return {}
    return changed_entries(before, tree)


def changes_of(draft: Draft, tree: Mapping[str, Any] | None, language: str) -> list[Change]:
    """The entries that a draft adds, changes or takes out, in the order of the sections."""
    words = {"new": _("New"), "changed": _("Changed"), "gone": _("Taken out")}
    before = read_tree(draft.based_on.document)[0] if draft.based_on else {}
    found = []
    for path, state in changed_paths(draft, tree).items():
        section = SECTIONS.get(str(path[0]))
        if section is None:
            found.append(Change(str(path[0]), "", state, words[state], ""))
            continue
        entry = entry_name(section, path)
        title = entry_title(section, entry, before if state == "gone" else tree or {}, language)
        href = "" if state == "gone" else entry_address(draft, section, entry)
        found.append(Change(section.title, title, state, words[state], href))
    return found


def entry_title(section: Section, entry: str, tree: Mapping[str, Any], language: str) -> str:
    """What an entry is called: by its title, else by its id."""
    if section.kind == "one":
        return str(section.title)
    return _("Title and introduction") if entry == HEAD else titles(section, tree, language).get(entry, entry)


def place_in_words(problem: Problem, tree: Mapping[str, Any] | None, language: str) -> str:
    """Where a problem lies, as the editor calls it: section, entry and field."""
    steps = problem.path.split("/")
    section = SECTIONS.get(steps[0])
    if section is None:
        return problem.path or _("The text")
    name, rest = "", steps[1:]
    if section.name == "statement" and rest[:1] == ["sections"]:
        name, rest = "".join(rest[1:2]), rest[2:]
    elif section.kind != "one" and section.name != "statement":
        name, rest = "".join(rest[:1]), rest[1:]
    words = [str(section.title)]
    if name:
        words.append(entry_title(section, name, tree or {}, language))
    if rest and rest[0] in section.model.model_fields:
        words.append(str(label(section.model.__name__, rest[0])))
    return " › ".join(words)


def entry_name(section: Section, path: Path) -> str:
    """The name in an address of the entry at a path."""
    if section.kind == "one":
        return ""
    if section.name == "statement":
        return str(path[2]) if len(path) > 2 else HEAD
    return str(int(path[1]) + 1) if section.kind == "list" else str(path[1])


def entry_address(draft: Draft, section: Section, entry: str) -> str:
    """The page of an entry; a section that is one part has a page of its own."""
    if section.kind == "one":
        return address("policy_section", draft.workspace_id, draft.pk, section.name)
    return address("policy_entry", draft.workspace_id, draft.pk, section.name, entry)


def problem_address(draft: Draft, problem: Problem) -> str:
    """Where a problem can be mended: its entry's form, or its line in the YAML."""
    steps = problem.path.split("/")
    section = SECTIONS.get(steps[0])
    if section is not None and section.kind == "one":
        return entry_address(draft, section, "")
    if section is not None and section.name == "statement" and len(steps) > 1:
        return entry_address(draft, section, steps[2] if steps[1] == "sections" and len(steps) > 2 else HEAD)
    if section is not None and len(steps) > 1:
        return entry_address(draft, section, steps[1])
    if section is not None:
        return address("policy_section", draft.workspace_id, draft.pk, section.name)
    return f"{address('policy_draft', draft.workspace_id, draft.pk)}#line-{problem.line}"


def show_clash(request: PageRequest, draft: Draft, clash: drafts.Clash, *, action: str, began: int = 0) -> HttpResponse:
    """The page that shows two changes of one thing side by side, so that somebody chooses; nothing is saved yet."""
    told = draft_page(request, draft, tab="clash")
    told |= {
        "choices": [_choice(place, told["checked"].tree) for place in clash.both.conflict.places],
        "ours": clash.both.ours,
        "both": clash.both.conflict.text_with_both,
        "action": action,
        "began": began,
        "seen": clash.revision,
        "updating": not began,
    }
    return render(request, "console/policy/clash.html", told, status=409)


def chosen_ours(request: PageRequest) -> list[str]:
    """The places of a conflict where the reader's own value stays.

    That is so wherever they did not choose the other one: that one is kept in a revision or a version, theirs is not.
    """
    places = request.POST.getlist("place")
    return [place for place in places if request.POST.get(f"side.{place}") != "theirs"]


def _choice(place: Place, tree: Mapping[str, Any] | None) -> Choice:
    return Choice(place.key, _named(place, tree), _shown(place.base), _shown(place.ours), _shown(place.theirs))


def _named(place: Place, tree: Mapping[str, Any] | None) -> str:
    """The section, entry and field of a place, as the editor calls them; of a text also its language."""
    if place.line:
        return _("From line %(line)d") % {"line": place.line}
    words = place_in_words(Problem(0, written(place.path), "", ""), tree, language())
    code = place.path[-1]
    of_a_language = tree is not None and code in (tree.get("languages") or ())
    return f"{words} › {language_name(str(code))}" if of_a_language else words


def _shown(value: Any) -> str:
    """A value as people can compare it."""
    if value is ABSENT:
        return _("(nothing)")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def language() -> str:
    """The reader's language."""
    return get_language() or "en"


def number_in(text: str | None) -> int:
    """The number that a form sent; 0 for anything else."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0

"""The editor of a draft: its sections, and a form for each entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.policy_input import Input, Known
from tillit.console.policy_inputs import inputs_of, with_problems
from tillit.console.policy_page import (
    changed_paths,
    draft_or_404,
    draft_page,
    entry_address,
    entry_name,
    entry_title,
    language,
    number_in,
)
from tillit.console.policy_read import read_part
from tillit.console.policy_sections import HEAD, SECTIONS, Section, entries, titles
from tillit.console.policy_words import GROUPS, VALUES
from tillit.console.views.policy_yaml import save
from tillit.governance import draft_queries, drafts
from tillit.governance.models import Draft
from tillit.policy import edit
from tillit.policy.problems import PolicyErrors, written
from tillit.policy.rules import MAX_PURPOSES

_ID = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*\Z")
LONGEST_ID = 60


@page(role=Role.VIEWER)
def section(request: PageRequest, draft_id: int, section: str) -> HttpResponse:
    """The entries of a section; of a section that is one part, its form."""
    draft, known = draft_or_404(request, draft_id), _section(section)
    if known.kind == "one":
        return _entry(request, draft, known, "")
    told = draft_page(request, draft, tab="forms", section=section)
    if told["checked"].tree is None:
        return redirect(address("policy_draft", request.workspace.pk, draft.pk))
    query = request.GET.get("q", "").strip()[:200]
    rows = _rows(draft, known, told["checked"])
    told |= {
        "rows": [row for row in rows if query.casefold() in f"{row['title']} {row['name']}".casefold()],
        "query": query,
        "any": bool(rows),
        "about_section": draft_queries.problems_at(told["checked"].found, section),
        "places": _places(request, told["checked"]) if section == "purposes" else None,
    }
    return render(request, "console/policy/section.html", told)


def _rows(draft: Draft, known: Section, checked: draft_queries.Checked) -> list[dict[str, Any]]:
    states = {
        entry_name(known, path): state
        for path, state in changed_paths(draft, checked.tree).items()
        if path[0] == known.name and state != "gone"
    }
    found = entries(known, checked.tree or {})
    names = [HEAD, *found] if known.name == "statement" else list(found)
    return [
        {
            "name": "" if name == HEAD or known.kind == "list" else name,
            "title": entry_title(known, name, checked.tree or {}, language()),
            "detail": "" if name == HEAD else _detail(known, found[name], checked),
            "state": states.get(name, ""),
            "problems": len(draft_queries.problems_at(checked.errors, written(known.entry_path(name))))
            if name != HEAD
            else 0,
            "href": entry_address(draft, known, name),
        }
        for name in names
    ]


def _detail(known: Section, raw: Any, checked: draft_queries.Checked) -> str:
    """What tells entries of a section apart at a glance."""
    if not isinstance(raw, Mapping):
        return ""
    if known.name == "retention":
        return f"{raw.get('keep', '')}"
    for field in ("country", "kind", "audience", "law"):
        if field in raw:
            return str(raw[field])
    return _grounds(raw.get("basis"))


def _grounds(basis: Any) -> str:
    """The grounds of a purpose in a line: the one that holds wherever no other does, then the others by region."""
    if not isinstance(basis, Mapping):
        return ""
    words = VALUES["basis"]
    regions: dict[str, list[str]] = {}
    for region, ground in basis.items():
        regions.setdefault(str(words.get(ground, ground)), []).extend([] if region == "default" else [region])
    return " · ".join(f"{ground}: {', '.join(places)}" if places else ground for ground, places in regions.items())


def _places(request: PageRequest, checked: draft_queries.Checked) -> dict[str, int] | None:
    if checked.tree is None:
        return None
    names = frozenset(entries(SECTIONS["purposes"], checked.tree))
    return {"taken": draft_queries.places_taken(request.workspace.pk, names), "most": MAX_PURPOSES}


@page(role=Role.VIEWER)
def entry(request: PageRequest, draft_id: int, section: str, entry: str) -> HttpResponse:
    """The form of one entry."""
    return _entry(request, draft_or_404(request, draft_id), _section(section), entry)


def _entry(request: PageRequest, draft: Draft, known: Section, name: str) -> HttpResponse:
    told = draft_page(request, draft, tab="forms", section=known.name)
    if told["checked"].tree is None:
        return redirect(address("policy_draft", request.workspace.pk, draft.pk))
    place = _place(known, name)
    try:
        raw = edit.entry(told["text"], place)
    except edit.NoSuchPlace as missing:
        raise Http404 from missing
    problems = draft_queries.problems_at(told["checked"].found, written(place))
    if name == HEAD:
        problems = tuple(each for each in problems if not each.path.startswith("statement/sections"))
    model = known.model_of(name)
    inputs = [
        with_problems(each, problems, written(place))
        for each in inputs_of(model, raw, known=_known(told["checked"].tree))
    ]
    inside = {problem for each in inputs for problem in each.problems}
    told |= {
        "groups": _groups(model.__name__, inputs),
        "began": draft.revision,
        "name": name or HEAD,
        "title": entry_title(known, name, told["checked"].tree, language()),
        "elsewhere": [problem for problem in problems if problem not in inside],
        "errors": [problem for problem in problems if problem.level == "error"],
        "problems": problems,
        "deletable": known.kind != "one" and name != HEAD,
        "place": written(place),
    }
    return render(request, "console/policy/entry.html", told)


def _groups(model: str, inputs: list[Input]) -> list[dict[str, Any]]:
    """The inputs of a form in groups; a model without groups is one."""
    by_name = {each.name: each for each in inputs}
    groups = [
        {"title": title, "inputs": [by_name[name] for name in names if name in by_name]}
        for title, names in GROUPS.get(model, ())
    ]
    return groups or [{"title": "", "inputs": inputs}]


@verb(role=Role.EDITOR)
def save_entry(request: PageRequest, draft_id: int, section: str, entry: str) -> HttpResponse:
    """Write the form into the text it was shown from: what others changed meanwhile is merged."""
    draft, known, name = draft_or_404(request, draft_id), _section(section), entry
    began = number_in(request.POST.get("began")) or draft.revision
    here = entry_address(draft, known, name)
    if any("\x00" in value for values in request.POST.lists() for value in values[1]):
        messages.error(request, _("There is a character that no text has (NUL). Nothing was saved."))
        return redirect(here)
    try:
        base = drafts.text_of(draft, began)
        tree = draft_queries.problems_of(draft.workspace_id, base).tree or {}
        raw = edit.entry(base, _place(known, name))
        inputs = inputs_of(known.model_of(name), raw, known=_known(tree))
        text = edit.put(base, _place(known, name), read_part(inputs, raw, request.POST))
    except (edit.NoSuchPlace, drafts.NoSuchRevision) as missing:
        raise Http404 from missing
    except (edit.CannotEdit, PolicyErrors) as cannot:
        messages.error(request, str(cannot))
        return redirect(address("policy_draft", request.workspace.pk, draft.pk))
    return save(request, draft, text, began=began, to=here, about=written(_place(known, name)))


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_entry(request: PageRequest, draft_id: int, section: str) -> HttpResponse:
    """Add an entry to a section, under an id that stays."""
    draft, known = draft_or_404(request, draft_id), _section(section)
    told = draft_page(request, draft, tab="forms", section=section)
    tree = told["checked"].tree
    if tree is None or known.kind == "one":
        raise Http404
    entered = {"id": request.POST.get("id", "").strip(), "title": request.POST.get("title", "").strip()}
    fault = _fault(known, entered, tree) if request.method == "POST" else ""
    if request.method == "POST" and not fault:
        name = str(len(entries(known, tree)) + 1) if known.kind == "list" else entered["id"]
        value = _beginning(known, entered["title"], tree)
        text = edit.put(told["text"], _place(known, name), value)
        to = entry_address(draft, known, name)
        return save(request, draft, text, began=draft.revision, to=to, about=written(_place(known, name)))
    told |= {
        "entered": entered,
        "fault": fault,
        "suggestions": _suggestions(known, tree),
        "asks_title": "title" in known.model.model_fields,
        "places": _places(request, told["checked"]) if section == "purposes" else None,
    }
    return render(request, "console/policy/new_entry.html", told, status=422 if fault else 200)


def _fault(known: Section, entered: Mapping[str, str], tree: Mapping[str, Any]) -> str:
    """Why an entry cannot be added under its id, in words; nothing if it can."""
    if known.kind == "list":
        return ""
    name = entered["id"]
    if not _ID.match(name) or len(name) > LONGEST_ID:
        return _("Write lower-case words joined by dots or hyphens, such as marketing.email.")
    if name in entries(known, tree):
        return _("There is an entry with this id already.")
    return ""


def _beginning(known: Section, title: str, tree: Mapping[str, Any]) -> dict[str, Any]:
    """What a new entry says before its form is filled in."""
    if "title" not in known.model.model_fields or not title:
        return {}
    return {"title": dict.fromkeys(_languages(tree)[:1], title)}


def _suggestions(known: Section, tree: Mapping[str, Any]) -> list[str]:
    """Ids that are missing: retention needs one entry for each kind of data."""
    if known.name != "retention":
        return []
    return [name for name in entries(SECTIONS["categories"], tree) if name not in entries(known, tree)]


@verb(role=Role.EDITOR)
def delete_entry(request: PageRequest, draft_id: int, section: str, entry: str) -> HttpResponse:
    """Take an entry out of the draft; earlier revisions keep it."""
    draft, known = draft_or_404(request, draft_id), _section(section)
    began = number_in(request.POST.get("began")) or draft.revision
    if known.kind == "one" or entry == HEAD:
        raise Http404
    try:
        text = edit.remove(drafts.text_of(draft, began), _place(known, entry))
    except (edit.NoSuchPlace, drafts.NoSuchRevision) as missing:
        raise Http404 from missing
    to = address("policy_section", request.workspace.pk, draft.pk, section)
    return save(request, draft, text, began=began, to=to, about=_("Took out %(entry)s") % {"entry": entry})


def _section(name: str) -> Section:
    if name not in SECTIONS:
        raise Http404
    return SECTIONS[name]


def _place(known: Section, name: str) -> Any:
    try:
        return known.entry_path(name)
    except ValueError as no_number:
        raise Http404 from no_number


def _known(tree: Mapping[str, Any]) -> Known:
    known = {name: titles(section, tree, language()) for name, section in SECTIONS.items() if section.kind == "ids"}
    return Known(known, tuple(_languages(tree)))


def _languages(tree: Mapping[str, Any]) -> list[str]:
    languages = tree.get("languages")
    return [str(each) for each in languages] if isinstance(languages, list) else ["en"]


urlpatterns = [
    path("policy/drafts/<int:draft_id>/save/<str:section>/<str:entry>", save_entry, name="save_policy_entry"),
    path("policy/drafts/<int:draft_id>/s/<str:section>", section, name="policy_section"),
    path("policy/drafts/<int:draft_id>/new/<str:section>", new_entry, name="new_policy_entry"),
    path("policy/drafts/<int:draft_id>/s/<str:section>/<str:entry>", entry, name="policy_entry"),
    path("policy/drafts/<int:draft_id>/s/<str:section>/<str:entry>/delete", delete_entry, name="delete_policy_entry"),
]

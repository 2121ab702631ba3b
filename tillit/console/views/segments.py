"""Segments: listed, built or written, counted while one works on them, and what they may be used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.campaigns.readiness import purposes
from tillit.console import segment_builder as builder
from tillit.console.export import csv_file
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.console.segment_rows import MATCHES, UNITS, WHENS, show
from tillit.ledger.processing import Refused, user_actor
from tillit.ledger.versions import in_force
from tillit.people.models import Segment
from tillit.people.segments import actions, queries
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.explain import Plan, explain
from tillit.people.segments.language import parse, write
from tillit.people.segments.tree import Mistake, Node, from_json
from tillit.people.segments.uses import uses_of
from tillit.people.segments.vocabulary import Vocabulary


class NameForm(forms.ModelForm):
    """What a segment is called and for."""

    class Meta:
        model = Segment
        fields = ("name", "description")
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def taken(self) -> None:
        """Say that the name is another segment's."""
        self.add_error("name", _("Another segment has this name."))


@dataclass
class Draft:
    """A segment as it stands in the form: in the builder, or as text."""

    words: Vocabulary
    as_text: bool = False
    text: str = ""
    group: builder.Group = field(default_factory=lambda: builder.group_of(None))
    mistake: Mistake | None = None

    def tree(self) -> Node | None:
        """The tree, or None with the mistakes noted where they are."""
        try:
            if self.as_text:
                return parse(self.text, self.words)
            return builder.tree_of(self.group, self.words)
        except builder.Incomplete:
            return None
        except Mistake as mistake:
            self.mistake = mistake
            return None


@page(role=Role.VIEWER)
def segments(request: PageRequest) -> HttpResponse:
    """List the segments with their conditions."""
    listing = Listing(
        request,
        queries.segments(request.workspace.id),
        sorts={"name": "name", "changed": "-updated_at", "newest": "-id"},
        search=lambda found, text: found.filter(name__icontains=text),
    )
    words = vocabulary(request.workspace.id)
    if request.GET.get("format") == "csv":
        rows = ([each.name, each.description, queries.text_of(each, words)] for each in listing.whole)
        return csv_file("segments.csv", ["name", "description", "conditions"], rows)
    shown = [(each, queries.text_of(each, words)) for each in listing.rows]
    return render(request, "console/segments/index.html", {"listing": listing, "shown": shown})


@page(role=Role.VIEWER)
def segment(request: PageRequest, segment_id: int) -> HttpResponse:
    """One segment: its conditions, what it may be used for, and what uses it."""
    found = _one(request, segment_id)
    words, policy = vocabulary(request.workspace.id), in_force(request.workspace.id)
    tree = from_json(found.tree)
    language = request.LANGUAGE_CODE
    asked = [queries.ADMINISTER, *purposes(policy)]
    titled = [(name, policy.document.purposes[name].title.said(language)) for name in asked]
    told = {
        "segment": found,
        "text": write(tree, words),
        "uses": [(use, address(use.route, request.workspace.id, use.number)) for use in uses_of(found)],
        **_judged(tree, words),
    }
    if categories := told["categories"]:
        lacking = {name: queries.lacking(policy, categories, name) for name in asked}
        told["rows"] = [(name, title, ", ".join(f"“{each}”" for each in lacking[name])) for name, title in titled]
    return render(request, "console/segments/segment.html", told)


def _judged(tree: Node, words: Vocabulary) -> dict[str, Any]:
    """The categories that a segment reads, or why it cannot be used any more."""
    try:
        return {"categories": words.categories(words.tidy(tree))}
    except Mistake as mistake:
        return {"categories": None, "outdated": mistake}


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_segment(request: PageRequest) -> HttpResponse:
    """Make a segment."""
    return _edit(request, Segment(workspace=request.workspace))


@page(role=Role.EDITOR, methods=("GET", "POST"))
def edit_segment(request: PageRequest, segment_id: int) -> HttpResponse:
    """Change a segment."""
    return _edit(request, _one(request, segment_id))


def _edit(request: PageRequest, found: Segment) -> HttpResponse:
    form = NameForm(request.POST or None, instance=found)
    draft = _draft(request, found)
    do = request.POST.get("do", "")
    if request.method != "POST" or do:
        form = _unjudged(found, request.POST or None)
        return _editor(request, found, form, _switched(draft, do), status=200)
    tree = draft.tree()
    if form.is_valid() and tree is not None:
        try:
            saved = _save(request, found, form, tree)
        except actions.NameTaken:
            form.taken()
        else:
            messages.success(request, _("The segment was saved."))
            return redirect(address("segment", request.workspace.id, saved.pk))
    return _editor(request, found, form, draft, status=422)


def _save(request: PageRequest, found: Segment, form: NameForm, tree: Node) -> Segment:
    told = {**form.cleaned_data, "tree": tree, "by": _by(request)}
    if found.pk is None:
        return actions.make_segment(request.workspace.id, **told)
    return actions.change_segment(found, **told)


def _unjudged(found: Segment, sent: Mapping[str, Any] | None) -> NameForm:
    """The name as it was typed, not yet judged."""
    initial = {name: sent.get(name, "") for name in ("name", "description")} if sent else None
    return NameForm(instance=found, initial=initial)


def _draft(request: PageRequest, found: Segment) -> Draft:
    """The segment as it was sent, or as it is kept."""
    words = vocabulary(request.workspace.id)
    if request.method == "POST":
        as_text = request.POST.get("as") == "text"
        group = builder.group_of(None) if as_text else builder.read(request.POST)
        return Draft(words, as_text, request.POST.get("text", ""), group)
    if found.pk is None:
        return Draft(words)
    return Draft(words, group=builder.group_of(from_json(found.tree)))


def _switched(draft: Draft, do: str) -> Draft:
    """The draft after a button: another tab, or a row more or less. A text that cannot be read stays a text."""
    if do == "text" and not draft.as_text:
        tree = draft.tree()
        if tree is not None:
            return Draft(draft.words, as_text=True, text=write(tree, draft.words))
    elif do == "builder" and draft.as_text:
        tree = draft.tree() if draft.text.strip() else None
        if tree is not None or not draft.text.strip():
            return Draft(draft.words, group=builder.group_of(tree))
    elif not draft.as_text:
        draft.group = builder.act(draft.group, do)
    return draft


def _editor(request: PageRequest, found: Segment, form: NameForm, draft: Draft, *, status: int) -> HttpResponse:
    told = {"segment": found, "form": form, **_shown(request, draft)}
    whole = not request.htmx or "save" in request.POST  # type: ignore[attr-defined]
    template = "console/segments/editor.html" if whole else "console/segments/_conditions.html"
    return render(request, template, told, status=status if whole else 200)


def _shown(request: PageRequest, draft: Draft) -> dict[str, Any]:
    known = in_force(request.workspace.id).document.categories
    titles = {name: category.title.said(request.LANGUAGE_CODE) for name, category in known.items()}
    return {
        "draft": draft,
        "root": show(draft.group, draft.words),
        "offered": builder.offered(draft.words, titles),
        "matches": MATCHES,
        "units": UNITS,
        "whens": WHENS,
    }


@verb(role=Role.EDITOR)
def count_draft(request: PageRequest) -> HttpResponse:
    """How many people the segment in the form holds, and what asking costs."""
    draft = _draft(request, Segment(workspace=request.workspace))
    tree = draft.tree()
    if tree is None:
        return render(request, "console/segments/_count.html", {"unfinished": True})
    return _counted(request, tree, queries.ADMINISTER, explained=True)


@page(role=Role.VIEWER)
def count_segment(request: PageRequest, segment_id: int) -> HttpResponse:
    """How many people of a segment a purpose permits."""
    tree = from_json(_one(request, segment_id).tree)
    purpose = request.GET.get("purpose", queries.ADMINISTER)
    if purpose != queries.ADMINISTER and purpose not in purposes(in_force(request.workspace.id)):
        purpose = queries.ADMINISTER
    return _counted(request, tree, purpose, explained="explained" in request.GET)


def _counted(request: PageRequest, tree: Node, purpose: str, *, explained: bool) -> HttpResponse:
    told: dict[str, Any] = {"explained": explained}
    try:
        if explained:
            told["plan"] = _plan(request, tree)
        told["count"] = queries.count(request.workspace.id, tree, by=_by(request), purpose=purpose)
    except queries.TooSlow:
        told["too_slow"] = True
    except Refused as refused:
        told["refused"] = refused
    return render(request, "console/segments/_count.html", told)


def _plan(request: PageRequest, tree: Node) -> Plan:
    return explain(request.workspace.id, tree, by=_by(request))


@verb(role=Role.EDITOR)
def delete_segment(request: PageRequest, segment_id: int) -> HttpResponse:
    """Delete a segment that nothing needs."""
    found = _one(request, segment_id)
    actions.delete_segment(found, by=_by(request))
    messages.success(request, _("The segment “%(name)s” was deleted. Its people stay as they are.") % {"name": found})
    return redirect(address("segments", request.workspace.id))


def _one(request: PageRequest, segment_id: int) -> Segment:
    return get_object_or_404(queries.segments(request.workspace.id), pk=segment_id)


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


urlpatterns = [
    path("segments", segments, name="segments"),
    path("segments/new", new_segment, name="new_segment"),
    path("segments/count", count_draft, name="count_draft"),
    path("segments/<int:segment_id>", segment, name="segment"),
    path("segments/<int:segment_id>/edit", edit_segment, name="edit_segment"),
    path("segments/<int:segment_id>/count", count_segment, name="count_segment"),
    path("segments/<int:segment_id>/delete", delete_segment, name="delete_segment"),
]

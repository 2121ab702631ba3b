"""Reads of drafts: which there are, what is wrong with them, and from what one can be begun."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tillit.governance.drafts import WRITABLE, current_id
from tillit.governance.models import Draft, DraftRevision
from tillit.ledger.versions import places
from tillit.policy.check import check
from tillit.policy.document import Document
from tillit.policy.load import parse
from tillit.policy.problems import Lines, PolicyErrors, Problem
from tillit.policy.reading import read_tree
from tillit.policy.rules import Place
from tillit.policy.templates import REFERENCE
from tillit.policy.templates import text as shipped


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found in a text, by line; and what the text says, as far as it can be read."""

    found: tuple[Problem, ...]
    tree: Mapping[str, Any] | None
    document: Document | None
    lines: Lines

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the text from being published."""
        return tuple(problem for problem in self.found if problem.level == "error")

    @property
    def advice(self) -> tuple[Problem, ...]:
        """What should be looked at."""
        return tuple(problem for problem in self.found if problem.level != "error")


def drafts(workspace_id: int) -> QuerySet[Draft]:
    """The drafts of a workspace, newest first."""
    return Draft.objects.filter(workspace_id=workspace_id).select_related("based_on", "version")


def open_drafts(workspace_id: int) -> QuerySet[Draft]:
    """The drafts that are neither published nor discarded."""
    return drafts(workspace_id).filter(state__in=WRITABLE)


def revisions(draft: Draft) -> QuerySet[DraftRevision]:
    """The revisions of a draft without their texts, newest first."""
    return DraftRevision.objects.filter(draft=draft).defer("text").order_by("-number")


def is_outdated(draft: Draft) -> bool:
    """Whether another version came in force since the draft was begun."""
    return draft.state in WRITABLE and draft.based_on_id != current_id(draft.workspace_id)


def problems_of(workspace_id: int, text: str, *, today: date | None = None, ask_again: Collection[str] = ()) -> Checked:
    """Check a text as the policy of a workspace: what it says, and whether its purposes still have places.

    With `today`, what has run out by then is advice: it may be why the policy is being changed. `ask_again` are the
    purposes whose consent is to be asked for anew, which takes places too.
    """
    taken = tuple(sorted(places(workspace_id).items()))
    return _checked(text, taken, tuple(sorted(set(ask_again))), today)


@lru_cache(maxsize=16)
def _checked(
    text: str, taken: tuple[tuple[str, Place], ...], ask_again: tuple[str, ...], today: date | None
) -> Checked:
    """The check of a text, asked for on every page of a draft: 0.4 s for the reference policy."""
    try:
        tree, lines = read_tree(text)
    except PolicyErrors as errors:
        return Checked(tuple(errors.problems), None, None, Lines())
    try:
        document, _lines = parse(text)
    except PolicyErrors as errors:
        return Checked(tuple(errors.problems), tree, None, lines)
    found = check(document, lines=lines, places=dict(taken), ask_again=ask_again)
    if today is not None:
        dated = set(check(document, lines=lines, places=dict(taken), ask_again=ask_again, today=today)) - set(found)
        found += [replace(each, level="advice") for each in dated]
    return Checked(tuple(sorted(found)), tree, document, lines)


def places_taken(workspace_id: int, purposes: frozenset[str]) -> int:
    """How many of a workspace's places for purposes are taken once these purposes are published."""
    known = places(workspace_id)
    taken = reduce(or_, (place.refused_bits for place in known.values()), 0)
    return taken.bit_count() + len(purposes - known.keys())


def problems_at(problems: tuple[Problem, ...], path: str) -> tuple[Problem, ...]:
    """The problems of an entry or of what is in it; `path` as problems write it."""
    return tuple(each for each in problems if each.path == path or each.path.startswith(f"{path}/"))


@dataclass(frozen=True, slots=True)
class Template:
    """A policy that ships with the product, to begin from."""

    name: str
    title: str
    about: str


def templates() -> list[Template]:
    """The policies that ship, the reference policy last: it is the longest."""
    titles = {"newsletter-only": _("Newsletter only"), "member-default": _("Member"), REFERENCE: _("Reference policy")}
    return [_template(name, titles[name]) for name in titles]


def _template(name: str, title: str) -> Template:
    """How much a policy says; counted in its plain values, since a template has gaps to fill in."""
    tree, _lines = read_tree(shipped(name))
    about = _("purposes: %(purposes)d, kinds of data: %(categories)d, recipients: %(recipients)d") % {
        section: len(tree.get(section) or {}) for section in ("purposes", "categories", "recipients")
    }
    return Template(name, title, about)

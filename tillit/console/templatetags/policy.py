"""Template tags of the policy's pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from tillit.console.policy_input import Input
from tillit.console.policy_inputs import language_name
from tillit.console.policy_page import language, place_in_words, problem_address
from tillit.console.policy_shown import shown as shown_value
from tillit.governance.models import Draft
from tillit.policy.problems import Problem

register = template.Library()


@register.filter
def shown(each: Input) -> Any:
    """The value of an input as the template of its kind shows it."""
    return shown_value(each)


@register.filter
def name_of(names: Mapping[int | None, str], user_id: int | None) -> str:
    """``{{ names|name_of:draft.changed_by }}``: a user's name, also of one who is gone or of no user."""
    if user_id is None:
        return _("Tillit itself")
    return names.get(user_id, _("a former user"))


@register.filter
def in_words(code: str) -> str:
    """A language code as the name of the language."""
    return language_name(code)


@register.simple_tag
def place_of(problem: Problem, tree: Mapping[str, Any] | None) -> str:
    """``{% place_of problem checked.tree %}``: where a problem lies, in words."""
    return place_in_words(problem, tree, language())


@register.simple_tag
def mend_at(draft: Draft, problem: Problem) -> str:
    """``{% mend_at draft problem %}``: where a problem can be mended."""
    return problem_address(draft, problem)

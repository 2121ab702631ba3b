"""How fields are shown."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tillit.console.field_forms import Kept
from tillit.people import values
from tillit.people.models import Field

register = template.Library()


@register.simple_tag
def wanted(field: Field) -> str:
    """What a value of the field must be, in words."""
    return values.wanted(field)


@register.simple_tag
def category(known: Mapping[str, Kept], name: str) -> SafeString:
    """The title of a field's category; one that the policy in force no longer gives staff is marked."""
    if name in known:
        return format_html("{}", known[name].title)
    return format_html('<code>{}</code> <span class="state state-failed">{}</span>', name, _("Not in the policy"))

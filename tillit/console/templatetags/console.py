"""The components of the design system, as template tags. docs/design-system.md shows each in use."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from tillit.accounts.models import Role
from tillit.accounts.roles import allows
from tillit.console import navigation
from tillit.console.figures import Chart
from tillit.console.listing import Listing
from tillit.console.states import tone

register = template.Library()
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """``{% icon "users" %}``: an icon of the sprite; decorative unless it has a label."""
    meaning = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    address = f"{static('built/icons.svg')}#{name}"
    return format_html('<svg class="icon {}" {}><use href="{}"></use></svg>', css, meaning, address)


@register.simple_tag(takes_context=True)
def at(context: template.Context, route: str, *args: Any, **kwargs: Any) -> str:
    """``{% at "list" list.pk %}``: the address of a console page in the current workspace."""
    return navigation.address(route, context["request"].workspace.id, *args, **kwargs)


@register.simple_tag(takes_context=True)
def at_if_any(context: template.Context, route: str, *args: Any) -> str:
    """Like `at`, but empty when this installation leaves that part of the product out."""
    return navigation.address_if_any(route, context["request"].workspace.id, *args)


@register.simple_tag(takes_context=True)
def may(context: template.Context, role: str) -> bool:
    """``{% may "editor" as editing %}``: whether the reader has at least a role in the workspace."""
    return allows(context["request"].membership, Role(role))


@register.simple_tag
def badge(state: str, label: str) -> SafeString:
    """``{% badge campaign.state campaign.get_state_display %}``: a state with its colour."""
    return format_html('<span class="state state-{}">{}</span>', tone(state), label)


@register.inclusion_tag("console/components/stat.html")
def stat(
    label: str, value: Any, *, hint: str = "", icon: str = "", href: str = "", share: float | None = None
) -> dict[str, Any]:
    """A figure on a card; `share` (0–100) adds a bar."""
    known = share if isinstance(share, int | float) else None  # a variable that a template lacks comes as a text
    shown = None if value == "" else value
    return {"label": label, "value": shown, "hint": hint, "icon": icon, "href": href, "share": known}


@register.inclusion_tag("console/components/progress.html")
def progress(done: float, total: float, *, label: str, tone: str = "primary") -> dict[str, Any]:
    """A progress bar with its words; indeterminate while the total is unknown."""
    percent = min(100, round(100 * done / total)) if total else None
    return {"percent": percent, "label": label, "tone": tone}


@register.inclusion_tag("console/components/empty.html")
def empty(title: str, text: str, *, icon: str = "inbox", action: str = "", href: str = "") -> dict[str, Any]:
    """What an empty list says: what belongs here, and what to do first."""
    return {"title": title, "text": text, "icon": icon, "action": action, "href": href}


@register.inclusion_tag("console/components/chart.html")
def chart(chart: Chart, *, height: str = "15rem") -> dict[str, Any]:
    """A chart, with the same numbers as a table."""
    return {"chart": chart, "height": height}


@register.inclusion_tag("console/components/facts.html")
def facts(pairs: Any) -> dict[str, Any]:
    """A definition list of (term, value) pairs."""
    return {"pairs": pairs}


@register.inclusion_tag("console/components/confirm.html")
def confirm(id: str, *, title: str, text: str, action: str, tone: str = "danger") -> dict[str, Any]:
    """The dialog of a ``<form data-confirm="#id">``."""
    return {"id": id, "title": title, "text": text, "action": action, "tone": tone}


@register.inclusion_tag("console/components/search.html", takes_context=True)
def search(context: template.Context, listing: Listing, *, label: str, target: str = "#listing") -> dict[str, Any]:
    """The search box of a listing; results replace `target` while one types."""
    return {"listing": listing, "label": label, "target": target, "path": context["request"].path}


@register.inclusion_tag("console/components/sort.html")
def sort(listing: Listing, name: str, label: str, css: str = "") -> dict[str, Any]:
    """A column head that sorts."""
    return {"href": listing.sort_href(name), "label": label, "direction": listing.direction(name), "css": css}


@register.inclusion_tag("console/components/pages.html")
def pages(listing: Listing) -> dict[str, Any]:
    """Previous and next page of a listing."""
    return {"listing": listing}


@register.inclusion_tag("console/components/copy.html")
def copy(text: str, *, label: str = "") -> dict[str, Any]:
    """A button that puts a text on the clipboard."""
    return {"text": text, "label": label}


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as HTML: tags in it are text, and pictures are links, so nothing is run or fetched."""
    return SafeString(_MARKDOWN.render(text))


@register.filter
def short(value: Any, length: int = 8) -> str:
    """The start of a long identifier."""
    return str(value)[:length]

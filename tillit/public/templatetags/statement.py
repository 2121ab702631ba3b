"""How the blocks of a statement become HTML; every text is escaped, and Markdown of the document cleaned."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tillit.policy.statement_blocks import Cell, Facts, Line, Prose, Span, Table
from tillit.public.markdown import as_html, as_inline

register = template.Library()

_OUT = mark_safe(' rel="noopener noreferrer nofollow"')


@register.filter
def lines(cell: Cell, home: str = "") -> SafeString:
    """The lines of a cell, each on its own. `home` is the page that links to anchors lead into."""
    return format_html_join(mark_safe("<br>"), "{}", ((line(each, home),) for each in cell))


@register.filter
def line(spans: Line, home: str = "") -> SafeString:
    """One line of text with its links."""
    return format_html_join("", "{}", ((_span(each, home),) for each in spans))


@register.filter
def prose(block: Prose) -> SafeString:
    """Paragraphs of the document."""
    return mark_safe(as_html(block.text))  # noqa: S308  cleaned by nh3


@register.filter
def kind(block: object) -> str:
    """Which kind of block it is, for the template to lay out."""
    return {Prose: "prose", Table: "table", Facts: "facts"}[type(block)]


@register.filter
def cells(table: Table) -> list[tuple[tuple[str, ...], Cell, list[tuple[str, Cell]]]]:
    """The rows of a table: anchors, the cell that names the row, and the others with their columns."""
    rest = table.columns[1:]
    return [(row.anchors, row.cells[0], list(zip(rest, row.cells[1:], strict=True))) for row in table.rows]


def _span(span: Span, home: str) -> str:
    if span.markdown:
        return mark_safe(as_inline(span.text))  # noqa: S308  cleaned by nh3
    made: str = format_html("<code>{}</code>", span.text) if span.code else span.text
    if span.strong:
        made = format_html("<strong>{}</strong>", made)
    if span.href.startswith("#"):
        return format_html('<a href="{}{}">{}</a>', home, span.href, made)
    if not span.href:
        return made
    shown = "" if span.text in (span.href, span.href.removeprefix("mailto:")) else mark_safe(' class="out"')
    return format_html('<a href="{}"{}{}>{}</a>', span.href, shown, _OUT, made)

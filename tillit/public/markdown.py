"""Markdown as HTML that cannot do anything: no scripts, styles, images or forms."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    *("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "a", "code", "pre", "blockquote", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_INLINE_TAGS = {"strong", "em", "a", "code", "br"}
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def as_html(text: str) -> str:
    """Return Markdown as clean HTML; anchors (`<a id>`) stay, other markup in it is dropped."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href", "id"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return html.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")


def as_inline(text: str) -> str:
    """Return Markdown that stands in a line as clean HTML without blocks or anchors."""
    return nh3.clean(
        _MARKDOWN.renderInline(" ".join(text.split())),
        tags=_INLINE_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )

"""A text of the statement as people will read it: Markdown with its references in words, and nothing that can act."""

from __future__ import annotations

from markdown_it import MarkdownIt

from tillit.policy.document import Document
from tillit.policy.markdown import plain
from tillit.policy.references import said
from tillit.policy.values import Texts

#: Markup in the text is shown as it is written, so a preview can hold no script.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def rendered(text: str, document: Document | None, language: str) -> str:
    """The HTML of a text; without a document that can be read, its references stay as they are written."""
    if document is not None and text.strip():
        text = said(document, Texts({"en": text}), language, write=plain)
    return str(_MARKDOWN.render(text))

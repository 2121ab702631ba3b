"""The document's Markdown as Typst: emphasis, links, lists and code; every text a string literal."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_SAFE = re.compile(r"(https?://|mailto:)[^\s<>\"\\]+", re.IGNORECASE)

#: What opens and closes each kind of token, where it is no text.
_AROUND = {
    "strong_open": "#strong[",
    "strong_close": "];",
    "em_open": "#emph[",
    "em_close": "];",
    "s_open": "",
    "s_close": "",
    "paragraph_close": "\n",
    "bullet_list_open": "#list(",
    "bullet_list_close": ")\n",
    "list_item_open": "[",
    "list_item_close": "],",
    "blockquote_open": "#quote(block: true)[",
    "blockquote_close": "]\n",
    "heading_open": "#strong[",
    "heading_close": "]\n",
    "softbreak": " ",
    "hardbreak": "#linebreak();",
    "hr": "#line(length: 100%)\n",
}


def literal(value: str) -> str:
    """Write a Python string as a Typst string: one line, no control characters, nothing in it with a meaning."""
    flat = "".join(" " if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") else each for each in value)
    return '"' + flat.replace("\\", "\\\\").replace('"', '\\"') + '"'


def text(value: str) -> str:
    """Write a text as markup that shows just it. The semicolon ends it, whatever follows."""
    return f"#{literal(value)};"


def content(markdown: str) -> str:
    """Write Markdown paragraphs as Typst markup."""
    return "".join(_write(_MARKDOWN.parse(markdown)))


def inline(markdown: str) -> str:
    """Write Markdown that stands in a line as Typst markup."""
    return "".join(_write(_MARKDOWN.parseInline(" ".join(markdown.split()))))


def _write(tokens: Iterable[Token]) -> Iterator[str]:
    closing: list[str] = []
    for token in tokens:
        if token.type == "inline":
            yield from _write(token.children or ())
        elif token.type == "link_open":
            href = str(token.attrGet("href") or "")
            safe = bool(_SAFE.fullmatch(href))
            closing.append("];" if safe else "")
            yield f"#link({literal(href)})[" if safe else ""
        elif token.type == "link_close":
            yield closing.pop()
        elif token.type == "ordered_list_open":
            yield f"#enum(start: {int(token.attrGet('start') or 1)}, "
        elif token.type == "ordered_list_close":
            yield ")\n"
        elif token.type in ("code_inline", "code_block", "fence"):
            yield f"#raw({literal(token.content)});"
        elif token.type in _AROUND:
            yield _AROUND[token.type]
        elif token.content:
            yield text(token.content)
        if token.type == "paragraph_close" and not token.hidden:
            yield "\n"

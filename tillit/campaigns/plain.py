"""Clean HTML told as plain text: paragraphs, lists, quotations, and links as numbered notes."""

import re
from collections.abc import Callable

from tillit.campaigns.scan import Tag, scan

_BLANKS = re.compile(r"[ \t\n]+")
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "figure", "hr"}
_LINES = {
    "div",
    "li",
    "tr",
    "dt",
    "dd",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "address",
    "caption",
    "center",
}
_CELLS = {"td", "th"}
Note = Callable[[str, str], str | None]


class _Writer:
    def __init__(self, note: Note) -> None:
        self._note = note
        self._lines: list[str] = []
        self._line = ""
        self._gap: int | None = None  # an empty line before the next text, in so many quotations
        self._lists: list[int | None] = []
        self._quotes = 0
        self._links: list[tuple[str, int]] = []
        self._preformatted = False

    def text(self) -> str:
        self._break()
        return "\n".join(line.rstrip(" ") for line in self._lines).strip("\n") + "\n"

    def read(self, part: str | Tag) -> None:
        if isinstance(part, str):
            self._write(part)
        elif part.end:
            self._end(part)
        else:
            self._start(part)

    def _write(self, text: str) -> None:
        if self._preformatted:
            *lines, last = text.split("\n")
            for line in lines:
                self._line += line
                self._break(keep_empty=True)
            self._line += last
            return
        text = _BLANKS.sub(" ", text)
        self._line += text.lstrip(" ") if not self._line or self._line.endswith(" ") else text

    def _start(self, tag: Tag) -> None:
        name = tag.name
        if name in _PARAGRAPHS or name in _LINES:
            self._break()
            if name in _PARAGRAPHS and not (name in {"ul", "ol"} and self._lists):
                self._leave_gap()
        if name == "br":
            self._break(keep_empty=True)
        elif name == "hr":
            self._line = "-" * 20
            self._break()
            self._leave_gap()
        elif name in {"ul", "ol"}:
            self._lists.append(1 if name == "ol" else None)
        elif name == "li":
            self._item()
        elif name == "blockquote":
            self._quotes += 1
        elif name == "pre":
            self._preformatted = True
        elif name in _CELLS and self._line.strip():
            self._line = self._line.rstrip(" ") + " | "
        elif name == "img" and (alt := tag.attributes.get("alt", "").strip()):
            self._write(f"[{alt}]")
        elif name == "a" and (target := tag.attributes.get("href")):
            self._links.append((target, len(self._line)))

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else None
        self._line = "  " * max(0, len(self._lists) - 1) + ("- " if number is None else f"{number}. ")
        if number is not None:
            self._lists[-1] = number + 1

    def _end(self, tag: Tag) -> None:
        name = tag.name
        if name == "a" and self._links:
            target, start = self._links.pop()
            said = self._line[start:].strip()
            if (note := self._note(target, said)) is not None:
                self._line = self._line.rstrip(" ") + f" {note}"
        elif name in _PARAGRAPHS or name in _LINES:
            self._break()
            if name == "pre":
                self._preformatted = False
            if name in {"ul", "ol"} and self._lists:
                self._lists.pop()
            if name == "blockquote":
                self._quotes = max(0, self._quotes - 1)
                self._gap = self._quotes
            elif name in _PARAGRAPHS and not self._lists:
                self._leave_gap()

    def _break(self, *, keep_empty: bool = False) -> None:
        line, self._line = self._line.rstrip(" "), ""
        if not line and not keep_empty:
            return
        if self._gap is not None and self._lines:
            self._lines.append("> " * self._gap)
        self._gap = None
        self._lines.append("> " * self._quotes + line)

    def _leave_gap(self) -> None:
        if self._gap is None:
            self._gap = self._quotes


def plain_text(html: str, *, note: Note) -> str:
    """The text of clean HTML; `note` gets a link's address and words, and gives what to write after them."""
    writer = _Writer(note)
    for part in scan(html):
        writer.read(part)
    return writer.text()

"""What a statement is laid out of: sections of prose, tables, facts and lists, the same for every rendering."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line. ``text`` is plain, or Markdown where it is the document's own; ``href`` makes it a link."""

    text: str
    href: str = ""
    strong: bool = False
    code: bool = False
    markdown: bool = False


Line = tuple[Span, ...]
#: What stands in one cell of a table or beside one term: lines below each other.
Cell = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs as Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, with the anchors that lead to it. Its first cell names it."""

    cells: tuple[Cell, ...]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table. ``name`` tells a rendering how wide its columns are."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms with what is said of them."""

    pairs: tuple[tuple[str, Cell], ...]


Block = Prose | Table | Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with what stands below it. The first anchor is its own, the others are those of its clauses."""

    title: str
    anchors: tuple[str, ...]
    blocks: tuple[Block, ...] = ()
    sections: "tuple[Section, ...]" = ()
    entry: bool = False

    @property
    def anchor(self) -> str:
        """The anchor that a table of contents leads to."""
        return self.anchors[0]

    def walk(self) -> "Iterator[Section]":
        """Give the section and every one within it, in reading order."""
        yield self
        for section in self.sections:
            yield from section.walk()


@dataclass(slots=True)
class Anchors:
    """Gives each clause one anchor, where it is first cited."""

    given: set[str] = field(default_factory=set)

    def of(self, *clauses: tuple[str, ...]) -> tuple[str, ...]:
        """Give the anchors of the clauses that have none yet."""
        new = dict.fromkeys(clause for group in clauses for clause in group if clause not in self.given)
        self.given.update(new)
        return tuple(f"clause-{clause.lower()}" for clause in new)


def plain(text: str, *, strong: bool = False) -> Line:
    """Make a line of one piece of plain text."""
    return (Span(text, strong=strong),)


def said(text: str) -> Line:
    """Make a line of one piece of the document's Markdown."""
    return (Span(text, markdown=True),)


_WEB = re.compile(r"https?://[^\s<>\"\\]+", re.IGNORECASE)
_MAIL = re.compile(r"[^\s<>\"\\:/?#&]+@[^\s<>\"\\:/?#&]+")


def web(address: str) -> str:
    """Give an address that may be linked to; an empty text for anything but the web."""
    return address if _WEB.fullmatch(address) else ""


def mail(address: str) -> str:
    """Give the link to write to a mail address; an empty text if it is none."""
    return f"mailto:{address}" if _MAIL.fullmatch(address) else ""


def links(pairs: "list[tuple[str, str]]", *, between: str = ", ") -> Line:
    """Make a line of links, given as texts and addresses."""
    line: list[Span] = []
    for text, href in pairs:
        line += [Span(between), Span(text, href)] if line else [Span(text, href)]
    return tuple(line)

"""The statement as Typst markup, from which the PDF is made.

Every text is written as a string literal of Typst's, so that no character of a policy can be markup.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC

from tillit.policy.statement import Statement
from tillit.policy.statement_blocks import Block, Cell, Facts, Line, Prose, Row, Section, Span, Table
from tillit.policy.statement_typst_prose import content, inline, literal, text
from tillit.policy.statement_words import Words

#: How wide the columns of each table are, as shares of the page.
_WIDTHS: Mapping[str, str] = {
    "purposes": "1.2fr, 1.5fr, 1.6fr, 1.1fr",
    "categories": "1fr, 2.4fr",
    "sources": "1fr, 1.6fr, 1.6fr",
    "recipients": "2fr, 1.1fr, 1.35fr, 1.2fr",
    "safeguards": "1.3fr, 1fr, 1.4fr, 1.8fr",
    "trackers": "1.4fr, 1.6fr, 1fr, .7fr, 1.2fr",
    "duties": "1.4fr, 1.5fr, 1.1fr",
    "measures": "1fr, 2.4fr",
    "retention": "1.1fr, 1.3fr, .8fr, 1.7fr",
}

#: Characters of an address that fit into the narrowest column that holds one.
_LONG = 40

#: Fonts that come inside the compiler, so that the same version gives the same bytes on every machine.
_STYLE = """
#set text(font: "Libertinus Serif", size: 10pt)
#set par(leading: 0.6em, spacing: 0.9em)
#set heading(numbering: none)
#show heading.where(level: 1): set text(size: 14pt)
#show heading.where(level: 1): set block(above: 1.6em, below: 0.8em)
#show heading.where(level: 2): set text(size: 11.5pt)
#show heading.where(level: 3): set text(size: 10pt)
#show heading: set block(sticky: true)
#show link: set text(fill: rgb("#0b5d54"))
#show table: set text(size: 8.5pt)
#show table: set par(leading: 0.5em, spacing: 0.5em, justify: false)
#show table.cell.where(y: 0): set text(weight: "bold")
#set table.cell(breakable: false)
#set table(stroke: (x, y) => (bottom: if y == 0 { 0.8pt } else { 0.3pt + luma(170) }), inset: (x: 4pt, y: 5pt))
""".strip()


def write(statement: Statement) -> str:
    """Write a statement as a Typst document with outline, repeated table heads, page numbers and metadata.

    Its date is the version's, so equal statements give equal files.
    """
    words = Words(statement.language)
    known = frozenset(statement.every_anchor())
    lines = [
        *_settings(statement, words),
        f'#block(text(size: 20pt, weight: "bold", {literal(statement.title)}))',
        *_anchors(statement.anchors),
        _line(statement.head, known=known),
        "",
        content(statement.introduction.text),
        f"#outline(title: {literal(words.phrase('contents'))}, depth: 2)",
    ]
    for section in statement.sections:
        lines += _section(section, level=1, known=known)
    return "\n".join(lines) + "\n"


def _settings(statement: Statement, words: Words) -> Iterator[str]:
    version = statement.version
    date = "none"
    if version is not None:
        day = version.effective_at.astimezone(UTC)
        date = f"datetime(year: {day.year}, month: {day.month}, day: {day.day})"
    title, author = literal(statement.title), literal(statement.author)
    yield f"#set document(title: {title}, author: {author}, date: {date})"
    language, _, country = statement.language.partition("-")
    where = f", region: {literal(country)}" if len(country) == 2 else ""
    yield f"#set text(lang: {literal(language)}{where})"
    yield _STYLE
    said = words.phrase("draft")
    if version is not None:
        said = f"{words.phrase('version')} {version.number} · {version.digest[:16]}"
        said += f" · {version.address}" if version.address else ""
    pages = f'#counter(page).display("1"); {text(words.phrase("page_of"))} #counter(page).final().first()'
    yield (
        '#set page(paper: "a4", margin: (x: 2.2cm, top: 2.2cm, bottom: 2.4cm), footer: context '
        f"[#set text(size: 8pt, fill: luma(90))\n#grid(columns: (1fr, auto), {_string(said)}, [{pages}])])"
    )


def _section(section: Section, *, level: int, known: frozenset[str]) -> Iterator[str]:
    yield ""
    outlined = "false" if section.entry else "true"
    yield f"#heading(level: {level}, outlined: {outlined}, {literal(section.title)})"
    yield from _anchors(section.anchors)
    for block in section.blocks:
        yield ""
        yield from _block(block, known=known)
    for below in section.sections:
        yield from _section(below, level=level + 1, known=known)


def _block(block: Block, *, known: frozenset[str]) -> Iterator[str]:
    if isinstance(block, Prose):
        yield content(block.text)
    elif isinstance(block, Facts):
        yield "#grid(columns: (30%, 1fr), column-gutter: 8pt, row-gutter: 6pt,"
        for term, lines in block.pairs:
            yield f"  [#strong({literal(term)});], [{_cell(lines, known=known)}],"
        yield ")"
    else:
        yield from _table(block, known=known)


def _table(table: Table, *, known: frozenset[str]) -> Iterator[str]:
    yield f"#table(columns: ({_WIDTHS[table.name]}),"
    yield f"  table.header(repeat: true, {', '.join(_string(column) for column in table.columns)}),"
    for row in table.rows:
        yield f"  {_row(row, known=known)},"
    yield ")"


def _row(row: Row, *, known: frozenset[str]) -> str:
    first, *rest = (_cell(lines, known=known) for lines in row.cells)
    return ", ".join([f"[{' '.join(_anchors(row.anchors))} {first}]", *(f"[{each}]" for each in rest)])


def _cell(lines: Cell, *, known: frozenset[str]) -> str:
    return " #linebreak();".join(_line(line, known=known) for line in lines)


def _line(line: Line, *, known: frozenset[str]) -> str:
    return "".join(_span(span, known=known) for span in line)


def _span(span: Span, *, known: frozenset[str]) -> str:
    if span.markdown:
        return inline(span.text)
    made = f"#raw({literal(span.text)});" if span.code else text(_breakable(span))
    if span.strong:
        made = f"#strong[{made}];"
    if not span.href:
        return made
    if not span.href.startswith("#"):
        return f"#link({literal(span.href)})[{made}];"
    target = span.href[1:]
    return f"#link(label({literal(target)}))[{made}];" if target in known else made


def _breakable(span: Span) -> str:
    """Let an address that is wider than a column break where it is read as two parts."""
    if not span.href or span.href.startswith("#") or len(span.text) < _LONG:
        return span.text
    return re.sub(r"(@|//|/)(?=[^/])", "\\1\u200b", span.text)


def _anchors(anchors: tuple[str, ...]) -> list[str]:
    return [f"#[#metadata({literal(anchor)})#label({literal(anchor)})];" for anchor in anchors]


def _string(value: str) -> str:
    return f"[{text(value)}]"

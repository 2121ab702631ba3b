"""The statement as Markdown, for whoever wants to read, mail or compare it as text."""

from collections.abc import Iterator

from tillit.policy.markdown import cell, plain, table
from tillit.policy.statement import Statement
from tillit.policy.statement_blocks import Block, Cell, Facts, Line, Prose, Section, Span


def write(statement: Statement) -> str:
    """Write a statement as Markdown; its anchors are ``<a id>``, which Markdown lets through."""
    head = [
        _anchors(statement.anchors),
        f"# {plain(statement.title)}",
        _line(statement.head),
        statement.introduction.text,
    ]
    body = [block for section in statement.sections for block in _section(section, level=2)]
    return "\n\n".join(block for block in (*head, *body) if block) + "\n"


def _section(section: Section, *, level: int) -> Iterator[str]:
    yield _anchors(section.anchors)
    yield f"{'#' * level} {plain(section.title)}"
    for block in section.blocks:
        yield _block(block)
    for below in section.sections:
        yield from _section(below, level=level + 1)


def _block(block: Block) -> str:
    if isinstance(block, Prose):
        return block.text
    if isinstance(block, Facts):
        return "\n".join(f"- **{plain(term)}:** {_cell(lines)}" for term, lines in block.pairs)
    rows = (
        [_anchors(row.anchors) + _cell(first), *(_cell(lines) for lines in rest)]
        for row in block.rows
        for first, *rest in [row.cells]
    )
    return table([plain(column) for column in block.columns], rows)


def _cell(lines: Cell) -> str:
    return "<br>".join(_line(line) for line in lines)


def _line(line: Line) -> str:
    return "".join(_span(span) for span in line)


def _span(span: Span) -> str:
    if span.markdown:
        text = cell(span.text)
    elif span.code:
        text = f"`{span.text.replace('`', chr(39)).replace('|', '/')}`"
    else:
        lead, tail = (" " if span.text[:1] == " " else ""), (" " if span.text[-1:] == " " else "")
        text = plain(span.text)
        text = f"**{text}**" if span.strong and text else text
        text = f"[{text}]({span.href})" if span.href else text
        text = lead + text + tail if span.text.strip() else " "
    return text


def _anchors(anchors: tuple[str, ...]) -> str:
    return "".join(f'<a id="{anchor}"></a>' for anchor in anchors)

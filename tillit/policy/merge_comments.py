"""Comments carried from one policy text to another, so that a merge by meaning loses no word that somebody wrote."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from tillit.policy.document import Path
from tillit.policy.reading import compose, read_tree

_COMMENT = re.compile(r"(?:(?<=\s)|(?<![\s\S]))#[^\n]*")


class Comment(NamedTuple):
    """A comment with the path of the thing it stands above or beside; an empty path is the end of the text."""

    text: str
    path: Path


def comments(text: str) -> list[Comment]:
    """Give the comments of a text, from its beginning on. A hash inside a value is none."""
    spans = sorted(_scalars(compose(text)))
    _tree, lines = read_tree(text)
    places = sorted((line, path) for path, line in lines.items() if path)
    found: list[Comment] = []
    start = 0
    for begin, end in [*spans, (len(text), len(text))]:
        for match in _COMMENT.finditer(text, start, begin):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Comment(match[0], next((path for at, path in places if at >= line), ())))
        start = max(start, end)
    return found


def carry_comments(text: str, *, base: str, of: str) -> str:
    """Give the text with the comments that ``of`` has and ``base`` has not, each above the thing it stood at.

    A comment whose thing is gone goes to the end of the text.
    """
    known = Counter(comment.text for comment in comments(base)) | Counter(comment.text for comment in comments(text))
    new = [comment for comment in comments(of) if not _taken(known, comment.text)]
    if not new:
        return text
    _tree, lines = read_tree(text)
    at = dict(lines.items())
    rows = text.split("\n")
    for comment in reversed(new):
        line = at.get(comment.path)
        if line is None:
            rows = [*rows[:-1], comment.text, *rows[-1:]] if rows[-1] == "" else [*rows, comment.text]
        else:
            indent = len(rows[line - 1]) - len(rows[line - 1].lstrip(" "))
            rows.insert(line - 1, " " * indent + comment.text)
            at = {path: row + (row >= line) for path, row in at.items()}
    return "\n".join(rows)


def _taken(known: Counter[str], text: str) -> bool:
    if known[text] > 0:
        known[text] -= 1
        return True
    return False


def _scalars(node: Node | None) -> Iterator[tuple[int, int]]:
    if isinstance(node, ScalarNode):
        begin, end = node.start_mark.index, node.end_mark.index
        yield begin, end
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)
    elif node is not None:
        for item in node.value:
            yield from _scalars(item)

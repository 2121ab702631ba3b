"""Markdown written safely: plain words stay plain, cells stay one line, anchors appear once."""

import re
from collections.abc import Iterable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def plain(text: str) -> str:
    """Write a name or an address so that no character in it has a meaning in Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def cell(text: str) -> str:
    """Write Markdown text in one line, fit for a list item or a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Write a table; the cells are Markdown in one line each."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


class Anchors:
    """Gives each clause one anchor, where it is first cited."""

    def __init__(self) -> None:
        """Start with no clause cited."""
        self._given: set[str] = set()

    def of(self, *clauses: tuple[str, ...]) -> str:
        """Write the anchors of the clauses that have none yet; an empty text if all have."""
        new = dict.fromkeys(clause for group in clauses for clause in group if clause not in self._given)
        self._given.update(new)
        return "".join(f'<a id="clause-{clause.lower()}"></a>' for clause in new)

"""What is wrong with a policy document: where, what, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

#: An error keeps a document from being published; advice does not.
Level = Literal["error", "advice"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. ``line`` counts from 1; ``path`` is written ``purposes/marketing.email/basis``."""

    line: int
    path: str
    message: str
    mend: str
    level: Level = "error"

    def __str__(self) -> str:
        """Write the problem in one line: place, what is wrong, what to do."""
        place = f"line {self.line}" + (f", {self.path}" if self.path else "")
        return f"{place}: {self.message} {self.mend}"


class PolicyErrors(ValueError):
    """The policy document cannot be used; ``problems`` says everything that is wrong, by line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order of their lines."""
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


Path = tuple[str | int, ...]


def written(path: Path) -> str:
    """Write a path as a reader finds it in the document; items of a list count from 1."""
    return "/".join(str(step + 1) if isinstance(step, int) else step for step in path)


class Lines:
    """The line of every key and item of a document, by path."""

    def __init__(self, lines: dict[Path, int] | None = None) -> None:
        """Take the lines counted from 1; without any, everything is on line 1."""
        self._lines = lines or {}

    def of(self, path: Path) -> int:
        """Give the line of a path, else of the nearest thing around it."""
        return self._lines.get(self.known(path), 1)

    def items(self) -> Iterable[tuple[Path, int]]:
        """Give every path that is written in the document with its line."""
        return self._lines.items()

    def known(self, path: Path) -> Path:
        """Give the longest beginning of a path that is written in the document."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return path[:length]
        return ()

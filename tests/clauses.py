"""`make clauses`: every promise with the tests that prove it.

A row counts as proven when a test carries its id (`@pytest.mark.clause("E5")`); that the tests pass is for
`make test` to say. A test that proves a part of a row says which (`partly="…"`), and the row does not count.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent

_ROW = re.compile(r"^\| ([A-J]\d+) \| (.+?) \|", re.MULTILINE)


def promises() -> dict[str, str]:
    """The rows of docs/clauses.md: id → promise."""
    return dict(_ROW.findall((ROOT / "docs" / "clauses.md").read_text()))


class Collector:
    """A pytest plugin that notes which tests carry which clause."""

    def __init__(self) -> None:
        self.proofs: dict[str, set[str]] = defaultdict(set)
        self.parts: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("clause"):
                part = mark.kwargs.get("partly")
                for clause in mark.args:
                    if part:
                        self.parts[clause].add(part)
                        continue
                    self.proofs[clause].add(item.nodeid.split("[")[0])


def main() -> int:
    collector = Collector()
    with redirect_stdout(StringIO()) as printed:
        status = pytest.main(["--collect-only", "-q"], plugins=[collector])
    if status:
        print(printed.getvalue())
        return int(status)
    table = Table("id", "promise", "proven by", show_lines=False)
    rows = promises()
    for clause, promise in rows.items():
        proofs = sorted(collector.proofs.get(clause, ()))
        more = f"\n… {len(proofs) - 4} more" if len(proofs) > 4 else ""
        shown = "\n".join(proof.removeprefix("tests/") for proof in proofs[:4]) + more
        partly = "; ".join(sorted(collector.parts[clause]))
        table.add_row(clause, promise, shown or (f"[dim]partly: {partly}[/]" if partly else "[dim]not yet[/]"))
    console = Console(width=170 if not sys.stdout.isatty() else None)
    console.print(table)
    console.print(f"{sum(clause in collector.proofs for clause in rows)} of {len(rows)} promises are proven by tests.")
    unknown = sorted({*collector.proofs, *collector.parts} - set(rows))
    if unknown:
        console.print(f"[red]Unknown ids in tests: {', '.join(unknown)}[/]")
    return bool(unknown)


if __name__ == "__main__":
    sys.exit(main())

"""What the scenarios share: a database of their own, a table on the screen, a JSON file of results."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
console = Console(width=120)


@dataclass
class Result:
    """The outcome of one scenario: rows for the eye, figures for the machine, and what was checked."""

    scenario: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    checked: list[str] = field(default_factory=list)

    def row(self, what: str, measured: str, ratio: str = "") -> None:
        """Add a line of the table."""
        self.rows.append((what, measured, ratio))

    def check(self, what: str, holds: bool) -> None:
        """Note a check of the result; speed by skipping work must fail. Raises AssertionError."""
        if not holds:
            raise AssertionError(f"{self.scenario}: not so: {what}")
        self.checked.append(what)

    def show(self) -> None:
        """Print the table and write bench/results/<scenario>.json."""
        table = Table("measured", "figure", "ratio", title=self.scenario, title_justify="left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        console.print(f"checked: {'; '.join(self.checked)}\n")
        RESULTS.mkdir(exist_ok=True)
        machine = {"cores": os.cpu_count(), "python": platform.python_version()}
        document = {"scenario": self.scenario, "machine": machine, "figures": self.figures, "checked": self.checked}
        (RESULTS / f"{self.scenario}.json").write_text(json.dumps(document, indent=2) + "\n")


@contextmanager
def database() -> Iterator[Path]:
    """A migrated embedded PostgreSQL of its own, durable, in a folder that is removed afterwards; Django is set up.

    One a process: the settings are read once.
    """
    with tempfile.TemporaryDirectory(prefix="tillit-bench-") as folder:
        Path(folder).chmod(0o755)
        os.environ |= {"TILLIT_DATA": folder, "TILLIT_SECRET": "a secret for measurements, forty characters"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "tillit.conf.settings"
        from tillit.conf.postgres import EmbeddedPostgres
        from tillit.env import env

        with EmbeddedPostgres(env().data):
            import django
            from django.db import connections

            django.setup()
            from tillit.conf.database import migrate

            migrate(env())
            yield Path(folder)
            for connection in connections.all():
                connection.close()
                if hasattr(connection, "close_pool"):
                    connection.close_pool()


def superuser() -> Any:
    """A connection that row-level security does not bind: for filling and for baselines."""
    import psycopg

    from tillit.env import embedded_dsn, env

    return psycopg.connect(embedded_dsn(env().data, role="postgres"), autocommit=True)


def best_of(runs: int, act: Callable[[], Any]) -> tuple[float, Any]:
    """Run something several times; return the shortest time in seconds, and what it returned last."""
    times, outcome = [], None
    for _ in range(runs):
        started = time.perf_counter()
        outcome = act()
        times.append(time.perf_counter() - started)
    return min(times), outcome

"""Invented people for the demo and for tests of scale: the same ones every time."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

NAMES: dict[str, list[Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
# Of the demo, which no mail leaves: who signs in, and who reviews the policy.
EMAIL, OFFICER, PASSWORD = "demo@example.org", "dpo@example.org", "tillit-demo-2025"
INTERESTS = ("Sound", "Light", "Streaming", "Acoustics")
HEADER = ["Email", "First name", "Last name", "Title", "Company", "City", "Country"]
_ASCII = str.maketrans("åäöéèëüøłżßÅÄÖÉŁŻØŚśôâçñúíóãê'", "aaoeeeuolzsAAOELZOSsoacnuioae-")


def _dice(seed: int) -> random.Random:
    """What invented people are drawn with: the same ones for a seed, and no secret."""
    return random.Random(seed)  # noqa: S311


def people(count: int, *, seed: int = 1) -> Iterator[list[str]]:
    """Yield that many rows under HEADER, each with an address of its own at an example domain."""
    rng = _dice(seed)
    for number in range(count):
        first, last, company = rng.choice(NAMES["first"]), rng.choice(NAMES["last"]), rng.choice(NAMES["companies"])
        country, city = rng.choice(NAMES["places"])
        local = f"{first}.{last}".translate(_ASCII).lower().encode("ascii", "ignore").decode()
        title = rng.choice(NAMES["titles"]) if rng.random() < 0.7 else ""
        yield [f"{local}.{number}@example.com", first, last.replace("-", " "), title, company, city, country]


def _at_work(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield people's rows, each with an address at their company's office."""
    for row in rows:
        office = f"{row[4].split()[0]} {row[5]}".strip().translate(_ASCII).lower().replace(" ", "-")
        yield [f"{row[0].partition('@')[0]}@{office}.example", *row[1:]]


def write_csv(path: Path, count: int, *, twice: int = 0, seed: int = 1) -> None:
    """Write a file to import with that many people, the first `twice` of them under a private address besides.

    Every third has a number, of those that are kept free for invented people. Source: Ofcom, numbers for drama use.
    """
    rng = _dice(seed)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow([*HEADER, "Direct number", "Interest"])
        for number, row in enumerate(_at_work(people(count, seed=seed))):
            direct = f"+44 7700 900{number // 3:03d}" if number % 3 == 0 and number < 3000 else ""
            writer.writerow([*row, direct, rng.choice(INTERESTS) if rng.random() < 0.6 else ""])
            if direct and number < 3 * twice:
                local = row[0].partition("@")[0].rpartition(".")[0]
                writer.writerow([f"{local}@home.example", *row[1:3], "", "", *row[5:], direct, ""])


def write_sales(path: Path, count: int, *, today: date, seed: int = 1) -> None:
    """Write what a seller reports of that many of the same people, over the last year."""
    rng = _dice(seed)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow([*HEADER[:3], "Last order", "Ordered in all"])
        for row in _at_work(people(count)):
            ordered = today - timedelta(days=rng.randint(3, 365))
            writer.writerow([*row[:3], ordered.isoformat(), rng.randint(3, 90) * 100])

"""Invented people for the demo and for tests of scale: the same ones every time."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES: dict[str, list[Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
# Of the demo, which no mail leaves: who signs in, and who reviews the policy.
EMAIL, OFFICER, PASSWORD = "demo@example.org", "dpo@example.org", "tillit-demo-2025"
HEADER = ["Email", "First name", "Last name", "Title", "Company", "City", "Country"]
_ASCII = str.maketrans("åäöéèëüøłżßÅÄÖÉŁŻØŚśôâçñúíóãê'", "aaoeeeuolzsAAOELZOSsoacnuioae-")


def people(count: int, *, seed: int = 1) -> Iterator[list[str]]:
    """Yield that many rows under HEADER, each with an address of its own at an example domain."""
    rng = random.Random(seed)  # noqa: S311  the same people every time, no secret
    for number in range(count):
        first, last, company = rng.choice(NAMES["first"]), rng.choice(NAMES["last"]), rng.choice(NAMES["companies"])
        country, city = rng.choice(NAMES["places"])
        local = f"{first}.{last}".translate(_ASCII).lower().encode("ascii", "ignore").decode()
        title = rng.choice(NAMES["titles"]) if rng.random() < 0.7 else ""
        yield [f"{local}.{number}@example.com", first, last.replace("-", " "), title, company, city, country]


def write_csv(path: Path, count: int, *, seed: int = 1) -> None:
    """Write a file to import with that many people."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        writer.writerows(people(count, seed=seed))

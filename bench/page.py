"""The pages that staff have open all day over millions of people, against the same pages over 20,000 people."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.pages import Page, pages
from bench.people import Crowd, fill
from bench.support import Result, console, database, superuser

PERSONS = {"small": 200_000, "large": 2_000_000}
BASELINE = 20_000
TIMES = 40
LIMIT_MS = 200  # Source: the design's target for pages, p95
HOST = "127.0.0.1"


@dataclass
class Timed:
    """A page, how long each of its requests took in milliseconds, by the clock and of a processor; its statements."""

    page: Page
    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)

    @property
    def p50(self) -> float:
        return statistics.median(self.took)

    @property
    def cpu(self) -> float:
        """The time of a processor: the program's and the server's. What else the machine does hardly changes it."""
        return statistics.fmean(self.worked)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.took, n=20, method="inclusive")[-1]


def main(size: str) -> None:
    with database():
        result = Result("page")
        measure(result, PERSONS[size])
        result.show()


def measure(result: Result, persons: int) -> None:
    """Fill a workspace with few people and open its pages; then the same with many; compare what each shows."""
    from django.utils import timezone

    opened: list[dict[str, Timed]] = []
    for number in (BASELINE, persons):
        with superuser() as connection:
            crowd = fill(connection, number, now=timezone.now())
            its = pages(crowd, lambda each, of=crowd, by=connection: of.person(by, each))
            connection.execute("CHECKPOINT")
        opened.append(timed(crowd, its, result))
    few, many = opened
    names = [name for name, each in many.items() if each.page.matches is not None]
    result.check("every page shows whom it should, at each of its requests", True)
    more = [name for name in names if max(many[name].statements) > min(few[name].statements)]
    but = f", but for {', '.join(more)}" if more else ""
    result.check(f"no more statements over many people than over few{but}", not more)
    for name, each in many.items():
        said = f"{each.p50:.0f} and {each.p95:.0f} ms, {each.cpu:.0f} ms"
        result.row(f"{name} (p50 and p95, of a processor)", said, f"{each.cpu / few[name].cpu:.2f}")
    slowest = max(names, key=lambda name: many[name].p95)
    everything, before = (sum(each[name].cpu for name in names) for each in (many, few))
    whole, ratio = f"{everything / len(names):.0f} ms", f"{everything / before:.2f}"
    result.row(f"a page on average, {persons:,} people against {BASELINE:,}, of a processor", whole, ratio)
    result.row(f"the slowest by p95, of {LIMIT_MS} ms: {slowest}", f"{many[slowest].p95:.0f} ms")
    result.figures |= {
        "persons": persons,
        "limit_ms": LIMIT_MS,
        "ratio": everything / before,
        "cpu_ms": {name: each.cpu for name, each in many.items()},
        "cpu_ms_of_few": {name: each.cpu for name, each in few.items()},
        "p50_ms": {name: each.p50 for name, each in many.items()},
        "p50_ms_of_few": {name: each.p50 for name, each in few.items()},
        "p95_ms": {name: each.p95 for name, each in many.items()},
        "p95_ms_of_few": {name: each.p95 for name, each in few.items()},
        "above_limit": [name for name in names if many[name].p95 > LIMIT_MS],
    }


def timed(crowd: Crowd, its: list[Page], result: Result) -> dict[str, Timed]:
    """Open every page some times, in no order, signed in as an owner, and look at what each shows."""
    client, found = signed_in(crowd), {page.name: Timed(page) for page in its}
    for page in its:  # once without the clock: compiled templates, warm connections
        client.get(f"/w/{crowd.workspace.pk}/{page.path}")
    order = [each for each in found.values() for _ in range(TIMES)]
    random.Random(1).shuffle(order)
    for each in order:
        statements = Counting()
        worked, started = cpu_s(), time.perf_counter()
        with statements:
            response = client.get(f"/w/{crowd.workspace.pk}/{each.page.path}")
        each.took.append((time.perf_counter() - started) * 1000)
        each.worked.append((cpu_s() - worked) * 1000)
        each.statements.add(statements.number)
        fault = each.page.fault(response.content.decode()) if response.status_code == 200 else str(response)
        if fault:
            result.check(fault, False)
    console.print(f"{crowd.persons:,} people: {len(order)} requests", style="dim")
    return found


def cpu_s() -> float:
    """The time on a processor so far: of this process, and of the server's processes that work for the application."""
    from tillit.env import env

    ticks, server = 0, (env().data / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "stat").read_text().rpartition(")")[2].split()
            if told[1] == server and (process / "cmdline").read_bytes().startswith(b"postgres: tillit_app"):
                ticks += int(told[11]) + int(told[12])
        except OSError:  # it has ended meanwhile
            continue
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


class Counting:
    """Counts the statements of a request."""

    def __init__(self) -> None:
        from django.db import connection

        self.number = 0
        self._wrapper = connection.execute_wrapper(self._count)

    def _count(self, execute: Any, *said: Any) -> Any:
        self.number += 1
        return execute(*said)

    def __enter__(self) -> None:
        self._wrapper.__enter__()

    def __exit__(self, *failure: Any) -> None:
        self._wrapper.__exit__(*failure)


def signed_in(crowd: Crowd) -> Any:
    """A client of an owner of the workspace, through every middleware but without a socket."""
    from django.conf import settings
    from django.test import Client

    from tillit.accounts.models import Membership, Role, User

    settings.ALLOWED_HOSTS = [HOST]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}  # no build has to come first
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    owner = User(email=f"owner{crowd.workspace.pk}@example.com")
    owner.set_unusable_password()
    owner.save()
    Membership.objects.create(workspace=crowd.workspace, user=owner, role=Role.OWNER)
    client = Client(headers={"host": HOST})
    client.force_login(owner)
    return client


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")

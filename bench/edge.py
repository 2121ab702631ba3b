"""Opens and clicks that are on disk when answered, against the same server answering a fixed 204.

All are served by the same command with the same options, one process, asked over 64 kept-alive connections by a load
in a process of its own. Between the two stands the same edge asked by browsers that say Sec-GPC: it verifies and
answers, and records nothing. Every hit is looked for in the database; a twentieth of the people objected and leave
none.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.support import ROOT, Result, database, superuser

HITS = {"small": 60_000, "large": 400_000}
PERSONS = {"small": 20_000, "large": 200_000}
CONNECTIONS = 64
ROUNDS = 3
WARM = 4_000
CLICKS = 0.2
FIXED, UNRECORDED, DURABLE = (
    "fixed 204, same server",
    "verified, not recorded (GPC)",
    "opens and clicks, durable when answered",
)
TARGET = "https://www.example.com/rooms/huddle?utm_source=newsletter&utm_medium=email"
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{n} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/12{n}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_{n}) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.{n} (via ggpht.com GoogleImageProxy)",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.1202{n}; Pro)",
)
FILL = """
INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)
SELECT gen_random_uuid(), %(workspace)s, 5, 1, 0, 0, CASE WHEN i %% 20 = 0 THEN 1::bigint << %(bit)s ELSE 0 END,
       '', now()
FROM generate_series(1, %(persons)s) i RETURNING id, refused > 0
"""


def main(size: str) -> None:
    with database() as folder:
        result = Result("edge")
        measure(result, folder, size)
        result.show()


def measure(result: Result, folder: Path, size: str) -> None:
    """Alternate baselines and edge, keep the best of each, and look for every hit in the database."""
    workspace, people = _people(PERSONS[size])
    hits = HITS[size] // ROUNDS
    runs: dict[str, list[dict[str, Any]]] = {FIXED: [], UNRECORDED: [], DURABLE: []}
    expected, rng = 0, random.Random(1)
    for _ in range(ROUNDS):
        requests, permitted = _requests(workspace, people, hits, rng)
        refusing = [request[:-2] + b"Sec-GPC: 1\r\n\r\n" for request in requests]
        runs[FIXED].append(_run("bench.fixed:application", requests, folder))
        runs[UNRECORDED].append(_run("tillit.conf.edge_alone:application", refusing, folder))
        runs[DURABLE].append(_run("tillit.conf.edge_alone:application", requests, folder))
        expected += permitted
    _check(result, runs, hits, expected)
    _report(result, {name: max(each, key=lambda run: run["per_s"]) for name, each in runs.items()})


def _people(count: int) -> tuple[int, list[tuple[UUID, bool]]]:
    from django.utils import timezone

    from tillit.accounts.models import Workspace
    from tillit.ledger.actions import publish
    from tillit.ledger.models import PurposeRule

    workspace = Workspace.objects.create(name="Bench")
    publish(workspace.pk, (ROOT / "policies" / "smart-media-solutions.yaml").read_text(), by=None, now=timezone.now())
    rule = PurposeRule.objects.get(version__workspace=workspace, purpose="measurement.email")
    with superuser() as connection:
        values = {"workspace": workspace.pk, "bit": rule.bit, "persons": count}
        people = connection.execute(FILL, values).fetchall()
        connection.execute("VACUUM ANALYZE people_person")
    return workspace.pk, people


def _requests(
    workspace: int, people: list[tuple[UUID, bool]], count: int, rng: random.Random
) -> tuple[list[bytes], int]:
    """Make the requests of one round; return them with how many come from people who permit it."""
    from datetime import UTC, datetime

    from tillit.edge.tokens import USE, Kind, Tokens, click_parts, target_bytes
    from tillit.env import env

    tokens, today = Tokens(env().keys.derive(USE)), datetime.now(UTC).date()
    opens = tokens.issuer(Kind.OPEN, workspace=workspace, campaign=1, day=today)
    clicks = tokens.issuer(Kind.CLICK, workspace=workspace, campaign=1, day=today)
    before, after = (part.encode() for part in click_parts("", TARGET))
    covered = target_bytes(TARGET)
    requests, permitted = [], 0
    for _ in range(count):
        person, refused = rng.choice(people)
        permitted += not refused
        if rng.random() < CLICKS:
            path = before + clicks(person.bytes, 3, covered) + after
        else:
            path = b"/e/o/" + opens(person.bytes, 0, b"") + b".gif"
        agent = rng.choice(AGENTS).format(n=rng.randrange(10)).encode()
        requests.append(
            b"GET "
            + path
            + b" HTTP/1.1\r\nHost: mail.example.com\r\nUser-Agent: "
            + agent
            + b"\r\nAccept: image/webp,*/*"
            b"\r\nAccept-Language: sv-SE,sv;q=0.9,en;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
        )
    return requests, permitted


def _run(target: str, requests: list[bytes], folder: Path) -> dict[str, Any]:
    """Serve one application, warm it, send every request once; return rate and latencies."""
    warm, real = folder / "warm", folder / "requests"
    warm.write_bytes(pickle.dumps([b"GET /e/health HTTP/1.1\r\nHost: x\r\n\r\n"] * WARM))
    real.write_bytes(pickle.dumps(requests))
    with _served(target) as port:
        _load(port, warm)
        outcome = _load(port, real)
    return outcome | {"per_s": outcome["answers"] / outcome["seconds"]}


def _load(port: int, file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.hits", str(port), str(CONNECTIONS), str(file)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=600)
    return json.loads(done.stdout)


@contextmanager
def _served(target: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"from tillit.conf.cli import _granian; _granian({target!r}, 1)"
    server = subprocess.Popen([sys.executable, "-c", command], cwd=ROOT, env=os.environ | {"TILLIT_PORT": str(port)})
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _check(result: Result, runs: dict[str, list[dict[str, Any]]], hits: int, expected: int) -> None:
    with superuser() as connection:
        rows, opens = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE kind = 'open') FROM delivery_event"
        ).fetchone()
        counted = connection.execute(
            "SELECT sum((counts->>'open')::int), sum((counts->>'not_permitted')::int) FROM ledger_activity"
            " WHERE act = 'edge.measure'"
        ).fetchone()
    result.check("the fixed server answered 204 to all", all(run["statuses"] == {"204": hits} for run in runs[FIXED]))
    answered = [sum(run["statuses"].values()) for run in (*runs[UNRECORDED], *runs[DURABLE])]
    result.check("the edge answered all", answered == [hits] * 2 * ROUNDS)
    result.check("every permitted hit is in the database once, and no other", rows == expected)
    result.check("the ledger counts them", counted == (opens, hits * ROUNDS - expected))


def _report(result: Result, best: dict[str, dict[str, Any]]) -> None:
    for name, run in best.items():
        at = run["latency_ms"]
        ratio = run["per_s"] / best[FIXED]["per_s"]
        result.row(name, f"{run['per_s']:,.0f}/s", f"{ratio:.2f}")
        result.row("    p50, p99, worst", f"{at['50']:.1f}, {at['99']:.1f}, {at['100']:.1f} ms")
        result.figures[name] = run | {"ratio": ratio}
    result.figures["connections"] = CONNECTIONS


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")

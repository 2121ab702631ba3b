"""Finding people by name, address and telephone number, as a page does, against a bare look-up in the same index."""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bench.people import FIRST, LAST, RARE, RARE_ONE_IN, Crowd, address, fill, name, telephone
from bench.support import Result, database, superuser

PERSONS = {"small": 100_000, "large": 1_000_000}
TIMES = 60
SHOWN = 50
WITHIN_MS = 100  # Source: what the design asks of a search over a million

_BY_WORD = (
    "SELECT person_id FROM people_nameword WHERE workspace_id = %s AND word >= %s AND word < %s"
    " ORDER BY person_id DESC LIMIT 51"
)
_BY_VALUE = (
    "SELECT person_id FROM people_identity WHERE workspace_id = %s AND value ~>=~ %s AND value ~<~ %s"
    " ORDER BY person_id DESC LIMIT 51"
)
_BY_TWO = (
    "SELECT a.person_id FROM people_nameword a JOIN people_nameword b USING (workspace_id, person_id)"
    " WHERE workspace_id = %s AND a.word = %s AND b.word = %s ORDER BY 1 DESC LIMIT 51"
)
END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of search: the text for a person's number, the bare statement's values, and whom the text means.

    `means` gives the numbers of those whom a text means among so many people, newest first.
    """

    name: str
    text: Callable[[int], str]
    bare: str
    values: Callable[[str], tuple[str, ...]]
    means: Callable[[str, int], Iterable[int]]


def main(size: str) -> None:
    with database():
        result = Result("find")
        measure(result, PERSONS[size])
        result.show()


def measure(result: Result, persons: int) -> None:
    """Fill a workspace; look for many people in each way, and for the same bare, past row-level security."""
    from django.utils import timezone

    with superuser() as connection:
        crowd = fill(connection, persons, now=timezone.now())
        connection.execute("CHECKPOINT")
        for kind in KINDS:
            texts = [kind.text(number) for number in _drawn(persons)]
            bare = [_bare(connection, crowd, kind, text) for text in texts]
            took = [_found(crowd, kind, text, result) for text in texts]
            p50, p95 = _quantiles(took)
            result.row(f"{kind.name}: bare, past row-level security", f"{_said(*_quantiles(bare))} ms", "1")
            ratio = p50 / _quantiles(bare)[0]
            result.row(f"{kind.name}: the page's people", f"{_said(p50, p95)} ms", f"{ratio:.1f}")
            result.figures[kind.name] = {"bare_ms": _quantiles(bare), "found_ms": (p50, p95)}
    result.check("each search finds whom it should, newest first", True)
    slowest = max(figures["found_ms"][1] for figures in result.figures.values())
    result.row(f"the slowest by p95 over {persons:,} people, of {WITHIN_MS} ms", f"{slowest:.0f} ms")
    result.figures |= {"persons": persons, "within_ms": WITHIN_MS, "slowest_p95_ms": slowest}


def _drawn(persons: int) -> Iterator[int]:
    """The same numbers in every run."""
    drawn = random.Random(7)
    return (drawn.randint(persons // 10, persons) for _ in range(TIMES))


def _bare(connection: Any, crowd: Crowd, kind: Kind, text: str) -> float:
    started = time.perf_counter()
    connection.execute(kind.bare, (crowd.workspace.pk, *kind.values(text))).fetchall()
    return (time.perf_counter() - started) * 1000


def _found(crowd: Crowd, kind: Kind, text: str, result: Result) -> float:
    """Find as a page does: in a recorded context, with addresses, names and lists of those found."""
    from tillit.ledger.processing import processing
    from tillit.people.search import Wanted, find

    started = time.perf_counter()
    with processing(crowd.workspace.pk, "audience.administer", by="bench", act="people.read"):
        rows = find(crowd.workspace.pk, Wanted(text=text)).rows
    took = (time.perf_counter() - started) * 1000
    expected = islice(kind.means(text, crowd.persons), SHOWN)
    if [row.address for row in rows] != [address(each) for each in expected]:
        result.check(f"“{text}” finds whom it means", False)
    return took


def _quantiles(took: list[float]) -> tuple[float, float]:
    return statistics.median(took), statistics.quantiles(took, n=20, method="inclusive")[-1]


def _said(p50: float, p95: float) -> str:
    return f"{p50:.2f} and {p95:.2f}" if p95 < 10 else f"{p50:.0f} and {p95:.0f}"


def _newest(persons: int, test: Callable[[int], bool]) -> Iterator[int]:
    return (number for number in range(persons, 0, -1) if test(number))


def _range(text: str) -> tuple[str, str]:
    return text, text + END


def _word(text: str) -> tuple[str, str]:
    return _range(text.lower().replace("ö", "o"))


def _two_words(text: str) -> tuple[str, ...]:
    return (*text.lower().replace("ö", "o").split(),)


def _rare(_text: str, persons: int) -> Iterator[int]:
    return reversed(range(5, persons + 1, RARE_ONE_IN))


def _national(number: int) -> str:
    return f"0{telephone(number // 3 * 3)[3:]}"


KINDS = (
    Kind(
        "a first name",
        lambda n: FIRST[n % 12],
        _BY_WORD,
        _word,
        lambda text, persons: _newest(persons, lambda n: name(n)[0] == text),
    ),
    Kind(
        "a whole name",
        lambda n: f"{FIRST[n % 12]} {LAST[n % 10]}",
        _BY_TWO,
        _two_words,
        lambda text, persons: _newest(persons, lambda n: " ".join(name(n)) == text),
    ),
    Kind("a rare name", lambda n: RARE, _BY_WORD, _word, _rare),
    Kind("an address", address, _BY_VALUE, _range, lambda text, persons: [int(text[6:].partition("@")[0])]),
    Kind(
        "the beginning of an address",
        lambda n: address(n)[:9],
        _BY_VALUE,
        _range,
        lambda text, persons: _newest(persons, lambda n: address(n).startswith(text)),
    ),
    Kind(
        "a telephone number",
        _national,
        _BY_VALUE,
        lambda text: _range(f"+46{text[1:]}"),
        lambda text, persons: [int(text[2:])],
    ),
)


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")

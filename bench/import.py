"""Bringing people in from a file, against a bare COPY of the same file; then the same file again, and undoing it."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.support import ROOT, Result, database, superuser

ROWS = {"small": 50_000, "large": 1_000_000}
COLUMNS = ("Email", "First name", "Last name", "Company", "City", "Country", "Status")
FIRST = ("Anna", "Björn", "Cecilia", "David", "Elin", "Fredrik", "Greta", "Henrik", "Ingrid", "Johan", "Åsa")
LAST = ("Andersson", "Berg", "Carlsson", "Dahl", "Ek", "Forsberg", "Gustafsson", "Holm", "Isaksson", "Öberg")
PLACES = (("Stockholm", "Sweden"), ("Oslo", "Norway"), ("Lund", "Sweden"), ("Austin", "USA"), ("Delhi", "India"))
REPEATED, OPTED_OUT, BROKEN = 100, 50, 1000  # one row in so many


def main(size: str) -> None:
    with database() as folder:
        result = Result("import")
        measure(result, folder, ROWS[size])
        result.show()


def lines(rows: int) -> Iterator[str]:
    """A register with repeated addresses, opt-outs and broken rows among it."""
    yield ",".join(COLUMNS) + "\n"
    for number in range(rows):
        place, country = PLACES[number % 5]
        who = number - 1 if number % REPEATED == 1 else number
        address = "broken" if number % BROKEN == 7 else f"{FIRST[who % 11].lower()}.{who}@example{who % 97}.org"
        status = "unsubscribed" if number % OPTED_OUT == 3 else "subscribed"
        yield (
            f"{address},{FIRST[who % 11]},{LAST[who % 10]},Company {who % 5000},{place},{country},{status}\n".replace(
                "å", "a"
            ).replace("björn.", "bjorn.")
        )


def expected(rows: int) -> dict[str, int]:
    """What the file holds, counted apart from the program."""
    broken = len(range(7, rows, BROKEN))
    repeated = len(range(1, rows, REPEATED))
    return {"rows": rows, "refused": broken, "duplicates": repeated, "new": rows - broken - repeated}


def measure(result: Result, folder: Path, rows: int) -> None:
    """Write the file, copy it bare, import it twice, undo the first import, and compare what is there each time."""
    path = folder / "register.csv"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines(rows))
    copied_s = bare_copy(path, rows)
    result.row(f"COPY of {rows:,} rows into one bare table", f"{rows / copied_s:,.0f} rows/s", "1")
    house = workspace()
    before_mb = memory_mb()
    cpu_before = cpu_s()
    first, took = imported(house, path)
    program_us, server_us = ((after - before) / rows * 1e6 for before, after in zip(cpu_before, cpu_s(), strict=True))
    share = copied_s / took
    result.row("import: new people, list, consents, opt-outs", f"{rows / took:,.0f} rows/s", f"{share:.1%} of COPY")
    result.row("its processor time a row: the program's, the server's", f"{program_us:.1f} and {server_us:.1f} µs")
    wanted = expected(rows)
    result.check("every row counted once", all(first.counts.get(name, 0) == count for name, count in wanted.items()))
    result.check("everybody is there with what they chose", consistent(wanted["new"], rows))
    result.row("memory while importing, beside what the program takes", f"{memory_mb() - before_mb:,.0f} MB")
    held = fingerprint()
    known, again = imported(house, path)
    result.row(
        "the same file again: everybody is known", f"{rows / again:,.0f} rows/s", f"{copied_s / again:.1%} of COPY"
    )
    # Somebody whose two rows lie in two chunks takes the values of each in turn, and has the later ones in the end.
    result.check("nothing changed and nobody came twice", not known.counts.get("new") and fingerprint() == held)
    result.check("nobody is there twice", consistent(wanted["new"], rows))
    undone = [undo(item) for item in (known, first)]
    result.row("undoing the second, then the first", " and ".join(f"{rows / each:,.0f} rows/s" for each in undone))
    result.check("nothing of it is left", left() == [0, 0, 0, 0, 0])
    result.figures |= {
        "rows": rows,
        "copy_rows_per_second": rows / copied_s,
        "import_rows_per_second": rows / took,
        "share_of_copy": share,
        "program_cpu_us": program_us,
        "server_cpu_us": server_us,
        "again_rows_per_second": rows / again,
        "undo_rows_per_second": rows / undone[1],
        "memory_mb": memory_mb() - before_mb,
    }


def bare_copy(path: Path, rows: int) -> float:
    """Copy the file into a table without keys, durably; return the seconds it took."""
    columns = ", ".join(f"c{number} text" for number in range(len(COLUMNS)))
    with superuser() as connection:
        connection.execute(f"CREATE TABLE bare ({columns})")
        started = time.perf_counter()
        with (
            connection.cursor().copy("COPY bare FROM STDIN WITH (FORMAT csv, HEADER)") as copy,
            path.open("rb") as file,
        ):
            while part := file.read(1 << 20):
                copy.write(part)
        took = time.perf_counter() - started
        assert connection.execute("SELECT count(*) FROM bare").fetchone() == (rows,)
        connection.execute("DROP TABLE bare")
        connection.execute("CHECKPOINT")
    return took


def workspace() -> Any:
    from django.utils import timezone

    from tillit.accounts.models import Workspace
    from tillit.ledger.actions import publish
    from tillit.people.actions import make_default_fields
    from tillit.people.models import MailingList, Source

    made = Workspace.objects.create(name="Bench")
    publish(made.pk, (ROOT / "policies" / "smart-media-solutions.yaml").read_text(), by=None, now=timezone.now())
    make_default_fields(made.pk)
    Source.objects.create(workspace=made, name="Register", warranty="Collected by us at sign-up, with consent.")
    MailingList.objects.create(workspace=made, name="News")
    return made


def cpu_s() -> tuple[float, float]:
    """The time on a processor so far: of this process, and of the server's processes that work for it."""
    from tillit.ledger.rls import APP

    with superuser() as connection:
        working = connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s", [APP]).fetchall()
    told = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for (pid,) in working]
    ticks = sum(int(each[11]) + int(each[12]) for each in told)
    return time.process_time(), ticks / os.sysconf("SC_CLK_TCK")


def imported(house: Any, path: Path) -> tuple[Any, float]:
    """Import the file; return the import and the seconds it took, with every write on disk."""
    from django.utils import timezone

    from tillit.people.importing.run import run_import
    from tillit.people.importing.start import start_import
    from tillit.people.models import MailingList, Source

    item = start_import(
        house.pk,
        path,
        source=Source.objects.get(workspace=house),
        mailing_list=MailingList.objects.get(workspace=house),
        by="system",
        now=timezone.now(),
        consent="marketing.email",
        defer=False,
    )
    started = time.perf_counter()
    done = run_import(item.pk)
    took = time.perf_counter() - started
    assert done.state == "done", done.error
    return done, took


def undo(item: Any) -> float:
    """Undo an import; return the seconds it took."""
    from django.utils import timezone

    from tillit.people.importing.undo import begin, run_undo

    begin(item, by="system", now=timezone.now(), defer=False)
    started = time.perf_counter()
    assert run_undo(item.pk).state == "undone"
    return time.perf_counter() - started


def consistent(people: int, rows: int) -> bool:
    """Whether every table holds what the file says, seen past row-level security."""
    out = len({number - 1 if number % REPEATED == 1 else number for number in range(3, rows, OPTED_OUT)})
    out -= len([number for number in range(3, rows, OPTED_OUT) if number % BROKEN == 7])
    persons, identities, traits, subscriptions, choices = left()
    with superuser() as connection:
        counted = connection.execute(
            "SELECT count(*) FILTER (WHERE granted <> 0), count(*) FILTER (WHERE refused <> 0) FROM people_person"
        ).fetchone()
    return (
        persons == identities == subscriptions == choices == people
        and traits == 3 * people
        and counted == (people - out, out)
    )


def left() -> list[int]:
    """The rows of the tables that an import writes; those of choices that count."""
    tables = ("people_person", "people_identity", "people_traits", "people_subscription")
    with superuser() as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]
        counts.append(
            connection.execute(
                "SELECT count(*) FROM consent_choice c"
                " WHERE NOT EXISTS (SELECT FROM consent_voidedchoice v WHERE v.choice_id = c.id)"
            ).fetchone()
        )
    return [row[0] if row else 0 for row in counts]


def fingerprint() -> list[Any]:
    """What is known of everybody, without when and where it came from, as a few numbers."""
    told = {
        "people_person": "id, region, roles, flags, granted, refused, language",
        "people_identity": "key, person_id, value",
        "people_traits": 'person_id, category, "values"',
        "people_subscription": "person_id, list_id, state",
        "consent_choice": "id, person_id, purpose, state",
    }
    with superuser() as connection:
        return [
            connection.execute(f"SELECT count(*), sum(hash_record_extended(({columns}), 0)) FROM {table}").fetchone()
            for table, columns in told.items()
        ]


def memory_mb() -> float:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")

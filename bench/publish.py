"""Putting everybody under another policy, against writing each person's row, as a stored decision would need."""

from __future__ import annotations

import sys
import time

from bench.audience import FILL, PERSONS
from bench.support import ROOT, Result, best_of, database, superuser

MARKETING = "marketing.email"
WRITE_ALL = "UPDATE people_person SET granted = granted"
ROWS_OF = "SELECT count(DISTINCT xmin::text) FROM people_person"


def main(size: str) -> None:
    with database():
        result = Result("publish")
        measure(result, PERSONS[size])
        result.show()


def measure(result: Result, persons: int) -> None:
    """Publish a version that asks consent anew, decide everybody by the next query; then write every row once."""
    from django.utils import timezone

    from tillit.accounts.models import Workspace
    from tillit.ledger.actions import publish
    from tillit.ledger.versions import in_force

    text = (ROOT / "policies" / "smart-media-solutions.yaml").read_text()
    workspace = Workspace.objects.create(name="Bench")
    publish(workspace.pk, text, by=None, now=timezone.now())
    with superuser() as connection:
        bit = in_force(workspace.pk).rules[MARKETING].bit
        connection.execute(FILL, {"workspace": workspace.pk, "bit": bit, "persons": persons})
        connection.execute("VACUUM ANALYZE people_person")
        before = _permitted(workspace.pk)
        started = time.perf_counter()
        publish(workspace.pk, text, by=None, now=timezone.now(), ask_again=[MARKETING])
        published_s = time.perf_counter() - started
        after_s, after = best_of(1, lambda: _permitted(workspace.pk))
        counted_s = _impact(result, workspace.pk, text, persons)
        result.check("who agreed before is asked again", 0 < after < before)
        result.check("no row was written", connection.execute(ROWS_OF).fetchone() == (1,))
        written_s, _ = best_of(1, lambda: connection.execute(WRITE_ALL))
    result.row(f"write every row, {persons:,} persons", f"{written_s * 1000:,.0f} ms", "1")
    result.row(
        "publish: everybody is under the new version", f"{published_s * 1000:,.0f} ms", _share(published_s, written_s)
    )
    result.row("the next query, deciding everybody", f"{after_s * 1000:,.0f} ms", _share(after_s, written_s))
    result.row("count whom a change of a draft concerns", f"{counted_s * 1000:,.0f} ms", _share(counted_s, written_s))
    result.figures |= {
        "persons": persons,
        "write_all_s": written_s,
        "publish_s": published_s,
        "next_query_s": after_s,
        "impact_s": counted_s,
    }


def _share(part_s: float, whole_s: float) -> str:
    return f"{part_s / whole_s:.3f}"


def _permitted(workspace_id: int) -> int:
    from tillit.ledger.processing import processing
    from tillit.people.models import Person

    with processing(workspace_id, MARKETING, by="bench", act="bench.count"):
        return Person.objects.count()


def _impact(result: Result, workspace_id: int, text: str, persons: int) -> float:
    """Count whom a draft concerns that gives one purpose another category and keeps another kind for less long."""
    from django.utils import timezone

    from tillit.governance import impact
    from tillit.ledger.versions import in_force
    from tillit.policy.diff import compare
    from tillit.policy.edit import entry, put
    from tillit.policy.load import load

    place = ("purposes", "leads.share", "categories")
    changed = put(put(text, place, [*entry(text, place), "demographics"]), ("retention", "inquiry", "keep"), "1 year")
    current = in_force(workspace_id)
    changes = compare(current.document, load(changed))
    rules = impact.rules_between(workspace_id, current, changes)
    took_s, found = best_of(1, lambda: impact.measure(workspace_id, changes, rules, by="bench", now=timezone.now()))
    result.check("everybody was counted", found.people == persons)
    return took_s


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")

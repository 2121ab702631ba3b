"""Counting and fetching the permitted under row-level security, against the same SQL as superuser without policy."""

from __future__ import annotations

import sys

from bench.support import ROOT, Result, best_of, database, superuser

PERSONS = {"small": 300_000, "large": 2_000_000}
RUNS = 5

# Bits of the purposes are small numbers in a fresh workspace; half of the EEA granted marketing, a tenth refused.
FILL = """
INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)
SELECT gen_random_uuid(), %(workspace)s, (ARRAY[1, 1, 1, 2, 5])[1 + i %% 5], 1,
       CASE i %% 50 WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE 0 END,
       CASE WHEN i %% 2 = 0 THEN 1::bigint << %(bit)s ELSE 0 END,
       CASE WHEN i %% 10 = 1 THEN 1::bigint << %(bit)s ELSE 0 END, '', now()
FROM generate_series(1, %(persons)s) i
"""
SUBSCRIBE = """
INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since)
SELECT id, 1, workspace_id, 'subscribed', now() FROM people_person
"""
KNOW = """
INSERT INTO people_traits (person_id, category, workspace_id, "values", updated_at)
SELECT id, 'demographics', workspace_id, jsonb_build_object('country', (ARRAY['SE', 'NO', 'FI', 'DE'])[1 + n % 4],
       'city', 'Town ' || n % 500, 'points', n % 1000), now()
FROM (SELECT *, row_number() OVER () AS n FROM people_person) numbered
"""
SEGMENT = 'country = "SE" and (points >= 900 or not on list "Bench") or city in ("Town 7", "Town 8")'
COUNT = "SELECT count(*) FROM people_person p"
CHILDREN = "SELECT count(*) FROM people_subscription s JOIN people_person p ON p.id = s.person_id WHERE s.list_id = 1"
FETCH = "SELECT p.id FROM people_person p"
QUERIES = {"count the permitted": COUNT, "count a list's permitted": CHILDREN, "fetch the permitted": FETCH}


def main(size: str) -> None:
    with database():
        result = Result("audience")
        measure(result, PERSONS[size])
        result.show()


def measure(result: Result, persons: int) -> None:
    """Fill the tables, run each query both ways and compare the outcomes."""
    from django.utils import timezone

    from tillit.accounts.models import Workspace
    from tillit.ledger.actions import publish
    from tillit.ledger.versions import in_force

    workspace = Workspace.objects.create(name="Bench")
    publish(workspace.pk, (ROOT / "policies" / "smart-media-solutions.yaml").read_text(), by=None, now=timezone.now())
    rule = in_force(workspace.pk).rules["marketing.email"]
    with superuser() as connection:
        connection.execute(FILL, {"workspace": workspace.pk, "bit": rule.bit, "persons": persons})
        connection.execute(SUBSCRIBE)
        connection.execute(KNOW)
        connection.execute("VACUUM ANALYZE people_person, people_subscription, people_traits")
    for name, sql in {
        "count the permitted": COUNT,
        "count a list's permitted": CHILDREN,
        "fetch the permitted": FETCH,
    }.items():
        bare_s, bare = _as_superuser(sql, rule)
        bound_s, bound = _as_application(sql, workspace.pk)
        result.check(f"{name}: same rows", sorted(bare) == sorted(bound) and 0 < len(bound) <= persons)
        free_s, _ = _as_superuser(sql, None)
        result.row(f"{name}, {persons:,} persons: superuser, no rule", f"{free_s * 1000:.0f} ms")
        result.row(f"{name}: superuser, the rule written out", f"{bare_s * 1000:.0f} ms", "1")
        result.row(f"{name}: under row-level security", f"{bound_s * 1000:.0f} ms", f"{bound_s / bare_s:.2f}")
        result.figures[name] = {"no_rule_s": free_s, "written_out_s": bare_s, "row_level_security_s": bound_s}
    measure_segment(result, workspace.pk, persons)


def measure_segment(result: Result, workspace_id: int, persons: int) -> None:
    """Count a segment over a field, another, and a list, as staff do; and fetch the first page of its people."""
    from django.db import connection
    from django.utils import timezone

    from tillit.ledger.processing import processing
    from tillit.people.actions import make_default_fields
    from tillit.people.models import Field, MailingList
    from tillit.people.search import Wanted, find
    from tillit.people.segments.actions import make_segment
    from tillit.people.segments.compile import compile_segment
    from tillit.people.segments.conditions import vocabulary
    from tillit.people.segments.language import parse

    make_default_fields(workspace_id)
    Field.objects.create(
        workspace_id=workspace_id, name="points", label="Points", type="number", category="demographics"
    )
    MailingList.objects.create(workspace_id=workspace_id, name="Bench")
    words = vocabulary(workspace_id)
    tree = parse(SEGMENT, words)
    query = compile_segment(tree, words, now=timezone.now())
    sql = f"SELECT count(*) FROM ({query.sql}) found"
    with superuser() as unbound:
        bare_s, bare = best_of(RUNS, lambda: unbound.execute(sql, query.parameters).fetchall())
    segment = make_segment(workspace_id, name="Bench", tree=tree, by="bench")
    with (
        processing(workspace_id, "audience.administer", by="bench", act="bench.count"),
        connection.cursor() as cursor,
    ):

        def counted() -> list:
            cursor.execute(sql, query.parameters)
            return cursor.fetchall()

        bound_s, bound = best_of(RUNS, counted)
        page_s, page = best_of(RUNS, lambda: find(workspace_id, Wanted(segment_id=segment.pk)).rows)
    result.check("a segment: same number", bare == bound and 0 < bound[0][0] < persons)
    result.check("a segment: a full page", len(page) == Wanted().limit)
    result.row(f"count a segment, {persons:,} persons: superuser", f"{bare_s * 1000:.0f} ms", "1")
    result.row("count a segment: under row-level security", f"{bound_s * 1000:.0f} ms", f"{bound_s / bare_s:.2f}")
    result.row("a segment's first page of people", f"{page_s * 1000:.0f} ms")
    result.figures["segment"] = {"superuser_s": bare_s, "row_level_security_s": bound_s, "page_s": page_s}


def _as_superuser(sql: str, rule: object | None) -> tuple[float, list]:
    from tillit.policy.sql import condition

    if rule is not None:
        joiner = " AND " if " WHERE " in sql else " WHERE "
        sql += joiner + condition("p", lambda name: str(getattr(rule, name)))
    with superuser() as connection:
        return best_of(RUNS, lambda: connection.execute(sql).fetchall())


def _as_application(sql: str, workspace_id: int) -> tuple[float, list]:
    from django.db import connection

    from tillit.ledger.processing import processing

    with processing(workspace_id, "marketing.email", by="bench", act="bench.count"), connection.cursor() as cursor:

        def run() -> list:
            cursor.execute(sql)
            return cursor.fetchall()

        return best_of(RUNS, run)


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "small")

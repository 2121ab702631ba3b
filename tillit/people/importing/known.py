"""The SQL of an import about people who are known already: what it changes, and the traces by which it is undone.

Each statement writes and traces in one, so that no change is without its trace. A person named again by a later chunk
keeps the first `before` of the import, which is how they were. Their rows are locked by `statements.LOCK`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tillit.people.importing.columns import FieldColumn
from tillit.people.importing.mapping import FILL, KEEP
from tillit.people.importing.statements import CHOICE, GRANT, IN, OUT, REFUSAL, STANDING, filled, value

TOUCHED = "CREATE TEMP TABLE touched (person_id uuid) ON COMMIT DROP"
CHANGED = "SELECT count(DISTINCT person_id) FROM touched"

_TRACE = """
INSERT INTO people_importtrace AS trace (import_id, person_id, part, category, workspace_id, before, after)
SELECT %(import)s, {person}, '{part}', {category}, %(workspace)s, {before}, {after} FROM {rows}
ON CONFLICT (import_id, person_id, part, category) DO UPDATE SET after = {joined}
"""


def _trace(part: str, rows: str, after: str, **told: str) -> str:
    """SQL that traces what was written; `joined` says what becomes of an earlier trace of the same import."""
    whole = {"person": "id", "category": "'contact'", "before": "NULL", "joined": "EXCLUDED.after", **told}
    return _TRACE.format(part=part, rows=rows, after=after, **whole)


# Everybody whom the file names is marked: an earlier import is then not undone for whom a later one confirmed.
SEEN = """
INSERT INTO people_importtrace (import_id, person_id, part, category, workspace_id)
SELECT %(import)s, person_id, 'seen', 'contact', %(workspace)s FROM staged WHERE NOT fresh ON CONFLICT DO NOTHING
"""

# What a person's row says already is not overwritten: a newer file may not move somebody out of a stricter region.
PERSONS = f"""
WITH was AS (
    SELECT p.id, p.region, p.roles, p.language, s.region AS told_region, s.language AS told_language
    FROM staged s CROSS JOIN LATERAL (SELECT * FROM people_person p WHERE p.id = s.person_id OFFSET 0) p
    WHERE NOT s.fresh
      AND (p.region = 0 AND s.region <> 0 OR p.language = '' AND s.language <> '' OR p.roles & 1 = 0)
), changed AS (
    UPDATE people_person p SET
        region = CASE WHEN was.region = 0 THEN was.told_region ELSE was.region END,
        language = CASE WHEN was.language = '' THEN was.told_language ELSE was.language END,
        roles = was.roles | 1
    FROM was WHERE p.id = was.id
    RETURNING p.id, p.region AS new_region, p.roles AS new_roles, p.language AS new_language
), placed AS ({
    _trace(
        "person",
        "was JOIN changed USING (id) WHERE (region, roles) <> (new_region, new_roles)",
        "jsonb_build_object('region', new_region, 'roles', new_roles)",
        before="jsonb_build_object('region', region, 'roles', roles)",
    )
}), spoken AS ({
    _trace(
        "language",
        "was JOIN changed USING (id) WHERE language <> new_language",
        "to_jsonb(new_language::text)",
        category="'preferences'",
        before="to_jsonb(language::text)",
    )
})
INSERT INTO touched SELECT id FROM changed
"""


def further_identity(kind: str) -> str:
    """Telephone or customer number of known people; one that another person has stays theirs."""
    trace = _trace(
        kind,
        "made",
        "jsonb_build_array(encode(key, 'hex'))",
        person="person_id",
        joined="trace.after || EXCLUDED.after",
    )
    return f"""
WITH made AS (
    INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
    SELECT {kind}_key, %(workspace)s, person_id, '{kind}', {kind}, %(now)s FROM staged
    WHERE {kind}_key IS NOT NULL AND NOT fresh
    ORDER BY {kind}_key, line ON CONFLICT (key) DO NOTHING RETURNING key, person_id
), traced AS ({trace})
INSERT INTO touched SELECT person_id FROM made
"""


def traits(fields: Sequence[tuple[int, FieldColumn]]) -> str:
    """Merge the values of one category, each by its field's mode: what the file leaves empty stays in any case.

    The trace keeps the whole category as it was: 2 µs less a person than only what differs.
    """
    pairs = ", ".join(f"%(name{number})s::text, {_by_mode(number, column)}" for number, column in fields)
    trace = _trace(
        "values",
        "differing",
        "gives",
        person="person_id",
        category="%(category)s",
        before="CASE WHEN existed THEN jsonb_build_object('values', had, 'source', source_id, 'at', updated_at) END",
        joined="trace.after || EXCLUDED.after",
    )
    return f"""
WITH given AS (
    SELECT s.person_id, t."values" AS had, t.source_id, t.updated_at, t.person_id IS NOT NULL AS existed,
           jsonb_strip_nulls(jsonb_build_object({pairs})) AS gives
    FROM staged s LEFT JOIN LATERAL (
        SELECT * FROM people_traits t WHERE t.person_id = s.person_id AND t.category = %(category)s OFFSET 0) t ON true
    WHERE NOT s.fresh AND ({filled(fields)})
), differing AS (
    SELECT * FROM given WHERE gives <> '{{}}' AND (had IS NULL OR had || gives IS DISTINCT FROM had)
), traced AS ({trace}), written AS (
    INSERT INTO people_traits (person_id, category, workspace_id, "values", source_id, updated_at)
    SELECT person_id, %(category)s, %(workspace)s, gives, %(source)s, %(now)s FROM differing
    ON CONFLICT (person_id, category) DO UPDATE
    SET "values" = people_traits."values" || EXCLUDED."values", source_id = EXCLUDED.source_id,
        updated_at = EXCLUDED.updated_at
    RETURNING person_id
)
INSERT INTO touched SELECT person_id FROM written
"""


def _by_mode(number: int, column: FieldColumn) -> str:
    """SQL of what a field gets of the file, NULL where the person keeps what they have."""
    if column.mode == KEEP:
        return "NULL::jsonb"
    if column.mode == FILL:
        return f'CASE WHEN t."values" ? %(name{number})s::text THEN NULL ELSE {value(number, column)} END'
    return value(number, column)


# Who is on the list keeps their standing, but for an opt-out in the file, which counts.
SUBSCRIPTIONS = f"""
WITH was AS (
    SELECT s.person_id, b.state, b.since, b.source_id, b.person_id IS NOT NULL AS existed
    FROM staged s LEFT JOIN LATERAL (SELECT * FROM people_subscription b
        WHERE b.person_id = s.person_id AND b.list_id = %(list)s OFFSET 0) b ON true
    WHERE NOT s.fresh AND s.standing > 0
), written AS (
    INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since, source_id)
    SELECT person_id, %(list)s, %(workspace)s, {STANDING}, %(now)s, %(source)s
    FROM staged WHERE standing > 0 AND NOT fresh
    ON CONFLICT (person_id, list_id) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since
    WHERE EXCLUDED.state = 'unsubscribed' AND people_subscription.state <> 'unsubscribed'
    RETURNING person_id, state AS new_state
), traced AS ({
    _trace(
        "list",
        "was JOIN written USING (person_id)",
        "to_jsonb(new_state::text)",
        person="person_id",
        category="'preferences'",
        before="CASE WHEN existed THEN jsonb_build_object('state', state, 'since', since, 'source', source_id) END",
    )
})
INSERT INTO touched SELECT person_id FROM written
"""

# `consent` lies above `people`, so its table is named here and its code is not: one statement a chunk, no row by row.
_FOLDED = """
WITH chosen AS ({choice} RETURNING id, person_id), traced AS ({trace})
UPDATE people_person p SET {gains} = {gains} & ~%({bit}_ever)s::bigint | %({bit})s,
    {loses} = {loses} & ~%({bit}_ever)s::bigint
FROM chosen WHERE p.id = chosen.person_id
"""
_CHOSEN = _trace(
    "choice",
    "chosen",
    "jsonb_build_array(id)",
    person="person_id",
    category="'preferences'",
    joined="trace.after || EXCLUDED.after",
)
REFUSALS = _FOLDED.format(
    choice=CHOICE.format(
        **REFUSAL,
        condition=f"NOT s.fresh AND s.standing = {OUT} AND EXISTS"
        " (SELECT FROM people_person p WHERE p.id = s.person_id AND p.refused & %(refuse_ever)s = 0 OFFSET 0)",
    ),
    trace=_CHOSEN,
    gains="refused",
    loses="granted",
    bit="refuse",
)
GRANTS = _FOLDED.format(
    choice=CHOICE.format(
        **GRANT,
        condition=f"NOT s.fresh AND s.agreed AND s.standing = {IN} AND NOT EXISTS"
        " (SELECT FROM consent_choice c WHERE c.person_id = s.person_id AND c.purpose = %(grant_purpose)s"
        " AND NOT EXISTS (SELECT FROM consent_voidedchoice v WHERE v.choice_id = c.id) OFFSET 0)"
        " AND EXISTS (SELECT FROM people_person p WHERE p.id = s.person_id AND p.refused & %(grant_ever)s = 0 OFFSET 0)"
        " AND NOT EXISTS (SELECT FROM people_subscription b WHERE b.person_id = s.person_id"
        " AND b.list_id = %(list)s AND b.state = 'unsubscribed' OFFSET 0)",
    ),
    trace=_CHOSEN,
    gains="granted",
    loses="refused",
    bit="grant",
)

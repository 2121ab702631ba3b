"""The SQL of undoing an import. `made` and `back` are temporary tables of the people that one transaction undoes.

An import's own rows are known by their moments: `times` are those of its chunks, and of the imports whose heir it is.
What has another moment was changed since. What a later import's file said again stays too: `%(later_…)s` are the
imports that said such a thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from tillit.people.own_acts import ended_since

#: Tables that an import itself writes, or that follow from them. A row in any other says that somebody did something;
#: of one in an act on many the verdict does.
OWN = frozenset(
    {
        "people_person",
        "people_paststanding",
        "people_identity",
        "people_traits",
        "people_nameword",
        "people_likeness",
        "people_subscription",
        "people_importtrace",
        "people_bulkchange",
        "consent_choice",
        "consent_voidedchoice",
    }
)
#: Tables that tell by themselves why somebody stays; whatever is in another says no more than that something happened.
TELLING = {
    "merged": ("people_merge", "people_mergetrace"),
    "edited": ("people_edit",),
    "noted": ("people_note",),
}
_CONFIRMED = """EXISTS (SELECT FROM people_importtrace o
    WHERE o.person_id = {person} AND o.import_id = ANY (%({later})s::bigint[]))"""


def confirmed(person: str, later: str) -> str:
    """SQL of whether a later import names a person and says such a thing."""
    return _CONFIRMED.format(person=person, later=later)


# -- people that the import made --------------------------------------------------------------------------------------
MADE = "CREATE TEMP TABLE made (person_id uuid PRIMARY KEY, kept text) ON COMMIT DROP"
FIND = """
INSERT INTO made SELECT id FROM (
    SELECT id FROM people_person
    WHERE id BETWEEN %(first)s AND %(last)s AND created_at = %(written)s ORDER BY id FOR UPDATE) locked
"""


# The import left somebody as its last row about them says, or as they were before their standing first changed.
_MOVED = """EXISTS (SELECT FROM people_person p
    LEFT JOIN people_importtrace o ON o.person_id = p.id AND o.import_id = %(import)s AND o.part = 'person'
    LEFT JOIN LATERAL (SELECT region, roles FROM people_paststanding s WHERE s.person_id = p.id
                       ORDER BY s.id LIMIT 1) s ON true
    WHERE p.id = m.person_id
      AND (p.region <> COALESCE((o.after->>'region')::smallint, s.region, p.region)
           OR p.roles <> COALESCE((o.after->>'roles')::int, s.roles, p.roles)))"""


# An act on many that left somebody out, or was undone, did nothing to them.
_IN_BULK = """EXISTS (SELECT FROM people_bulkchange x
    WHERE x.person_id = m.person_id AND x.verdict IN ('change', 'kept'))"""


def why_kept(others: Iterable[str]) -> str:
    """SQL of the reason for which a person `m` that the import made stays; NULL when nobody has touched them since.

    `others` are the tables about persons that no import writes.
    """
    telling = {table for tables in TELLING.values() for table in tables}
    merged, edited, noted = (_rows(tables) for tables in TELLING.values())
    return f"""CASE
  WHEN EXISTS (SELECT FROM people_person p WHERE p.id = m.person_id AND p.flags & 1 <> 0) THEN 'restricted'
  WHEN EXISTS (SELECT FROM consent_choice c WHERE c.person_id = m.person_id
               AND NOT (c.at = ANY (%(times)s) AND c.method = 'import')
               AND NOT EXISTS (SELECT FROM consent_voidedchoice v WHERE v.choice_id = c.id)
               AND NOT EXISTS (SELECT FROM people_importtrace o WHERE o.person_id = m.person_id AND o.part = 'choice'
                               AND o.after ? c.id::text)) THEN 'chose'
  WHEN {merged} THEN 'merged'
  WHEN EXISTS (SELECT FROM people_importtrace o
               WHERE o.person_id = m.person_id AND o.import_id <> %(import)s) THEN 'imported'
  WHEN EXISTS (SELECT FROM people_subscription b WHERE b.person_id = m.person_id
               AND NOT (b.list_id = ANY (%(lists)s::bigint[]) AND b.since = ANY (%(times)s))) THEN 'list'
  WHEN EXISTS (SELECT FROM people_traits t
               WHERE t.person_id = m.person_id AND NOT t.updated_at = ANY (%(times)s))
    OR EXISTS (SELECT FROM people_identity i
               WHERE i.person_id = m.person_id AND NOT i.created_at = ANY (%(times)s))
    OR {_MOVED} OR {edited} OR {_IN_BULK} THEN 'edited'
  WHEN {ended_since("m.person_id", "%(since)s")} THEN 'chose'
  WHEN {noted} THEN 'noted'
  WHEN {_rows(set(others) - telling)} THEN 'active'
END"""


def _rows(tables: Iterable[str]) -> str:
    """SQL of whether the person `m` has a row in any of some tables."""
    found = [f'EXISTS (SELECT FROM "{table}" x WHERE x.person_id = m.person_id)' for table in sorted(tables)]
    return f"({' OR '.join(found) or 'false'})"


def weigh(others: Iterable[str]) -> str:
    return f"UPDATE made m SET kept = {why_kept(others)}"


def count_made(others: Iterable[str]) -> str:
    """How many people of a chunk would go, and how many stay for which reason."""
    return f"""
SELECT {why_kept(others)}, count(*) FROM (SELECT id AS person_id FROM people_person
    WHERE id BETWEEN %(first)s AND %(last)s AND created_at = %(written)s OFFSET 0) m GROUP BY 1
"""


# Of imports that were undone before: what they made and this one names is this one's now.
INHERITED = """
INSERT INTO made SELECT id FROM (
    SELECT id FROM people_person WHERE id IN (
        SELECT person_id FROM people_importtrace WHERE import_id = %(import)s AND part = 'made'
        ORDER BY person_id LIMIT %(limit)s) ORDER BY id FOR UPDATE) locked
"""


def count_inherited(others: Iterable[str]) -> str:
    """The same as `count_made`, of the people whom this import inherited."""
    return f"""
SELECT {why_kept(others)}, count(*) FROM (SELECT person_id FROM people_importtrace
    WHERE import_id = %(import)s AND part = 'made' OFFSET 0) m GROUP BY 1
"""


KEPT = "SELECT kept, count(*) FROM made GROUP BY 1"
# The choices stay as evidence of what was done under them, and say that they count no longer.
VOID_MADE = f"""
INSERT INTO consent_voidedchoice (choice_id, person_id, workspace_id, at, about)
SELECT c.id, c.person_id, c.workspace_id, %(now)s, %(about)s FROM consent_choice c JOIN made m USING (person_id)
WHERE c.at = ANY (%(times)s) AND c.method = 'import'
  AND (m.kept IS NULL OR NOT {confirmed("c.person_id", "later_choice")})
ON CONFLICT DO NOTHING
"""
REMOVE = tuple(
    f"DELETE FROM {table} x USING made m WHERE x.person_id = m.person_id AND m.kept IS NULL"
    for table in (
        *("people_traits", "people_subscription", "people_identity", "people_paststanding", "people_likeness"),
        "people_bulkchange",
    )
)
REMOVE_PERSONS = "DELETE FROM people_person p USING made m WHERE p.id = m.person_id AND m.kept IS NULL"
# Who stays loses what nobody but this import has written.
STRIP_VALUES = f"""
DELETE FROM people_traits t USING made m
WHERE t.person_id = m.person_id AND m.kept IS NOT NULL AND t.category = %(category)s
  AND t.updated_at = ANY (%(times)s) AND NOT {confirmed("t.person_id", "later")}
"""
# A person's own yes since then is a reason to stay on the list: it asked for just this, and changed no row.
_OWN_YES = """EXISTS (SELECT FROM consent_choice c WHERE c.person_id = {person} AND c.state = 'granted'
    AND c.method <> 'import' AND c.at > %(since)s)"""
STRIP_LIST = f"""
DELETE FROM people_subscription b USING made m
WHERE b.person_id = m.person_id AND m.kept IS NOT NULL AND b.list_id = ANY (%(lists)s::bigint[])
  AND b.since = ANY (%(times)s)
  AND NOT {confirmed("b.person_id", "later_list")} AND NOT {_OWN_YES.format(person="b.person_id")}
  AND NOT {ended_since("b.person_id", "b.since")}
"""
STRIP_IDENTITIES = f"""
DELETE FROM people_identity i USING made m
WHERE i.person_id = m.person_id AND m.kept IS NOT NULL AND i.kind = %(kind)s AND i.created_at = ANY (%(times)s)
  AND NOT {confirmed("i.person_id", "later")}
"""
FORGET_MADE = """
DELETE FROM people_importtrace t USING made m WHERE t.person_id = m.person_id AND t.import_id = %(import)s
"""

# -- people who were known --------------------------------------------------------------------------------------------
BACK = "CREATE TEMP TABLE back (person_id uuid PRIMARY KEY) ON COMMIT DROP"
NEXT = """
INSERT INTO back SELECT DISTINCT person_id FROM people_importtrace
WHERE import_id = %(import)s AND person_id > %(after)s ORDER BY person_id LIMIT %(limit)s
"""
LOCK = "SELECT id FROM people_person WHERE id IN (SELECT person_id FROM back) ORDER BY id FOR UPDATE"
LAST = "SELECT count(*), max(person_id::text) FROM back"
CHANGED = """
SELECT count(DISTINCT person_id) FROM people_importtrace JOIN back USING (person_id)
WHERE import_id = %(import)s AND part NOT IN ('seen', 'made')
"""


def _traces(part: str) -> str:
    own = f"r.import_id = %(import)s AND r.part = '{part}'"
    return f"people_importtrace r JOIN back k ON k.person_id = r.person_id AND {own}"


# Nobody wrote since: the row as it was, with its source and moment, or none.
VALUES_AWAY = f"""
DELETE FROM people_traits t USING {_traces("values")}
WHERE t.person_id = r.person_id AND t.category = r.category AND r.category = %(category)s AND r.before IS NULL
  AND t.updated_at = ANY (%(times)s) AND NOT {confirmed("t.person_id", "later")}
"""
VALUES_WHOLE = f"""
UPDATE people_traits t SET "values" = r.before->'values', source_id = (r.before->>'source')::bigint,
    updated_at = (r.before->>'at')::timestamptz
FROM {_traces("values")}
WHERE t.person_id = r.person_id AND t.category = r.category AND r.category = %(category)s AND r.before IS NOT NULL
  AND t.updated_at = ANY (%(times)s) AND NOT {confirmed("t.person_id", "later")}
"""
# Somebody wrote since: only the fields that are still as the import left them. Its moment is now, so that undoing the
# import that wrote since does not take the whole row back to what this one had made of it.
_STILL = """SELECT key FROM jsonb_each(r.after) WHERE t."values"->key = value
    AND r.before->'values'->key IS DISTINCT FROM value"""
VALUES_SINGLE = f"""
UPDATE people_traits t SET updated_at = %(now)s,
    "values" = (t."values" - ARRAY({_STILL})) || COALESCE((SELECT jsonb_object_agg(key, value)
        FROM jsonb_each(r.before->'values') WHERE key IN ({_STILL})), '{{}}')
FROM {_traces("values")}
WHERE t.person_id = r.person_id AND t.category = r.category AND r.category = %(category)s
  AND NOT t.updated_at = ANY (%(times)s) AND EXISTS ({_STILL}) AND NOT {confirmed("t.person_id", "later")}
"""
VALUES_KEPT = f"""
SELECT count(*) FROM people_traits t JOIN ({_traces("values")}) ON t.person_id = r.person_id AND t.category = r.category
WHERE r.category = %(category)s AND (NOT t.updated_at = ANY (%(times)s) OR {confirmed("t.person_id", "later")})
"""
_LIST_STANDS = f"""b.person_id = r.person_id AND b.list_id = %(list)s AND b.since = ANY (%(times)s)
  AND to_jsonb(b.state::text) = r.after AND NOT {confirmed("b.person_id", "later_list")}
  AND NOT {_OWN_YES.format(person="b.person_id")} AND NOT {ended_since("b.person_id", "b.since")}"""
LIST_KEPT = f"""
SELECT count(*) FROM {_traces("list")} WHERE NOT EXISTS (SELECT FROM people_subscription b WHERE {_LIST_STANDS})
"""
LIST_AWAY = f"""
DELETE FROM people_subscription b USING {_traces("list")} WHERE r.before IS NULL AND {_LIST_STANDS}
"""
LIST_BACK = f"""
UPDATE people_subscription b SET state = r.before->>'state', since = (r.before->>'since')::timestamptz,
    source_id = (r.before->>'source')::bigint
FROM {_traces("list")} WHERE r.before IS NOT NULL AND {_LIST_STANDS}
"""


def identities(kind: str) -> str:
    return f"""
DELETE FROM people_identity i USING {_traces(kind)}
WHERE i.person_id = r.person_id AND i.kind = '{kind}' AND i.created_at = ANY (%(times)s)
  AND r.after ? encode(i.key, 'hex') AND NOT {confirmed("i.person_id", "later")}
"""


# Whoever is on a list is a contact, whatever they were before.
PERSONS = f"""
UPDATE people_person p SET region = (r.before->>'region')::smallint,
    roles = CASE WHEN EXISTS (SELECT FROM people_subscription b WHERE b.person_id = p.id)
            THEN p.roles ELSE (r.before->>'roles')::int END
FROM {_traces("person")}
WHERE p.id = r.person_id AND p.region = (r.after->>'region')::smallint AND p.roles = (r.after->>'roles')::int
  AND NOT {confirmed("p.id", "later_country")}
"""
LANGUAGES = f"""
UPDATE people_person p SET language = r.before #>> '{{}}'
FROM {_traces("language")}
WHERE p.id = r.person_id AND to_jsonb(p.language::text) = r.after AND NOT {confirmed("p.id", "later_language")}
"""
VOID_KNOWN = f"""
INSERT INTO consent_voidedchoice (choice_id, person_id, workspace_id, at, about)
SELECT c.id, c.person_id, c.workspace_id, %(now)s, %(about)s
FROM {_traces("choice")} JOIN consent_choice c ON c.person_id = r.person_id AND r.after ? c.id::text
WHERE NOT {confirmed("c.person_id", "later_choice")}
ON CONFLICT DO NOTHING
"""
FORGET_KNOWN = (
    "DELETE FROM people_importtrace t USING back k WHERE t.person_id = k.person_id AND t.import_id = %(import)s"
    " AND t.part <> 'made'"
)

# -- what stays because another import says it too --------------------------------------------------------------------
# That import is the heir: undoing it takes back this one's part as well, so that imports can be undone in any order.
# Of several it is the one that found what this one had left.
HAND_MADE = """
INSERT INTO people_importtrace (import_id, person_id, part, category, workspace_id)
SELECT min(o.import_id), m.person_id, 'made', 'contact', %(workspace)s
FROM made m JOIN people_importtrace o ON o.person_id = m.person_id AND o.import_id <> %(import)s
WHERE m.kept IS NOT NULL GROUP BY m.person_id ON CONFLICT DO NOTHING RETURNING import_id
"""
#: Rows of `made` whose traces go to any other import, and of `back`, where those that say such a thing are `later`.
ALL_MADE = ("(SELECT person_id FROM made WHERE kept IS NOT NULL)", "")
SAID_AGAIN = ("back", "AND o.import_id = ANY (%(later)s::bigint[])")
# What the heir found was what this import had left: before it was what was before this one. Where somebody changed it
# in between, their change stays, but for the fields that they left alone.
_LEFT = """(trace.before->>'{moment}')::timestamptz = ANY (%(times)s)
    AND COALESCE((EXCLUDED.before->>'{moment}')::timestamptz < (trace.before->>'{moment}')::timestamptz, true)"""
_FOUND = "COALESCE(o.before->>'at', o.before->>'since')::timestamptz = ANY (%(times)s)"  # what this import left
_ALONE = """SELECT key FROM jsonb_each(EXCLUDED.after) WHERE trace.before->'values'->key = value
    AND EXCLUDED.before->'values'->key IS DISTINCT FROM value"""
_VALUES_BEFORE = f"""CASE WHEN trace.before IS NULL THEN NULL
    WHEN {_LEFT.format(moment="at")} THEN EXCLUDED.before
    ELSE jsonb_set(trace.before, '{{values}}', ((trace.before->'values') - ARRAY({_ALONE}))
        || COALESCE((SELECT jsonb_object_agg(key, value) FROM jsonb_each(EXCLUDED.before->'values')
                     WHERE key IN ({_ALONE})), '{{}}')) END"""
_SAME = "CASE WHEN trace.before = EXCLUDED.after THEN EXCLUDED.before ELSE trace.before END"
_BOTH = ("NULL", "trace.after || EXCLUDED.after")
# Of two imports side by side the heir may have been there before: then what this one left is what they left.
_VALUES_AFTER = """EXCLUDED.after || trace.after || COALESCE((SELECT jsonb_object_agg(said.key, said.value)
    FROM people_traits t, jsonb_each(EXCLUDED.after) said WHERE t.person_id = trace.person_id
      AND t.category = trace.category AND t."values"->said.key = said.value), '{}')"""
_LAST = "CASE WHEN EXCLUDED.before{state} = trace.after THEN EXCLUDED.after ELSE trace.after END"
_JOINED = {
    "values": (_VALUES_BEFORE, _VALUES_AFTER),
    "list": (
        f"CASE WHEN {_LEFT.format(moment='since')} THEN EXCLUDED.before ELSE trace.before END",
        _LAST.format(state="->'state'"),
    ),
    "person": (_SAME, _LAST.format(state="")),
    "language": (_SAME, "trace.after"),
    "phone": _BOTH,
    "customer": _BOTH,
    "choice": _BOTH,
}
PARTS = tuple(_JOINED)


def hand_over(part: str, whose: tuple[str, str], *, of: str = "") -> str:
    """SQL that gives the traces of a part to the heir; returns the heirs. `of` may narrow which traces `r`."""
    (people, heirs), (before, after) = whose, _JOINED[part]
    return f"""
INSERT INTO people_importtrace AS trace (import_id, person_id, part, category, workspace_id, before, after)
SELECT h.heir, r.person_id, r.part, r.category, r.workspace_id, r.before, r.after
FROM people_importtrace r JOIN {people} k ON k.person_id = r.person_id
CROSS JOIN LATERAL (SELECT o.import_id AS heir FROM people_importtrace o
    WHERE o.person_id = r.person_id AND o.import_id <> %(import)s {heirs}
    ORDER BY (o.part = r.part AND o.category = r.category AND {_FOUND}) IS TRUE DESC, o.import_id LIMIT 1) h
WHERE r.import_id = %(import)s AND r.part = '{part}' {of}
ON CONFLICT (import_id, person_id, part, category) DO UPDATE SET before = {before}, after = {after}
RETURNING import_id
"""


# Under records that went into others', found by the import's moments: their traces lie with who they are now.
VOID_GONE = f"""
INSERT INTO consent_voidedchoice (choice_id, person_id, workspace_id, at, about)
SELECT c.id, c.person_id, c.workspace_id, %(now)s, %(about)s
FROM people_merge g JOIN consent_choice c ON c.person_id = g.gone_id
WHERE g.split_id IS NULL AND c.at = ANY (%(times)s) AND c.method = 'import'
  AND NOT {confirmed("g.person_id", "later_choice")}
ON CONFLICT DO NOTHING
"""
# The place on the list that somebody got with such a record, and what is kept of it for a split.
PLACE_GONE = f"""
DELETE FROM people_subscription b USING people_merge g
WHERE g.split_id IS NULL AND b.person_id = g.person_id AND b.list_id = %(list)s AND b.since = ANY (%(times)s)
  AND b.state <> 'unsubscribed' AND NOT {confirmed("b.person_id", "later_list")}
  AND NOT {_OWN_YES.format(person="b.person_id")} AND NOT {ended_since("b.person_id", "b.since")}
"""
PLACE_KEPT_FOR_SPLIT = f"""
UPDATE people_mergetrace t SET gone = t.gone - %(list)s::text FROM people_merge g
WHERE g.split_id IS NULL AND t.merge_id = g.id AND t.part = 'people_subscription'
  AND t.gone -> %(list)s::text ->> 'state' <> 'unsubscribed'
  AND (t.gone -> %(list)s::text ->> 'since')::timestamptz = ANY (%(times)s)
  AND NOT {confirmed("t.person_id", "later_list")}
"""
MERGED = """
SELECT DISTINCT g.person_id FROM people_merge g JOIN {people} k ON k.person_id = g.person_id WHERE g.split_id IS NULL
"""
MERGED_ANEW = """
SELECT DISTINCT g.person_id FROM people_merge g JOIN consent_voidedchoice v ON v.person_id = g.gone_id
WHERE g.split_id IS NULL AND v.at = %(now)s
"""

# -- what persons decided, without what was taken back ----------------------------------------------------------------
# `consent` lies above: this is its fold of one purpose, by set. The latest choice that counts decides, a grant at the
# bit of its time until it lapses; without one nothing was ever chosen. Whom other records went into `consent` folds.
REFOLD = """
WITH concerned AS (
    SELECT DISTINCT v.person_id, c.purpose FROM consent_voidedchoice v
    JOIN consent_choice c ON c.id = v.choice_id JOIN {people} k ON k.person_id = v.person_id WHERE v.at = %(now)s
      AND NOT EXISTS (SELECT FROM people_merge g WHERE g.person_id = v.person_id AND g.split_id IS NULL)
), latest AS (
    SELECT n.person_id, n.purpose, c.state, c.expires_at, c.policy_version_id FROM concerned n LEFT JOIN LATERAL (
        SELECT c.* FROM consent_choice c WHERE c.person_id = n.person_id AND c.purpose = n.purpose
          AND NOT EXISTS (SELECT FROM consent_voidedchoice v WHERE v.choice_id = c.id)
        ORDER BY c.id DESC LIMIT 1) c ON true
), folded AS (
    SELECT l.person_id, bit_or(e.ever) AS ever,
           bit_or(CASE WHEN l.state = 'granted' AND (l.expires_at IS NULL OR l.expires_at > %(now)s)
                  THEN b.place ELSE 0 END) AS granted,
           bit_or(CASE WHEN l.state <> 'granted' THEN b.place ELSE 0 END) AS refused
    FROM latest l
    JOIN unnest(%(purposes)s::text[], %(evers)s::bigint[]) AS e (purpose, ever) ON e.purpose = l.purpose
    LEFT JOIN LATERAL (SELECT 1::bigint << r.bit AS place FROM ledger_purposerule r
        WHERE r.version_id = l.policy_version_id AND r.purpose = l.purpose) b ON true
    GROUP BY l.person_id
)
UPDATE people_person p SET granted = p.granted & ~f.ever | COALESCE(f.granted, 0),
    refused = p.refused & ~f.ever | COALESCE(f.refused, 0)
FROM folded f WHERE p.id = f.person_id
"""

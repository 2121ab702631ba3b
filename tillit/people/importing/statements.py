"""The SQL of an import. Rows lie in the temporary table `staged`; every statement works on all of them at once.

COPY into a table under row-level security is refused by PostgreSQL, so rows are copied beside and inserted from there.
Keys and persons are taken in one order, so that two imports of the same people wait for each other and do not deadlock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tillit.people.importing.columns import FieldColumn
from tillit.people.values import TEXTUAL
from tillit.policy.roles import Flag

_TYPES = {
    "line": "bigint",
    "key": "bytea",
    "person_id": "uuid",
    "choice_id": "uuid",
    "region": "smallint",
    "standing": "smallint",
    "agreed": "boolean",
    "phone_key": "bytea",
    "customer_key": "bytea",
}
_FIXED_WIDTH = frozenset({"bigint", "uuid", "smallint", "boolean"})
OUT, IN = 2, 1  # cells.Standing


def create(columns: Sequence[str]) -> str:
    """The staging table; `fresh` says that this chunk makes the person, `held` that nothing may be sent to them.

    What every statement asks of stands first, where PostgreSQL finds it without going through the texts.
    """
    typed = [(column, _TYPES.get(column, "text")) for column in columns]
    typed.sort(key=lambda pair: pair[1] not in _FIXED_WIDTH)
    listed = ", ".join(f"{column} {kind}" for column, kind in typed)
    return f"CREATE TEMP TABLE staged (fresh boolean NOT NULL DEFAULT true, held boolean, {listed}) ON COMMIT DROP"


def copy(columns: Sequence[str]) -> str:
    return f"COPY staged ({', '.join(columns)}) FROM STDIN WITH (DELIMITER E'\\x1f')"


# Tried first: it costs 5 µs a row where ON CONFLICT costs 8, and fails at the first address that is known.
IDENTITIES_NEW = """
INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
SELECT key, %(workspace)s, person_id, 'email', value, %(now)s FROM staged ORDER BY key
"""
IDENTITIES = IDENTITIES_NEW + "ON CONFLICT (key) DO NOTHING"

# -- only when some keys were known already ---------------------------------------------------------------------------
# Here and below OFFSET 0 keeps to the index: for a chunk the planner likes to read everybody there is.
RESOLVE = """
UPDATE staged SET person_id = known.person_id, fresh = false
FROM (SELECT s.line, (SELECT i.person_id FROM people_identity i WHERE i.key = s.key) FROM staged s OFFSET 0) known
WHERE known.line = staged.line AND known.person_id IS DISTINCT FROM staged.person_id
"""
# The lock keeps a person's choices and an erasure waiting until the chunk is written.
LOCK = """
SELECT id FROM people_person WHERE id = ANY (ARRAY(SELECT person_id FROM staged WHERE NOT fresh)) ORDER BY id FOR UPDATE
"""
# Whose record went into another's while the lock was waited for.
FOLLOW = """
UPDATE staged s SET person_id = g.person_id FROM people_merge g
WHERE g.gone_id = s.person_id AND g.split_id IS NULL AND NOT s.fresh
"""
# Of whom nobody is seen: an erasure leaves a mark, an undo or a merge takes the address away too; whoever still has it
# is there, and the purpose is not permitted for them.
UNSEEN = """
DELETE FROM staged s
WHERE person_id IS NULL OR NOT fresh AND NOT EXISTS (SELECT FROM people_person p WHERE p.id = s.person_id OFFSET 0)
RETURNING line, CASE WHEN person_id IS NULL THEN 'erased'
    WHEN EXISTS (SELECT FROM people_identity i WHERE i.key = s.key AND i.person_id = s.person_id) THEN 'not_permitted'
    ELSE 'gone' END
"""
# Who is new, and for whom the purpose is not permitted without a consent that no such file brings.
CLOSED = """
WITH refused AS (DELETE FROM staged WHERE fresh AND region = ANY (%(closed)s) RETURNING line, key, person_id),
     untaken AS (DELETE FROM people_identity i USING refused r WHERE i.key = r.key AND i.person_id = r.person_id)
SELECT line FROM refused
"""
# One person under two addresses in one chunk: the later row stays, and an opt-out of either does.
CARRY_OPT_OUT = f"""
UPDATE staged SET standing = {OUT} FROM staged other
WHERE other.person_id = staged.person_id AND other.standing = {OUT} AND staged.standing <> {OUT}
"""
ONE_ROW_EACH = """
DELETE FROM staged USING staged later WHERE later.person_id = staged.person_id AND later.line > staged.line
RETURNING staged.line
"""
KNOWN = "SELECT count(*) FROM staged WHERE NOT fresh"


def restrain(columns: Sequence[str]) -> str:
    """Take out of the rows of people whose processing is restricted whatever is no opt-out: what is held of them stays.

    The persons are looked up by their ids, which the lock has just read. Source: GDPR art 18(2).
    """
    said = {"region": "0", "language": "''", "agreed": "false", "phone_key": "NULL", "customer_key": "NULL"}
    empty = [f"{name} = {said[name]}" for name in columns if name in said]
    empty += [f"{name} = ''" for name in columns if re.fullmatch("f[0-9]+", name)]
    return f"""
UPDATE staged SET standing = CASE standing WHEN {IN} THEN 0 ELSE standing END, {", ".join(empty)}
WHERE NOT fresh AND person_id = ANY (ARRAY(
    SELECT p.id FROM people_person p WHERE p.id = ANY (ARRAY(SELECT s.person_id FROM staged s WHERE NOT s.fresh))
    AND p.flags & {int(Flag.RESTRICTED)} <> 0))
"""


# Who is suppressed joins no list and consents to nothing by a file; an opt-out in it stays one.
HOLD = f"""
UPDATE staged s SET held = true, standing = CASE standing WHEN {IN} THEN 0 ELSE standing END
WHERE line = ANY (%(lines)s)
   OR NOT fresh AND person_id IN
      (SELECT p.id FROM people_person p WHERE p.flags <> 0 AND p.flags & {int(Flag.SUPPRESSED)} <> 0)
"""
KEPT_OUT = f"""
SELECT count(*) FROM staged s CROSS JOIN LATERAL (
    SELECT p.refused FROM people_person p WHERE p.id = s.person_id OFFSET 0) p
WHERE NOT s.fresh AND s.standing = {IN} AND (p.refused & %(mask)s <> 0 OR EXISTS (
    SELECT FROM people_subscription b
    WHERE b.person_id = s.person_id AND b.list_id = %(list)s AND b.state = 'unsubscribed' OFFSET 0))
"""
REGION_KEPT = """
SELECT count(*) FROM staged s CROSS JOIN LATERAL (
    SELECT p.region FROM people_person p WHERE p.id = s.person_id OFFSET 0) p
WHERE NOT s.fresh AND p.region <> 0 AND s.region <> 0 AND p.region <> s.region
"""

# -- always -----------------------------------------------------------------------------------------------------------
# The choices of new people are folded here, since an UPDATE after the INSERT would write every row twice.
PERSONS = f"""
INSERT INTO people_person (id, workspace_id, region, roles, flags, granted, refused, language, created_at)
SELECT person_id, %(workspace)s, region, 1, CASE WHEN held THEN {int(Flag.SUPPRESSED)} ELSE 0 END,
       CASE WHEN agreed AND standing = {IN} THEN %(grant)s ELSE 0 END,
       CASE WHEN standing = {OUT} THEN %(refuse)s ELSE 0 END, language, %(now)s
FROM staged WHERE fresh
"""


def further_identity(kind: str) -> str:
    """Telephone or customer number; one that another person has stays theirs."""
    return f"""
INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
SELECT {kind}_key, %(workspace)s, person_id, '{kind}', {kind}, %(now)s FROM staged
WHERE {kind}_key IS NOT NULL AND fresh
ORDER BY {kind}_key, line ON CONFLICT (key) DO NOTHING
"""


def traits(categories: Sequence[Sequence[tuple[int, FieldColumn]]]) -> str:
    """The values of new people: a row for each category and person, in the order of the table's key.

    Category by category, every insertion would go into the middle of the index; and they have no row yet: without
    ON CONFLICT theirs cost 1.9 µs each instead of 4. The fields are numbered as staged; `categories` is sorted.
    """
    told = ", ".join(_told(fields) for fields in categories)
    return f"""
INSERT INTO people_traits (person_id, category, workspace_id, "values", source_id, updated_at)
SELECT person_id, category, %(workspace)s, told, %(source)s, %(now)s FROM (
    SELECT person_id, unnest(%(categories)s::text[]) AS category, unnest(ARRAY[{told}]) AS told
    FROM staged WHERE fresh) t
WHERE told IS NOT NULL
"""


def _told(fields: Sequence[tuple[int, FieldColumn]]) -> str:
    """SQL of the values of one category; NULL where the file has none. Texts without a gap are put together faster."""
    pairs = ", ".join(f"%(name{number})s::text, {value(number, column)}" for number, column in fields)
    some = f"WHEN {filled(fields)} THEN jsonb_strip_nulls(jsonb_build_object({pairs}))"
    if all(column.type in TEXTUAL for _, column in fields):
        texts = ", ".join(f"%(name{number})s, f{number}" for number, _ in fields)
        whole = " AND ".join(f"f{number} <> ''" for number, _ in fields)
        some = f"WHEN {whole} THEN jsonb_object(ARRAY[{texts}]) {some}"
    return f"CASE {some} END"


def value(number: int, column: FieldColumn) -> str:
    """SQL of a staged value as JSON takes it; NULL where the file leaves it empty."""
    return f"NULLIF(f{number}, ''){'' if column.type in TEXTUAL else '::jsonb'}"


def filled(fields: Sequence[tuple[int, FieldColumn]]) -> str:
    return " OR ".join(f"f{number} <> ''" for number, _ in fields)


STANDING = f"CASE standing WHEN {OUT} THEN 'unsubscribed' ELSE 'subscribed' END"
SUBSCRIPTIONS = f"""
INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since, source_id)
SELECT person_id, %(list)s, %(workspace)s, {STANDING}, %(now)s, %(source)s FROM staged WHERE standing > 0 AND fresh
"""

CHOICE = """
INSERT INTO consent_choice
    (id, workspace_id, person_id, purpose, state, method, policy_version_id, notice_digest, source_id, at, expires_at)
SELECT s.choice_id, %(workspace)s, s.person_id, %({purpose})s, '{state}', 'import', %(version)s, '', %(source)s,
       %(now)s, {lapses}
FROM staged s WHERE {condition}
"""
REFUSAL = {"purpose": "refuse_purpose", "state": "refused", "lapses": "NULL"}
GRANT = {"purpose": "grant_purpose", "state": "granted", "lapses": "%(lapses)s::timestamptz"}

# Both kinds in one statement: the indexes then grow at their end, half the size and cheaper.
CHOICES_FRESH = f"""
INSERT INTO consent_choice
    (id, workspace_id, person_id, purpose, state, method, policy_version_id, notice_digest, source_id, at, expires_at)
SELECT choice_id, %(workspace)s, person_id, CASE standing WHEN {OUT} THEN %(refuse_purpose)s ELSE %(grant_purpose)s END,
       CASE standing WHEN {OUT} THEN 'refused' ELSE 'granted' END, 'import', %(version)s, '', %(source)s,
       %(now)s, CASE standing WHEN {IN} THEN %(lapses)s::timestamptz END
FROM staged WHERE fresh AND (standing = {OUT} AND %(refuse)s <> 0 OR standing = {IN} AND agreed AND %(grant)s <> 0)
"""
COUNTED = f"""
SELECT count(*) FILTER (WHERE region = 0), count(*) FILTER (WHERE standing = {OUT} AND %(refuse)s <> 0),
       count(*) FILTER (WHERE standing = {IN} AND agreed AND %(grant)s <> 0) FROM staged WHERE fresh
"""

"""The SQL of an import. Rows lie in the temporary table `staged`; every statement works on all of them at once.

COPY into a table under row-level security is refused by PostgreSQL, so rows are copied beside and inserted from there.
Keys and persons are taken in one order, so that two imports of the same people wait for each other and do not deadlock.
"""

from __future__ import annotations

from collections.abc import Sequence

from tillit.people.importing.rows import FieldColumn
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
OUT, IN = 2, 1  # cells.Standing


def create(columns: Sequence[str]) -> str:
    """The staging table; `fresh` says that this chunk makes the person, `held` that nothing may be sent to them."""
    listed = ", ".join(f"{column} {_TYPES.get(column, 'text')}" for column in columns)
    return f"CREATE TEMP TABLE staged ({listed}, fresh boolean NOT NULL DEFAULT true, held boolean) ON COMMIT DROP"


def copy(columns: Sequence[str]) -> str:
    return f"COPY staged ({', '.join(columns)}) FROM STDIN WITH (DELIMITER E'\\x1f')"


# Tried first: it costs 5 µs a row where ON CONFLICT costs 8, and fails at the first address that is known.
IDENTITIES_NEW = """
INSERT INTO people_identity (key, workspace_id, person_id, kind, value, created_at)
SELECT key, %(workspace)s, person_id, 'email', value, %(now)s FROM staged ORDER BY key
"""
IDENTITIES = IDENTITIES_NEW + "ON CONFLICT (key) DO NOTHING"

# -- only when some keys were known already ---------------------------------------------------------------------------
# The sub-select keeps to the key's index, whatever the planner takes the number of people to be.
RESOLVE = """
UPDATE staged SET person_id = known.person_id, fresh = false
FROM (SELECT s.line, (SELECT i.person_id FROM people_identity i WHERE i.key = s.key) FROM staged s OFFSET 0) known
WHERE known.line = staged.line AND known.person_id IS DISTINCT FROM staged.person_id
"""
# The lock keeps a person's choices and an erasure waiting until the chunk is written.
LOCK = """
SELECT id FROM people_person WHERE id IN (SELECT person_id FROM staged WHERE NOT fresh) ORDER BY id FOR UPDATE
"""
ERASED = """
DELETE FROM staged s
WHERE person_id IS NULL OR NOT fresh AND NOT EXISTS (SELECT FROM people_person p WHERE p.id = s.person_id)
RETURNING line
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
# Who is suppressed joins no list and consents to nothing by a file; an opt-out in it stays one.
HOLD = f"""
UPDATE staged s SET held = true, standing = CASE standing WHEN {IN} THEN 0 ELSE standing END
WHERE line = ANY (%(lines)s)
   OR NOT fresh AND person_id IN
      (SELECT p.id FROM people_person p WHERE p.flags <> 0 AND p.flags & {int(Flag.SUPPRESSED)} <> 0)
"""
KEPT_OUT = f"""
SELECT count(*) FROM staged s JOIN people_person p ON p.id = s.person_id
LEFT JOIN people_subscription b ON b.person_id = s.person_id AND b.list_id = %(list)s
WHERE NOT s.fresh AND s.standing = {IN} AND (b.state = 'unsubscribed' OR p.refused & %(mask)s <> 0)
"""
REGION_KEPT = """
SELECT count(*) FROM staged s JOIN people_person p ON p.id = s.person_id
WHERE NOT s.fresh AND p.region <> 0 AND s.region <> 0 AND p.region <> s.region
"""
TOUCHED = "CREATE TEMP TABLE touched (person_id uuid) ON COMMIT DROP"
# What a person's row says already is not overwritten: a newer file may not move somebody out of a stricter region.
PERSONS_KNOWN = """
WITH changed AS (
    UPDATE people_person p SET
        region = CASE WHEN p.region = 0 THEN s.region ELSE p.region END,
        language = CASE WHEN p.language = '' THEN s.language ELSE p.language END,
        roles = p.roles | 1
    FROM staged s WHERE p.id = s.person_id AND NOT s.fresh
      AND (p.region = 0 AND s.region <> 0 OR p.language = '' AND s.language <> '' OR p.roles & 1 = 0)
    RETURNING p.id)
INSERT INTO touched SELECT id FROM changed
"""
CHANGED = "SELECT count(DISTINCT person_id) FROM touched"

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
SELECT {kind}_key, %(workspace)s, person_id, '{kind}', {kind}, %(now)s FROM staged WHERE {kind}_key IS NOT NULL
ORDER BY {kind}_key ON CONFLICT (key) DO NOTHING
"""


def traits(fields: Sequence[tuple[int, FieldColumn]], *, known: bool) -> str:
    """Merge the values of one category: what the file leaves empty stays. `fields` are numbered as staged.

    New people have no row yet: without ON CONFLICT theirs cost 1.9 µs each instead of 4.
    """
    pairs = ", ".join(
        f"%(name{number})s::text, NULLIF(f{number}, ''){'' if column.type in TEXTUAL else '::jsonb'}"
        for number, column in fields
    )
    filled = " OR ".join(f"f{number} <> ''" for number, _ in fields)
    insert = f"""
INSERT INTO people_traits (person_id, category, workspace_id, "values", source_id, updated_at)
SELECT person_id, %(category)s, %(workspace)s, jsonb_strip_nulls(jsonb_build_object({pairs})), %(source)s, %(now)s
FROM staged WHERE ({filled}) AND """
    merge = """
ON CONFLICT (person_id, category) DO UPDATE
SET "values" = people_traits."values" || EXCLUDED."values", source_id = EXCLUDED.source_id,
    updated_at = EXCLUDED.updated_at
WHERE people_traits."values" IS DISTINCT FROM people_traits."values" || EXCLUDED."values"
"""
    return _noting(f"{insert} NOT fresh {merge}") if known else f"{insert} fresh"


def subscriptions(*, known: bool) -> str:
    """Put people on the list. Who is on it keeps their standing, but for an opt-out in the file, which counts."""
    insert = f"""
INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since, source_id)
SELECT person_id, %(list)s, %(workspace)s, CASE standing WHEN {OUT} THEN 'unsubscribed' ELSE 'subscribed' END,
       %(now)s, %(source)s
FROM staged WHERE standing > 0 AND """
    keep = """
ON CONFLICT (person_id, list_id) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since
WHERE EXCLUDED.state = 'unsubscribed' AND people_subscription.state <> 'unsubscribed'
"""
    return _noting(f"{insert} NOT fresh {keep}") if known else f"{insert} fresh"


def _noting(insert: str) -> str:
    return f"WITH written AS ({insert} RETURNING person_id) INSERT INTO touched SELECT person_id FROM written"


_CHOICE = """
INSERT INTO consent_choice
    (id, workspace_id, person_id, purpose, state, method, policy_version_id, notice_digest, source_id, at, expires_at)
SELECT s.choice_id, %(workspace)s, s.person_id, %({purpose})s, '{state}', 'import', %(version)s, '', %(source)s,
       %(now)s, {lapses}
FROM staged s WHERE {condition}
"""
_REFUSAL = {"purpose": "refuse_purpose", "state": "refused", "lapses": "NULL"}
_GRANT = {"purpose": "grant_purpose", "state": "granted", "lapses": "%(lapses)s::timestamptz"}
REFUSALS_FRESH = _CHOICE.format(**_REFUSAL, condition=f"s.fresh AND s.standing = {OUT}")
GRANTS_FRESH = _CHOICE.format(**_GRANT, condition=f"s.fresh AND s.agreed AND s.standing = {IN}")
# `consent` lies above `people`, so its table is named here and its code is not: one statement a chunk, no row by row.
_FOLDED = """
WITH chosen AS ({choice} RETURNING person_id)
UPDATE people_person p SET {gains} = {gains} & ~%({bit}_ever)s::bigint | %({bit})s,
    {loses} = {loses} & ~%({bit}_ever)s::bigint
FROM chosen WHERE p.id = chosen.person_id
"""
REFUSALS_KNOWN = _FOLDED.format(
    choice=_CHOICE.format(
        **_REFUSAL,
        condition=f"NOT s.fresh AND s.standing = {OUT} AND EXISTS"
        " (SELECT FROM people_person p WHERE p.id = s.person_id AND p.refused & %(refuse_ever)s = 0)",
    ),
    gains="refused",
    loses="granted",
    bit="refuse",
)
GRANTS_KNOWN = _FOLDED.format(
    choice=_CHOICE.format(
        **_GRANT,
        condition=f"NOT s.fresh AND s.agreed AND s.standing = {IN} AND NOT EXISTS"
        " (SELECT FROM consent_choice c WHERE c.person_id = s.person_id AND c.purpose = %(grant_purpose)s)"
        " AND EXISTS (SELECT FROM people_person p WHERE p.id = s.person_id AND p.refused & %(grant_ever)s = 0)",
    ),
    gains="granted",
    loses="refused",
    bit="grant",
)
UNKNOWN_REGIONS = "SELECT count(*) FROM staged WHERE fresh AND region = 0"

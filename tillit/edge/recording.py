"""One transaction: insert the hits whose persons permit them, and the activities that say so.

Row-level security on `people_person` decides in the statement that inserts, so who objected a second ago leaves no
record. COPY is refused on a table with row-level security; copying into a temporary table first was not faster (batches
of 64: 1.85 ms against 1.48 ms; of 1,000: 18 ms against 17 ms) and would need one more privilege.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from struct import Struct

from tillit.edge.hits import TYPES, Hit, columns, longs
from tillit.edge.pipe import Pipe, Rows, Statement
from tillit.edge.tallies import COUNTED, Counts, Tally

PURPOSE = "measurement.email"

_WORKSPACE = "NULLIF(current_setting('tillit.workspace', true), '')::int"
_CATEGORIES = f"""(
    SELECT r.categories FROM ledger_binding f JOIN ledger_purposerule r ON r.version_id = f.version_id
    WHERE f.workspace_id = {_WORKSPACE} AND r.purpose = current_setting('tillit.purpose', true)
)::text[]"""

# The categories are scalar sub-selects, so they are read once and not for every hit. Counting costs 3 % of the insert;
# RETURNING would need the right to read events.
_RECORD = f"""
WITH permitted (id, workspace_id, person_id, campaign_id, kind, link, at, client, device, address, machine)
AS MATERIALIZED (
    SELECT h.id, p.workspace_id, h.person_id, h.campaign_id, h.kind, h.link, h.at,
        CASE WHEN 'device' = ANY ({_CATEGORIES}) THEN h.client ELSE '' END,
        CASE WHEN 'device' = ANY ({_CATEGORIES}) THEN h.device ELSE '' END,
        CASE WHEN 'device' = ANY ({_CATEGORIES}) THEN h.address END,
        h.machine
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        AS h (id, person_id, campaign_id, kind, link, at, client, device, address, machine)
    JOIN people_person p ON p.id = h.person_id
    WHERE 'interaction' = ANY ({_CATEGORIES})
), recorded AS (
    INSERT INTO delivery_event
        (id, workspace_id, person_id, campaign_id, kind, link, at, client, device, address, machine)
    SELECT * FROM permitted
)"""
_COUNTS = "SELECT kind, machine, count(*) FROM permitted GROUP BY kind, machine"

# The counts so far, in the order of COUNTED, and those of the hits above. A workspace without a policy in force has
# nothing recorded, and no version to name.
_TELL = f"""
, told AS (
    INSERT INTO ledger_activity
        (id, workspace_id, purpose, act, outcome, actor, recipient, object_ref, categories,
         policy_version_id, at, counts)
    SELECT $11, f.workspace_id, '{PURPOSE}', 'edge.measure', 'done', 'edge', '', '', coalesce(r.categories, '{{}}'),
        f.version_id, now(), jsonb_strip_nulls(jsonb_build_object(
            'open', nullif($12[1] + k.opens, 0),
            'click', nullif($12[2] + k.clicks, 0),
            'open_by_machine', nullif($12[3] + k.opens_by_machine, 0),
            'click_by_machine', nullif($12[4] + k.clicks_by_machine, 0),
            'not_permitted', nullif($12[5] + $13 - k.permitted, 0)))
    FROM ledger_binding f
    LEFT JOIN ledger_purposerule r ON r.version_id = f.version_id AND r.purpose = '{PURPOSE}'
    CROSS JOIN (SELECT count(*) AS permitted,
        count(*) FILTER (WHERE kind = 'open' AND machine = '') AS opens,
        count(*) FILTER (WHERE kind = 'click' AND machine = '') AS clicks,
        count(*) FILTER (WHERE kind = 'open' AND machine <> '') AS opens_by_machine,
        count(*) FILTER (WHERE kind = 'click' AND machine <> '') AS clicks_by_machine FROM permitted) k
    WHERE f.workspace_id = {_WORKSPACE}
)"""

# Durable when answered, whatever the server's default; no statement holds the queue for longer than ten seconds. The
# plans are made once (for every batch anew they took 0.7 ms, as long as the work), and never scan a table, as they
# might when made while it is still small.
SESSION = (
    "SET synchronous_commit = on",
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '5s'",
    "SET timezone = 'UTC'",
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    f"PREPARE record ({TYPES}) AS {_RECORD} {_COUNTS}",
    f"PREPARE record_and_tell ({TYPES}, uuid, bigint[], bigint) AS {_RECORD} {_TELL} {_COUNTS}",
)

_BEGIN, _COMMIT = Statement(b"BEGIN"), Statement(b"COMMIT")
_SET_PURPOSE = Statement(f"SET LOCAL tillit.purpose = '{PURPOSE}'".encode())
_LONG = Struct(">q")
_BEFORE_ROWS = 2  # BEGIN and the purpose; then the workspace and the record, in turn


async def record(pipe: Pipe, groups: Mapping[int, Sequence[Hit]], due: Mapping[int, Tally]) -> dict[int, Counts]:
    """Insert the permitted hits of each workspace and the activities that are due, in one transaction.

    Returns per workspace what was inserted, by kind and machine. Raises psycopg.Error; then nothing was written, unless
    the connection broke during the commit.
    """
    workspaces = list(dict.fromkeys((*groups, *due)))
    statements = [_BEGIN, _SET_PURPOSE]
    for workspace in workspaces:
        statements.append(Statement(b"SET LOCAL tillit.workspace = '%d'" % workspace))
        statements.append(_insert(groups.get(workspace, ()), due.get(workspace)))
    rows = await pipe.send([*statements, _COMMIT])
    return {workspace: _counts(rows[_BEFORE_ROWS + 1 + 2 * at]) for at, workspace in enumerate(workspaces)}


def _insert(hits: Sequence[Hit], tally: Tally | None) -> Statement:
    if tally is None:
        return Statement(b"record", columns(hits))
    before = longs([tally.counts[name] for name in COUNTED])
    return Statement(b"record_and_tell", [*columns(hits), tally.id.bytes, before, _LONG.pack(len(hits))])


def _counts(rows: Rows) -> Counts:
    return Counter({(_text(kind), _text(machine)): int(count or 0) for kind, machine, count in rows})


def _text(value: bytes | None) -> str:
    return (value or b"").decode()

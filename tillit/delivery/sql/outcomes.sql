-- Record what became of a batch, in one statement; return the persons' ids by state, and whose address does not exist.
-- A message in doubt may still be settled by the sender that had it. Deferred too often, it has failed.
WITH told AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(codes)s::int[], %(replies)s::text[], %(hard)s::bool[])
        AS o (id, state, code, reply, hard)
), settled AS (
    UPDATE delivery_message m
    SET state = CASE WHEN told.state = 'deferred' AND m.attempts > %(retries)s THEN 'failed' ELSE told.state END,
        attempts = m.attempts - (told.state = 'queued')::int,
        not_before = CASE WHEN told.state = 'deferred' AND m.attempts <= %(retries)s
            THEN now() + (%(pauses_s)s::int[])[m.attempts] * interval '1 second' END,
        reply_code = told.code,
        reply = told.reply,
        done_at = CASE WHEN told.state = 'queued' OR (told.state = 'deferred' AND m.attempts <= %(retries)s)
            THEN NULL ELSE now() END
    FROM told
    WHERE m.id = told.id AND m.id >= %(first)s AND m.id <= %(last)s AND m.batch_id = %(batch)s
      AND m.state IN ('claimed', 'unknown')
    RETURNING m.person_id, m.state, told.hard
)
SELECT state, count(*), COALESCE(array_agg(person_id) FILTER (WHERE hard), '{}') FROM settled GROUP BY state

-- Claim the next messages of a campaign, in the order of their ids, and read what their mails need.
-- Runs under the campaign's purpose: the join with people_person is the decision, made again for every batch.
-- OFFSET 0 keeps the look-ups in the lists and identities apart, one index probe a message, whatever the planner believes
-- about the size of a campaign prepared a second ago.
WITH taken AS MATERIALIZED (
    SELECT m.id, m.person_id, p.language, {measured} AS measured
    FROM delivery_message m
    JOIN people_person p ON p.id = m.person_id
    WHERE m.id > %(after)s AND m.id <= %(last)s AND m.campaign_id = %(campaign)s
      AND (m.state = 'queued' OR (m.state = 'deferred' AND m.not_before <= now()))
      AND EXISTS (SELECT FROM people_subscription s
                  WHERE s.person_id = m.person_id AND s.list_id = ANY (%(lists)s) AND s.state = 'subscribed' OFFSET 0)
      AND EXISTS (SELECT FROM people_identity i
                  WHERE i.person_id = m.person_id AND i.kind = 'email' AND i.value IS NOT NULL OFFSET 0)
    ORDER BY m.id
    LIMIT %(size)s
    FOR UPDATE OF m SKIP LOCKED
), claimed AS (
    UPDATE delivery_message m
    SET state = 'claimed', attempts = m.attempts + 1, batch_id = %(batch)s, measured = taken.measured, not_before = NULL,
        policy_version_id = %(version)s
    FROM taken
    WHERE m.id = taken.id AND m.id > %(after)s AND m.id <= %(last)s
)
SELECT taken.id, taken.person_id, address.value, taken.language, taken.measured, ARRAY[{values}]::text[]
FROM taken
CROSS JOIN LATERAL (
    SELECT i.value FROM people_identity i
    WHERE i.person_id = taken.person_id AND i.kind = 'email' AND i.value IS NOT NULL
    ORDER BY i.created_at, i.key LIMIT 1
) address
{joins}

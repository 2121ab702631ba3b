-- Claim the oldest service messages of one purpose, and read what their mails need. Runs under that purpose.
WITH taken AS MATERIALIZED (
    SELECT w.id, m.person_id, m.template, m.arguments, p.language
    FROM delivery_waiting w
    JOIN delivery_message m ON m.id = w.id
    JOIN people_person p ON p.id = m.person_id
    WHERE w.workspace_id = %(workspace)s AND w.purpose = %(purpose)s AND w.batch_id IS NULL
      AND (w.not_before IS NULL OR w.not_before <= now())
      AND EXISTS (SELECT FROM people_identity i
                  WHERE i.person_id = m.person_id AND i.kind = 'email' AND i.value IS NOT NULL OFFSET 0)
    ORDER BY w.id
    LIMIT %(size)s
    FOR UPDATE OF w SKIP LOCKED
), queue AS (
    UPDATE delivery_waiting w SET batch_id = %(batch)s FROM taken WHERE w.id = taken.id
), claimed AS (
    UPDATE delivery_message m
    SET state = 'claimed', attempts = m.attempts + 1, batch_id = %(batch)s, not_before = NULL,
        policy_version_id = %(version)s
    FROM taken WHERE m.id = taken.id
)
SELECT taken.id, taken.person_id, address.value, taken.language, taken.template, taken.arguments,
    COALESCE(names.values, '{}')
FROM taken
CROSS JOIN LATERAL (
    SELECT i.value FROM people_identity i
    WHERE i.person_id = taken.person_id AND i.kind = 'email' AND i.value IS NOT NULL
    ORDER BY i.created_at, i.key LIMIT 1
) address
LEFT JOIN people_traits names ON names.person_id = taken.person_id AND names.category = 'identity'
ORDER BY taken.id

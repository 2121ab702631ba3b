-- Queue the mail about a change to the next people it concerns. Runs under policy.notify, so people_person holds those who
-- may be written to. An id is made of notice and person: what was queued before is left alone, also by a second worker.
WITH next AS (
    SELECT p.id AS person_id, p.workspace_id,
        tillit_message_id(%(started)s, -%(notice)s::bigint, p.id) AS id
    FROM people_person p
    WHERE (%(after)s::uuid IS NULL OR p.id > %(after)s::uuid)
      AND EXISTS (SELECT FROM people_identity i WHERE i.person_id = p.id AND i.kind = 'email' AND i.value IS NOT NULL)
      AND {affected}
    ORDER BY p.id
    LIMIT %(size)s
), queued AS (
    INSERT INTO delivery_message (id, workspace_id, person_id, purpose, template, arguments, state, attempts, measured,
        policy_version_id, reply)
    SELECT id, workspace_id, person_id, %(purpose)s, %(template)s, jsonb_build_object('notice', %(notice)s::bigint),
        'queued', 0, false, %(version)s, ''
    FROM next
    ON CONFLICT (id) DO NOTHING
    RETURNING id, workspace_id
), waiting AS (
    INSERT INTO delivery_waiting (id, workspace_id, purpose)
    SELECT id, workspace_id, %(purpose)s FROM queued
)
SELECT count(*), (SELECT count(*) FROM queued), (SELECT person_id FROM next ORDER BY person_id DESC LIMIT 1) FROM next

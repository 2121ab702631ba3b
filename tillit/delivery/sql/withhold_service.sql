-- Withhold the service messages of one purpose that may not be sent, and take them off the queue.
WITH left_over AS (
    SELECT w.id, CASE
        WHEN p.id IS NULL THEN 'erased'
        WHEN NOT {has_address} THEN 'no_address'
        ELSE {why_not} END AS reason
    FROM delivery_waiting w
    LEFT JOIN delivery_message m ON m.id = w.id
    LEFT JOIN people_person p ON p.id = m.person_id
    WHERE w.workspace_id = %(workspace)s AND w.purpose = %(purpose)s AND w.batch_id IS NULL
    FOR UPDATE OF w SKIP LOCKED
), gone AS (
    DELETE FROM delivery_waiting w USING left_over WHERE w.id = left_over.id AND left_over.reason IS NOT NULL
), withheld AS (
    UPDATE delivery_message m SET state = 'withheld', reply = left_over.reason, not_before = NULL, done_at = now()
    FROM left_over WHERE m.id = left_over.id AND left_over.reason IS NOT NULL
    RETURNING m.reply
)
SELECT reply, count(*) FROM withheld GROUP BY reply

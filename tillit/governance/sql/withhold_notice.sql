-- Take the mails of a notice that no sender has claimed yet off the queue. Runs under delivery.operate.
WITH mine AS (
    SELECT w.id FROM delivery_waiting w
    JOIN delivery_message m ON m.id = w.id
    WHERE w.id BETWEEN %(first)s AND %(last)s AND w.batch_id IS NULL AND (m.arguments ->> 'notice')::bigint = %(notice)s
    FOR UPDATE OF w SKIP LOCKED
), gone AS (
    DELETE FROM delivery_waiting w USING mine WHERE w.id = mine.id
), withheld AS (
    UPDATE delivery_message m SET state = 'withheld', reply = %(reason)s, not_before = NULL, done_at = now()
    FROM mine WHERE m.id = mine.id
    RETURNING m.id
)
SELECT count(*) FROM withheld

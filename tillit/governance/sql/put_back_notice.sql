-- Put the mails of a notice that was stopped back in the queue. Runs under delivery.operate.
WITH again AS (
    UPDATE delivery_message m SET state = 'queued', reply = '', done_at = NULL
    WHERE m.id BETWEEN %(first)s AND %(last)s AND m.state = 'withheld' AND m.reply = %(reason)s
      AND (m.arguments ->> 'notice')::bigint = %(notice)s
    RETURNING m.id, m.workspace_id, m.purpose
), waiting AS (
    INSERT INTO delivery_waiting (id, workspace_id, purpose) SELECT id, workspace_id, purpose FROM again
    ON CONFLICT (id) DO NOTHING
)
SELECT count(*) FROM again

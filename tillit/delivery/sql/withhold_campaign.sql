-- Withhold what is left of a campaign and may not be sent, each message with its reason; what may be sent stays.
-- Runs under delivery.operate, which sees the persons whom the campaign's own purpose does not show.
WITH left_over AS (
    SELECT m.id, CASE
        WHEN p.id IS NULL THEN 'erased'
        WHEN NOT EXISTS (SELECT FROM people_subscription s WHERE s.person_id = m.person_id
            AND s.list_id = ANY (%(lists)s) AND s.state = 'subscribed') THEN 'unsubscribed'
        WHEN NOT {has_address} THEN 'no_address'
        ELSE {why_not} END AS reason
    FROM delivery_message m
    LEFT JOIN people_person p ON p.id = m.person_id
    WHERE m.id >= %(first)s AND m.id <= %(last)s AND m.campaign_id = %(campaign)s AND m.state IN ('queued', 'deferred')
), withheld AS (
    UPDATE delivery_message m SET state = 'withheld', reply = left_over.reason, not_before = NULL, done_at = now()
    FROM left_over
    WHERE m.id = left_over.id AND m.id >= %(first)s AND m.id <= %(last)s AND left_over.reason IS NOT NULL
      AND m.state IN ('queued', 'deferred')
    RETURNING m.reply
)
SELECT reply, count(*) FROM withheld GROUP BY reply

-- What became of a campaign's messages: a row for each state and, of those not handed over, each reply.
-- Runs under delivery.operate.
SELECT m.state, CASE WHEN m.state IN ('failed', 'deferred', 'unknown', 'withheld') THEN m.reply_code END,
    CASE WHEN m.state = 'withheld' THEN m.reply
         WHEN m.state IN ('failed', 'deferred') THEN COALESCE(substring(m.reply FROM '^[245]\.\d+\.\d+'), '')
         ELSE '' END,
    count(*), count(*) FILTER (WHERE m.measured)
FROM delivery_message m
JOIN people_person p ON p.id = m.person_id
WHERE m.id >= %(first)s AND m.id <= %(last)s AND m.campaign_id = %(campaign)s
GROUP BY 1, 2, 3

-- With what people opened a campaign: distinct people for each program. Runs under measurement.email.
SELECT COALESCE(NULLIF(e.client, ''), '?'), count(DISTINCT e.person_id)
FROM delivery_event e
JOIN people_person p ON p.id = e.person_id
WHERE e.campaign_id = %(campaign)s AND e.id >= %(first)s AND e.kind = 'open' AND e.machine = ''
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 8

-- What a campaign still holds: how many messages, and in how many seconds the next is due if all are deferred.
SELECT count(*), CASE WHEN bool_and(m.state = 'deferred') THEN extract(epoch FROM min(m.not_before) - now())::float END
FROM delivery_message m
JOIN people_person p ON p.id = m.person_id
WHERE m.id >= %(first)s AND m.id <= %(last)s AND m.campaign_id = %(campaign)s
  AND m.state IN ('queued', 'deferred', 'claimed')

-- How many of those who got the campaign have left one of its lists since. Runs under delivery.operate.
SELECT count(DISTINCT s.person_id)
FROM people_subscription s
JOIN people_person p ON p.id = s.person_id
JOIN delivery_message m ON m.person_id = s.person_id
WHERE s.list_id = ANY (%(lists)s) AND s.state = 'unsubscribed' AND s.since >= %(prepared)s
  AND m.id >= %(first)s AND m.id <= %(last)s AND m.campaign_id = %(campaign)s AND m.state = 'sent'

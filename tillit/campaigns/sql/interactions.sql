-- Opens and clicks of a campaign: totals and distinct people, by kind, by link, and by hour, people and machines apart.
-- Runs under measurement.email: whoever objects is not among the persons, and what they did before does not count.
SELECT GROUPING(e.link, hour) AS level, e.kind, e.machine <> '' AS by_machine, e.link, hour,
    count(*), count(DISTINCT e.person_id)
FROM (
    SELECT e.person_id, e.kind, e.machine, e.link, date_trunc('hour', e.at) AS hour
    FROM delivery_event e
    WHERE e.campaign_id = %(campaign)s AND e.id >= %(first)s
) e
JOIN people_person p ON p.id = e.person_id
GROUP BY GROUPING SETS ((e.kind, e.machine <> ''), (e.kind, e.machine <> '', e.link), (e.kind, e.machine <> '', hour))

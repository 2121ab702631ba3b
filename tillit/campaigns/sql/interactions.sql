-- Opens and clicks of a campaign, people and machines apart: totals (level 0), by link (1) and by hour (2).
-- Runs under measurement.email: whoever objects is not among the persons, and what they did before does not count.
-- Distinct people are counted by grouping twice, which hashes; count(DISTINCT …) would sort all events for each level.
WITH happened AS MATERIALIZED (
    SELECT e.person_id, e.kind, e.machine <> '' AS by_machine, e.link, date_trunc('hour', e.at) AS hour, count(*) AS times
    FROM delivery_event e
    JOIN people_person p ON p.id = e.person_id
    WHERE e.campaign_id = %(campaign)s AND e.id >= %(first)s
    GROUP BY 1, 2, 3, 4, 5
), by_link AS MATERIALIZED (
    SELECT person_id, kind, by_machine, link, sum(times) AS times FROM happened GROUP BY 1, 2, 3, 4
), by_person AS (
    SELECT person_id, kind, by_machine, sum(times) AS times FROM by_link GROUP BY 1, 2, 3
)
SELECT 0 AS level, kind, by_machine, NULL::smallint AS link, NULL::timestamptz AS hour, sum(times)::bigint, count(*)
FROM by_person GROUP BY 2, 3
UNION ALL
SELECT 1, kind, by_machine, link, NULL, sum(times)::bigint, count(*) FROM by_link WHERE link IS NOT NULL GROUP BY 2, 3, 4
UNION ALL
SELECT 2, kind, by_machine, NULL, hour, sum(times)::bigint, 0 FROM happened GROUP BY 2, 3, 5

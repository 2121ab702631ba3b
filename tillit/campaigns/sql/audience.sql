-- How many of the people on some lists may get a mail for a purpose, and why the others may not.
-- `narrowed` keeps to the people of segments.
-- Runs under audience.administer, which sees everybody on the lists; the purpose's rule stands here as literals.
SELECT reason, count(*) FROM (
    SELECT CASE
        WHEN standing.subscribed THEN
            CASE WHEN NOT {has_address} THEN 'no_address' ELSE COALESCE({why_not}, 'permitted') END
        WHEN standing.pending THEN 'pending'
        ELSE 'unsubscribed' END AS reason
    FROM (
        SELECT s.person_id, bool_or(s.state = 'subscribed') AS subscribed, bool_or(s.state = 'pending') AS pending
        FROM people_subscription s
        WHERE s.list_id = ANY (%(lists)s)
        GROUP BY s.person_id
    ) standing
    JOIN people_person p ON p.id = standing.person_id {narrowed}
) decided
GROUP BY reason

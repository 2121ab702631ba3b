-- Queue a message to everybody who is subscribed to one of the lists and has an address. Runs under the campaign's
-- purpose, so people_person holds the permitted alone. A second run inserts nothing twice: the id is made of campaign and
-- person. In the order of the ids, so that the batches claimed later lie side by side on disk.
INSERT INTO delivery_message (id, workspace_id, person_id, campaign_id, purpose, template, arguments, state, attempts,
    measured, policy_version_id, reply)
SELECT tillit_message_id(%(prepared)s, %(campaign)s, p.id), p.workspace_id, p.id, %(campaign)s, %(purpose)s, '', '{{}}',
    'queued', 0, false, %(version)s, ''
FROM people_person p
WHERE p.id IN (SELECT s.person_id FROM people_subscription s WHERE s.list_id = ANY (%(lists)s) AND s.state = 'subscribed')
  AND p.id IN (SELECT i.person_id FROM people_identity i WHERE i.kind = 'email' AND i.value IS NOT NULL)
  {narrowed}
ORDER BY 1
ON CONFLICT (id) DO NOTHING

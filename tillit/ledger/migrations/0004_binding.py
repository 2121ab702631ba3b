"""Which version binds now, as a view; and the moment from which each version so far has bound."""

from django.db import migrations

# The rows of versions refuse every change; their owner fills the new column once. `now()` is the transaction's start,
# so one transaction sees one policy. The view asks with the reader's own rights.
SQL = """
ALTER TABLE ledger_policyversion DISABLE TRIGGER USER;
UPDATE ledger_policyversion SET effective_at = published_at;
ALTER TABLE ledger_policyversion ENABLE TRIGGER USER;
CREATE VIEW ledger_binding WITH (security_invoker = true) AS
    SELECT workspace_id, CASE WHEN next_at <= now() THEN next_version_id ELSE version_id END AS version_id
    FROM ledger_policyinforce;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_policy_life")]
    operations = [migrations.RunSQL(SQL, "DROP VIEW ledger_binding")]

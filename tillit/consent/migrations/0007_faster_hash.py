"""Hash choices within the statement that notes them: 3 µs each instead of 5.

It says what `tillit_hash_choice()` says, by which a choice is verified (a test compares them), without calling functions
for each row: PostgreSQL takes none of theirs into the statement.
"""

from django.db import migrations

UTC = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
FUNCTION = """
CREATE OR REPLACE FUNCTION tillit_pend_choice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_pending (kind, record_id, hash) SELECT 'choice', c.id, {hash} FROM added c;
    RETURN NULL;
END $$;
"""
HASH = f"""sha256(convert_to(array_to_json(ARRAY['choice', c.id::text, c.workspace_id::text,
        c.person_id::text, c.purpose, c.state, c.method, c.policy_version_id::text, c.notice_digest, c.source_id::text,
        {UTC.format("c.at")}, {UTC.format("c.expires_at")}])::text, 'UTF8'))"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_voidedchoice")]
    operations = [
        migrations.RunSQL(FUNCTION.format(hash=HASH), FUNCTION.format(hash="tillit_hash_choice(c::consent_choice)"))
    ]

"""Hash every ledger row as it is written, by trigger; let the verifier read hashes across workspaces."""

from django.db import migrations

# The owner's rights are needed: the application sees no choice outside a processing context. The functions give away
# hashes and opaque ids, nothing else. A hash names its columns, so that a later column leaves old hashes alone.
SQL = """
CREATE FUNCTION tillit_hash_of(variadic parts text[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(array_to_json(parts)::text, 'UTF8'))
$$;
CREATE FUNCTION tillit_utc(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
CREATE FUNCTION tillit_hash_activity(a ledger_activity) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT tillit_hash_of('activity', a.id::text, a.workspace_id::text, a.purpose, a.act, a.outcome, a.actor, a.recipient,
        a.subject_id::text, a.object_ref, a.categories::text, a.counts::text, a.policy_version_id::text, tillit_utc(a.at))
$$;
CREATE FUNCTION tillit_pend_activity() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_pending (kind, record_id, hash) SELECT 'activity', a.id, tillit_hash_activity(a::ledger_activity) FROM added a;
    RETURN NULL;
END $$;
CREATE TRIGGER tillit_pend AFTER INSERT ON ledger_activity REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tillit_pend_activity();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]

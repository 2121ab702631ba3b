"""Hash every choice as it is written; read hashes of both kinds for the verifier."""

from django.db import migrations

SQL = """
CREATE FUNCTION tillit_hash_choice(c consent_choice) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT tillit_hash_of('choice', c.id::text, c.workspace_id::text, c.person_id::text, c.purpose, c.state, c.method,
        c.policy_version_id::text, c.notice_digest, c.source_id::text, tillit_utc(c.at), tillit_utc(c.expires_at))
$$;
CREATE FUNCTION tillit_pend_choice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_pending (kind, record_id, hash) SELECT 'choice', c.id, tillit_hash_choice(c::consent_choice) FROM added c;
    RETURN NULL;
END $$;
CREATE TRIGGER tillit_pend AFTER INSERT ON consent_choice REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tillit_pend_choice();
CREATE FUNCTION tillit_ledger_hash(kind text, record uuid) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF kind = 'activity' THEN
        RETURN (SELECT tillit_hash_activity(a) FROM ledger_activity a WHERE a.id = record);
    END IF;
    RETURN (SELECT tillit_hash_choice(c) FROM consent_choice c WHERE c.id = record);
END $$;
CREATE FUNCTION tillit_ledger_strays() RETURNS TABLE (kind text, record_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k, r FROM (SELECT 'activity' AS k, id AS r FROM ledger_activity UNION ALL SELECT 'choice', id FROM consent_choice) rows
    WHERE NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.record_id = r)
      AND NOT EXISTS (SELECT FROM ledger_pending p WHERE p.record_id = r)
    LIMIT 100
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial"), ("ledger", "0002_hashes")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]

"""Partition messages and events by month, on the time inside their UUIDv7 ids."""

from django.db import migrations

PARTITION = """
CREATE TABLE delivery_{name}_new (LIKE delivery_{name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (id);
DROP TABLE delivery_{name};
ALTER TABLE delivery_{name}_new RENAME TO delivery_{name};
ALTER TABLE delivery_{name} ADD CONSTRAINT delivery_{name}_pkey PRIMARY KEY (id);
CREATE TABLE delivery_{name}_other PARTITION OF delivery_{name} DEFAULT;
"""

INDEXES = """
CREATE INDEX message_campaign ON delivery_message (campaign_id, state);
CREATE INDEX message_person ON delivery_message (person_id);
CREATE INDEX event_campaign ON delivery_event (campaign_id, kind, person_id);
CREATE INDEX event_person ON delivery_event (person_id);
"""

# Runs as the owner, because the application's role may not make tables. Partitions get no grants of their own:
# rows are reached through the parent, whose row-level security decides.
FUNCTIONS = """
CREATE FUNCTION tillit_uuid_floor(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
CREATE FUNCTION tillit_make_partitions(first_month timestamptz, months int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    parent text; month timestamptz; name text; made int := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['delivery_message', 'delivery_event'] LOOP
        FOR i IN 0 .. months - 1 LOOP
            month := date_trunc('month', first_month) + make_interval(months => i);
            name := parent || to_char(month, '_YYYY_MM');
            IF to_regclass(name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    name, parent, tillit_uuid_floor(month), tillit_uuid_floor(month + interval '1 month'));
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
SELECT tillit_make_partitions(now(), 4);
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]
    operations = [
        migrations.RunSQL(PARTITION.format(name="message"), migrations.RunSQL.noop),
        migrations.RunSQL(PARTITION.format(name="event"), migrations.RunSQL.noop),
        migrations.RunSQL(INDEXES, migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]

"""Message ids made from campaign and person; updates within the page; the queue of service messages; heartbeats."""

from django.db import migrations, models

# Partitioned tables are made by hand (0002), so the state alone follows the model here.
INDEX = """
DROP INDEX message_campaign;
CREATE INDEX message_campaign ON delivery_message (campaign_id);
"""

# A message is updated twice while it is sent. With room in its page and no indexed column changed, both updates stay in
# the page and touch no index. The time comes first, so a campaign's ids lie together and in one partition.
FUNCTIONS = """
CREATE FUNCTION tillit_message_id(prepared_at timestamptz, campaign bigint, person uuid) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM prepared_at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3)
        || translate(substr(h, 4, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(h, 5, 15))::uuid
    FROM (SELECT encode(sha256(int8send(campaign) || uuid_send(person)), 'hex') AS h OFFSET 0) AS hashed
$$;
CREATE OR REPLACE FUNCTION tillit_make_partitions(first_month timestamptz, months int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    parent text; month timestamptz; name text; made int := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['delivery_message', 'delivery_event'] LOOP
        FOR i IN 0 .. months - 1 LOOP
            month := date_trunc('month', first_month) + make_interval(months => i);
            name := parent || to_char(month, '_YYYY_MM');
            IF to_regclass(name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)%s',
                    name, parent, tillit_uuid_floor(month), tillit_uuid_floor(month + interval '1 month'),
                    CASE parent WHEN 'delivery_message' THEN ' WITH (fillfactor = 45)' ELSE '' END);
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'delivery_message'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 45)', partition);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0002_partitions")]
    operations = [
        migrations.AddField("batch", "counts", models.JSONField(default=dict)),
        migrations.AddIndex("batch", models.Index(fields=["campaign_id"], name="batch_campaign")),
        migrations.CreateModel(
            "Sender",
            fields=[
                ("name", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("trouble", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            "Waiting",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("workspace_id", models.IntegerField()),
                ("purpose", models.CharField(max_length=63)),
                ("not_before", models.DateTimeField(null=True)),
                ("batch_id", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.RunSQL(
            INDEX,
            migrations.RunSQL.noop,
            state_operations=[
                migrations.RemoveIndex("message", "message_campaign"),
                migrations.AddIndex("message", models.Index(fields=["campaign_id"], name="message_campaign")),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]

"""Keep which records of one person were made one, how they can be parted again, and which are not the same."""

import uuid_utils.compat
from django.db import migrations, models

# For whoever comes by an old id, such as that of a link in a mail, before there is a context: it answers for one id
# with another, and can be asked for nothing else.
FOLLOW = """
CREATE FUNCTION tillit_present_id(workspace integer, person uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT COALESCE((SELECT m.person_id FROM people_merge m
                     WHERE m.gone_id = $2 AND m.workspace_id = $1 AND m.split_id IS NULL), $2)
$$;
"""


def _key(*names):
    return models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_keys"), ("people", "0018_suppression_imports")]
    operations = [
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.IntegerField()),
                ("person_id", models.UUIDField()),
                ("kept_id", models.UUIDField()),
                ("gone_id", models.UUIDField()),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("split_id", models.UUIDField(null=True)),
                ("split_by", models.CharField(blank=True, max_length=80)),
                ("split_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person_id"], name="merge_person"),
                    models.Index(fields=["kept_id"], name="merge_kept"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("gone_id"), condition=models.Q(("split_id", None)), name="merge_gone"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MergeTrace",
            fields=[
                ("pk", _key("merge_id", "part", "category")),
                ("merge_id", models.UUIDField()),
                ("part", models.CharField(max_length=63)),
                ("category", models.CharField(max_length=63)),
                ("person_id", models.UUIDField()),
                ("workspace_id", models.IntegerField()),
                ("moved", models.JSONField(default=list)),
                ("kept", models.JSONField(default=dict)),
                ("gone", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
            ],
            options={"indexes": [models.Index(fields=["person_id"], name="mergetrace_person")]},
        ),
        migrations.CreateModel(
            name="NotDuplicate",
            fields=[
                ("pk", _key("person_id", "other_id")),
                ("person_id", models.UUIDField()),
                ("other_id", models.UUIDField()),
                ("workspace_id", models.IntegerField()),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Likeness",
            fields=[
                ("pk", _key("person_id", "other_id")),
                ("person_id", models.UUIDField()),
                ("other_id", models.UUIDField()),
                ("workspace_id", models.IntegerField()),
                ("reasons", models.SmallIntegerField()),
                ("score", models.SmallIntegerField()),
                ("found_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["workspace_id", "-score", "person_id"], name="likeness_best")]},
        ),
        migrations.CreateModel(
            name="DuplicateSearch",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=models.deletion.CASCADE,
                        primary_key=True,
                        related_name="duplicate_search",
                        serialize=False,
                        to="accounts.workspace",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("counts", models.JSONField(default=dict)),
                ("by", models.CharField(max_length=80)),
            ],
        ),
        migrations.RunSQL(FOLLOW, "DROP FUNCTION tillit_present_id(integer, uuid)"),
    ]

"""Keep addresses and domains that nothing is sent to."""

import django.db.models.deletion
from django.db import migrations, models

REASONS = [
    ("asked", "Asked never to be written to"),
    ("complaint", "Complained, or reported mail as spam"),
    ("bounced", "Mail bounces"),
    ("trap", "A trap for senders of spam"),
    ("excluded", "Not to be written to by our own decision"),
    ("moved", "Suppressed in an earlier tool"),
    ("other", "Another reason"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_cache"), ("people", "0007_nameword")]
    operations = [
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BinaryField(max_length=32)),
                ("kind", models.CharField(choices=[("email", "Address"), ("domain", "Domain")], max_length=6)),
                ("domain", models.CharField(blank=True, max_length=253)),
                ("reason", models.CharField(choices=REASONS, default="asked", max_length=10)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("made_by", models.CharField(max_length=80)),
                ("created_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="suppressions",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["workspace", "-id"], name="suppression_workspace")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("key"), models.F("workspace"), name="suppression_key", nulls_distinct=False
                    )
                ],
            },
        ),
    ]

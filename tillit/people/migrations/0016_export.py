"""Keep what was taken out as a file."""

import django.db.models.deletion
from django.db import migrations, models

STATES = [("queued", "Waiting"), ("running", "Running"), ("done", "Done"), ("failed", "Failed"), ("stopped", "Stopped")]
FORMATS = [("csv", "CSV"), ("xlsx", "Excel workbook"), ("jsonl", "JSON Lines")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_cache"), ("people", "0015_bulk")]
    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(max_length=63)),
                ("recipient", models.CharField(blank=True, max_length=80)),
                ("format", models.CharField(choices=FORMATS, max_length=5)),
                ("selection", models.JSONField(default=dict)),
                ("columns", models.JSONField(default=list)),
                ("state", models.CharField(choices=STATES, default="queued", max_length=10)),
                ("total", models.PositiveIntegerField(default=0)),
                ("written", models.PositiveIntegerField(default=0)),
                ("path", models.CharField(blank=True, max_length=100)),
                ("size_bytes", models.BigIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("started_by", models.CharField(max_length=80)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("moved_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exports", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["workspace", "-id"], name="export_workspace")],
            },
        ),
    ]

"""The activities about one object, such as an assessment, without reading those of the whole workspace."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built while rows are written cannot be built in a transaction
    dependencies = [("ledger", "0004_binding")]
    operations = [
        AddIndexConcurrently(
            "activity",
            models.Index(
                fields=["workspace_id", "object_ref", "-id"],
                name="activity_object",
                condition=models.Q(("object_ref", ""), _negated=True),
            ),
        )
    ]

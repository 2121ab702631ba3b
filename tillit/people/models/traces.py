"""What an import changed, kept for as long as it can be undone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tillit.people.models.persons import PerPersonManager
from tillit.policy.declarations import Declares, nobody


class ImportChunk(models.Model):
    """One transaction of an import. The people it made lie between two ids and were recorded at one moment.

    The two ids are nobody's: they were made by the same generator right before and after those of the people, so that
    new people leave no row of their own to be found again.
    """

    id = models.BigAutoField(primary_key=True)
    import_id = models.BigIntegerField()
    first_id = models.UUIDField()
    last_id = models.UUIDField()
    written_at = models.DateTimeField()
    rows = models.IntegerField()
    new = models.IntegerField()
    undone_at = models.DateTimeField(null=True)

    privacy = nobody(plain=("import_id", "first_id", "last_id", "written_at", "rows", "new", "undone_at"))

    class Meta:
        indexes: ClassVar = [models.Index(fields=["import_id", "id"], name="importchunk_import")]

    def __str__(self) -> str:
        return f"{self.new} new people of import {self.import_id}"


class ImportTrace(models.Model):
    """What an import changed about somebody who was known before: how it was, and how the import left it.

    `part` is `seen` for everybody whom the file names, changed or not; `values` (a category's fields), `list`,
    `person` (region and roles), `language`, `phone`, `customer` and `choice` for what was written; `made` for somebody
    whom an import made that was undone before, and who stayed because this one names them. The traces of an import go
    when it can no longer be undone.
    """

    pk = models.CompositePrimaryKey("import_id", "person_id", "part", "category")
    import_id = models.BigIntegerField()
    person_id = models.UUIDField()
    part = models.CharField(max_length=8)
    category = models.CharField(max_length=63)
    workspace_id = models.IntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category_column="category",
        retain="by category",
        personal={"before": "by row", "after": "by row"},
        plain=("workspace_id", "import_id", "part", "category"),
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id", "import_id"], name="importtrace_person")]

    def __str__(self) -> str:
        return f"{self.part} of {self.person_id} by import {self.import_id}"

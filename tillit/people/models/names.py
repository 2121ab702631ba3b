"""The words of persons' names, by which they are found."""

from __future__ import annotations

from django.db import models

from tillit.people.models.persons import PerPersonManager
from tillit.policy.declarations import Declares


class NameWord(models.Model):
    """A word of a person's name. Row-level security keeps a search inside a value off an index; a column it does not.

    Written by triggers on what is known of persons, so that no writer can leave it out; `names.words` says what a word
    is. The key is the application's alone: in the database it is an index that is not unique, which costs less.
    """

    pk = models.CompositePrimaryKey("workspace_id", "word", "person_id")
    workspace_id = models.IntegerField()
    word = models.CharField(max_length=40, db_collation="C")
    person_id = models.UUIDField()

    objects = PerPersonManager()

    privacy = Declares(
        subject="person",
        category="identity",
        retain="by category",
        personal={"word": "identity"},
        plain=("workspace_id",),
    )

    def __str__(self) -> str:
        return f"a word of {self.person_id}"

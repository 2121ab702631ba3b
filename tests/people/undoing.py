"""What a workspace holds before an import and after it was undone, for the tests of undoing."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from tests import make
from tillit.ledger.processing import processing
from tillit.people.importing.undo import begin, run_undo
from tillit.people.models import Import

TABLES = ("people_person", "people_identity", "people_traits", "people_subscription")
FULL = "email,phone,customer number,first name,company,city,country,language,status\n"


def everything() -> dict[str, list]:
    """Every row and column of the tables that an import writes, but for the history that is only added to."""
    with connection.cursor() as cursor:
        rows = {}
        for table in TABLES:
            cursor.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY 1")
            rows[table] = [row[0] for row in cursor.fetchall()]
    return rows


def seen(workspace) -> dict[str, list]:
    with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
        return everything()


def undone(item: Import, **more) -> Import:
    begin(item, by="user:1", now=timezone.now(), defer=False)
    return run_undo(item.pk, **more)


def known(house, address="anna@example.org", **values):
    return make.person(house, email=address, traits={"identity": {"first_name": "Anna", "last_name": "Ek"}, **values})

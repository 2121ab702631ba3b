"""What an import leaves for those who read after it."""

from __future__ import annotations

import csv

import pytest
from django.utils import timezone

from tests import make
from tests.conftest import superuser
from tillit.conf.sample import HEADER, people
from tillit.people.importing.run import ANALYZE_FROM_ROWS, run_import
from tillit.people.importing.start import start_import
from tillit.people.models import Source

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_planner_knows_of_many_new_people_at_once(tmp_path):
    count = ANALYZE_FROM_ROWS
    workspace = make.workspace()
    path = tmp_path / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([HEADER, *people(count)])
    source = Source.objects.create(workspace=workspace, name="Fair", warranty="Collected at our stand.")
    item = start_import(
        workspace.pk, path, source=source, mailing_list=None, by="test", now=timezone.now(), defer=False
    )
    known = "SELECT reltuples FROM pg_class WHERE relname = 'people_person'"
    assert run_import(item.pk).counts["new"] == count
    with superuser() as connection:
        (found,) = connection.execute(known).fetchone()
    assert found == count

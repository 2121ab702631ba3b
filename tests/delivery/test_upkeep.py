"""What the delivery tables need from time to time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests import make
from tillit.delivery.models import Batch
from tillit.delivery.upkeep import drop_batches, make_partitions

pytestmark = pytest.mark.django_db


def test_partitions_are_made_ahead_once():
    future = datetime(2031, 11, 5, tzinfo=UTC)
    assert make_partitions(now=future) == 8
    assert make_partitions(now=future) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'delivery_message_2032_02'")
        assert cursor.fetchone()[0] == ["fillfactor=45"]


def test_batches_are_kept_for_a_month():
    workspace, now = make.workspace(bare=True), timezone.now()
    for days in (1, 40):
        moment = now - timedelta(days=days)
        Batch.objects.create(
            workspace=workspace, sender="t", size=1, claimed_at=moment, lease_until=moment, finished_at=moment
        )
    Batch.objects.create(workspace=workspace, sender="t", size=1, claimed_at=now, lease_until=now)
    assert drop_batches() == 1
    assert Batch.objects.count() == 2

"""A question that takes too long is stopped, and the transaction it was asked in goes on."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction

from tillit.people.patience import TooSlow, patience


def asked(sql: str):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


def test_a_slow_statement_is_stopped_and_what_was_done_before_stays(db, settings):
    settings.PATIENCE_S = 0.01
    with transaction.atomic():
        asked("CREATE TEMPORARY TABLE seen (n int) ON COMMIT DROP")
        asked("INSERT INTO seen VALUES (1)")
        with pytest.raises(TooSlow), patience():
            asked("INSERT INTO seen VALUES (2)")
            asked("SELECT pg_sleep(60)")
        assert asked("SELECT array_agg(n) FROM seen") == ([1],)
        assert asked("SHOW statement_timeout") == ("0",)


def test_each_statement_has_the_time_and_no_longer_after_it(db):
    with transaction.atomic():
        with patience(30):
            assert asked("SHOW statement_timeout") == ("30s",)
        assert asked("SHOW statement_timeout") == ("0",)


def test_another_failure_is_not_taken_for_slowness(db):
    with pytest.raises(OperationalError), patience(30):
        asked("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$")

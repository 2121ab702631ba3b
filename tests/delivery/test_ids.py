"""A campaign's message to a person has one id, computed alike in Python and in the database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tillit.delivery.ids import id_range, message_id

pytestmark = pytest.mark.django_db
moments = st.datetimes(datetime(1990, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC))
campaigns = st.integers(1, 2**63 - 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(moments, campaigns, st.uuids())
def test_python_and_the_database_make_the_same_id(moment, campaign, person):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tillit_message_id(%s, %s, %s)", [moment, campaign, person])
        assert cursor.fetchone()[0] == message_id(moment, campaign, person)


@given(moments, campaigns, st.uuids())
def test_an_id_is_a_uuid7_of_the_preparation(moment, campaign, person):
    made = message_id(moment, campaign, person)
    first, last = id_range(moment)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert first <= made <= last
    assert abs((made.int >> 80) - moment.timestamp() * 1000) <= 1


@given(moments, st.lists(st.tuples(campaigns, st.uuids()), min_size=2, unique=True))
def test_two_campaigns_or_persons_never_share_an_id(moment, pairs):
    assert len({message_id(moment, *pair) for pair in pairs}) == len(pairs)

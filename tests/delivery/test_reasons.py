"""The reasons in SQL are those that a decision about one person gives."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.delivery.reasons import permitted, why_not
from tillit.policy.decide import decide

pytestmark = pytest.mark.django_db


@pytest.mark.clause("C8", "C11")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(our.rules(), st.lists(our.states(), min_size=1, max_size=40))
def test_sql_gives_the_reason_that_a_decision_gives(rule, people):
    people += [person._replace(granted=person.granted | 1 << rule.bit) for person in people]
    people += [person._replace(refused=person.refused & ~(1 << rule.bit)) for person in people]
    rows = ", ".join(f"({n}, {p[0]}, {p[1]}, {p[2]}, {p[3]}::bigint, {p[4]}::bigint)" for n, p in enumerate(people))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {permitted('p', rule)}, {why_not('p', rule)}"
            f" FROM (VALUES {rows}) AS p (n, region, roles, flags, granted, refused) ORDER BY n"
        )
        found = cursor.fetchall()
    decisions = [decide(rule, person) for person in people]
    assert [row[0] for row in found] == [decision.permitted for decision in decisions]
    assert [row[1] for row in found] == [None if d.permitted else str(d.reason) for d in decisions]

"""The SQL condition, run by SQLite: the same operators and precedence, as everything is in brackets."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.policy.decide import decide
from tillit.policy.rules import Rule
from tillit.policy.sql import RULE_PARTS, condition, literal


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE person (region, roles, flags, granted, refused)")
    connection.execute(f"CREATE TABLE rule ({', '.join(RULE_PARTS)})")
    yield connection
    connection.close()


def permitted(database: sqlite3.Connection, where: str) -> list[int]:
    query = f"SELECT p.rowid FROM person p WHERE {where.replace('AS boolean', 'AS integer')} ORDER BY 1"
    return [row for (row,) in database.execute(query)]


def put(database: sqlite3.Connection, rule: Rule, people: list[tuple[int, ...]]) -> None:
    database.execute("DELETE FROM person")
    database.execute("DELETE FROM rule")
    database.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?)", people)
    values = [int(getattr(rule, part)) for part in RULE_PARTS]
    database.execute(f"INSERT INTO rule VALUES ({', '.join('?' * len(values))})", values)


@pytest.mark.clause("C8")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(our.rules(), st.lists(our.states(), min_size=1, max_size=12))
def test_the_condition_permits_exactly_whom_decide_permits(database, rule, people):
    people += [person._replace(granted=person.granted | 1 << rule.bit) for person in people]
    people += [person._replace(refused=person.refused & ~rule.refused_bits) for person in people]
    put(database, rule, people)
    expected = [row for row, person in enumerate(people, start=1) if decide(rule, person).permitted]
    assert permitted(database, condition("p", literal(rule))) == expected
    assert permitted(database, condition("p", lambda part: f"(SELECT {part} FROM rule)")) == expected


def test_without_a_rule_nobody_is_permitted(database):
    put(database, our_rule(), [(1, 1, 0, 1, 0)])
    assert permitted(database, condition("p", lambda part: f"(SELECT {part} FROM rule WHERE 0)")) == []


def test_the_condition_asks_for_documented_parts_only():
    asked = []
    condition("person", lambda part: asked.append(part) or "0")
    assert set(asked) == set(RULE_PARTS)


def test_a_literal_of_another_part_is_refused():
    with pytest.raises(KeyError):
        literal(our_rule())("purpose")


def test_literals_are_plain_constants():
    part = literal(our_rule())
    assert {name: part(name) for name in RULE_PARTS} == {
        "roles": "1",
        "default_regions": "2",
        "consent_regions": "0",
        "bit": "61",
        "refused_bits": str(1 << 61),
        "refusable": "TRUE",
        "sends": "FALSE",
        "allowed_when_restricted": "FALSE",
    }


def our_rule() -> Rule:
    return Rule(
        purpose="a.b",
        bit=61,
        roles=1,
        default_regions=2,
        consent_regions=0,
        refusable=True,
        sends=False,
        allowed_when_restricted=False,
        categories=frozenset(),
    )

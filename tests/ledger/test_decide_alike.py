"""One rule, three deciders: `decide` in Python, the condition as a SQL filter, and row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import pytest
import uuid_utils.compat as uuid_utils
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.accounts.models import Workspace
from tillit.consent.actions import record_choice
from tillit.ledger.actions import publish
from tillit.ledger.models import PolicyInForce, PolicyVersion, PurposeRule
from tillit.ledger.processing import processing
from tillit.ledger.versions import places
from tillit.people.actions import identity_key
from tillit.people.models import Identity, Person
from tillit.policy.decide import decide
from tillit.policy.fold import ChoiceState
from tillit.policy.load import load
from tillit.policy.roles import EVERYONE, Flag, Role
from tillit.policy.rules import PersonState, Rule, compile_rules
from tillit.policy.sql import RULE_PARTS, condition, literal

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C8", "D2", "D5", "E3")]

COLUMNS = ("region", "roles", "flags", "granted", "refused")
MANAGE = "preferences.manage"

# A set of people a rule: one round trip tells a few dozen cases apart, so that 200 rules are some 8,000 of them.
many = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
some = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.create(name="Random")


@contextmanager
def undone() -> Iterator[None]:
    """Undo what one random case wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def put_in_force(workspace: Workspace, rule: Rule) -> None:
    """Make a rule the only one of the workspace, written straight into the table that security reads."""
    version = PolicyVersion.objects.create(
        workspace=workspace, number=1, digest="0" * 64, document="", published_at=timezone.now()
    )
    parts = {part: getattr(rule, part) for part in RULE_PARTS}
    PurposeRule.objects.create(version=version, purpose=rule.purpose, categories=sorted(rule.categories), **parts)
    PolicyInForce.objects.create(workspace=workspace, version=version, since=timezone.now())


def put_people(workspace: Workspace, purpose: str, states: Sequence[PersonState]) -> dict[UUID, PersonState]:
    people = {uuid_utils.uuid7(): state for state in states}
    with processing(workspace.pk, purpose, by="test", act="put"):
        Person.objects.bulk_create(
            Person(id=person, workspace_id=workspace.pk, **state._asdict()) for person, state in people.items()
        )
    return people


def decided(rule: Rule, people: dict[UUID, PersonState]) -> set[UUID]:
    return {person for person, state in people.items() if decide(rule, state).permitted}


def filtered(rule: Rule, people: dict[UUID, PersonState]) -> set[UUID]:
    """The persons that the SQL condition keeps, among all of them, with the column types of the person table."""
    columns = [list(people), *zip(*people.values(), strict=True)]
    types = ("uuid", "smallint", "integer", "smallint", "bigint", "bigint")
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.id FROM unnest({arrays}) AS p (id, {', '.join(COLUMNS)}) WHERE {condition('p', literal(rule))}",
            [list(column) for column in columns],
        )
        return {row[0] for row in cursor.fetchall()}


def shown(workspace: Workspace, purpose: str) -> set[UUID]:
    with processing(workspace.pk, purpose, by="test", act="look"):
        return set(Person.objects.values_list("id", flat=True))


@st.composite
def rules_with_people(draw: st.DrawFn) -> tuple[Rule, list[PersonState]]:
    """A rule and people near it: each random state also with its purpose granted, refused, both and neither."""
    rule, states = draw(our.rules()), draw(st.lists(our.states(), min_size=4, max_size=10))
    place = 1 << rule.bit
    return rule, [
        state._replace(granted=state.granted & ~place | granted, refused=state.refused & ~place | refused)
        for state in states
        for granted in (0, place)
        for refused in (0, place)
    ]


@many
@given(rules_with_people())
def test_python_filter_and_row_level_security_decide_alike(workspace, case):
    rule, states = case
    with undone():
        put_in_force(workspace, rule)
        people = put_people(workspace, rule.purpose, states)
        expected = decided(rule, people)
        assert filtered(rule, people) == expected
        assert shown(workspace, rule.purpose) == expected


def test_they_decide_alike_in_every_single_case(workspace):
    """A rule that uses all its parts: every region × role × flag × granted × refused, nothing left to chance."""
    bit, both = 61, [0, 1]
    for refusable, sends, allowed in [(a, b, c) for a in both for b in both for c in both]:
        rule = Rule(
            purpose="a.b",
            bit=bit,
            roles=Role.CONTACT | Role.MEMBER,
            default_regions=0b0110 | 1 << 30,
            consent_regions=0b1010 | 1 << 12,
            refusable=bool(refusable),
            sends=bool(sends),
            allowed_when_restricted=bool(allowed),
            categories=frozenset(),
        )
        states = [
            PersonState(region, int(roles), flags, granted << bit, refused << bit)
            for region in (0, 1, 2, 3, 4, 12, 30)
            for roles in (0, Role.CONTACT, Role.VISITOR, Role.MEMBER | Role.VISITOR, EVERYONE)
            for flags in range(4)
            for granted in both
            for refused in both
        ]
        with undone():
            put_in_force(workspace, rule)
            people = put_people(workspace, "a.b", states)
            assert filtered(rule, people) == shown(workspace, "a.b") == decided(rule, people)


@some
@given(tree=our.trees(), draw=st.data())
def test_a_published_policy_decides_as_it_compiles(workspace, tree, draw):
    """A whole document published as a user does, people with choices made one after the other, every purpose of it."""
    text = json.dumps(tree)
    with undone():
        publish(workspace.pk, text, by=None, now=timezone.now())
        rules = compile_rules(load(text), places(workspace.pk))
        states = draw.draw(st.lists(our.states(), min_size=3, max_size=6))
        people = put_people(workspace, MANAGE, [state._replace(granted=0, refused=0) for state in states])
        choosable = [name for name, rule in rules.items() if rule.refusable or rule.consent_regions]
        for person in people:
            for purpose in draw.draw(st.lists(st.sampled_from(choosable), max_size=6)):
                choose(workspace, [person], purpose, draw.draw(st.sampled_from(ChoiceState)))
        now = states_of(workspace, people)
        for purpose, rule in rules.items():
            assert shown(workspace, purpose) == decided(rule, now), purpose


def choose(workspace: Workspace, people: Iterable[UUID], purpose: str, state: ChoiceState) -> None:
    with processing(workspace.pk, MANAGE, by="test", act="choose") as activity:
        record_choice(activity, people, purpose, state, method="operator", now=timezone.now())


def states_of(workspace: Workspace, people: dict[UUID, PersonState]) -> dict[UUID, PersonState]:
    """The people as stored; who has no role is in no purpose's sight, and keeps what was put."""
    with processing(workspace.pk, MANAGE, by="test", act="look"):
        rows = Person.objects.values_list("id", *COLUMNS)
        return people | {row[0]: PersonState(*row[1:]) for row in rows}


@pytest.mark.parametrize("state", ["refused", "withdrawn", "objected"])
@pytest.mark.parametrize("region", [0, 1, 4, 30])
def test_a_withdrawal_never_allows_more(workspace, policy_text, state, region):
    """Under the reference policy: after any refusal of any purpose, nobody is shown under more purposes than before."""
    publish(workspace.pk, policy_text, by=None, now=timezone.now())
    rules = compile_rules(load(policy_text), places(workspace.pk))
    every_bit = sum(1 << rule.bit for rule in rules.values())
    states = [
        PersonState(region, int(roles), int(flags), granted, 0)
        for roles in (Role.CONTACT, Role.CUSTOMER | Role.MEMBER)
        for flags in (0, Flag.RESTRICTED)
        for granted in (0, every_bit)
    ]
    people = put_people(workspace, MANAGE, states)
    before = {purpose: shown(workspace, purpose) for purpose in rules}
    for purpose, rule in rules.items():
        if rule.refusable or rule.consent_regions:
            choose(workspace, people, purpose, ChoiceState(state))
    for purpose, rule in rules.items():
        after = shown(workspace, purpose)
        assert after <= before[purpose]
        assert not after or not rule.refusable


@some
@given(draw=st.data())
def test_rows_about_a_person_follow_the_person(workspace, policy_text, draw):
    """A table beside the person shows, through its manager, exactly the rows of the persons that a purpose shows."""
    publish(workspace.pk, policy_text, by=None, now=timezone.now())
    with undone():
        people = put_people(workspace, MANAGE, draw.draw(st.lists(our.states(), min_size=4, max_size=12)))
        with processing(workspace.pk, MANAGE, by="test", act="put"):
            Identity.everyone.bulk_create(identity(workspace, person, n) for n, person in enumerate(people))
        for purpose in ("marketing.email", "audience.administer", "service.message", "leads.share"):
            with processing(workspace.pk, purpose, by="test", act="look"):
                rows = set(Identity.objects.values_list("person_id", flat=True))
                assert rows == set(Person.objects.values_list("id", flat=True))


def identity(workspace: Workspace, person: UUID, number: int) -> Identity:
    key, value = identity_key(workspace.pk, "email", f"p{number}@example.org")
    return Identity(key=key, workspace_id=workspace.pk, person_id=person, kind="email", value=value)

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import uuid_utils.compat as uuid_utils
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tests.governance import policies
from tests.policy.mutations import pairs
from tillit.delivery.models import Message
from tillit.governance import impact
from tillit.governance.compared import asked_by_default, between, differences
from tillit.governance.concerned import Rules
from tillit.governance.due import Due
from tillit.ledger.actions import publish
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force, version
from tillit.people.models import Person
from tillit.policy.decide import decide
from tillit.policy.diff import Kind, asks, compare
from tillit.policy.document import Document
from tillit.policy.regions import Region
from tillit.policy.rules import MAX_PURPOSES, PersonState, Place, Rule, compile_rules

pytestmark = pytest.mark.django_db
some = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def population(workspace, number: int, *, seed: int) -> list[PersonState]:
    """People of every sort, whose choices are known."""
    dice = random.Random(seed)
    states = [
        PersonState(
            region=dice.choice(list(Region)),
            roles=dice.randrange(1, 64),
            flags=dice.choice((0, 0, 0, 1, 2, 3)),
            granted=dice.getrandbits(MAX_PURPOSES),
            refused=dice.getrandbits(MAX_PURPOSES) & dice.getrandbits(MAX_PURPOSES),
        )
        for _ in range(number)
    ]
    with processing(workspace.pk, "audience.administer", by="test", act="test.add"):
        Person.objects.bulk_create(Person(workspace_id=workspace.pk, **state._asdict()) for state in states)
    return states


def rules_of(old: Document, new: Document) -> Rules:
    first = compile_rules(old)
    return Rules(first, compile_rules(new, {name: Place(r.bit, r.refused_bits) for name, r in first.items()}))


def permitted(rules: dict[str, Rule], purpose: str, state: PersonState) -> bool:
    return purpose in rules and decide(rules[purpose], state).permitted


def consented(rules: Rules, purpose: str, state: PersonState) -> bool:
    """Whether somebody's grant counts now, and would be wanted under the new rule as well."""
    old, new = rules.old[purpose], rules.new[purpose]
    both = old.consent_regions & new.consent_regions
    said = state.granted >> old.bit & 1 and not state.refused & old.refused_bits
    return bool(old.roles & state.roles and both >> state.region & 1 and said)


@some
@given(pairs(), st.integers(0, 1000))
def test_the_counts_are_those_of_deciding_each_person(pair, seed):
    workspace = make.workspace()
    states, rules = population(workspace, 150, seed=seed), rules_of(*pair)
    changes = compare(*pair)
    asked = asked_by_default(changes)
    found = impact.measure(workspace.pk, changes, rules, by="test", now=NOW)
    turns = {
        name: [(permitted(rules.old, name, s), permitted(rules.new, name, s)) for s in states]
        for name in found.purposes
    }
    assert found.people == len(states)
    for name, count in found.purposes.items():
        assert count.before == sum(old for old, _ in turns[name])
        assert count.after == sum(new for _, new in turns[name])
        assert count.gained == sum(new and not old for old, new in turns[name])
        assert count.lost == sum(old and not new for old, new in turns[name])
        assert count.asked == (sum(consented(rules, name, s) for s in states) if name in asked else 0)
    each = list(zip(*turns.values(), strict=True)) or [()] * len(states)
    assert found.gaining == sum(any(new and not old for old, new in person) for person in each)
    assert found.losing == sum(any(old and not new for old, new in person) for person in each)
    assert found.asked == sum(any(consented(rules, name, s) for name in asked) for s in states)
    for change, count in zip(changes, found.changes, strict=True):
        assert (count is None) == (not change.purposes and change.kind is not Kind.CONTROLLER)
        if change.facts.permits and change.kind not in (Kind.SENDS, Kind.SENDS_NOTHING):
            (name,) = change.purposes
            want = sum(
                new - old == change.facts.permits and state.region in change.regions
                for state, (old, new) in zip(states, turns[name], strict=True)
            )
            assert count == (want if change.regions else count)


def draft(workspace, text: str):
    """The changes and rules of a policy that is not published, against the one in force."""
    current = in_force(workspace.pk)
    changes = differences(current.text, text)
    return changes, impact.rules_between(workspace.pk, current, changes)


@pytest.mark.clause("J1", "C8")
def test_an_officer_sees_for_how_many_people_mail_stops_begins_or_is_asked_for():
    workspace = make.workspace()
    for region, said in (
        *((Region.US, "") for _ in range(3)),
        (Region.US, "granted"),
        (Region.US, "objected"),
        (Region.AU, ""),
        (Region.EEA, "granted"),
        (Region.EEA, ""),
    ):
        person = make.person(workspace, region=region)
        if said:
            make.choice(workspace, person, "marketing.email", said)

    stops = impact.measure(workspace.pk, *draft(workspace, policies.CONSENT_EVERYWHERE), by="test", now=NOW)
    assert (stops.people, stops.gaining, stops.losing, stops.asked, stops.told) == (8, 0, 3, 0, 0)

    opens = impact.measure(workspace.pk, *draft(workspace, policies.OPEN_IN_AUSTRALIA), by="test", now=NOW)
    assert (opens.gaining, opens.losing, opens.told) == (1, 0, 1)

    more = impact.measure(workspace.pk, *draft(workspace, policies.USES_PURCHASES), by="test", now=NOW)
    # who said yes where consent counts is asked again; who gets mail anyhow is told
    assert (more.gaining, more.losing, more.asked, more.told) == (0, 0, 1, 5)
    assert more.purposes["marketing.email"].asked == 1
    unasked = impact.measure(workspace.pk, *draft(workspace, policies.USES_PURCHASES), by="test", now=NOW, asked=())
    assert unasked.asked == 0

    quiet = impact.measure(workspace.pk, *draft(workspace, policies.QUIET), by="test", now=NOW)
    assert (quiet.gaining, quiet.losing, quiet.asked, quiet.told) == (0, 0, 0, 0)


def test_the_people_whose_data_goes_to_a_recipient_for_the_first_time_are_counted():
    workspace = make.workspace()
    make.person(workspace)
    yes = make.person(workspace)
    make.choice(workspace, yes, "site.measure")
    found = impact.measure(workspace.pk, *draft(workspace, policies.SHARES_STATISTICS), by="test", now=NOW)
    assert found.recipients == {"hosting": 1}


def test_counting_is_an_activity_under_administration_and_counts_only_the_workspace():
    workspace, other = make.workspace(), make.workspace()
    make.person(workspace)
    make.person(other)
    found = impact.measure(workspace.pk, *draft(workspace, policies.OPEN_IN_AUSTRALIA), by="user:7", now=NOW)
    assert found.people == 1
    done = Activity.objects.get(act="policy.impact")
    assert (done.purpose, done.actor, done.counts) == ("audience.administer", "user:7", {"persons": 1})


def test_a_published_version_is_measured_as_if_no_bit_had_moved():
    workspace = make.workspace()
    person = make.person(workspace)
    make.choice(workspace, person, "marketing.email")
    old = in_force(workspace.pk)
    new = version(
        publish(workspace.pk, policies.USES_PURCHASES, by=None, now=timezone.now(), ask_again=["marketing.email"]).pk
    )
    found = impact.measure(workspace.pk, between(old, new), Rules(old.rules, new.rules), by="test", now=NOW)
    assert (found.losing, found.asked) == (0, 1)


def test_the_first_policy_is_measured_too():
    workspace = make.workspace()
    make.person(workspace)
    current = in_force(workspace.pk)
    changes = between(None, current)
    found = impact.measure(workspace.pk, changes, Rules({}, current.rules), by="test", now=NOW)
    assert found.gaining == 1 and found.told == 0 and asks(changes) == ((), ())


def test_a_minute_is_counted_once():
    workspace = make.workspace()
    changes, rules = draft(workspace, policies.OPEN_IN_AUSTRALIA)
    first = impact.remembered(workspace.pk, changes, rules, key="draft 1.1", by="test", now=NOW)
    make.person(workspace, region=Region.AU)
    again = impact.remembered(workspace.pk, changes, rules, key="draft 1.1", by="test", now=NOW)
    later = impact.remembered(workspace.pk, changes, rules, key="draft 1.1", by="test", now=NOW + timedelta(minutes=1))
    assert (first.gaining, again.gaining, later.gaining) == (0, 0, 1)


# -- retention --------------------------------------------------------------------------------------------------------
def kept(category: str, **rule: str) -> str:
    """The reference policy with one category kept otherwise."""
    lines = "".join(f"    {name}: {value}\n" for name, value in rule.items())
    head = policies.REFERENCE.index("\nretention:")
    text = policies.REFERENCE[head:]
    found = re.search(rf"^  {category}:\n    keep: .*\n    after: .*\n", text, flags=re.M)
    assert found
    return policies.REFERENCE[:head] + text.replace(found[0], f"  {category}:\n{lines}")


def old_person(workspace, *, days: int) -> UUID:
    person = make.person(workspace)
    with processing(workspace.pk, "audience.administer", by="test", act="test.age"):
        Person.objects.filter(pk=person).update(created_at=NOW - timedelta(days=days))
    return person


@pytest.mark.clause("I1")
def test_what_would_fall_due_under_a_shorter_retention_is_counted():
    workspace = make.workspace()
    person = make.person(workspace)
    with processing(workspace.pk, "delivery.operate", by="test", act="test.add"):
        for days in (10, 200, 400, 2000):
            made = int((NOW - timedelta(days=days)).timestamp() * 1000)
            number = UUID(int=made << 80 | 7 << 76 | uuid_utils.uuid7().int & ((1 << 76) - 1))
            Message.objects.bulk_create([Message(id=number, workspace_id=workspace.pk, person_id=person)])
    found = impact.measure(
        workspace.pk, *draft(workspace, kept("correspondence", keep="6 months", after="collected")), by="test", now=NOW
    )
    # what is older than two years is due already
    assert found.retention == {"correspondence": Due(2)}


def test_the_last_contact_is_what_was_sent_done_or_chosen():
    workspace = make.workspace()
    old_person(workspace, days=20)
    old_person(workspace, days=300)
    chose = old_person(workspace, days=300)
    make.choice(workspace, chose)
    found = impact.measure(
        workspace.pk, *draft(workspace, kept("contact", keep="100 days", after="last-contact")), by="test", now=NOW
    )
    assert found.retention == {"contact": Due(1, people=True)}


def test_what_cannot_be_counted_is_not():
    workspace = make.workspace()
    found = impact.measure(
        workspace.pk, *draft(workspace, kept("preferences", keep="1 year", after="relation-ended")), by="test", now=NOW
    )
    assert found.retention == {"preferences": Due(None)}

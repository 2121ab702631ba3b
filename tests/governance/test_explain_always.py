"""At every past moment an explanation says what `decide` and row-level security did at that moment.

Random lives: policies published at once and later, taken back, asking anew; choices, lapses, moves, restrictions.
After each event the answers of that moment are taken down, live. At the end the past is asked for each of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.accounts.models import Workspace
from tillit.consent.actions import record_choice
from tillit.consent.fold import MANAGE, refold_lapsed
from tillit.governance.explain import Answer, Past, Period, past_of
from tillit.ledger.actions import publish, settle, withdraw
from tillit.ledger.processing import Refused, processing
from tillit.ledger.versions import in_force
from tillit.people.models import Person
from tillit.policy.decide import decide
from tillit.policy.outcomes import Decision
from tillit.policy.rules import PersonState, TooManyPurposes

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.clause("C8", "D2", "D5", "E3", "J2")]
COLUMNS = ("region", "roles", "flags", "granted", "refused")
EVENTS = ("publish", "schedule", "withdraw", "choose", "lapse", "move", "restrict", "change roles")
SOON = timedelta(milliseconds=30)
#: What is picked out of a list whose length may depend on how fast the machine is, so that a life can be lived again.
numbers = st.integers(0, 999)


@dataclass
class Life:
    """One person under changing policies, and what was decided about them, taken down as it happened."""

    workspace: Workspace
    person: UUID
    draw: Callable[..., Any]
    seen: list[tuple[datetime, str, Decision | None, bool]] = field(default_factory=list)
    events: list[tuple[datetime, str]] = field(default_factory=list)

    def live(self, event: str) -> None:
        self.events.append((timezone.now(), event))
        {
            "publish": self.publish,
            "schedule": lambda: self.publish(soon=True),
            "withdraw": self.take_back,
            "choose": self.choose,
            "lapse": self.lapse,
            "move": lambda: self.change(region=int(self.draw(our.regions))),
            "restrict": lambda: self.change(flags=self.draw(our.flags)),
            "change roles": lambda: self.change(roles=self.draw(st.integers(1, 63))),
        }[event]()
        self.look()

    def publish(self, *, soon: bool = False) -> None:
        tree = self.draw(our.trees())
        known = sorted(in_force(self.workspace.pk).rules)
        again = {known[number % len(known)] for number in self.draw(st.lists(numbers, max_size=2))}
        now = timezone.now()
        later = now + SOON if soon else None
        if self.published(tree, now=now, effective_at=later, ask_again=again) and later:
            with suppress(Refused):  # it may bind in the middle of that, and know no such purpose
                self.choose()
            time.sleep(max(0.0, (later - timezone.now()).total_seconds() + 0.002))
            settle(now=timezone.now())

    def take_back(self) -> None:
        """A version that never bound leaves no trace in the answers; a consent lapses while it waits."""
        tree, now = self.draw(our.trees()), timezone.now()
        again = sorted(in_force(self.workspace.pk).rules)
        if self.published(tree, now=now, effective_at=now + timedelta(days=1), ask_again=again):
            self.lapse()
            self.look()
            withdraw(self.workspace.pk, by=None, now=timezone.now())

    def published(self, tree: dict[str, Any], **how: Any) -> bool:
        """Publish, unless all places for purposes have been used up: then everything stays as it is."""
        try:
            publish(self.workspace.pk, json.dumps(tree), by=None, **how)
        except TooManyPurposes:
            return False
        return True

    def choose(self, *, lapses: datetime | None = None) -> None:
        rules = in_force(self.workspace.pk).rules
        choosable = sorted(name for name, rule in rules.items() if rule.refusable or rule.consent_regions)
        state = "granted" if lapses else self.draw(st.sampled_from(["granted", "refused", "withdrawn", "objected"]))
        with processing(self.workspace.pk, MANAGE, by="test", act="choose") as activity:
            record_choice(
                activity,
                [self.person],
                choosable[self.draw(numbers) % len(choosable)],
                state,
                method="operator",
                now=timezone.now(),
                expires_at=lapses,
            )

    def lapse(self) -> None:
        """A yes runs out, and the daily job takes it away: before that the person is shown on."""
        lapses = timezone.now() + SOON
        self.choose(lapses=lapses)
        self.look(before=lapses)
        time.sleep(max(0.0, (lapses - timezone.now()).total_seconds() + 0.001))
        refold_lapsed(self.workspace.pk, now=timezone.now())

    def change(self, **values: int) -> None:
        with processing(self.workspace.pk, MANAGE, by="test", act="change"):
            Person.objects.filter(pk=self.person).update(**values)

    def look(self, *, before: datetime | None = None) -> None:
        """Take down what is decided now; nothing, if the moment has passed by then."""
        moment = clock()
        version = in_force(self.workspace.pk)
        with processing(self.workspace.pk, MANAGE, by="test", act="look"):
            state = PersonState(*Person.objects.values_list(*COLUMNS).get(pk=self.person))
        found = [(moment, purpose, decide(rule, state), self.shown(purpose)) for purpose, rule in version.rules.items()]
        found.append((moment, "purpose.unknown", None, self.shown("purpose.unknown")))
        if before is None or clock() < before:
            self.seen += found

    def shown(self, purpose: str) -> bool:
        try:
            with processing(self.workspace.pk, purpose, by="test", act="look"):
                return Person.objects.filter(pk=self.person).exists()
        except Refused:
            return False


def clock() -> datetime:
    """The database's clock, whose row-level security decides."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def past(life: Life) -> Past:
    found = past_of(life.workspace.pk, life.person, by="test")
    assert found is not None
    return found


# Real time passes in a life, so shrinking one takes minutes and its moments differ: the failing life itself is shown.
lives = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[phase for phase in Phase if phase is not Phase.shrink],
)


@lives
@given(data=st.data())
def test_every_past_moment_is_explained_as_it_was(data):
    workspace = Workspace.objects.create(name="Random")
    before = clock()
    publish(workspace.pk, json.dumps(data.draw(our.trees())), by=None, now=timezone.now())
    with processing(workspace.pk, MANAGE, by="test", act="put"):
        [person] = Person.objects.bulk_create([Person(workspace_id=workspace.pk, region=data.draw(our.regions))])
    life = Life(workspace, person.pk, data.draw)
    life.look()
    for event in data.draw(st.lists(st.sampled_from(EVENTS), min_size=2, max_size=7)):
        life.live(event)
    found = past(life)
    for moment, purpose, decision, shown in life.seen:
        explanation = found.at(purpose, moment)
        assert explanation.decision == decision, (moment, purpose, life.events)
        assert explanation.permitted == shown == bool(decision and decision.permitted), (moment, purpose)
        assert explanation.answer is (Answer.DECIDED if decision else Answer.NO_PURPOSE)
    assert all(found.at(purpose, before).answer is Answer.NOBODY for _, purpose, _, _ in life.seen)
    follow_periods(found, life)


def follow_periods(found: Past, life: Life) -> None:
    """Periods touch, differ from their neighbours, and hold every moment's own answer."""
    until = clock()
    for purpose in {purpose for _, purpose, _, _ in life.seen}:
        periods = found.periods(purpose, until=until)
        assert periods[0].start == found.history.person.created_at and periods[-1].end is None
        for left, right in pairwise(periods):
            assert left.end == right.start and gist(left) != gist(right)
        for moment, name, decision, _shown in life.seen:
            if name == purpose:
                [inside] = [
                    each for each in periods if each.start <= moment and (each.end is None or moment < each.end)
                ]
                assert gist(inside)[:2] == (
                    bool(decision and decision.permitted),
                    decision.reason if decision else None,
                )


def gist(period: Period) -> tuple[object, ...]:
    decision = period.explanation.decision
    if decision is None:
        return False, None, period.explanation.answer
    return decision.permitted, decision.reason, decision.basis if decision.permitted else None

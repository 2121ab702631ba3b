"""Whatever two people said, merged and split in whatever order: no permission that one of them had refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tillit.accounts.models import Workspace
from tillit.consent.queries import state_of
from tillit.governance.explain import past_of
from tillit.ledger.processing import processing
from tillit.ledger.versions import in_force
from tillit.people.models import Merge, Person
from tillit.policy.decide import decide
from tillit.policy.outcomes import Reason
from tillit.policy.regions import Region
from tillit.rights.merging.actions import merge, split

pytestmark = pytest.mark.django_db
PURPOSES = ("marketing.email", "measurement.email", "content.personalise")
REGIONS = (Region.UNKNOWN, Region.EEA, Region.US)
# Each step: whose turn it is, and what happens. A choice by whoever is gone is one through an old link.
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(
            st.just("turn"),
            st.tuples(st.sampled_from(PURPOSES), st.sampled_from(["granted", "refused", "withdrawn", "objected"])),
        ),
    ),
    max_size=12,
)
whoever = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Said:
    """What two people said: the last word of each about every purpose, and all that was said since they were merged."""

    last: tuple[dict[str, bool], dict[str, bool]] = field(default_factory=lambda: ({}, {}))
    since: dict[str, list[bool]] | None = None
    kept: int = 0
    merge: Merge | None = None

    def choose(self, who: int, purpose: str, yes: bool) -> None:
        if self.since is None:
            self.last[who][purpose] = yes
        else:
            self.since.setdefault(purpose, []).append(yes)

    def part(self) -> None:
        for purpose, said in (self.since or {}).items():
            for who in (0, 1):
                if False in said or self.last[who].get(purpose) is False:
                    self.last[who][purpose] = False
                elif who == self.kept:
                    self.last[who][purpose] = True
        self.since = self.merge = None

    def last_word(self, who: int, purpose: str) -> bool | None:
        if self.since is None:
            return self.last[who].get(purpose)
        if purpose in self.since:
            return self.since[purpose][-1]
        words = {said[purpose] for said in self.last if purpose in said}
        return None if not words else False not in words


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


@pytest.mark.clause("C20", "A4")
@whoever
@given(steps=STEPS, regions=st.tuples(st.sampled_from(REGIONS), st.sampled_from(REGIONS)))
def test_no_sequence_of_choices_yields_what_either_refused(workspace, steps: list[Any], regions: Any) -> None:
    with transaction.atomic():
        people = [make.person(workspace, region=region) for region in regions]
        said = Said()
        for who, step in steps:
            if step != "turn":
                purpose, state = step
                here = people[who] if said.merge is None else people[said.kept]
                make.choice(workspace, here, purpose, state)
                said.choose(who, purpose, state == "granted")
            elif said.merge is None:
                said.kept, said.since = who, {}
                said.merge = merge(workspace.pk, people[who], people[1 - who], by="test", now=timezone.now())
            else:
                split(workspace.pk, said.merge.pk, by="test", now=timezone.now())
                said.part()
            _as_said(workspace, people, said)
        transaction.set_rollback(True)


def _as_said(workspace: Workspace, people: list[UUID], said: Said) -> None:
    """What each record permits is what its people's last words say, and the explanation gives the same answer."""
    rules = in_force(workspace.pk).rules
    present = (0, 1) if said.since is None else (said.kept,)
    for who in present:
        with processing(workspace.pk, "rights.fulfil", by="test", act="look"):
            state = state_of(Person.objects.get(pk=people[who]))
        told = past_of(workspace.pk, people[who], by="test")
        assert told is not None
        for purpose in PURPOSES:
            decision, word = decide(rules[purpose], state), said.last_word(who, purpose)
            if word is False:
                assert not decision.permitted, (purpose, who)
            elif word is None:
                assert decision.reason != Reason.REFUSED, (purpose, who)
                assert not (state.granted >> rules[purpose].bit) & 1
            else:
                assert (state.granted >> rules[purpose].bit) & 1, (purpose, who)
            assert told.at(purpose, timezone.now()).decision == decision

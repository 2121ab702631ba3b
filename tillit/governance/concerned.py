"""Whom a change of policy concerns, as SQL over the persons: built from the rules before and after it.

The rules stand in the statement as literals, so nothing is looked up a person, and one pass counts every change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from tillit.policy.decide import decide
from tillit.policy.diff import Change, Changes, Kind, Tell
from tillit.policy.regions import Region
from tillit.policy.rules import PersonState, Rule
from tillit.policy.sql import condition, literal

NOBODY, EVERYBODY = "FALSE", "TRUE"


class Rules(NamedTuple):
    """The rules before and after a change, by purpose."""

    old: Mapping[str, Rule]
    new: Mapping[str, Rule]

    def in_place(self) -> Rules:
        """Let each new rule count grants and refusals where the old one did, as if no consent was asked for anew."""
        moved = {
            name: replace(rule, bit=self.old[name].bit, refused_bits=self.old[name].refused_bits)
            for name, rule in self.new.items()
            if name in self.old
        }
        return Rules(self.old, {**self.new, **moved})

    def before(self, person: str, purpose: str) -> str:
        """SQL that is true for the persons whom a purpose was permitted for."""
        return permitted(person, self.old.get(purpose))

    def after(self, person: str, purpose: str) -> str:
        """SQL that is true for the persons whom a purpose becomes, or stays, permitted for."""
        return permitted(person, self.new.get(purpose))

    def either(self, person: str, purpose: str) -> str:
        """SQL that is true for the persons whom a purpose was or becomes permitted for."""
        return f"({self.before(person, purpose)} OR {self.after(person, purpose)})"

    def gaining(self, person: str, purpose: str) -> str:
        """SQL that is true for the persons whom a purpose becomes permitted for."""
        return f"({self.after(person, purpose)} AND NOT {self.before(person, purpose)})"

    def losing(self, person: str, purpose: str) -> str:
        """SQL that is true for the persons whom a purpose stops being permitted for."""
        return f"({self.before(person, purpose)} AND NOT {self.after(person, purpose)})"

    def asked(self, person: str, purpose: str) -> str:
        """SQL that is true for the persons whose grant of a purpose counts now, where it rests on consent after, too.

        Who cannot be reached, or has had processing restricted, is asked when that ends: their grant lapses as well.
        """
        old, new = self.old.get(purpose), self.new.get(purpose)
        if old is None or new is None:
            return NOBODY
        shared = old.consent_regions & new.consent_regions
        standing = replace(
            old, default_regions=0, consent_regions=shared, sends=False, allowed_when_restricted=True, bases=()
        )
        return permitted(person, standing)


def permitted(person: str, rule: Rule | None) -> str:
    """SQL that is true for the persons whom a rule permits; without a rule, for nobody."""
    return condition(person, literal(rule)) if rule else NOBODY


def within(person: str, regions: Collection[Region]) -> str:
    """SQL that is true for the persons in some regions; without regions, for all."""
    bits = sum(1 << region for region in set(regions))
    return f"(({bits} >> CAST({person}.region AS integer)) & 1) <> 0" if regions else EVERYBODY


def by(person: str, change: Change, rules: Rules) -> str:
    """SQL that is true for the persons whom one change concerns.

    A change of permission concerns those whose decision it turns; any other those whom its purposes are permitted for.
    """
    if change.kind is Kind.CONTROLLER:
        return EVERYBODY
    if not change.purposes:
        return NOBODY
    turn = {Tell.ALTERED: rules.gaining}.get(change.facts.tell, rules.either)
    if change.facts.permits < 0 and change.kind is not Kind.SENDS:
        turn = rules.losing
    concerned = any_of(turn(person, purpose) for purpose in change.purposes)
    return f"({concerned} AND {within(person, change.regions)})"


def any_of(conditions: Iterable[str]) -> str:
    """Join conditions: true where one of them is."""
    found = [each for each in dict.fromkeys(conditions) if each != NOBODY]
    return f"({' OR '.join(found)})" if found else NOBODY


def affected(person: str, changes: Changes, rules: Rules, *, asked: Collection[str]) -> str:
    """SQL that is true for the persons who must be told: a material change alters a decision about them, their consent
    is asked for anew, or a purpose that is permitted for them uses more or shares with others.

    What concerns nobody in particular, such as a longer retention, is told in the banner and on the page of changes.
    Source: GDPR art 13(3), 14(4); WP260 rev.01, paragraph 30; CLAUSES J1.
    """
    old_places = rules.in_place()
    told = [by(person, change, old_places) for change in changes.material if change.facts.tell]
    return any_of([*told, *(rules.asked(person, purpose) for purpose in asked)])


def concerns(change: Change, state: PersonState, rules: Rules) -> bool:
    """Say of one person what `by` says of sets: whether a change concerns them."""
    if change.kind is Kind.CONTROLLER:
        return True
    if change.regions and state.region not in change.regions:
        return False
    turns = [(_allows(rules.old.get(name), state), _allows(rules.new.get(name), state)) for name in change.purposes]
    if change.facts.permits < 0 and change.kind is not Kind.SENDS:
        return any(old and not new for old, new in turns)
    if change.facts.tell is Tell.ALTERED:
        return any(new and not old for old, new in turns)
    return any(old or new for old, new in turns)


def is_asked(purpose: str, state: PersonState, rules: Rules) -> bool:
    """Say of one person what `Rules.asked` says of sets: whether their grant counts and lapses with the new version."""
    old, new = rules.old.get(purpose), rules.new.get(purpose)
    if old is None or new is None:
        return False
    counted = old.consent_regions & new.consent_regions
    said = state.granted >> old.bit & 1 and not state.refused & old.refused_bits
    return bool(old.roles & state.roles and counted >> state.region & 1 and said)


def _allows(rule: Rule | None, state: PersonState) -> bool:
    return rule is not None and decide(rule, state).permitted

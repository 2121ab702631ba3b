"""What differs between two policy documents, in the order in which it is told to people."""

from collections.abc import Iterable, Iterator, Mapping

from tillit.policy.diff_kinds import FACTS, REVERSES, Ask, Change, Changes, Facts, Group, Kind, Piece, Severity, Tell
from tillit.policy.diff_parts import (
    another_operator,
    knowledge_changes,
    operator_changes,
    recipient_changes,
    retention_changes,
    rights_changes,
    statement_changes,
    tracker_changes,
)
from tillit.policy.diff_purposes import Pair, Side, added, dropped, purpose_changes
from tillit.policy.document import Document
from tillit.policy.regions import REGION_COUNT
from tillit.policy.rules import Rule, compile_rules

__all__ = [
    "FACTS",
    "REVERSES",
    "Ask",
    "Change",
    "Changes",
    "Facts",
    "Group",
    "Kind",
    "Piece",
    "Severity",
    "Tell",
    "asks",
    "compare",
]

_GROUPS = {group: place for place, group in enumerate(Group)}


def compare(
    old: Document | None,
    new: Document,
    *,
    old_rules: Mapping[str, Rule] | None = None,
    new_rules: Mapping[str, Rule] | None = None,
) -> Changes:
    """Give everything that differs between two documents, each difference once, in words a reader can check.

    There is no change exactly if both have the same digest. Without an old document, the policy is the first one, and
    each of its purposes is new. The rules are compiled where they are not given; their bits do not matter here.
    """
    after = Side(new, _compiled(new, new_rules))
    if old is None:
        found = [Change(kind=Kind.FIRST, path=()), *(added(name, after) for name in new.purposes)]
    else:
        found = list(_differences(Side(old, _compiled(old, old_rules)), after))
    return Changes(old, new, tuple(sorted(found, key=lambda change: _GROUPS[change.group])))


def _compiled(document: Document, rules: Mapping[str, Rule] | None) -> Mapping[str, Rule]:
    known = rules and all(len(rule.bases) == REGION_COUNT for rule in rules.values())
    return rules if rules and known else compile_rules(document)


def _differences(old: Side, new: Side) -> Iterator[Change]:
    before, after = old.document.purposes, new.document.purposes
    for name in after:
        yield from purpose_changes(Pair(name, old, new)) if name in before else (added(name, new),)
    yield from (dropped(name, old) for name in before if name not in after)
    yield from recipient_changes(old, new)
    yield from tracker_changes(old.document, new.document)
    yield from retention_changes(old.document, new.document)
    yield from rights_changes(old.document, new.document)
    yield from operator_changes(old.document, new.document)
    yield from knowledge_changes(old.document, new.document)
    yield from statement_changes(old.document, new.document)


def asks(changes: Changes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the purposes whose consent must be asked for anew, and those where the officer decides.

    Consent covers what was said when it was given: more data, more recipients, other people, marketing, messages, a
    longer life or another controller need a new one. Words that changed by more than a trifle may.

    Source: GDPR art 4(11), 7; Guidelines 05/2020 on consent, paragraphs 110 and 157; CLAUSES J1.
    """
    if changes.old is None:
        return (), ()
    old, new = Side(changes.old, compile_rules(changes.old)), Side(changes.new, compile_rules(changes.new))
    both = (name for name in changes.new.purposes if name in changes.old.purposes)
    consented = [name for name in both if Pair(name, old, new).by_consent]
    forced = _named(changes, Ask.FORCED, consented)
    if another_operator(changes.old, changes.new):
        forced |= {name for name in consented if changes.new.purposes[name].role != "processor"}
    suggested = _named(changes, Ask.SUGGESTED, consented) - forced
    return tuple(name for name in consented if name in forced), tuple(name for name in consented if name in suggested)


def _named(changes: Iterable[Change], ask: Ask, purposes: Iterable[str]) -> set[str]:
    named = {name for change in changes if change.ask is ask for name in change.purposes}
    return named & set(purposes)

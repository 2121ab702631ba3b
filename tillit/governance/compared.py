"""Two versions of a workspace's policy compared, and what changed told in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from tillit.ledger.versions import Version, history, published, version
from tillit.policy.diff import Change, Changes, Group, Kind, asks, compare
from tillit.policy.diff_words import Sayer, heading


@lru_cache(maxsize=128)
def differences(old_text: str | None, new_text: str) -> Changes:
    """Compare two policy documents by their texts, once a process. Raises PolicyErrors when one cannot be read."""
    return compare(None if old_text is None else published(old_text), published(new_text))


def between(old: Version | None, new: Version) -> Changes:
    """What differs between two published versions."""
    return differences(old.text if old else None, new.text)


def before(new: Version) -> Version | None:
    """Return the version that bound until this one does; None for the first. Withdrawn ones never bound."""
    earlier = history(new.workspace_id).filter(number__lt=new.number)
    found = earlier.values_list("id", flat=True).first()
    return None if found is None else version(found)


def since_before(new: Version) -> Changes:
    """What a version changes against the one before it."""
    return between(before(new), new)


@dataclass(frozen=True, slots=True)
class Told:
    """The changes of one group, each as a plain sentence."""

    group: Group
    heading: str
    sentences: tuple[str, ...]


def told(old: Version | None, new: Version, language: str) -> tuple[Told, ...]:
    """Say what differs between two versions, by group, in the order in which people read it."""
    return _told(old.text if old else None, new.text, language)


@lru_cache(maxsize=256)
def _told(old_text: str | None, new_text: str, language: str) -> tuple[Told, ...]:
    changes = differences(old_text, new_text)
    if old_text is None:
        changes = changes.where(lambda change: change.kind is Kind.FIRST)
    return grouped(changes, language)


def grouped(changes: Changes, language: str) -> tuple[Told, ...]:
    """Say some changes by group; a group without any is left out."""
    sayer, found = Sayer(changes, language), []
    for group in Group:
        said = tuple(dict.fromkeys(sayer.say(change) for change in changes if change.group is group))
        if said:
            found.append(Told(group, heading(group, language), said))
    return tuple(found)


def reasons_to_ask(changes: Changes, purpose: str) -> tuple[Change, ...]:
    """The changes because of which consent to a purpose is, or may be, asked for anew; those of words come last."""
    asking = [change for change in changes.of(purpose) if change.ask]
    company = [change for change in changes if change.kind is Kind.CONTROLLER]
    return tuple(sorted([*asking, *company], key=lambda change: change.ask.value))


def asked_by_default(changes: Changes, *, suggested: bool = True) -> tuple[str, ...]:
    """The purposes whose consent should be asked for anew: those that must, and those that may if nobody says no."""
    must, may = asks(changes)
    wanted: Iterable[str] = {*must, *may} if suggested else must
    return tuple(name for name in changes.new.purposes if name in set(wanted))

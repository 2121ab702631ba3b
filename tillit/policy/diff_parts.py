"""What changes in the document beside the purposes: recipients, trackers, retention, rights, words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tillit.policy.diff_kinds import Ask, Change, Kind
from tillit.policy.diff_purposes import Side, named_by, span
from tillit.policy.diff_texts import more_than_a_trifle, reworded
from tillit.policy.document import Document, Recipient, Regime, Right, Source, Tracker
from tillit.policy.keeping import Retention
from tillit.policy.problems import Path
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.values import Part, Period, Texts

#: Fields that cite, or check the document itself, and say nothing to anybody.
_EDITORIAL = frozenset({"clauses", "dpv", "asserts"})

Found = Iterator[Change]
#: How one field is compared: called with the old value, the new value and the path, also where they are equal.
Rule = Callable[[Any, Any, Path], Found]


def field_changes(
    old: Part, new: Part, path: Path, rules: Mapping[str, Rule], *, otherwise: Kind = Kind.DETAIL
) -> Found:
    """Compare two parts field by field: those in `rules` by their own rule, texts by their words.

    A difference that no rule tells is told all the same: as `otherwise`, or as editorial where it says nothing new.
    """
    for field in type(new).model_fields:
        before, after, here = getattr(old, field), getattr(new, field), (*path, field)
        found = list(rules[field](before, after, here)) if field in rules else []
        if not found and before != after:
            found = [_difference(before, after, here, otherwise)]
        yield from found


def _difference(before: object, after: object, path: Path, otherwise: Kind) -> Change:
    if isinstance(before, Texts | None) and isinstance(after, Texts | None):
        return rewording(before, after, path)
    reordered = isinstance(before, tuple) and isinstance(after, tuple) and set(before) == set(after)
    if reordered or path[-1] in _EDITORIAL:
        return Change(kind=Kind.EDITORIAL, path=path)
    return Change(kind=otherwise, path=path, before=plain(before), after=plain(after))


def plain(value: object) -> str | Period | None:
    """A value that a sentence can quote; None for one that it cannot."""
    if isinstance(value, Period):
        return value
    return str(value) if isinstance(value, str) or hasattr(value, "isoformat") else None


def rewording(before: Texts | None, after: Texts | None, path: Path, *, weighty: bool = False) -> Change:
    """Words that were changed. `weighty` words are told to people, unless the change is a trifle."""
    told = weighty and more_than_a_trifle(before, after)
    texts = reworded(before, after)
    return Change(kind=Kind.REWORDED, path=path, before=before, after=after, texts=texts, weighty=told)


def entries(
    path: Path,
    before: Mapping[str, Part],
    after: Mapping[str, Part],
    compare: Callable[[Any, Any, Path], Found],
    *,
    come: Kind,
    gone: Kind,
) -> Found:
    """Compare a section entry by entry: those that are new, those in both, and those that are gone."""
    for key, part in after.items():
        if key in before:
            yield from compare(before[key], part, (*path, key))
        else:
            yield Change(kind=come, path=(*path, key), items=(key,))
    yield from (Change(kind=gone, path=(*path, key), items=(key,)) for key in before if key not in after)


def _becomes(kind: Kind, **more: Any) -> Rule:
    def compare(before: object, after: object, path: Path) -> Found:
        if before != after:
            yield Change(kind=kind, path=path, before=plain(before), after=plain(after), **more)

    return compare


def _turns(on: Kind, off: Kind, *, purposes: tuple[str, ...] = (), ask: Ask = Ask.NO) -> Rule:
    def compare(before: object, after: object, path: Path) -> Found:
        if before != after:
            kind, asked = (on, ask) if after else (off, Ask.NO)
            yield Change(kind=kind, path=path, purposes=purposes, ask=asked)

    return compare


def _grows(longer: Kind, shorter: Kind) -> Rule:
    def compare(before: Period | str, after: Period | str, path: Path) -> Found:
        if before != after:
            length = [(-1.0, 0) if isinstance(each, str) else span(each) for each in (before, after)]
            kind = longer if length[1] > length[0] else shorter
            yield Change(kind=kind, path=path, before=before, after=after)

    return compare


def _gets(old: Document, new: Document, more: Kind, less: Kind, **also: Any) -> Rule:
    """Categories that came and went; ``all`` means those of its own document."""

    def compare(before: tuple[str, ...], after: tuple[str, ...], path: Path) -> Found:
        had = [name for name in old.categories if before == ("all",) or name in before]
        has = [name for name in new.categories if after == ("all",) or name in after]
        if gained := tuple(name for name in has if name not in had):
            yield Change(kind=more, path=path, items=gained, **also)
        if lost := tuple(name for name in had if name not in has):
            yield Change(kind=less, path=path, items=lost, **{**also, "ask": Ask.NO})
        if before != after and set(had) == set(has):
            yield Change(kind=Kind.EDITORIAL, path=path)

    return compare


# -- who receives -----------------------------------------------------------------------------------------------------
def recipient_changes(old: Side, new: Side) -> Found:
    """Who receives data, what, in which role and where, and what protects it."""

    def compare(before: Recipient, after: Recipient, path: Path) -> Found:
        purposes, ask = named_by(str(path[1]), old=old, new=new)
        asked: dict[str, Any] = {"purposes": purposes, "ask": ask}
        rules = {
            "role": _becomes(Kind.RECIPIENT_ROLE, **asked),
            "country": _becomes(Kind.RECIPIENT_MOVED, **asked),
            "name": _becomes(Kind.RECIPIENT_NAMED, **asked),
            "safeguard": _becomes(Kind.RECIPIENT_SAFEGUARD, purposes=purposes),
            "direct_marketing": _turns(Kind.RECIPIENT_MARKETS, Kind.RECIPIENT_MARKETS_NOT, purposes=purposes, ask=ask),
            "categories": _gets(old.document, new.document, Kind.RECIPIENT_MORE, Kind.RECIPIENT_LESS, **asked),
        }
        yield from field_changes(before, after, path, rules)

    kinds = {"come": Kind.RECIPIENT_ADDED, "gone": Kind.RECIPIENT_DROPPED}
    yield from entries(("recipients",), old.document.recipients, new.document.recipients, compare, **kinds)
    yield from entries(("safeguards",), old.document.safeguards, new.document.safeguards, _safeguard, **_SAFEGUARDS)


_SAFEGUARDS = {"come": Kind.SAFEGUARD_ADDED, "gone": Kind.SAFEGUARD_DROPPED}


def _safeguard(before: Part, after: Part, path: Path) -> Found:
    yield from field_changes(before, after, path, {}, otherwise=Kind.SAFEGUARD_CHANGED)


# -- devices, keeping -------------------------------------------------------------------------------------------------
def tracker_changes(old: Document, new: Document) -> Found:
    """What is stored on or read from devices."""
    rules = {
        "essential": _turns(Kind.TRACKER_ALWAYS, Kind.TRACKER_ASKS),
        "lasts": _grows(Kind.TRACKER_LONGER, Kind.TRACKER_SHORTER),
        "categories": _gets(old, new, Kind.TRACKER_MORE, Kind.TRACKER_LESS),
    }

    def compare(before: Tracker, after: Tracker, path: Path) -> Found:
        yield from field_changes(before, after, path, rules, otherwise=Kind.TRACKER_CHANGED)

    yield from entries(
        ("trackers",), old.trackers, new.trackers, compare, come=Kind.TRACKER_ADDED, gone=Kind.TRACKER_DROPPED
    )


def retention_changes(old: Document, new: Document) -> Found:
    """How long each category is kept, from when, and what the law demands."""
    rules = {
        "keep": _grows(Kind.KEPT_LONGER, Kind.KEPT_SHORTER),
        "after": _trigger,
        "then": _then,
    }

    def compare(before: Retention, after: Retention, path: Path) -> Found:
        yield from field_changes(before, after, path, rules)

    def duty(before: Part, after: Part, path: Path) -> Found:
        yield from field_changes(before, after, path, {}, otherwise=Kind.DUTY_CHANGED)

    yield from entries(
        ("retention",), old.retention, new.retention, compare, come=Kind.RETENTION_SET, gone=Kind.RETENTION_GONE
    )
    yield from entries(("duties",), old.duties, new.duties, duty, come=Kind.DUTY_ADDED, gone=Kind.DUTY_DROPPED)


def _trigger(before: Any, after: Any, path: Path) -> Found:
    if before is not after:
        yield Change(kind=Kind.KEPT_FROM, path=path, before=before, after=after)


def _then(before: str, after: str, path: Path) -> Found:
    if before != after:
        yield Change(kind=Kind.ANONYMISED if after == "anonymise" else Kind.DELETED, path=path)


# -- rights, and who answers ------------------------------------------------------------------------------------------
def rights_changes(old: Document, new: Document) -> Found:
    """Which rights people have in each region, how they use them, and who hears complaints."""
    before, after = _rights_by_region(old), _rights_by_region(new)
    for right in Right:
        where = [[region for region in Region if right in rights[region]] for rights in (before, after)]
        path: Path = ("rights", right.value)
        if gained := tuple(region for region in where[1] if region not in where[0]):
            yield Change(kind=Kind.RIGHT_GAINED, path=path, regions=gained, items=(right.value,))
        if lost := tuple(region for region in where[0] if region not in where[1]):
            yield Change(kind=Kind.RIGHT_LOST, path=path, regions=lost, items=(right.value,))
    yield from entries(("rights",), old.rights, new.rights, _regime, come=Kind.EDITORIAL, gone=Kind.EDITORIAL)


def _rights_by_region(document: Document) -> dict[Region, frozenset[Right]]:
    """The rights of each region; whose region is not known has those of all other regions."""
    rest = next((frozenset(regime.rights) for regime in document.rights.values() if not regime.regions), frozenset())
    known = {
        NAMED_REGIONS[name]: frozenset(regime.rights) for regime in document.rights.values() for name in regime.regions
    }
    return {region: known.get(region, rest) for region in Region}


def _regime(before: Regime, after: Regime, path: Path) -> Found:
    def texts(was: Texts | None, now: Texts | None, here: Path) -> Found:
        if was != now:
            yield rewording(was, now, here, weighty=True)

    def rights(was: Mapping[Right, Texts], now: Mapping[Right, Texts], here: Path) -> Found:
        yield from (
            rewording(was[right], now[right], (*here, right.value))
            for right in now
            if right in was and was[right] != now[right]
        )
        if set(was) != set(now):
            yield Change(kind=Kind.EDITORIAL, path=here)  # which rights came and went is told by region

    rules: dict[str, Rule] = {
        "how": texts,
        "verification": texts,
        "rights": rights,
        "authority": _becomes(Kind.AUTHORITY),
        "regions": _becomes(Kind.EDITORIAL),
    }
    yield from field_changes(before, after, path, rules)


def operator_changes(old: Document, new: Document) -> Found:
    """Who answers for the data, and where to write."""
    before, after, path = old.operator, new.operator, ("operator",)
    other = another_operator(old, new)
    rules = {
        "name": _becomes(Kind.CONTROLLER if other else Kind.CONTACT),
        "registration": _becomes(Kind.CONTROLLER if other else Kind.DETAIL),
        **dict.fromkeys(("privacy", "objections"), _becomes(Kind.CONTACT)),
    }
    yield from field_changes(before, after, path, rules)
    yield from _officers(old, new)


def another_operator(old: Document, new: Document) -> bool:
    """Say whether another company stands behind the policy: by its registration number, else by its name."""
    before, after = old.operator, new.operator
    if before.registration and after.registration:
        return before.registration != after.registration
    return before.name != after.name


def _officers(old: Document, new: Document) -> Found:
    if old.officers == new.officers:
        return
    where = tuple(region for region in Region if _serving(old, region) != _serving(new, region))
    if where:
        yield Change(kind=Kind.OFFICER, path=("officers",), regions=where)
    else:
        yield Change(kind=Kind.EDITORIAL, path=("officers",))


def _serving(document: Document, region: Region) -> list[dict[str, Any]]:
    """What people in a region read of the officers who serve them."""
    named = [each for each in document.officers if region.code in each.regions]
    serving = named or [each for each in document.officers if not each.regions]
    return [each.model_dump(exclude={"regions", "clauses"}) for each in serving]


# -- what is known, and the words -------------------------------------------------------------------------------------
def knowledge_changes(old: Document, new: Document) -> Found:
    """Kinds of data and where they come from; what protects them."""

    def category(before: Part, after: Part, path: Path) -> Found:
        yield from field_changes(before, after, path, {"special": _becomes(Kind.CATEGORY_SPECIAL)})

    def source(before: Source, after: Source, path: Path) -> Found:
        rules = {"categories": _gets(old, new, Kind.SOURCE_MORE, Kind.SOURCE_LESS)}
        yield from field_changes(before, after, path, rules, otherwise=Kind.SOURCE_CHANGED)

    def measure(before: Part, after: Part, path: Path) -> Found:
        yield from field_changes(before, after, path, {})

    yield from entries(
        ("categories",), old.categories, new.categories, category, come=Kind.CATEGORY_ADDED, gone=Kind.CATEGORY_DROPPED
    )
    yield from entries(("sources",), old.sources, new.sources, source, come=Kind.SOURCE_ADDED, gone=Kind.SOURCE_DROPPED)
    yield from entries(
        ("measures",), old.measures, new.measures, measure, come=Kind.MEASURE_ADDED, gone=Kind.MEASURE_DROPPED
    )


def statement_changes(old: Document, new: Document) -> Found:
    """The prose, and the languages everything is in."""

    def sections(before: Mapping[str, Part], after: Mapping[str, Part], path: Path) -> Found:
        yield from entries(path, before, after, _section, come=Kind.SECTION_ADDED, gone=Kind.SECTION_DROPPED)

    yield from field_changes(old.statement, new.statement, ("statement",), {"sections": sections})
    if old.languages != new.languages:
        before, after = set(old.languages), set(new.languages)
        kind = Kind.EDITORIAL if before == after else Kind.DETAIL
        changed = tuple(sorted(before ^ after))
        yield Change(kind=kind, path=("languages",), items=changed)


def _section(before: Part, after: Part, path: Path) -> Found:
    yield from field_changes(before, after, path, {}, otherwise=Kind.EDITORIAL)

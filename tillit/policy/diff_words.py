"""What changed, in plain sentences, in English and Swedish.

The sentences carry no date and speak in the present, so that they read as well before a version takes effect as years
after: “needs consent in Switzerland; before, it was permitted until somebody said no”.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tillit.policy.bases import Basis, Objection
from tillit.policy.diff_kinds import Change, Changes, Group, Kind, Value
from tillit.policy.diff_phrases import (
    DECIDES,
    FIELDS,
    GROUPS,
    IS,
    PLACES,
    RECIPIENT_ROLES,
    SECTIONS,
    SENTENCES,
    SMALL,
    WAS,
    Pair,
)
from tillit.policy.document import Document, RecipientRole, Right
from tillit.policy.keeping import Trigger
from tillit.policy.references import said
from tillit.policy.regions import Region
from tillit.policy.roles import ROLE_NAMES
from tillit.policy.rules import bases_by_region
from tillit.policy.statement_words import Words
from tillit.policy.values import Period

Choice = TypeVar("Choice")
_GROUNDS = frozenset(
    {
        *(Kind.PERMITTED, Kind.STOPPED, Kind.CONSENT_OFFERED, Kind.CONSENT_ENDED),
        *(Kind.NEEDS_CONSENT, Kind.CONSENT_WAIVED, Kind.GROUND),
    }
)
_KNOWN: tuple[Region, ...] = tuple(region for region in Region if region is not Region.UNKNOWN)


def sentence(changes: Changes, change: Change, language: str) -> str:
    """Say one of the changes in one plain sentence, in Swedish for ``sv``, else in English."""
    return Sayer(changes, language).say(change)


def heading(group: Group, language: str) -> str:
    """Give the heading under which a group of changes is told."""
    return GROUPS[group][_index(language)]


def _index(language: str) -> int:
    return 1 if language.startswith("sv") else 0


class Sayer:
    """Says the changes between two documents in one language."""

    def __init__(self, changes: Changes, language: str) -> None:
        """Choose the changes and the language; any but Swedish gets English."""
        self.changes, self.language = changes, language
        self.words = Words(language)
        self._index = _index(language)

    def say(self, change: Change) -> str:
        """Say one change."""
        if change.kind is Kind.PURPOSE_ADDED:
            text = self._new_purpose(change)
        elif change.kind in _GROUNDS:
            text = self._turn(change)
        else:
            text = self.pick(self._template(change)).format_map(_Slots(self, change))
        text = " ".join(text.split())
        return text[:1].upper() + text[1:]

    def title(self, purpose_id: str) -> str:
        """What a purpose is called, in the new document if it is still there."""
        return self.name("purposes", purpose_id)

    # -- grounds ------------------------------------------------------------------------------------------------------
    def _turn(self, change: Change) -> str:
        before, after = _basis(change.before), _basis(change.after)
        name, where = self.quoted(change.purposes[0]), self.where(change.regions)
        verb, rest = self.pick(IS[after])
        now = f"{name} {verb} {where}" if after is None else f"{name} {verb} {rest} {where}"
        return f"{now}; {self._past(before)}."

    def _past(self, basis: Basis | None) -> str:
        verb, rest = self.pick(WAS[basis])
        return f"tidigare {verb} det {rest}" if self._index else f"before, it {verb} {rest}"

    def _new_purpose(self, change: Change) -> str:
        """A new purpose with its grounds: that of most regions first, then the others."""
        purpose_id = change.purposes[0]
        grounds: dict[Basis | None, list[Region]] = {}
        bases = bases_by_region(self.changes.new.purposes[purpose_id])
        for region in _KNOWN:
            grounds.setdefault(bases[region], []).append(region)
        most, *others = sorted(grounds.items(), key=lambda pair: -len(pair[1]))
        verb, rest = self.pick(IS[most[0]])
        said_first = f"{self.pick(('It', 'Det'))} {verb} {rest}".rstrip()
        parts = [said_first, *(self._elsewhere(basis, regions) for basis, regions in others)]
        new = self.pick(("{} is a new purpose.", "{} är ett nytt ändamål.")).format(self.quoted(purpose_id))
        return f"{new} {'; '.join(parts)}."

    def _elsewhere(self, basis: Basis | None, regions: Sequence[Region]) -> str:
        verb, rest = self.pick(IS[basis])
        where = self.where(regions)
        return (f"{where} {verb} det {rest}" if self._index else f"{where} it {verb} {rest}").rstrip()

    # -- the parts of a sentence --------------------------------------------------------------------------------------
    def _template(self, change: Change) -> Pair:
        exact = SENTENCES.get((change.kind, str(change.path[-1]) if change.path else ""))
        if exact is None and change.after is None:
            exact = SENTENCES.get((change.kind, "none"))
        return exact or SENTENCES[change.kind, ""]

    def pick(self, pair: tuple[Choice, Choice]) -> Choice:
        """The one of two phrases that is in the language."""
        return pair[self._index]

    def quoted(self, purpose_id: str) -> str:
        """A purpose's title in the quotation marks of the language."""
        return self.quote(self.title(purpose_id))

    def quote(self, text: str) -> str:
        """A text in the quotation marks of the language."""
        return f"”{text}”" if self._index else f"“{text}”"

    def where(self, regions: Sequence[Region]) -> str:
        """Where: a list of regions, or everywhere. Who is nowhere known is named only where nobody else is."""
        if set(_KNOWN) <= set(regions):
            return self.pick(SMALL["everywhere"])
        named: Sequence[Region] = [region for region in regions if region is not Region.UNKNOWN] or regions
        return self.joined([self.pick(PLACES[region]) for region in named])

    def joined(self, words: Sequence[str]) -> str:
        """Words in a row: “a, b and c”."""
        if len(words) < 2:
            return "".join(words)
        return f"{', '.join(words[:-1])} {self.pick(SMALL['and'])} {words[-1]}"

    def name(self, section: str, key: str) -> str:
        """What an entry is called: in the new document, else in the old one, else its id."""
        for document in (self.changes.new, self.changes.old):
            if document and (part := getattr(document, section).get(key)):
                return self._called(document, part)
        return key

    def _called(self, document: Document, part: object) -> str:
        title = getattr(part, "title", None)
        return said(document, title, self.language) if title else str(getattr(part, "name", ""))

    def value(self, value: Value, change: Change) -> str:
        """A value before or after the change, in words."""
        if value is None:
            return self.pick(SMALL["forever" if change.kind in _LIVES else "nothing"])
        if change.kind in _VALUES:
            return _VALUES[change.kind](self, value)
        return self.pick(SMALL["visit"]) if value == "session" else self._plain(value)

    def _plain(self, value: Value) -> str:
        match value:
            case Period():
                return self.words.period(value)
            case Trigger():
                return self.words.trigger(value)
            case Objection():
                return self.words.objection(value)
        return str(value)

    def items(self, change: Change) -> str:
        """What came or went: categories, recipients, roles or rights by their names."""
        if change.kind in (Kind.ROLES_WIDER, Kind.ROLES_NARROWER):
            named = [
                self.pick(SMALL["others"]) if item == "everyone" else self.words.role(ROLE_NAMES[item])
                for item in change.items
            ]
        elif change.kind in (Kind.RIGHT_GAINED, Kind.RIGHT_LOST):
            named = [self.words.right(Right(item)) for item in change.items]
        else:
            section = "recipients" if change.kind in (Kind.SHARES_MORE, Kind.SHARES_LESS) else "categories"
            named = [self.quote(self.name(section, item)) for item in change.items]
        return self.joined(named)

    def thing(self, change: Change) -> str:
        """The entry that a path stands in, with its kind: “the purpose ‘News by email’”."""
        path = [str(step) for step in change.path]
        if path[0] == "statement":
            path = path[1:] if len(path) > 2 and path[1] == "sections" else path[:1]
        kind = self.pick(SECTIONS[path[0]])
        if len(path) < 2 or path[0] in ("operator", "officers", "statement", "languages"):
            return kind
        source = "statement" if path[0] == "sections" else path[0]
        title = self.section_title(path[1]) if source == "statement" else self.title_of(source, path[1])
        return f"{kind} {self.quote(title)}"

    def title_of(self, section: str, key: str) -> str:
        """What an entry is called; retention is named after what is kept."""
        return self.name("categories" if section == "retention" else section, key)

    def section_title(self, key: str) -> str:
        """The title of a section of the statement."""
        for document in (self.changes.new, self.changes.old):
            if document and key in document.statement.sections:
                return said(document, document.statement.sections[key].title, self.language)
        return key

    def field(self, change: Change) -> str:
        """The word for the field that a path ends with."""
        last = str(change.path[-1])
        return self.pick(FIELDS[last]) if last in FIELDS else last


#: Kinds in which no period means that there is no end.
_LIVES = frozenset({Kind.CONSENT_LONGER, Kind.CONSENT_SHORTER})


def _basis(value: Value) -> Basis | None:
    assert value is None or isinstance(value, Basis)
    return value


#: Kinds whose values are ids or codes, with what puts them into words.
_VALUES: Mapping[Kind, Callable[[Sayer, Value], str]] = {
    Kind.RECIPIENT_ROLE: lambda sayer, value: sayer.pick(RECIPIENT_ROLES[RecipientRole(str(value))]),
    Kind.WHO_DECIDES: lambda sayer, value: sayer.pick(DECIDES[str(value)]),
    Kind.RECIPIENT_SAFEGUARD: lambda sayer, value: sayer.quote(sayer.name("safeguards", str(value))),
}


def _named(sayer: Sayer, change: Change) -> str:
    section, *rest = [str(step) for step in change.path]
    if section == "statement":
        return sayer.quote(sayer.section_title(rest[-1]))
    return sayer.quote(sayer.title_of(section, rest[0]))


def _when(sayer: Sayer, change: Change) -> str:
    essential = sayer.changes.new.trackers[str(change.path[1])].essential
    return sayer.pick(SMALL["always" if essential else "permitted"])


def _kept(sayer: Sayer, change: Change) -> str:
    rule = sayer.changes.new.retention[str(change.path[1])]
    return f"{sayer.words.period(rule.keep)} {sayer.words.trigger(rule.after)}"


_SLOTS: Mapping[str, Callable[[Sayer, Change], str]] = {
    "purpose": lambda sayer, change: sayer.quoted(change.purposes[0]),
    "where": lambda sayer, change: sayer.where(change.regions),
    "items": Sayer.items,
    "before": lambda sayer, change: sayer.value(change.before, change),
    "after": lambda sayer, change: sayer.value(change.after, change),
    "name": _named,
    "thing": Sayer.thing,
    "field": Sayer.field,
    "country": lambda sayer, change: sayer.changes.new.recipients[str(change.path[1])].country,
    "when": _when,
    "kept": _kept,
}


class _Slots(dict[str, str]):
    """What a sentence may name, worked out when it does."""

    def __init__(self, sayer: Sayer, change: Change) -> None:
        super().__init__()
        self._sayer, self._change = sayer, change

    def __missing__(self, slot: str) -> str:
        return _SLOTS[slot](self._sayer, self._change)

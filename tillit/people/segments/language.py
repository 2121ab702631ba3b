"""The text form of a segment: read and written. What is written reads back as the same tree.

    country = "SE" and (last_purchase >= 2026-01-01 or opened within 90 days) and not on list "Customers"

`and` binds closer than `or`, `not` closer than both. A comparison is a field, what is asked and a value; a happening is
its words, then maybe a name, `at least 3 times`, `within 90 days`, `since` and `before` a day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from tillit.people.segments.tree import (
    DEEPEST,
    UNITS,
    All,
    Compare,
    Either,
    Event,
    Leaf,
    Mistake,
    Node,
    Not,
    Span,
    Value,
    When,
    either,
    every,
    opposite,
)
from tillit.people.segments.vocabulary import FIELD, TEXTS, Happening, Vocabulary
from tillit.people.segments.words import Token, quoted, tokens, unquoted

_RESERVED = {
    *("and", "or", "not", "field", "is", "in", "contains", "starts", "ends", "within", "older", "since", "before"),
    *("after", "at", "yes", "no", "true", "false"),
}
_PLAIN = re.compile(r"[^\W\d][\w-]*\Z")
_YES, _NO = {"yes", "true"}, {"no", "false"}
#: Further ways to write what is asked; dates only for the last.
_SIGNS = {"<>": "!=", "is": "=", "before": "<", "after": ">", "since": ">="}


def parse(text: str, vocabulary: Vocabulary) -> Node:
    """Read a segment. Raises Mistake with the place in the text."""
    try:
        return _Reader(text, vocabulary).whole()
    except Mistake as mistake:
        mistake.text = text
        raise


def write(node: Node, vocabulary: Vocabulary) -> str:
    """Write a segment so that `parse` reads the same tree."""
    return _Writer(vocabulary).node(node)


class _Reader:
    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.tokens = tokens(text)
        self.place = 0
        self.deep = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += token.kind != ""
        return token

    def said(self, *words: str) -> bool:
        """Take some words when they come next, all of them."""
        ahead = self.tokens[self.place : self.place + len(words)]
        if [token.word for token in ahead] != list(words):
            return False
        self.place += len(words)
        return True

    def sign(self, sign: str) -> bool:
        if self.next.kind != "sign" or self.next.text != sign:
            return False
        self.take()
        return True

    def wrong(self, message: str, mend: str = "", *, at: Token | None = None) -> Mistake:
        token = at or self.next
        return Mistake(message, mend, start=token.start, end=max(token.end, token.start + 1))

    # -- the tree -----------------------------------------------------------------------------------------------------
    def whole(self) -> Node:
        if not self.next.kind:
            raise self.wrong(_("The segment is empty."), _('Write a condition, such as country = "SE".'))
        node = self.alternatives()
        if self.next.kind:
            mend = _("Put “and” or “or” between two conditions.")
            raise self.wrong(_("“%(word)s” comes unexpectedly.") % {"word": self.next.text}, mend)
        return self.vocabulary.tidy(node)

    def alternatives(self) -> Node:
        parts = [self.conjunction()]
        while self.said("or"):
            parts.append(self.conjunction())
        return either(*parts)

    def conjunction(self) -> Node:
        parts = [self.factor()]
        while self.said("and"):
            parts.append(self.factor())
        return every(*parts)

    def factor(self) -> Node:
        if self.said("not"):
            return self.deeper(lambda: opposite(self.factor()))
        opening = self.next
        if self.sign("("):
            inner = self.deeper(self.alternatives)
            if not self.sign(")"):
                raise self.wrong(_("This bracket is never closed."), _("Add “)” where the group ends."), at=opening)
            return inner
        return self.condition()

    def deeper(self, read: Callable[[], Node]) -> Node:
        self.deep += 1
        if self.deep > 4 * DEEPEST:
            raise self.wrong(_("The groups lie too deep in each other."), _("Make them flatter."))
        node = read()
        self.deep -= 1
        return node

    # -- a condition --------------------------------------------------------------------------------------------------
    def condition(self) -> Node:
        first = self.next
        if first.kind not in {"word", "text"} or first.word in {"and", "or"}:
            said = first.text or _("the end")
            raise self.wrong(_("Here a condition is missing, before “%(word)s”.") % {"word": said}, self._example())
        try:
            return self.vocabulary.tidied(self._leaf())
        except Mistake as mistake:
            if not mistake.end:
                mistake.start, mistake.end = first.start, self.tokens[max(self.place - 1, 0)].end
            raise

    def _example(self) -> str:
        return _("A condition looks like this: %(example)s.") % {"example": 'country = "SE"'}

    def _leaf(self) -> Leaf:
        happening = self._happening()
        return self._event(happening) if happening else self._compare()

    def _happening(self) -> Happening | None:
        """Take the longest words of a happening that come next."""
        for words in sorted(self.vocabulary.happenings, key=len, reverse=True):
            if self.said(*words.split()):
                return self.vocabulary.happenings[words]
        return None

    def _event(self, about: Happening) -> Event:
        number = self._object(about)
        times, when = 1, When()
        while True:
            if self.said("at", "least"):
                times = self._whole_number()
                if not (self.said("times") or self.said("time")):
                    raise self.wrong(_("Here “times” is missing."), "at least 3 times")
            elif self.said("within"):
                self.said("the"), self.said("last")
                when = replace(when, within=self._span())
            elif self.next.word in {"since", "before"}:
                since = self.take().word == "since"
                day = self._day()
                when = replace(when, since=day) if since else replace(when, before=day)
            else:
                return Event(about.words, number, times, when)

    def _object(self, about: Happening) -> int | None:
        token = self.next
        if not about.object or token.kind not in {"text", "hash"}:
            return None
        self.take()
        if token.kind == "hash":
            return self._numbered(about, int(token.text[1:]), token)
        name = unquoted(token.text)
        numbers = self.vocabulary.named.get(about.object, {}).get(name.casefold(), ())
        if self.next.kind == "hash":
            return self._numbered(about, int(self.take().text[1:]), token)
        if len(numbers) == 1:
            return numbers[0]
        if numbers:
            several = ", ".join(f"{quoted(name)} #{number}" for number in numbers[:5])
            raise self.wrong(
                _("Several are called “%(name)s”.") % {"name": name}, _("Write %(ways)s.") % {"ways": several}, at=token
            )
        known = ", ".join(quoted(each) for each in list(self.vocabulary.objects.get(about.object, {}).values())[:8])
        mend = _("Known: %(words)s.") % {"words": known} if known else _("There is none yet.")
        raise self.wrong(_("Nothing here is called “%(name)s”.") % {"name": name}, mend, at=token)

    def _numbered(self, about: Happening, number: int, token: Token) -> int:
        if number not in self.vocabulary.objects.get(about.object, {}):
            raise self.wrong(_("There is no number %(number)d.") % {"number": number}, _("Write its name."), at=token)
        return number

    def _compare(self) -> Compare:
        subject = self._subject()
        about = self.vocabulary.attribute(subject)
        dates = about.type in {"date", "moment"}
        op = self._op(dates=dates)
        if op in {"is set", "is empty"}:
            return Compare(subject, op)
        if op in {"within", "older than", "in the next"}:
            if op == "within":
                self.said("the"), self.said("last")
            return Compare(subject, op, self._span())
        if op == "in":
            return Compare(subject, op, self._several(about.type))
        return Compare(subject, op, self._value(about.type))

    def _subject(self) -> str:
        token = self.take()
        if token.word == "field" and self.next.kind == "text":
            return FIELD + unquoted(self.take().text)
        if token.kind == "text":
            return FIELD + unquoted(token.text)
        name = token.text
        for known in (name, FIELD + name, name.lower(), FIELD + name.lower()):
            if known in self.vocabulary.attributes:
                return known
        begun = [words for words in self.vocabulary.happenings if words.split()[0] == token.word and " " in words]
        if begun:
            ways = _("Did you mean %(words)s?") % {"words": ", ".join(f"“{words}”" for words in begun)}
            raise self.wrong(_("“%(word)s” is not understood alone.") % {"word": name}, ways, at=token)
        try:
            self.vocabulary.attribute(FIELD + name)
        except Mistake as unknown:
            unknown.start, unknown.end = token.start, token.end
            raise
        return FIELD + name

    def _op(self, *, dates: bool) -> str:
        for words in ("is set", "is empty", "starts with", "ends with", "older than", "in the next"):
            if self.said(*words.split()):
                return words
        token = self.next
        if token.kind == "sign" and token.text not in "(),":
            self.take()
            return _SIGNS.get(token.text, token.text)
        if token.word in {"contains", "within", "in"}:
            return self.take().word
        if token.word == "is" or (dates and token.word in _SIGNS):
            return _SIGNS[self.take().word]
        said = token.text or _("the end")
        mend = _("Write a sign such as =, or contains, in, is set, is empty, within 90 days.")
        raise self.wrong(_("What is asked is missing before “%(word)s”.") % {"word": said}, mend)

    # -- values -------------------------------------------------------------------------------------------------------
    def _value(self, kind: str) -> Value:
        token = self.take()
        if token.kind == "text":
            return unquoted(token.text)
        if token.kind in {"number", "date"} and kind in TEXTS:
            return token.text  # a post code needs no quotes
        if token.kind == "date":
            return self._as_day(token)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.word in _YES | _NO and kind not in TEXTS:
            return token.word in _YES
        if token.kind == "word" and token.word not in {"and", "or", "not"} and kind in TEXTS:
            return token.text
        said = token.text if token.kind else _("the end")
        raise self.wrong(
            _("A value is missing before “%(word)s”.") % {"word": said}, _("Texts stand in quotes."), at=token
        )

    def _several(self, kind: str) -> tuple[str | int | float, ...]:
        if not self.sign("("):
            raise self.wrong(_("After “in” stands a list of values."), 'in ("SE", "NO")')
        found = [self._value(kind)]
        while self.sign(","):
            found.append(self._value(kind))
        if not self.sign(")"):
            raise self.wrong(_("The list of values is never closed."), 'in ("SE", "NO")')
        return tuple(one for one in found if isinstance(one, str | int | float))

    def _span(self) -> Span:
        number = self._whole_number()
        unit = self.next.word.removesuffix("s")
        if unit not in UNITS:
            raise self.wrong(_("Days, weeks, months or years?"), "90 days")
        self.take()
        return Span(number, unit)

    def _whole_number(self) -> int:
        token = self.take()
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > 9:
            raise self.wrong(_("Here stands a whole number."), "90", at=token)
        return int(token.text)

    def _day(self) -> date:
        token = self.take()
        if token.kind != "date":
            raise self.wrong(_("Here stands a day."), _("Write it like this: %(example)s.") % {"example": "2026-01-31"})
        return self._as_day(token)

    def _as_day(self, token: Token) -> date:
        try:
            return date.fromisoformat(token.text)
        except ValueError:
            mend = _("Write year, month and day: 2026-01-31.")
            raise self.wrong(_("“%(text)s” is no day.") % {"text": token.text}, mend, at=token) from None


class _Writer:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        first = {words.split()[0] for words in vocabulary.happenings}
        self.taken = _RESERVED | first | {name for name in vocabulary.attributes if not name.startswith(FIELD)}

    def node(self, node: Node, *, inside: bool = False) -> str:
        if isinstance(node, All | Either):
            word = " and " if isinstance(node, All) else " or "
            text = word.join(self.node(part, inside=True) for part in node.parts)
            return f"({text})" if inside else text
        if isinstance(node, Not):
            return f"not {self.node(node.part, inside=True)}"
        return self._compare(node) if isinstance(node, Compare) else self._event(node)

    def _compare(self, leaf: Compare) -> str:
        told = f"{self._subject(leaf.subject)} {leaf.op}"
        return told if leaf.value is None else f"{told} {self._value(leaf.value)}"

    def _subject(self, subject: str) -> str:
        name = subject.removeprefix(FIELD)
        plain = name == subject or (_PLAIN.match(name) and name.lower() not in self.taken)
        return name if plain else f"field {quoted(name)}"

    def _value(self, value: Value) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            return f"({', '.join(self._value(one) for one in value)})"
        if isinstance(value, Span):
            return f"{value.number} {value.unit}{'' if value.number == 1 else 's'}"
        if isinstance(value, date):
            return value.isoformat()
        return quoted(value) if isinstance(value, str) else f"{Decimal(repr(value)):f}"

    def _event(self, leaf: Event) -> str:
        parts = [leaf.kind]
        if leaf.object is not None:
            parts.append(self._object(leaf))
        if leaf.times > 1:
            parts.append(f"at least {leaf.times} times")
        if leaf.when.within:
            parts.append(f"within {self._value(leaf.when.within)}")
        for word, day in (("since", leaf.when.since), ("before", leaf.when.before)):
            if day:
                parts.append(f"{word} {day.isoformat()}")
        return " ".join(parts)

    def _object(self, leaf: Event) -> str:
        kind = self.vocabulary.happenings[leaf.kind].object
        name = self.vocabulary.objects.get(kind, {}).get(leaf.object or 0)
        if name is None:
            return f"#{leaf.object}"
        alone = len(self.vocabulary.named[kind][name.casefold()]) == 1
        return quoted(name) if alone else f"{quoted(name)} #{leaf.object}"

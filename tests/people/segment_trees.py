"""Random segments: trees of every shape over a small vocabulary that has a word of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tillit.people.segments.tree import (
    LONGEST,
    Compare,
    Event,
    Node,
    Span,
    When,
    either,
    every,
    opposite,
)
from tillit.people.segments.vocabulary import AROUND, FIELD, KNOWN, OPS, Attribute, Happening, Vocabulary

#: The first text that hypothesis draws waits for its tables of letters.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FIELDS = (
    *(("country", "text"), ("city", "text"), ("points", "number"), ("member_until", "date"), ("vip", "boolean")),
    *(("tier", "choice"), ("opened", "text"), ("field", "text"), ("2nd-name", "text"), ("ort-på-å", "text")),
    *(("not", "number"), ("language", "text")),
)
TIERS = {"gold": "Gold", "silver": "Silver"}


def _none(*_: object) -> str:
    raise AssertionError("the language asks for no SQL")


WORDS = Vocabulary(
    {
        **{
            FIELD + name: Attribute(
                name=FIELD + name,
                label=name,
                type=kind,
                category="demographics",
                choices=TIERS if kind == "choice" else {},
            )
            for name, kind in FIELDS
        },
        "region": Attribute(name="region", label="Region", type="choice", category="contact", choices={"EEA": "EEA"}),
        "language": Attribute(name="language", label="Language", type="text", category="preferences"),
        "added": Attribute(name="added", label="Added", type="moment", category="contact", always=True),
    },
    {
        each.words: each
        for each in (
            Happening(words="on list", label="", category="preferences", object="list", needed=True, sql=_none),
            Happening(words="on any list", label="", category="preferences", sql=_none),
            Happening(words="opened", label="", category="interaction", object="campaign", counted=True, sql=_none),
            Happening(words="is staff", label="", category="contact", dated=False, sql=_none),
        )
    },
    {
        "list": {1: "News", 2: 'A "quoted" \\ name', 3: "Åsas vänner"},
        "campaign": {1: "Spring", 2: "spring", 3: "Autumn #3", 4: ""},
    },
)

texts = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() and "\0" not in text)
days = st.dates(date(1800, 1, 1), date(2500, 12, 31))
spans = st.sampled_from(sorted(LONGEST)).flatmap(
    lambda unit: st.integers(1, LONGEST[unit]).map(lambda number: Span(number, unit))
)
numbers = st.one_of(
    st.integers(-(10**14), 10**14), st.floats(-1e14, 1e14, allow_nan=False, allow_subnormal=False).filter(bool)
)
_values = {
    "text": texts,
    "number": numbers,
    "date": days,
    "moment": days,
    "boolean": st.booleans(),
    "span": spans,
    "times": st.integers(1, 50),
}


@st.composite
def compares(draw: st.DrawFn, words: Vocabulary, values: Mapping[str, st.SearchStrategy[Any]]) -> Compare:
    about = draw(st.sampled_from(sorted(words.attributes.values(), key=lambda each: each.name)))
    op = draw(st.sampled_from(about.ops))
    if op in KNOWN:
        return Compare(about.name, op)
    if op in AROUND:
        return Compare(about.name, op, draw(values["span"]))
    value = st.sampled_from(sorted(about.choices)) if about.choices else values[about.type]
    if op == "in":
        return Compare(about.name, op, tuple(draw(st.lists(value, min_size=1, max_size=4))))
    return Compare(about.name, op, draw(value))


@st.composite
def events(draw: st.DrawFn, words: Vocabulary, values: Mapping[str, st.SearchStrategy[Any]]) -> Event:
    about = draw(st.sampled_from(sorted(words.happenings.values(), key=lambda each: each.words)))
    known = sorted(words.objects.get(about.object, {}))
    objects = st.sampled_from(known) if about.needed else st.none() | st.sampled_from(known) if known else st.none()
    whens = st.one_of(
        st.just(When()),
        st.builds(When, within=values["span"]),
        st.builds(When, since=st.none() | values["date"], before=st.none() | values["date"]),
    )
    return Event(
        about.words,
        draw(objects),
        draw(values["times"]) if about.counted else 1,
        draw(whens) if about.dated else When(),
    )


def trees(words: Vocabulary = WORDS, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    """Random trees over some words; `values` gives the values of each type, where not just any will do."""
    drawn = {**_values, **values}
    return st.recursive(
        st.one_of(compares(words, drawn), events(words, drawn)),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map(lambda parts: every(*parts)),
            st.lists(inner, min_size=1, max_size=4).map(lambda parts: either(*parts)),
            inner.map(opposite),
        ),
        max_leaves=12,
    )


assert set(_values) >= set(OPS) - {"choice", "country", "phone"}

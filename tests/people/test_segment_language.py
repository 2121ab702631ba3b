"""A segment reads back as it was written, as text and as JSON; what cannot be read says where and how to mend it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.people.segment_trees import WORDS, trees, unhurried
from tillit.people.segments.language import parse, write
from tillit.people.segments.tree import (
    All,
    Compare,
    Either,
    Event,
    Mistake,
    Not,
    Span,
    When,
    from_json,
    to_json,
)


@unhurried
@given(trees())
def test_what_is_written_reads_back_as_the_same_tree(tree):
    text = write(tree, WORDS)
    assert parse(text, WORDS) == tree
    assert write(parse(text, WORDS), WORDS) == text


@unhurried
@given(trees())
def test_a_tree_comes_back_from_json(tree):
    assert from_json(json.loads(json.dumps(to_json(tree)))) == tree
    assert WORDS.tidy(tree) == tree


def test_the_text_reads_as_one_would_say_it():
    text = (
        'country = "SE" and (member_until >= 2026-01-01 or opened at least 3 times within 90 days)'
        ' and not on list "News" since 2025-05-01'
    )
    tree = parse(text, WORDS)
    assert tree == All(
        (
            Compare("field:country", "=", "SE"),
            Either(
                (
                    Compare("field:member_until", ">=", date(2026, 1, 1)),
                    Event("opened", None, 3, When(within=Span(90))),
                )
            ),
            Not(Event("on list", 1, 1, When(since=date(2025, 5, 1)))),
        )
    )
    assert write(tree, WORDS) == text
    assert WORDS.categories(tree) == {"demographics", "interaction", "preferences"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("country = SE", 'country = "SE"'),
        ("Country IS “SE”", 'country = "SE"'),
        ("country <> SE", 'country != "SE"'),
        ("country = 007", 'country = "007"'),
        ("TIER = GOLD", 'tier = "gold"'),
        ("vip = true", "vip = yes"),
        ("added after 2026-01-01", "added > 2026-01-01"),
        ("added since 2026-01-01", "added >= 2026-01-01"),
        ("added within the last 1 week", "added within 1 week"),
        ('not not on list "news"', 'on list "News"'),
        ("on list #3", 'on list "Åsas vänner"'),
        ("# who matters\nvip = yes # or so\n and points > 5", "vip = yes and points > 5"),
        ("vip = yes and (points > 5 and (vip = no))", "vip = yes and points > 5 and vip = no"),
        ("vip = yes or vip = no and points > 5", "vip = yes or (vip = no and points > 5)"),
        ('"opened" is set', 'field "opened" is set'),
    ],
)
def test_what_is_meant_is_understood(written, meant):
    assert write(parse(written, WORDS), WORDS) == meant


@pytest.mark.parametrize(
    ("written", "wrong", "mend", "line", "column"),
    [
        ("", "empty", "country", 1, 1),
        ('countri = "SE"', "no field “countri”", "Did you mean “country”", 1, 1),
        ('country = "SE', "no end", "Close it", 1, 11),
        ('country "SE"', "What is asked is missing", "is empty", 1, 9),
        ("country =", "A value is missing before “the end”", "quotes", 1, 10),
        ('vip = yes\nand (points > "5")', "“points” is a number", "like this: 18", 2, 6),
        ("vip = yes and (points > 5", "never closed", "“)”", 1, 15),
        ("vip = yes points > 5", "“points” comes unexpectedly", "“and” or “or”", 1, 11),
        ('on list "Old"', "called “Old”", '"News"', 1, 9),
        ("on list", "needs a name", "on list", 1, 1),
        ('vip = yes and on lst "News"', "“on” is not understood alone", "“on list”", 1, 15),
        ('opened "SPRING"', "Several are called", '"SPRING" #1', 1, 8),
        ("opened within 90 moons", "Days, weeks", "90 days", 1, 18),
        ("opened within 200 years", "a century", "90 days", 1, 1),
        ("added = 2026-02-30", "is no day", "2026-01-31", 1, 9),
        ("points contains 5", "cannot be asked “contains”", "<=", 1, 1),
        ("tier = bronze", "is no value", "gold, silver", 1, 1),
        ("vip = yes and or vip = no", "a condition is missing", "looks like this", 1, 15),
        ("is staff within 3 days", "cannot be limited", "", 1, 1),
        ("on any list at least 3 times", "cannot be counted", "", 1, 1),
        ("opened within 3 days since 2026-01-01", "Either “within”", "Leave out", 1, 1),
        ("vip = yes; drop", "“;” is not understood", "quotes", 1, 10),
        ("added is empty", "cannot be asked", "within", 1, 1),
    ],
)
def test_what_is_wrong_says_where_and_how_to_mend_it(written, wrong, mend, line, column):
    with pytest.raises(Mistake) as caught:
        parse(written, WORDS)
    mistake = caught.value
    assert wrong in mistake.message
    assert mend in mistake.mend
    assert (mistake.line, mistake.column) == (line, column)
    assert "".join(mistake.shown) == (written.split("\n")[line - 1])


PIECES = [
    *("and", "or", "not", "(", ")", "=", "!=", "in", "is", "set", "empty", "within", "90", "days", "country", "points"),
    *("on", "list", '"News"', "#2", "opened", "at", "least", "times", "since", "2026-01-01", "field", '"', ",", "<="),
    *("yes", "\n", "#", "x"),
]


@settings(unhurried, max_examples=300)
@given(
    st.lists(
        st.sampled_from(PIECES) | st.text(max_size=3),
        max_size=15,
    )
)
def test_any_text_is_read_or_refused_with_a_place_in_it(words):
    text = " ".join(words)
    try:
        tree = parse(text, WORDS)
    except Mistake as mistake:
        assert mistake.message
        assert 0 <= mistake.start <= len(text)
    else:
        assert parse(write(tree, WORDS), WORDS) == tree


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["all", "any", "not", "of", "is", "value", "did", "object", "times", "within", "day", "date"]
            ),
            inner | st.sampled_from(["field:country", "=", "opened", "on list"]),
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(unhurried, max_examples=300)
@given(anything)
def test_any_json_is_read_or_refused(kept):
    try:
        tree = WORDS.tidy(from_json(kept))
    except Mistake as mistake:
        assert mistake.message
    else:
        assert from_json(to_json(tree)) == tree


def test_a_segment_has_an_end():
    with pytest.raises(Mistake, match="201 conditions"):
        parse(" and ".join(["vip = yes"] * 201), WORDS)
    with pytest.raises(Mistake, match="too deep"):
        parse("not (" * 100 + "vip = yes" + ")" * 100, WORDS)
    with pytest.raises(Mistake, match="too long"):
        parse("vip = yes " * 3000, WORDS)


def test_a_mistake_in_a_tree_names_the_way_to_it():
    tree = All(
        (Compare("field:vip", "=", True), Either((Compare("field:vip", "=", True), Compare("field:gone", "=", 1))))
    )
    with pytest.raises(Mistake) as caught:
        WORDS.tidy(tree)
    assert caught.value.path == (1, 1)


def test_months_end_where_the_month_ends():
    assert Span(1, "month").before(date(2026, 3, 31)) == date(2026, 2, 28)
    assert Span(1, "year").before(date(2028, 2, 29)) == date(2027, 2, 28)
    assert Span(2, "week").after(date(2026, 12, 25)) == date(2027, 1, 8)

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy import strategies as our
from tillit.policy.decide import decide
from tillit.policy.fold import Choice, ChoiceState, Folded, fold

NOW = datetime(2026, 5, 1, tzinfo=UTC)
NO = [ChoiceState.REFUSED, ChoiceState.WITHDRAWN, ChoiceState.OBJECTED]


@given(our.choices())
def test_the_latest_choice_of_a_purpose_wins(choices):
    latest = {choice.bit: choice.state for choice in choices}
    folded = fold(choices)
    for bit in range(4):
        assert bool(folded.granted >> bit & 1) is (latest.get(bit) is ChoiceState.GRANTED)
        assert bool(folded.refused >> bit & 1) is (latest.get(bit) in NO)


@given(our.choices())
def test_no_purpose_is_both_granted_and_refused(choices):
    folded = fold(choices)
    assert folded.granted & folded.refused == 0


@pytest.mark.clause("E3", "E9")
@given(our.choices(), st.sampled_from(NO), our.rules(), our.states())
def test_saying_no_never_allows_more(choices, no, rule, person):
    before = fold(choices)
    after = fold([*choices, Choice(rule.bit, no)])
    earlier = decide(rule, person._replace(granted=before.granted, refused=before.refused))
    later = decide(rule, person._replace(granted=after.granted, refused=after.refused))
    assert earlier.permitted >= later.permitted


@pytest.mark.clause("D5")
def test_a_lapsed_consent_is_neither_granted_nor_refused():
    lapsed = Choice(2, ChoiceState.GRANTED, NOW)
    assert fold([lapsed], now=NOW) == Folded(0, 0)
    assert fold([lapsed], now=NOW - timedelta(seconds=1)) == Folded(4, 0)
    assert fold([lapsed, Choice(2, ChoiceState.GRANTED)], now=NOW) == Folded(4, 0)


def test_an_earlier_refusal_does_not_come_back_when_a_consent_lapses():
    history = [Choice(2, ChoiceState.REFUSED), Choice(2, ChoiceState.GRANTED, NOW)]
    assert fold(history, now=NOW) == Folded(0, 0)


def test_an_expiry_needs_to_know_the_time():
    with pytest.raises(ValueError, match="what time it is"):
        fold([Choice(0, ChoiceState.GRANTED, NOW)])


@pytest.mark.parametrize("bit", [-1, 62])
def test_a_bit_out_of_bounds_is_refused(bit):
    with pytest.raises(ValueError, match="no purpose's bit"):
        fold([Choice(bit, ChoiceState.GRANTED)])


def test_choices_are_read_from_plain_words_too():
    assert fold([Choice(0, ChoiceState("granted")), Choice(1, ChoiceState("objected"))]) == Folded(1, 2)


def test_a_grant_counts_at_the_bit_of_its_time():
    old = Choice(2, ChoiceState.GRANTED, bits=0b1100)
    assert fold([old]) == Folded(0b100, 0)
    assert fold([old, Choice(3, ChoiceState.GRANTED, bits=0b1100)]) == Folded(0b1000, 0)


def test_a_choice_speaks_for_every_bit_its_purpose_had():
    refused = Choice(2, ChoiceState.REFUSED, bits=0b1100)
    assert fold([Choice(3, ChoiceState.GRANTED, bits=0b1100), refused]) == Folded(0, 0b100)
    assert fold([refused, Choice(3, ChoiceState.GRANTED, bits=0b1100)]) == Folded(0b1000, 0)

"""Where data may go: to whom the purpose names, of what both may have, under a safeguard that holds on the day."""

from datetime import date

import pytest

from tillit.policy.disclosure import NotDisclosable, disclosed
from tillit.policy.load import load
from tillit.policy.transfers import transfer

TODAY = date(2026, 5, 4)


def changed(text, *pairs):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return load(text)


@pytest.mark.clause("F1", "H1")
def test_what_both_may_have_goes_under_the_safeguard_in_force(reference):
    assert disclosed(reference, "marketing.email", "mail-relay", today=TODAY) == {"contact", "correspondence"}


def test_within_the_eea_nothing_else_is_needed(reference):
    assert disclosed(reference, "advertising.audience", "advertising-partner", today=TODAY) == {"contact"}


@pytest.mark.clause("H1", "H2")
def test_when_a_safeguard_ends_its_fallback_takes_over_and_then_the_transfer_stops(reference_text):
    ends = ("valid_from: 2023-07-10", "valid_from: 2023-07-10\n    expires: 2026-05-01")
    with_fallback = changed(reference_text, ends)
    relay = with_fallback.recipients["mail-relay"]
    assert transfer(with_fallback, relay, day=date(2026, 4, 30)).safeguard == "dpf-eu"
    assert transfer(with_fallback, relay, day=TODAY).safeguard == "scc"
    assert disclosed(with_fallback, "marketing.email", "mail-relay", today=TODAY)
    without = changed(reference_text, ends, ("    fallback: scc\n", ""))
    with pytest.raises(NotDisclosable, match="no safeguard protects") as refused:
        disclosed(without, "marketing.email", "mail-relay", today=TODAY)
    assert refused.value.clause == "H1"


@pytest.mark.parametrize(
    ("purpose", "recipient", "words"),
    [
        ("marketing.email", "nobody", "no recipient"),
        ("marketing.email", "advertising-partner", "does not name"),
    ],
)
def test_who_is_not_declared_or_not_named_gets_nothing(reference, purpose, recipient, words):
    with pytest.raises(NotDisclosable, match=words):
        disclosed(reference, purpose, recipient, today=TODAY)

"""What a mail domain tells: mistyped and for what, or for a short while."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.people.hygiene.domains import PROVIDERS, REAL, is_disposable, one_slip, suggestion


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.se", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmal.se", "hotmail.se"),
        ("hotmail.con", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yaho.com", "yahoo.com"),
        ("iclod.com", "icloud.com"),
        ("tella.com", "telia.com"),
        ("comhem.see", "comhem.se"),
        ("firma.con", "firma.com"),
        ("firma.example.cmo", "firma.example.com"),
    ],
)
def test_one_slip_from_a_large_provider_is_mistyped(written, meant):
    assert suggestion(written) == meant


@pytest.mark.parametrize(
    "domain",
    [
        "mail.com",
        "gail.com",
        "ymail.com",
        "hotmail.ch",
        "yahoo.pl",
        "telia.se",
        "live.se",
        "tele2.se",
        "company.se",
        "x",
        "",
    ],
)
def test_a_real_domain_is_left_alone(domain):
    assert suggestion(domain) == ""


@pytest.mark.parametrize("domain", [*PROVIDERS, *REAL])
def test_nothing_known_is_suggested_away(domain):
    assert suggestion(domain) == ""


DOMAINS = st.from_regex(r"[a-z]{1,9}\.(com|se|con|co|net)", fullmatch=True)


@given(DOMAINS)
def test_a_suggestion_needs_no_suggestion(domain):
    assert suggestion(suggestion(domain)) == ""


def _slips(word: str) -> set[str]:
    letters = "abco.x"
    cut = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in cut if b),
        *(a + letter + b for a, b in cut for letter in letters),
        *(a + letter + b[1:] for a, b in cut if b for letter in letters),
        *(a + b[1] + b[0] + b[2:] for a, b in cut if len(b) > 1),
    } - {word}


@given(st.text("abco.x", max_size=6), st.data())
def test_a_slip_is_what_it_says(word, data):
    slips = _slips(word)
    other = data.draw(st.sampled_from(sorted(slips)) | st.text("abco.x", max_size=7))
    assert one_slip(word, other) == one_slip(other, word) == (other in slips)


def test_disposable_domains_are_known_with_what_lies_below_them():
    assert is_disposable("mailinator.com") and is_disposable("team.mailinator.com")
    assert not any(is_disposable(domain) for domain in (*PROVIDERS, *REAL, "example.org"))

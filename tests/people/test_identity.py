"""One identifier, one form, one key."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.people.identity import (
    InvalidIdentifier,
    hasher,
    is_plain_email,
    normalise_email,
    normalise_phone,
    normalise_text,
)


@given(st.binary(min_size=1, max_size=64), st.integers(1, 10**6), st.sampled_from(["email", "phone"]), st.text())
def test_the_key_is_an_hmac_of_workspace_kind_and_value(key, workspace, kind, value):
    value = value.encode("utf-8", "replace").decode()
    expected = hmac.new(key, f"{workspace}\x1f{kind}\x1f{value}".encode(), "sha256").digest()
    assert hasher(key, workspace, kind)(value) == expected


def test_a_key_that_would_have_to_be_hashed_first_is_refused():
    with pytest.raises(ValueError, match="longer"):
        hasher(bytes(65), 1, "email")


def test_workspaces_and_kinds_do_not_share_keys():
    keys = {hasher(b"k" * 32, workspace, kind)("a@example.org") for workspace in (1, 11) for kind in ("email", "phone")}
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Anna@Example.ORG ", "anna@example.org"),
        ("o'connor+news@sub.example.co", "o'connor+news@sub.example.co"),
        ("anna@xn--rksmrgs-5wao1o.se", "anna@räksmörgås.se"),
        ("anna@RÄKSMÖRGÅS.se", "anna@räksmörgås.se"),
        ("jörg@example.org", "jörg@example.org"),
    ],
)
def test_an_address_has_one_form(text, address):
    assert normalise_email(text) == address
    assert normalise_email(address) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "anna",
            "@example.org",
            "anna@",
            "anna@example",
            "a b@example.org",
            "a@b@example.org",
            "a..b@example.org",
        ),
        *(".a@example.org", "a.@example.org", "a@-example.org", "a@example-.org", "a" * 65 + "@example.org"),
        *("a@" + "b" * 64 + ".org", "a@[127.0.0.1]", "a\0@example.org", "a@exam ple.org"),
        "a@" + ".".join(["abcdefgh"] * 30) + ".org",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidIdentifier):
        normalise_email(text)


@given(st.from_regex(r"[a-z0-9.+_'-]{1,20}@[a-z0-9.-]{1,20}\.[a-z]{2,5}", fullmatch=True))
def test_the_short_cut_agrees_with_the_full_validator(text):
    if is_plain_email(text):
        from email_validator import validate_email

        assert validate_email(text, check_deliverability=False, test_environment=True).normalized.lower() == text


def test_telephone_numbers_have_one_form():
    assert normalise_phone("070-123 45 67", country="SE") == normalise_phone("+46 70 123 45 67") == "+46701234567"
    for text in ("", "hello", "123", "070-123 45 67"):
        with pytest.raises(InvalidIdentifier):
            normalise_phone(text)


def test_customer_numbers_are_bounded():
    assert normalise_text(" K-1 ") == "K-1"
    for text in ("", " ", "x" * 201, "a\0b"):
        with pytest.raises(InvalidIdentifier):
            normalise_text(text)

"""Tokens say what they were made to say, for as long as they should, and nothing else reads as one."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tillit.edge import tokens as module
from tillit.edge.tokens import (
    LIFETIME_DAYS,
    Expired,
    Forged,
    Kind,
    NotWeb,
    Token,
    Tokens,
    click_parts,
    click_token,
    click_url,
    open_token,
    open_url,
    target_bytes,
)
from tillit.keys import Keys

KEY = bytes(range(32))
TOKENS = Tokens(KEY)
TODAY = date(2026, 3, 4)
PERSON = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

days = st.dates(date(2020, 1, 1), date(2199, 1, 1))
u32 = st.integers(0, 2**32 - 1)
u16 = st.integers(0, 2**16 - 1)


def make(kind: Kind = Kind.OPEN, **more: object) -> str:
    return TOKENS.issue(kind, **{"workspace": 1, "campaign": 2, "person": PERSON, "day": TODAY, **more})


@given(token=st.builds(Token, st.sampled_from(Kind), days, u32, u32, st.uuids(), u16), extra=st.binary())
def test_a_token_says_what_it_was_made_to_say(token: Token, extra: bytes) -> None:
    kind, day, workspace, campaign, person, argument = token
    text = TOKENS.issue(
        kind, workspace=workspace, campaign=campaign, person=person, day=day, argument=argument, extra=extra
    )
    assert re.fullmatch(r"[A-Za-z0-9_-]{55}", text)
    assert TOKENS.read(text, kind=kind, today=day, extra=extra) == token
    assert TOKENS.read(text.encode(), kind=set(Kind), today=day, extra=extra) == token


@given(bit=st.integers(0, 55 * 6 - 1), kind=st.sampled_from(Kind))
@example(bit=0, kind=Kind.OPEN)
@example(bit=1, kind=Kind.OPEN)
def test_any_flipped_bit_is_forged(bit: int, kind: Kind) -> None:
    text = make(kind)
    index = 54 - bit // 6
    flipped = ALPHABET[ALPHABET.index(text[index]) ^ (1 << bit % 6)]
    with pytest.raises(Forged):
        TOKENS.read(text[:index] + flipped + text[index + 1 :], kind=set(Kind), today=TODAY)


@given(text=st.one_of(st.text(max_size=80), st.text(ALPHABET, min_size=55, max_size=55), st.binary(max_size=80)))
def test_anything_else_is_forged(text: str | bytes) -> None:
    with pytest.raises(Forged):
        TOKENS.read(text, kind=set(Kind), today=TODAY)


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: t + "A", lambda t: t + "=", lambda t: "", lambda t: t * 1000]
)
def test_a_cut_or_stretched_token_is_forged(spoil) -> None:
    with pytest.raises(Forged):
        TOKENS.read(spoil(make()), kind=Kind.OPEN, today=TODAY)


def test_standard_base64_is_not_a_second_spelling() -> None:
    text = next(t for n in range(99) if "-" in (t := make(argument=n)) or "_" in t)
    with pytest.raises(Forged):
        TOKENS.read(text.replace("-", "+").replace("_", "/"), kind=Kind.OPEN, today=TODAY)


def test_another_key_kind_or_target_is_forged() -> None:
    text = make(Kind.CLICK, extra=b"https://example.com/")
    TOKENS.read(text, kind=Kind.CLICK, today=TODAY, extra=b"https://example.com/")
    with pytest.raises(Forged):
        TOKENS.read(text, kind=Kind.CLICK, today=TODAY, extra=b"https://example.org/")
    with pytest.raises(Forged):
        TOKENS.read(text, kind=Kind.OPEN, today=TODAY, extra=b"https://example.com/")
    with pytest.raises(Forged):
        Tokens(bytes(32)).read(text, kind=Kind.CLICK, today=TODAY, extra=b"https://example.com/")


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_lives_as_long_as_the_table_says(kind: Kind) -> None:
    last = TODAY + timedelta(days=LIFETIME_DAYS[kind])
    assert TOKENS.read(make(kind), kind=kind, today=last).kind is kind
    with pytest.raises(Expired) as expired:
        TOKENS.read(make(kind), kind=kind, today=last + timedelta(days=1))
    assert expired.value.token.person == PERSON


@pytest.mark.clause("E5")
def test_unsubscribe_outlives_what_the_law_asks() -> None:
    assert LIFETIME_DAYS[Kind.UNSUBSCRIBE] > 365


def test_the_signature_is_hmac_sha_256() -> None:
    import hashlib
    import hmac
    from base64 import urlsafe_b64decode

    raw = urlsafe_b64decode(make(Kind.CLICK, extra=b"x") + "=")
    assert raw[-12:] == hmac.digest(KEY, raw[:-12] + b"x", hashlib.sha256)[:12]


def test_the_senders_path_makes_the_same_tokens() -> None:
    quick = TOKENS.issuer(Kind.CLICK, workspace=7, campaign=8, day=TODAY)
    slow = TOKENS.issue(
        Kind.CLICK, workspace=7, campaign=8, person=PERSON, day=TODAY, argument=3, extra=b"https://example.com/"
    )
    assert quick(PERSON.bytes, 3, b"https://example.com/") == slow.encode()


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Tokens(b"short")
    Tokens(Keys(b"m" * 32).derive(module.USE))


@given(target=st.text(min_size=1, max_size=60).map(lambda t: "https://example.com/" + t))
def test_links_print_and_parse(target: str) -> None:
    try:
        covered = target_bytes(target)
    except NotWeb:
        return
    url = click_url("https://mail.example", make(Kind.CLICK, extra=covered), target)
    path, _, query = url.removeprefix("https://mail.example").partition("?")
    text, found = click_token(path.encode(), query.encode() + b"&fbclid=x")
    assert found == covered
    assert TOKENS.read(text, kind=Kind.CLICK, today=TODAY, extra=found)
    before, after = click_parts("https://mail.example", target)
    assert url == before + text.decode() + after


def test_a_pixel_prints_and_parses() -> None:
    url = open_url("https://mail.example", make())
    assert TOKENS.read(open_token(url.removeprefix("https://mail.example").encode()), kind=Kind.OPEN, today=TODAY)


@pytest.mark.parametrize(
    "target",
    [
        *(
            "javascript:alert(1)",
            "mailto:a@example.com",
            "//example.com",
            "/local",
            "",
            "https://",
            "https:///x",
            "ftp://x",
        ),
        *(
            "https://example.com/a b",
            "https://example.com/\r\nSet-Cookie: a=b",
            "https://e/" + "x" * 5000,
            " https://x",
        ),
        *("https://\\evil", "data:text/html,x", "https://example.com/\x7f"),
    ],
)
def test_only_web_addresses_are_tracked(target: str) -> None:
    with pytest.raises(NotWeb):
        click_url("https://mail.example", make(Kind.CLICK), target)


@pytest.mark.parametrize("path", [b"/e/o/", b"/e/o/x", b"/e/c/x.gif", b"", b"/"])
def test_other_paths_are_no_pixels(path: bytes) -> None:
    with pytest.raises(Forged):
        TOKENS.read(open_token(path), kind=Kind.OPEN, today=TODAY)


@pytest.mark.parametrize("query", [b"", b"v=1", b"u", b"&" * 99 + b"u=x", b"u=" + b"x" * 99999])
def test_other_queries_are_no_clicks(query: bytes) -> None:
    with pytest.raises(Forged):
        click_token(b"/e/c/" + make(Kind.CLICK).encode(), query)

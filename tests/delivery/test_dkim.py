"""Signatures are checked by another implementation, dkimpy."""

import base64
import datetime as dt
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import dkim as dkimpy
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.delivery.relays import mail, send, statuses
from tillit.delivery import headers as header
from tillit.delivery.compose import Addressee, Headers, Mailbox, Slot, Template
from tillit.delivery.dkim import BadKey, KeyPair, Signer, generate, record
from tillit.delivery.wire import Status

KEYS = {kind: generate(kind=kind) for kind in ("rsa", "ed25519")}
NOW_S = 1_772_368_200
PLAIN = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n\r\nHello\r\n"


def signer(kind: str = "rsa") -> Signer:
    return Signer(domain="sender.example", selector="s1", private_pem=KEYS[kind].private_pem)


def published(pair: KeyPair) -> Callable[..., bytes]:
    def lookup(name: bytes, timeout: int = 5) -> bytes:
        return pair.record.encode() if name == b"s1._domainkey.sender.example." else b""

    return lookup


class VerifyKey:
    """What dkimpy wants of PyNaCl, a compiled package that nothing else here needs."""

    def __init__(self, key: bytes, *, encoder: object) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

    def verify(self, data: bytes, signature: bytes) -> None:
        self._key.verify(signature, data)


@pytest.fixture(scope="module", autouse=True)
def ed25519_for_dkimpy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        nacl = SimpleNamespace(
            signing=SimpleNamespace(VerifyKey=VerifyKey),
            encoding=SimpleNamespace(Base64Encoder=None),
            exceptions=SimpleNamespace(BadSignatureError=InvalidSignature, ValueError=ValueError),
        )
        patch.setattr(dkimpy, "nacl", nacl, raising=False)
        yield


def verified(message: bytes, kind: str = "rsa") -> bool:
    return bool(dkimpy.verify(message, dnsfunc=published(KEYS[kind])))


def campaign_mail(value: str = "Åsa") -> bytes:
    headers = Headers(
        sender=Mailbox("Sändaren", "news@sender.example"),
        list_id="news.sender.example",
        feedback_id="1:2:3:x",
        bulk=True,
    )
    template = Template.compile(
        headers=headers,
        subject=["Hello  ", Slot(0)],
        text=["Hello ", Slot(0), "  and\t welcome \n\n\n"],
        html=["<p>Hello ", Slot(0), "</p>\n   <p>welcome</p>"],
    )
    to = Addressee(
        address="anna@reader.example",
        name=value,
        message_id="1@sender.example",
        date=header.date(dt.datetime.fromtimestamp(NOW_S, dt.UTC)),
        unsubscribe="https://mail.sender.example/u/abc",
        unsubscribe_mail="mailto:u@sender.example",
    )
    return template.write(to, [value])


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_campaign_mail_verifies(kind: str) -> None:
    signed = signer(kind).sign(campaign_mail(), now_s=NOW_S)
    assert verified(signed, kind)
    assert max(map(len, signed.split(b"\r\n"))) <= 100


@settings(max_examples=40)
@given(st.text(max_size=100))
@example("a  b \t")
@example("\r\n.\r\n")
def test_a_campaign_mail_verifies_whatever_is_merged_into_it(value: str) -> None:
    assert verified(signer("ed25519").sign(campaign_mail(value), now_s=NOW_S), "ed25519")


@given(
    st.lists(st.sampled_from([b"", b" ", b"\t", b"a", b"a b", b"a  b ", b" a", b".", b"=20"]), max_size=12),
    st.sampled_from([b"\r\n", b""]),
)
@example([], b"")
@example([b"a", b"", b"", b" "], b"\r\n")
def test_any_body_verifies(lines: list[bytes], end: bytes) -> None:
    message = b"From: a@b.example\r\nSubject:  two\r\n  lines \r\n\r\n" + b"\r\n".join(lines) + end
    signed = signer("ed25519").sign(message, now_s=NOW_S)
    on_the_wire = signed if signed.endswith(b"\r\n") else signed + b"\r\n"
    assert verified(on_the_wire, "ed25519")


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=100))
@example(".\r\n..\r\n")
def test_a_signed_mail_arrives_over_the_wire_and_still_verifies(value: str) -> None:
    message = signer("ed25519").sign(campaign_mail(value), now_s=NOW_S)
    kept: list[bytes] = []
    outcomes, _ = send([mail(message=message)], received=lambda sender, recipients, whole: kept.append(whole))
    assert statuses(outcomes) == [Status.ACCEPTED]
    assert kept == [message]
    assert verified(kept[0], "ed25519")


@pytest.mark.clause("E5")
@pytest.mark.parametrize("field", [b"List-Unsubscribe: <https://mail", b"List-Unsubscribe-Post: List-Un", b"Subject: "])
def test_a_changed_way_out_breaks_the_signature(field: bytes) -> None:
    """RFC 8058 §4 asks that both fields be covered."""
    signed = signer().sign(campaign_mail(), now_s=NOW_S)
    assert verified(signed)
    assert field in signed
    assert not verified(signed.replace(field, field + b"x"))


@pytest.mark.parametrize(
    "line", [b"From: evil@x.example", b"Reply-To: evil@x.example", b"List-Unsubscribe: <https://x/>"]
)
def test_a_field_added_later_breaks_the_signature(line: bytes) -> None:
    signed = signer().sign(PLAIN, now_s=NOW_S)
    assert verified(signed)
    assert not verified(line + b"\r\n" + signed)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_changed_body_or_signature_breaks_it(kind: str) -> None:
    signed = signer(kind).sign(campaign_mail(), now_s=NOW_S)
    assert not verified(signed.replace(b"welcome", b"farewell"), kind)
    assert not verified(signed.replace(b"t=%d" % NOW_S, b"t=%d" % (NOW_S + 1)), kind)


def test_a_field_that_occurs_twice_is_signed_twice() -> None:
    signed = signer().sign(b"To: e@f.example\r\n" + PLAIN, now_s=NOW_S)
    assert verified(signed)
    assert not verified(signed.replace(b"e@f", b"g@f"))


@pytest.mark.parametrize("message", [b"From: a@b\n\nhi\n", b"To: a@b\r\n\r\nhi\r\n", b""])
def test_what_cannot_be_signed_is_said(message: bytes) -> None:
    with pytest.raises(ValueError, match="From field"):
        signer().sign(message, now_s=NOW_S)


def test_the_record_to_publish_belongs_to_the_key() -> None:
    for kind, pair in KEYS.items():
        assert record(pair.private_pem) == pair.record
        assert pair.record.startswith(f"v=DKIM1; k={kind}; p=")


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("key", [b"", b"not a key", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_cannot_sign_mail_is_refused(key: bytes) -> None:
    with pytest.raises(BadKey):
        Signer(domain="a.example", selector="s", private_pem=key)
    with pytest.raises(BadKey):
        generate(kind="dsa")


@pytest.mark.parametrize("name", ["", "a b", "a.example;", "a\r\nb", ".a", "å.example", "x" * 254])
def test_a_domain_or_selector_cannot_inject(name: str) -> None:
    for domain, selector in ((name, "s"), ("a.example", name)):
        with pytest.raises(BadKey):
            Signer(domain=domain, selector=selector, private_pem=KEYS["ed25519"].private_pem)

"""The relay's address, and the mail to console users."""

from __future__ import annotations

import pytest
from aiosmtpd.controller import Controller
from django.core.mail import EmailMultiAlternatives

from tillit.delivery.backend import ServiceMail, caught_mail
from tillit.delivery.relay import BadRelay, Relay
from tillit.delivery.wire import Tls
from tillit.env import Env, env


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("smtp://relay.example.com", ("relay.example.com", 25, Tls.NONE, None, None)),
        (
            "smtp+starttls://me:secret@relay.example.com",
            ("relay.example.com", 587, Tls.STARTTLS, "me", "secret"),
        ),
        (
            "smtps://me%40example.com:a%2Fb%3Ac@relay.example.com:2465/",
            ("relay.example.com", 2465, Tls.IMPLICIT, "me@example.com", "a/b:c"),
        ),
        ("smtp://[::1]:1025", ("::1", 1025, Tls.NONE, None, None)),
    ],
)
def test_an_address_says_all_of_a_relay(url: str, parsed: tuple[object, ...]) -> None:
    relay = Relay.parse(url)
    assert (relay.host, relay.port, relay.tls, relay.username, relay.password) == parsed


@pytest.mark.parametrize(
    "url",
    ["relay.example.com", "http://relay.example.com", "smtp://", "smtp://h:99999", "smtp://me@h", "smtp://h/path"],
)
def test_an_address_that_names_no_relay_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(BadRelay):
        Relay.parse(url)


def test_a_refusal_never_repeats_the_password() -> None:
    with pytest.raises(BadRelay) as refused:
        Relay.parse("smtp://me:hunter2@h:port")
    assert "hunter2" not in str(refused.value)


def mail() -> EmailMultiAlternatives:
    made = EmailMultiAlternatives("Välkommen", "Hej!", "Tillit <no-reply@example.com>", ["Åsa <asa@example.com>"])
    made.attach_alternative("<p>Hej!</p>", "text/html")
    return made


def test_without_a_relay_mail_is_caught() -> None:
    caught = caught_mail(env().data)
    caught.clear()
    assert ServiceMail().send_messages([mail()]) == 1
    (found,) = caught_mail(env().data)
    assert found["Subject"] is not None
    assert found.is_multipart()
    caught.clear()


def test_with_a_relay_mail_is_handed_over(monkeypatch: pytest.MonkeyPatch, free_tcp_port: int) -> None:
    received: list[tuple[str, list[str]]] = []

    class Handler:
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
            received.append((envelope.mail_from, envelope.rcpt_tos))
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_tcp_port)
    controller.start()
    try:
        told = Env(smtp_url=f"smtp://127.0.0.1:{free_tcp_port}")
        monkeypatch.setattr("tillit.delivery.backend.env", lambda: told)
        assert ServiceMail().send_messages([mail()]) == 1
    finally:
        controller.stop()
    assert received == [("no-reply@example.com", ["asa@example.com"])]

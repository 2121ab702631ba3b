"""The client against another server, the sink against another client, and what extensions change."""

import asyncio
import datetime as dt
import ipaddress
import smtplib
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tillit.delivery.pool import Backoff, Pool
from tillit.delivery.sink import EXTENSIONS, Sink
from tillit.delivery.wire import Mail, Outcome, Relay, Stage, Status, Tls

BODY = b"Subject: hello\r\n\r\n.Hello.\r\n..\r\n"
QUICK = Backoff(base_s=0.001, ceiling_s=0.01, attempts=2)


class Keeper:
    """An aiosmtpd handler that keeps what it gets."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.kept.append(envelope)
        return "250 2.0.0 kept"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"


@asynccontextmanager
async def aiosmtpd(handler: Keeper, *, port_tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="keeper", loop=loop, **options), "127.0.0.1", 0, ssl=port_tls
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's context that trust each other."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


def check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"sender", "hemligt å".encode())
    return AuthResult(success=right, handled=right)


async def deliver(relay: Relay, mails: Sequence[Mail]) -> list[Outcome]:
    async with Pool(relay, connections=2, backoff=QUICK) as pool, asyncio.timeout(10):
        return await pool.send_batch(mails)


def mails(count: int = 3) -> list[Mail]:
    return [Mail("bounce@sender.example", f"person{n}@reader.example", BODY) for n in range(count)]


def test_another_server_takes_our_mail() -> None:
    keeper = Keeper()

    async def main() -> list[Outcome]:
        async with aiosmtpd(keeper) as port:
            refused = Mail("bounce@sender.example", "nobody@reader.example", BODY)
            return await deliver(Relay(host="127.0.0.1", port=port), [*mails(20), refused, *mails(2)])

    outcomes = asyncio.run(main())
    assert [outcome.status for outcome in outcomes] == [Status.ACCEPTED] * 20 + [Status.REFUSED] + [Status.ACCEPTED] * 2
    assert {envelope.content for envelope in keeper.kept} == {BODY}
    assert len(keeper.kept) == 22


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_mail_goes_through_starttls_and_login(tls: tuple[ssl.SSLContext, ssl.SSLContext], mechanism: str) -> None:
    keeper = Keeper()
    server, client = tls

    async def main() -> list[Outcome]:
        options: dict[str, Any] = {
            "tls_context": server,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": check_login,
            "auth_exclude_mechanism": {"PLAIN", "LOGIN"} - {mechanism},
        }
        async with aiosmtpd(keeper, **options) as port:
            relay = Relay(host="127.0.0.1", port=port, tls=Tls.STARTTLS, tls_context=client,
                          username="sender", password="hemligt å")  # fmt: skip
            return await deliver(relay, mails())

    assert {outcome.status for outcome in asyncio.run(main())} == {Status.ACCEPTED}
    assert len(keeper.kept) == 3


def test_mail_goes_through_implicit_tls(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def main() -> list[Outcome]:
        async with aiosmtpd(Keeper(), port_tls=tls[0]) as port:
            return await deliver(Relay(host="127.0.0.1", port=port, tls=Tls.IMPLICIT, tls_context=tls[1]), mails())

    assert {outcome.status for outcome in asyncio.run(main())} == {Status.ACCEPTED}


def test_an_untrusted_certificate_gets_no_mail(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    keeper = Keeper()

    async def main() -> list[Outcome]:
        async with aiosmtpd(keeper, tls_context=tls[0]) as port:
            return await deliver(Relay(host="127.0.0.1", port=port, tls=Tls.STARTTLS), mails(1))

    (outcome,) = asyncio.run(main())
    assert (outcome.status, outcome.stage) == (Status.DEFERRED, Stage.TLS)
    assert keeper.kept == []


def test_a_wrong_password_defers_and_is_tried_once(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    tries: list[str] = []

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        tries.append(mechanism)
        return AuthResult(success=False, handled=False)

    async def main() -> list[Outcome]:
        async with aiosmtpd(Keeper(), tls_context=tls[0], authenticator=check) as port:
            relay = Relay(host="127.0.0.1", port=port, tls=Tls.STARTTLS, tls_context=tls[1], username="a", password="b")
            async with Pool(relay, connections=1, backoff=QUICK) as pool:
                return await pool.send_batch(mails())

    outcomes = asyncio.run(main())
    assert {(outcome.status, outcome.code, outcome.stage) for outcome in outcomes} == {
        (Status.DEFERRED, 535, Stage.LOGIN)
    }
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("relay", "stage", "words"),
    [
        ({"tls": Tls.STARTTLS}, Stage.TLS, "does not offer STARTTLS"),
        ({"username": "a", "password": "b"}, Stage.LOGIN, "without TLS"),
        ({"username": "a", "password": "b", "login_without_tls": True}, Stage.LOGIN, "neither AUTH PLAIN nor"),
    ],
)
def test_a_relay_that_cannot_protect_a_secret_gets_none(relay: dict[str, Any], stage: Stage, words: str) -> None:
    async def main() -> list[Outcome]:
        async with Sink() as sink:
            return await deliver(Relay(host=sink.host, port=sink.port, **relay), mails(1))

    (outcome,) = asyncio.run(main())
    assert (outcome.status, outcome.stage) == (Status.DEFERRED, stage)
    assert words in outcome.text


def test_data_slipped_in_after_starttls_ends_the_session() -> None:
    """RFC 3207 §6: what arrives with the plain reply was not said by the server behind the TLS."""

    async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(b"250-hi\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250-hi\r\n250 AUTH PLAIN\r\n")
        await reader.read()
        writer.close()

    async def main() -> list[Outcome]:
        server = await asyncio.start_server(chat, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await deliver(Relay(host="127.0.0.1", port=port, tls=Tls.STARTTLS), mails(1))

    (outcome,) = asyncio.run(main())
    assert "unprotected data" in outcome.text


def outcome_of(mail: Mail, *, extensions: Sequence[str]) -> tuple[Outcome, list[str]]:
    recipients: list[str] = []

    async def main() -> Outcome:
        async with Sink(extensions=extensions, received=lambda s, r, m: recipients.extend(r)) as sink:
            return (await deliver(Relay(host=sink.host, port=sink.port), [mail]))[0]

    return asyncio.run(main()), recipients


def test_letters_beyond_ascii_need_smtputf8_only_left_of_the_at() -> None:
    plain = ["PIPELINING"]
    outcome, recipients = outcome_of(Mail("a@b.example", "anna@räksmörgås.example", BODY), extensions=plain)
    assert (outcome.status, recipients) == (Status.ACCEPTED, ["anna@xn--rksmrgs-5wao1o.example"])
    outcome, recipients = outcome_of(Mail("a@b.example", "åsa@b.example", BODY), extensions=plain)
    assert (outcome.status, outcome.enhanced, recipients) == (Status.REFUSED, "5.6.7", [])
    outcome, recipients = outcome_of(Mail("a@b.example", "åsa@räksmörgås.example", BODY), extensions=EXTENSIONS)
    assert (outcome.status, recipients) == (Status.ACCEPTED, ["åsa@xn--rksmrgs-5wao1o.example"])


def test_a_message_too_large_or_too_wide_is_not_offered() -> None:
    large, wide = Mail("a@b.example", "c@d.example", b"x" * 2000), Mail("a@b.example", "c@d.example", "å".encode())
    assert outcome_of(large, extensions=["SIZE 1000"])[0].enhanced == "5.3.4"
    assert outcome_of(large, extensions=["SIZE 3000"])[0].status is Status.ACCEPTED
    assert outcome_of(large, extensions=["SIZE"])[0].status is Status.ACCEPTED
    assert outcome_of(wide, extensions=["SIZE"])[0].enhanced == "5.6.3"
    assert outcome_of(wide, extensions=["8BITMIME"])[0].status is Status.ACCEPTED


def test_a_mail_that_cannot_be_sent_does_not_hold_up_the_next() -> None:
    async def main() -> list[Outcome]:
        async with Sink(extensions=["PIPELINING", "SIZE 100"]) as sink:
            large = Mail("a@b.example", "c@d.example", b"x" * 2000)
            return await deliver(Relay(host=sink.host, port=sink.port), [large, *mails(1), large, *mails(1)])

    statuses = [outcome.status for outcome in asyncio.run(main())]
    assert statuses == [Status.REFUSED, Status.ACCEPTED] * 2


def test_another_client_can_use_the_sink() -> None:
    kept: list[tuple[str, list[str], bytes]] = []

    def talk(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("a@b.example", ["c@d.example", "e@f.example"], BODY)
            client.noop()
            assert client.docmd("WHAT")[0] == 502

    async def main() -> None:
        async with Sink(received=lambda *mail: kept.append(mail)) as sink:
            await asyncio.to_thread(talk, sink.port)

    asyncio.run(main())
    assert kept == [("a@b.example", ["c@d.example", "e@f.example"], BODY)]


def test_the_sink_bounds_lines_and_takes_messages_in_pieces() -> None:
    async def main() -> tuple[bytes, int]:
        kept: list[bytes] = []
        async with Sink(received=lambda s, r, message: kept.append(message)) as sink:
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            writer.write(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
            for piece in (b"one\r\n", b"..two\r", b"\n", b".", b"\r", b"\n"):
                writer.write(piece)
                await asyncio.sleep(0.01)
            writer.write(b"x" * 20_000)
            await reader.readuntil(b"421 4.5.2")
            writer.close()
        return kept[0], sink.mails

    assert asyncio.run(main()) == (b"one\r\n.two\r\n", 1)

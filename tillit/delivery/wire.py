"""What goes over an SMTP connection: mails, addresses, replies and their outcomes, as values and as bytes."""

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

import idna

_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>\ud800-\udfff]+@[^\x00-\x20\x7f<>@\ud800-\udfff]+")
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")
_MAX_PATH_BYTES = 254  # Source: RFC 5321 §4.5.3.1.3, 256 with the angle brackets


class BadAddress(ValueError):
    """An envelope address that cannot be written safely: control character, space, bracket, no @ or too long."""


class CannotBeSent(Exception):
    """The relay lacks what this mail needs. Nothing of it was written; `outcome` says what is missing."""

    def __init__(self, outcome: "Outcome") -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class Status(StrEnum):
    """`unknown`: the final dot was, or may have been, sent and no reply came."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Stage(StrEnum):
    """Where a session stands. Up to LOGIN no mail is to blame for a failure."""

    CONNECT = "connect"
    HELLO = "hello"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    EMPTY = "empty"  # the lone dot that ends a transaction without recipient
    RESET = "reset"
    QUIT = "quit"


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"  # required: a relay that does not offer it gets no mail
    IMPLICIT = "implicit"


class Outcome(NamedTuple):
    """What became of one mail, in the relay's words where it had any, and the stage that decided it."""

    status: Status
    code: int | None
    enhanced: str | None
    text: str
    stage: Stage


class RelayUnavailable(Exception):
    """No mail can be handed to the relay now. `permanent` says that trying again unchanged is useless."""

    def __init__(self, outcome: Outcome, *, permanent: bool = False) -> None:
        super().__init__(f"{outcome.stage}: {outcome.text}")
        self.outcome = outcome
        self.permanent = permanent


class Reply(NamedTuple):
    code: int
    lines: Sequence[bytes]

    def outcome(self, stage: Stage, *, status: Status | None = None) -> Outcome:
        """The reply as a mail's fate; unless told, 2xx is accepted, 4xx deferred, 5xx refused, else unknown."""
        text = b" ".join(self.lines).decode("utf-8", "replace")
        enhanced = _ENHANCED.match(text)
        return Outcome(
            status or _STATUS.get(self.code // 100, Status.UNKNOWN),
            self.code,
            enhanced[1] if enhanced else None,
            text,
            stage,
        )


_STATUS = {2: Status.ACCEPTED, 4: Status.DEFERRED, 5: Status.REFUSED}


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one recipient. An empty sender is the null reverse-path. Raises `BadAddress`.

    `stuffed` says that every line ends in CRLF and none begins with a dot, as `compose.Template.write` makes them: then
    the message is sent as it is. Looking for what is not there took 47 µs of a 13 kB message, more than writing it.
    """

    sender: str
    recipient: str
    message: bytes = field(repr=False)
    stuffed: bool = False

    def __post_init__(self) -> None:
        if self.sender:
            check_address(self.sender)
        check_address(self.recipient)


class Job(Protocol):
    """A mail on its way, with whatever its owner keeps about it."""

    @property
    def mail(self) -> Mail: ...


J = TypeVar("J", bound=Job)


class Work(Protocol[J]):
    """Where a connection gets its mails and leaves their outcomes."""

    def take(self) -> J | None: ...
    def settle(self, job: J, outcome: Outcome) -> None: ...
    def give_back(self, job: J, outcome: Outcome) -> None:
        """Take back a mail whose body was never begun; `outcome` is its fate if it is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail is handed over, and how we present ourselves there. Raises `ValueError` (unsafe hostname)."""

    host: str
    port: int = 25
    hostname: str = "localhost"
    tls: Tls = Tls.NONE
    tls_context: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    login_without_tls: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9.:\[\]_-]+", self.hostname):
            raise ValueError(f"{self.hostname!r} is not a host name to greet a relay with")

    def context(self) -> ssl.SSLContext:
        return self.tls_context or ssl.create_default_context()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each phase may stay unanswered. Source: RFC 5321 §4.5.3.2; connect, quit and idle are ours."""

    connect_s: float = 30
    greeting_s: float = 300
    mail_s: float = 300
    rcpt_s: float = 300
    data_s: float = 120
    block_s: float = 180
    end_of_data_s: float = 600
    quit_s: float = 10
    idle_s: float = 30

    def of(self, stage: Stage | None) -> float:
        """How long to wait for the answer to `stage`; None is an idle connection's patience."""
        if stage is Stage.BODY or stage is Stage.EMPTY:
            return self.end_of_data_s
        if stage is Stage.RCPT:
            return self.rcpt_s
        if stage is Stage.DATA:
            return self.data_s
        if stage is Stage.QUIT:
            return self.quit_s
        return self.idle_s if stage is None else self.mail_s

    def tick_s(self) -> float:
        """How often to look at the clock: four times within the shortest patience, at most once a second."""
        waits = (self.mail_s, self.rcpt_s, self.data_s, self.block_s, self.end_of_data_s, self.quit_s, self.idle_s)
        return min(1.0, min(waits) / 4)


def check_address(address: str) -> None:
    """Refuse an address that could end its command early or smuggle in another. Raises `BadAddress`.

    Source: RFC 5321 §4.1.2 and §4.5.3.1.3. Quoted local parts with spaces are legal there and refused here:
    no living mailbox needs them and they are what injections are made of.
    """
    if not _ADDRESS.fullmatch(address):
        raise BadAddress(f"{address!r} cannot be written as a mail address; nothing was sent")
    if len(address.encode("utf-8")) > _MAX_PATH_BYTES:
        raise BadAddress(f"an address may have {_MAX_PATH_BYTES} bytes; one of {len(address)} was not sent to")


def stuffed(message: bytes) -> bytes:
    """The message as DATA carries it: every line break CRLF, leading dots doubled, ended by a lone dot.

    Source: RFC 5321 §4.5.2 and §2.3.8. A 9.7 kB message takes 12 µs.
    """
    breaks = message.count(b"\n")
    if breaks != message.count(b"\r") or breaks != message.count(b"\r\n"):
        message = _LINE_BREAK.sub(b"\r\n", message)
    if b"\r\n." in message:
        message = message.replace(b"\r\n.", b"\r\n..")
    if message.startswith(b"."):
        message = b"." + message
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")


def envelope(mail: Mail, extensions: Mapping[str, str]) -> tuple[bytes, bytes]:
    """The MAIL and RCPT commands, with the parameters the relay understands. Raises `CannotBeSent`.

    Source: RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8).
    """
    sender, recipient, parameters = mail.sender, mail.recipient, ""
    if not (sender.isascii() and recipient.isascii()):
        sender, recipient = ascii_domain(sender), ascii_domain(recipient)
        if not (sender.isascii() and recipient.isascii()):
            if "SMTPUTF8" not in extensions:
                raise _lacking(553, "5.6.7", "the relay does not take addresses with letters beyond ASCII")
            parameters = " SMTPUTF8"
    if "SIZE" in extensions:
        size, limit = len(mail.message), extensions["SIZE"]
        if limit.isdecimal() and 0 < int(limit) < size:
            raise _lacking(552, "5.3.4", f"the message has {size} bytes and the relay takes {limit}")
        parameters += f" SIZE={size}"
    if not mail.message.isascii():
        if "8BITMIME" not in extensions:
            raise _lacking(554, "5.6.3", "the message has 8-bit bytes and the relay takes only 7-bit ones")
        parameters += " BODY=8BITMIME"
    return f"MAIL FROM:<{sender}>{parameters}\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode()


def _lacking(code: int, enhanced: str, text: str) -> CannotBeSent:
    return CannotBeSent(Outcome(Status.REFUSED, code, enhanced, text, Stage.MAIL))


def ascii_domain(address: str) -> str:
    """The domain in its A-label form where it has one, so that only a non-ASCII local part needs SMTPUTF8."""
    local, at, domain = address.rpartition("@")
    try:
        return local + at + idna.encode(domain, uts46=True).decode("ascii") if domain else address
    except idna.IDNAError:
        return address

"""One SMTP connection to a relay: pipelined where the relay allows it, lock-step where it does not.

The connection draws mails from a `Work` (see `pool.Pool`) and leaves each with an `Outcome`. It is a state machine
driven by replies, with no task and no timer per mail: that is where the speed comes from.
"""

import asyncio
import base64
import ssl
from collections import deque
from typing import Generic, NoReturn, cast

from tillit.delivery.wire import (
    CannotBeSent,
    J,
    Outcome,
    Relay,
    RelayUnavailable,
    Reply,
    Stage,
    Status,
    Timeouts,
    Tls,
    Work,
    envelope,
    stuffed,
)

MAX_REPLY_BYTES = 65_536  # an honest EHLO reply is under 2 kB; beyond this the peer is not speaking SMTP
_MARKS = (b" ", b"-", b"\r", b"")  # what may follow a reply's code


class Connection(asyncio.Protocol, Generic[J]):
    """A logged-in session that carries mail until it is full, told to quit, or lost."""

    def __init__(self, *, relay: Relay, timeouts: Timeouts, work: Work[J], mails: int) -> None:
        self._relay, self._timeouts, self._work, self._left = relay, timeouts, work, mails
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._answers = 0  # mails that got a reply of their own
        self._transport: asyncio.Transport | None = None
        self._buffer, self._lines = b"", list[bytes]()
        self._handshake: asyncio.Queue[Reply | None] | None = asyncio.Queue()
        self._extensions: dict[str, str] = {}
        self._pipelining = self._closing = False
        self._expected: deque[Stage] = deque()
        self._current: J | None = None  # envelope begun, body not
        self._recipient = b""  # lock-step: the RCPT command still to send
        self._failure: Outcome | None = None  # why the current mail will not be sent
        self._sent: J | None = None  # body sent, reply awaited
        self._why: str | None = None  # why we ended the connection
        self._last_words: Outcome | None = None  # the relay's 421
        self._unsent = 0  # bytes waiting while the transport is full
        self._deadline = float("inf")  # while greeting, `open` keeps the time
        self._clock = self._loop.call_later(timeouts.tick_s(), self._tick)

    @classmethod
    async def open(cls, *, relay: Relay, timeouts: Timeouts, work: Work[J], mails: int) -> "Connection[J]":
        """Connect, greet, secure and log in. Raises `RelayUnavailable`."""
        connection = cls(relay=relay, timeouts=timeouts, work=work, mails=mails)
        stage = Stage.CONNECT
        try:
            async with asyncio.timeout(timeouts.connect_s):
                await connection._connect()
            stage = Stage.HELLO
            async with asyncio.timeout(timeouts.greeting_s):
                await connection._greet()
        except (OSError, TimeoutError) as error:
            connection._drop()
            stage = Stage.TLS if isinstance(error, ssl.SSLError) else stage
            text = str(error) or f"no answer from {relay.host}:{relay.port} in time"
            raise RelayUnavailable(
                Outcome(Status.DEFERRED, None, None, text, stage),
                permanent=isinstance(error, ssl.SSLCertVerificationError),
            ) from error
        except BaseException:
            connection._drop()
            raise
        connection._handshake = None
        connection._deadline = connection._loop.time() + timeouts.idle_s
        return connection

    # Greeting: a conversation, so it is written as one.

    async def _connect(self) -> None:
        host, context = self._relay.host, self._relay.context() if self._relay.tls is Tls.IMPLICIT else None
        await self._loop.create_connection(
            lambda: self, host, self._relay.port, ssl=context, server_hostname=host if context else None
        )

    async def _greet(self) -> None:
        _require(await self._reply(), Stage.HELLO, 220)
        await self._hello()
        if self._relay.tls is Tls.STARTTLS:
            await self._start_tls()
            await self._hello()
        if self._relay.username is not None:
            await self._login(self._relay.username, self._relay.password or "")
        self._pipelining = "PIPELINING" in self._extensions

    async def _hello(self) -> None:
        reply = await self._ask(f"EHLO {self._relay.hostname}")
        if reply.code in (500, 502, 504):  # a server older than RFC 1869
            reply = await self._ask(f"HELO {self._relay.hostname}")
        _require(reply, Stage.HELLO, 250)
        words = (line.decode("ascii", "replace").partition(" ") for line in reply.lines[1:])
        self._extensions = {keyword.upper(): rest for keyword, _, rest in words}

    async def _start_tls(self) -> None:
        if "STARTTLS" not in self._extensions:
            _give_up(Stage.TLS, "the relay does not offer STARTTLS, and mail is not sent to it in the clear")
        _require(await self._ask("STARTTLS"), Stage.TLS, 220)
        if self._buffer or self._lines or (self._handshake and not self._handshake.empty()):
            # What follows the reply was not protected: somebody may have put it there (RFC 3207 §6).
            _give_up(Stage.TLS, "the relay sent unprotected data after STARTTLS")
        transport = await self._loop.start_tls(
            self._wire(), self, self._relay.context(), server_hostname=self._relay.host
        )
        self._transport = cast(asyncio.Transport, transport)

    async def _login(self, username: str, password: str) -> None:
        if self._relay.tls is Tls.NONE and not self._relay.login_without_tls:
            _give_up(Stage.LOGIN, "a password is not sent to a relay without TLS")
        offered = self._extensions.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            reply = await self._ask("AUTH PLAIN " + _base64(f"\0{username}\0{password}"))
        elif "LOGIN" in offered:
            _require(await self._ask("AUTH LOGIN"), Stage.LOGIN, 334)
            _require(await self._ask(_base64(username)), Stage.LOGIN, 334)
            reply = await self._ask(_base64(password))
        else:
            _give_up(Stage.LOGIN, "the relay offers neither AUTH PLAIN nor AUTH LOGIN")
        _require(reply, Stage.LOGIN, 235)

    async def _ask(self, command: str) -> Reply:
        self._wire().write(command.encode() + b"\r\n")
        return await self._reply()

    async def _reply(self) -> Reply:
        assert self._handshake is not None
        if (reply := await self._handshake.get()) is None:
            raise ConnectionResetError(self._why or "the relay closed the connection while greeting")
        return reply

    # Mail: replies drive it from here on.

    @property
    def wasted(self) -> bool:
        """Whether the connection was lost, not ended by us, before it was good for anything."""
        return not self._answers and not self._closing

    def pull(self) -> None:
        """Begin the next mail if nothing is under way; quit if told to."""
        if self._expected or self._handshake is not None or self._wire().is_closing():
            return
        if self._closing:
            self._expected.append(Stage.QUIT)
            self._wire().write(b"QUIT\r\n")
        elif group := self._next():
            self._wire().write(group)
        self._deadline = self._loop.time() + self._wait_s()

    def quit(self) -> None:
        """Take no further mail, finish the one under way, then say goodbye."""
        self._closing = True
        self.pull()

    def abort(self, why: str) -> None:
        """Drop the connection; a body under way becomes unknown, an envelope goes back."""
        self._why = self._why or why
        self._drop()

    def _next(self) -> bytes:
        """The commands that begin another mail, or QUIT when this connection has carried its share, or nothing."""
        if self._closing:
            return b""
        if self._left <= 0:
            self._closing = True
            self._expected.append(Stage.QUIT)
            return b"QUIT\r\n"
        while (job := self._work.take()) is not None:
            try:
                sender, recipient = envelope(job.mail, self._extensions)
            except CannotBeSent as error:
                self._work.settle(job, error.outcome)
                continue
            self._left -= 1
            self._current, self._failure = job, None
            if self._pipelining:
                self._expected += (Stage.MAIL, Stage.RCPT, Stage.DATA)
                return sender + recipient + b"DATA\r\n"
            self._expected.append(Stage.MAIL)
            self._recipient = recipient
            return sender
        return b""

    def _hear(self, stage: Stage, reply: Reply) -> None:
        if reply.code == 421:  # the relay is closing the session, whatever we asked (RFC 5321 §3.8)
            self._on_closing(stage, reply)
        elif stage is Stage.MAIL:
            self._on_sender(reply)
        elif stage is Stage.RCPT:
            self._on_recipient(reply)
        elif stage is Stage.DATA:
            self._on_data(reply)
        elif stage is Stage.BODY:
            self._on_body(reply)
        elif stage is Stage.RESET and reply.code // 100 != 2:
            self.abort(f"the relay did not reset: {reply.code}")
        elif stage is Stage.QUIT:
            self._wire().close()

    def _on_sender(self, reply: Reply) -> None:
        if reply.code // 100 != 2:
            self._failure = _failure(reply, Stage.MAIL)
        if not self._pipelining:
            self._step(Stage.RCPT, self._recipient)

    def _on_recipient(self, reply: Reply) -> None:
        if reply.code // 100 != 2 and self._failure is None:
            self._failure = _failure(reply, Stage.RCPT)
        if not self._pipelining:
            self._step(Stage.DATA, b"DATA\r\n")

    def _step(self, stage: Stage, command: bytes) -> None:
        """Lock-step: the next command of the mail, or the end of it if the last one failed."""
        if self._failure is None:
            self._expected.append(stage)
            self._wire().write(command)
        else:
            self._skip(Stage.RESET, b"RSET\r\n")

    def _on_data(self, reply: Reply) -> None:
        if self._failure is None and reply.code == 354:
            self._send_body()
            return
        if self._failure is None:
            self._failure = _failure(reply, Stage.DATA)
        if reply.code == 354:
            # DATA was accepted although no recipient was: only a lone dot ends it (RFC 2920 §3.1).
            self._skip(Stage.EMPTY, b".\r\n")
        else:
            self._skip(Stage.RESET, b"RSET\r\n")

    def _skip(self, stage: Stage, command: bytes) -> None:
        """Settle the current mail as failed, clear the transaction, and begin the next in the same breath."""
        job, failure = self._current, self._failure
        assert job is not None and failure is not None
        self._current = None
        self._answers += 1
        self._work.settle(job, failure)
        self._expected.append(stage)
        self._wire().write(command + self._next() if self._pipelining else command)

    def _send_body(self) -> None:
        """Send the body and, pipelined, the next mail's envelope with it: one round trip a mail.

        Source: RFC 2920 §3.1 allows a group to begin with the body of the mail before.
        """
        job, transport = self._current, self._wire()
        assert job is not None
        if transport.is_closing():  # nothing would be written: the mail goes back when the loss is reported
            return
        self._current, self._sent = None, job
        self._expected.append(Stage.BODY)
        body = job.mail.message + b".\r\n" if job.mail.stuffed else stuffed(job.mail.message)
        transport.write(body + self._next() if self._pipelining else body)

    def _on_body(self, reply: Reply) -> None:
        job, self._sent = self._sent, None
        assert job is not None
        self._answers += 1
        outcome = reply.outcome(Stage.BODY)
        self._work.settle(job, outcome)
        if outcome.status is Status.UNKNOWN:
            self.abort(f"the relay answered a body with {reply.code}")

    def _on_closing(self, stage: Stage, reply: Reply) -> None:
        if stage is Stage.BODY:
            job, self._sent = self._sent, None
            assert job is not None
            self._answers += 1
            self._work.settle(job, reply.outcome(Stage.BODY))
        self._last_words = _failure(reply, stage)
        self.abort(self._last_words.text)

    # The transport's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            code, mark = line[:3], line[3:4]
            if not code.isdigit() or mark not in _MARKS:
                self.abort("the relay sent something that is not an SMTP reply")
                return
            self._lines.append(line[4:].rstrip())
            if mark == b"-":
                continue
            reply, self._lines = Reply(int(code), self._lines), []
            self._take_reply(reply)
            if self._why is not None:
                return
        if len(self._buffer) + sum(map(len, self._lines)) > MAX_REPLY_BYTES:
            self.abort("the relay sent an endless reply")
        elif self._expected:
            self._deadline = self._loop.time() + self._wait_s()
        else:
            self.pull()

    def _take_reply(self, reply: Reply) -> None:
        if self._handshake is not None:
            self._handshake.put_nowait(reply)
        elif sum(map(len, reply.lines)) > MAX_REPLY_BYTES:
            self.abort("the relay sent an endless reply")
        elif self._expected:
            self._hear(self._expected.popleft(), reply)
        else:
            self.abort(f"the relay spoke unasked: {reply.code}")

    def pause_writing(self) -> None:
        self._unsent = self._wire().get_write_buffer_size()
        self._deadline = self._loop.time() + self._wait_s()

    def resume_writing(self) -> None:
        self._unsent = 0
        self._deadline = self._loop.time() + self._wait_s()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clock.cancel()
        why = self._why or (str(exc) if exc else "") or "the relay closed the connection"
        if self._handshake is not None:
            self._why = why
            self._handshake.put_nowait(None)
        if (job := self._sent) is not None:
            self._sent = None
            text = f"sent, but not answered: {why}"
            self._work.settle(job, Outcome(Status.UNKNOWN, None, None, text, Stage.BODY))
        if (job := self._current) is not None:
            self._current = None
            if self._failure is not None:
                self._work.settle(job, self._failure)
            else:
                lost = Outcome(Status.DEFERRED, None, None, why, Stage.MAIL)
                self._work.give_back(job, self._last_words or lost)
        if not self.closed.done():
            self.closed.set_result(None)

    def _tick(self) -> None:
        """One coarse clock a connection: a timer a mail would cost more than reading its replies."""
        if self._unsent and (unsent := self._wire().get_write_buffer_size()) < self._unsent:
            self._unsent = unsent
            self._deadline = self._loop.time() + self._wait_s()
        if self._loop.time() < self._deadline:
            self._clock = self._loop.call_later(self._timeouts.tick_s(), self._tick)
        elif self._expected:
            silence = "the relay stopped reading for" if self._unsent else f"no answer to {self._expected[0]} within"
            self.abort(f"{silence} {self._wait_s():g} s")
        else:
            self.quit()
            self._clock = self._loop.call_later(self._timeouts.tick_s(), self._tick)

    def _wait_s(self) -> float:
        if self._unsent:
            return self._timeouts.block_s
        return self._timeouts.of(self._expected[0] if self._expected else None)

    def _wire(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _drop(self) -> None:
        self._clock.cancel()
        if self._transport is not None:
            self._transport.abort()


def _require(reply: Reply, stage: Stage, code: int) -> None:
    if reply.code != code:
        raise RelayUnavailable(reply.outcome(stage, status=Status.DEFERRED), permanent=reply.code >= 500)


def _give_up(stage: Stage, text: str) -> NoReturn:
    raise RelayUnavailable(Outcome(Status.DEFERRED, None, None, text, stage), permanent=True)


def _failure(reply: Reply, stage: Stage) -> Outcome:
    """A refusal or a deferral; a reply that makes no sense here defers, since the body was not begun."""
    outcome = reply.outcome(stage)
    if outcome.status in (Status.DEFERRED, Status.REFUSED):
        return outcome
    return outcome._replace(status=Status.DEFERRED)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")

"""A fast SMTP server that accepts mail and sends it nowhere: for tests, benchmarks and the demo's mail catcher."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import cast

MAX_LINE_BYTES = 8192
MAX_MESSAGE_BYTES = 26_214_400
EXTENSIONS = ("PIPELINING", f"SIZE {MAX_MESSAGE_BYTES}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
_END = b"\r\n.\r\n"
_SIMPLE = {b"HELO": b"250 sink", b"NOOP": b"250 2.0.0 ok", b"QUIT": b"221 2.0.0 bye"}

#: A hook's answer that hangs up without a reply, and one that stays silent for ever.
DROP, SILENCE = b"\0drop", b"\0silence"

Received = Callable[[str, list[str], bytes], None]


@dataclass(slots=True, kw_only=True)
class Faults:
    """How the sink misbehaves.

    `recipients` holds replies to single addresses. `answer` sees each command line (the end of a message as
    `b"."`, the greeting as `b""`) and returns a reply, `DROP`, `SILENCE`, or None for the usual.
    """

    recipients: Mapping[str, bytes] = field(default_factory=dict)
    answer: Callable[[bytes], bytes | None] | None = None
    delay_s: float = 0


class Sink:
    """Listens, accepts, counts.

    `received(envelope_from, recipients, message)` gets each accepted message, unstuffed; if it raises, the client
    gets 451 and keeps the mail.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        received: Received | None = None,
        faults: Faults | None = None,
        extensions: Sequence[str] = EXTENSIONS,
    ) -> None:
        self.host, self.port = host, port
        self.received, self.faults, self.extensions = received, faults, tuple(extensions)
        self.mails = self.bytes = self.connections = 0
        self._sessions: set[_Session] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; with port 0 the system chooses one, found in `port` afterwards."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and hang up on everyone."""
        assert self._server is not None
        self._server.close()
        for session in list(self._sessions):
            session.hang_up()
        await self._server.wait_closed()

    async def __aenter__(self) -> "Sink":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink, self._faults = sink, sink.faults
        self._transport: asyncio.Transport | None = None
        self._buffer, self._from = b"", 0
        self._body = self._deaf = False
        self._sender: str | None = None
        self._recipients: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._sink.connections += 1
        self._sink._sessions.add(self)
        self._reply([self._fault(b"") or b"220 sink ESMTP"])

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink._sessions.discard(self)
        self._transport = None

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        replies: list[bytes] = []
        while not self._deaf:
            reply = self._message() if self._body else self._command()
            if reply is None:
                break
            replies.append(reply)
            if reply is DROP or reply is SILENCE or reply.startswith((b"221", b"421")):
                self._deaf = True
        if replies:
            self._reply(replies)

    def _command(self) -> bytes | None:
        """Answer the next command line in the buffer; None when there is no whole line."""
        end = self._buffer.find(b"\n")
        if end < 0:
            return b"421 4.5.2 line too long" if len(self._buffer) > MAX_LINE_BYTES else None
        line, self._buffer = self._buffer[:end].rstrip(b"\r"), self._buffer[end + 1 :]
        if (fault := self._fault(line)) is not None:
            return fault
        match line[:4].upper():
            case b"MAIL":
                reply = self._mail(line)
            case b"RCPT":
                reply = self._rcpt(line)
            case b"DATA":
                reply = self._data()
            case b"EHLO":
                words = ["sink", *self._sink.extensions]
                reply = "\r\n".join([*(f"250-{word}" for word in words[:-1]), f"250 {words[-1]}"]).encode()
            case b"RSET":
                self._sender, self._recipients = None, []
                reply = b"250 2.0.0 ok"
            case verb:
                reply = _SIMPLE.get(verb, b"502 5.5.1 not here")
        return reply

    def _data(self) -> bytes:
        if not self._recipients:
            return b"554 5.5.1 no valid recipients"
        self._body, self._from = True, 0
        return b"354 go on, end with a lone dot"

    def _mail(self, line: bytes) -> bytes:
        if self._sender is not None:
            return b"503 5.5.1 a sender was given already"
        self._sender = _path(line)
        return b"250 2.1.0 ok"

    def _rcpt(self, line: bytes) -> bytes:
        if self._sender is None:
            return b"503 5.5.1 MAIL first"
        address = _path(line)
        if self._faults is not None and (reply := self._faults.recipients.get(address)) is not None:
            return reply
        self._recipients.append(address)
        return b"250 2.1.5 ok"

    def _message(self) -> bytes | None:
        """Take the message in the buffer if its end has come."""
        if self._buffer.startswith(b".\r\n"):
            message, rest = b"", 3
        else:
            # Looking again only at what is new keeps a large message in many pieces linear.
            end = self._buffer.find(_END, max(0, self._from - len(_END)))
            if end < 0:
                self._from = len(self._buffer)
                return b"421 4.3.4 message too big" if self._from > MAX_MESSAGE_BYTES else None
            message, rest = self._buffer[: end + 2], end + len(_END)
        self._buffer, self._body = self._buffer[rest:], False
        sender, recipients = self._sender or "", self._recipients
        self._sender, self._recipients = None, []
        if (fault := self._fault(b".")) is not None:
            return fault
        return self._accept(sender, recipients, message)

    def _accept(self, sender: str, recipients: list[str], message: bytes) -> bytes:
        sink = self._sink
        if sink.received is not None:
            if message.startswith(b"."):
                message = message[1:]
            try:
                sink.received(sender, recipients, message.replace(b"\r\n.", b"\r\n"))
            except Exception as error:
                return b"451 4.3.0 not kept: " + type(error).__name__.encode()
        sink.mails += 1
        sink.bytes += len(message)
        return b"250 2.0.0 ok: kept as %d" % sink.mails

    def _fault(self, line: bytes) -> bytes | None:
        answer = self._faults.answer if self._faults is not None else None
        return answer(line) if answer is not None else None

    def _reply(self, replies: list[bytes]) -> None:
        """Write the replies to one read in one piece, late if told so."""
        if self._faults is not None and self._faults.delay_s:
            asyncio.get_running_loop().call_later(self._faults.delay_s, self._write, replies)
        else:
            self._write(replies)

    def _write(self, replies: list[bytes]) -> None:
        if self._transport is None:
            return
        said = [reply for reply in replies if reply is not DROP and reply is not SILENCE]
        if said:
            self._transport.write(b"\r\n".join(said) + b"\r\n")
        if replies[-1] is DROP or replies[-1].startswith((b"221", b"421")):
            self._transport.close()


def _path(line: bytes) -> str:
    start, end = line.find(b"<"), line.rfind(b">")
    return line[start + 1 : end].decode("utf-8", "replace")

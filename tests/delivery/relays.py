"""A relay that misbehaves as told, and mail to hand to it."""

import asyncio
import random
from collections.abc import Callable, Sequence

from tillit.delivery.pool import Backoff, Pool
from tillit.delivery.sink import EXTENSIONS, Faults, Sink
from tillit.delivery.wire import Mail, Outcome, Relay, Status, Timeouts

BODY = b"Subject: hello\r\n\r\nHello.\r\n"
QUICK = Backoff(base_s=0.001, ceiling_s=0.01, attempts=3)
LOCK_STEP = tuple(word for word in EXTENSIONS if word != "PIPELINING")


def mail(number: int = 0, *, message: bytes = BODY, recipient: str | None = None) -> Mail:
    return Mail("bounce@sender.example", recipient or f"person{number}@reader.example", message)


def send(
    mails: Sequence[Mail],
    *,
    faults: Faults | None = None,
    extensions: Sequence[str] = EXTENSIONS,
    connections: int = 1,
    timeouts: Timeouts | None = None,
    received: Callable[[str, list[str], bytes], None] | None = None,
    mails_per_connection: int = 1000,
    max_waiting: int = 20_000,
) -> tuple[list[Outcome], Sink]:
    async def main() -> tuple[list[Outcome], Sink]:
        async with Sink(faults=faults, extensions=extensions, received=received) as sink:
            pool = Pool(
                Relay(host=sink.host, port=sink.port),
                connections=connections,
                mails_per_connection=mails_per_connection,
                max_waiting=max_waiting,
                timeouts=timeouts,
                backoff=QUICK,
                rng=random.Random(7),
            )
            async with pool, asyncio.timeout(20):
                return await pool.send_batch(mails), sink

    return asyncio.run(main())


def replying(**replies: bytes) -> Faults:
    """Faults that answer a verb with a fixed reply; `end` is the end of a message, `greeting` the first line."""
    table = {b"." if key == "end" else b"" if key == "greeting" else key.upper().encode(): value
             for key, value in replies.items()}  # fmt: skip
    return Faults(answer=lambda line: table.get(line[:4].upper() if line != b"." else line))


def once(verb: bytes, reply: bytes) -> Faults:
    """A fault at the first command with this verb only."""
    left = [reply]
    return Faults(answer=lambda line: left.pop() if left and line[:4] == verb and (verb or not line) else None)


def statuses(outcomes: Sequence[Outcome]) -> list[Status]:
    return [outcome.status for outcome in outcomes]

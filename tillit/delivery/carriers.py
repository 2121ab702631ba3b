"""Who takes the mails: the relay, over many connections, or the mail catcher's folder. Both answer with outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from tillit.delivery.backend import caught_mail
from tillit.delivery.pool import Backoff, Pool
from tillit.delivery.relay import Relay
from tillit.delivery.wire import Mail, Outcome, Stage, Status, Timeouts
from tillit.env import Env

HURRIED = Timeouts(connect_s=5, greeting_s=10, mail_s=10, rcpt_s=10, data_s=10, end_of_data_s=20, quit_s=1)
_CAUGHT = Outcome(Status.ACCEPTED, 250, "2.0.0", "caught: the mail stayed on this machine", Stage.BODY)


class Carrier(Protocol):
    """Takes mails and says what became of each, in their order. Mail trouble is an outcome, never an exception."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
    async def send_batch(self, mails: Sequence[Mail]) -> list[Outcome]: ...


class Catcher:
    """Keeps mails in a Maildir folder: no mail leaves the machine until a relay is configured."""

    def __init__(self, data: Path) -> None:
        self._data = data

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def send_batch(self, mails: Sequence[Mail]) -> list[Outcome]:
        """Write each mail into the folder."""
        return await asyncio.to_thread(self._keep, mails)

    def _keep(self, mails: Sequence[Mail]) -> list[Outcome]:
        folder = caught_mail(self._data)
        outcomes = list[Outcome]()
        for mail in mails:
            try:
                folder.add(mail.message)
                outcomes.append(_CAUGHT)
            except OSError as error:
                text = f"the mail catcher's folder cannot be written: {error.strerror}"
                outcomes.append(Outcome(Status.DEFERRED, None, None, text, Stage.CONNECT))
        return outcomes


def carrier(env: Env) -> Carrier:
    """The carrier that the settings name. Raises BadRelay."""
    if not env.smtp_url:
        return Catcher(env.data)
    return Pool(Relay.parse(env.smtp_url, hostname=env.mail_domain), connections=env.smtp_connections)


async def hand_over(env: Env, mail: Mail) -> Outcome:
    """Hand one mail over, in seconds or not at all: somebody waits for the answer. Raises BadRelay."""
    taking: Carrier = Catcher(env.data)
    if env.smtp_url:
        relay = Relay.parse(env.smtp_url, hostname=env.mail_domain)
        taking = Pool(relay, connections=1, timeouts=HURRIED, backoff=Backoff(attempts=1))
    async with taking:
        return (await taking.send_batch([mail]))[0]


class Pace:
    """Lets at most `per_second` mails through, in slices of a batch with pauses between them; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._free_at = 0.0

    def most(self, size: int) -> int:
        """How many to claim at a time: ten seconds' worth, so that an objection waits no longer in a slow queue."""
        return size if not self.per_second else max(1, min(size, int(self.per_second * 10)))

    async def wait(self, mails: int) -> None:
        """Wait until so many mails may leave."""
        if not self.per_second:
            return
        now = asyncio.get_running_loop().time()
        start = max(now, self._free_at)
        self._free_at = start + mails / self.per_second
        await asyncio.sleep(start - now)

    def slices(self, mails: Sequence[Mail]) -> list[Sequence[Mail]]:
        """The batch in pieces of a quarter of a second."""
        size = len(mails) if not self.per_second else max(1, int(self.per_second / 4))
        return [mails[at : at + size] for at in range(0, len(mails), size or 1)]

"""Connections: opened, refused, kept, left, closed."""

import asyncio

import pytest

from tests.delivery.relays import QUICK, mail, replying, send, statuses
from tillit.delivery.pool import Pool, PoolClosed
from tillit.delivery.sink import SILENCE, Faults, Sink
from tillit.delivery.wire import Outcome, Relay, Stage, Status, Timeouts


@pytest.mark.parametrize("greeting", [b"554 5.3.2 no service", b"220 hello"])
def test_a_relay_that_refuses_us_defers_mail_and_is_not_asked_again(greeting: bytes) -> None:
    faults = replying(greeting=greeting, ehlo=b"550 5.7.1 go away")
    outcomes, sink = send([mail(1), mail(2)], faults=faults)
    assert statuses(outcomes) == [Status.DEFERRED] * 2
    assert outcomes[0].stage is Stage.HELLO
    assert sink.connections == 1


def test_a_relay_that_is_busy_is_asked_again_then_mail_is_deferred() -> None:
    outcomes, sink = send([mail()], faults=replying(greeting=b"421 4.3.2 too many"))
    assert statuses(outcomes) == [Status.DEFERRED]
    assert sink.connections == QUICK.attempts


def test_a_relay_without_ehlo_is_greeted_with_helo() -> None:
    outcomes, _ = send([mail(1), mail(2)], faults=replying(ehlo=b"502 5.5.1 what"))
    assert set(statuses(outcomes)) == {Status.ACCEPTED}


def test_nobody_listening_is_deferred() -> None:
    async def main() -> list[Outcome]:
        async with Sink() as sink:
            port = sink.port
        async with Pool(Relay(host="127.0.0.1", port=port), backoff=QUICK) as pool:
            return await pool.send_batch([mail(1), mail(2)])

    outcomes = asyncio.run(main())
    assert [(outcome.status, outcome.stage) for outcome in outcomes] == [(Status.DEFERRED, Stage.CONNECT)] * 2


def test_a_greeting_that_never_comes_is_deferred() -> None:
    outcomes, _ = send([mail()], faults=replying(greeting=SILENCE), timeouts=Timeouts(greeting_s=0.05))
    assert statuses(outcomes) == [Status.DEFERRED]
    assert "in time" in outcomes[0].text


def test_connections_are_kept_between_batches_and_left_when_idle() -> None:
    async def main() -> tuple[int, int, int]:
        async with Sink() as sink:
            times = Timeouts(idle_s=0.1)
            async with Pool(Relay(host=sink.host, port=sink.port), connections=1, timeouts=times) as pool:
                for number in range(3):
                    await pool.send_batch([mail(number)])
                kept = sink.connections
                await asyncio.sleep(0.4)
                idle = len(sink._sessions)
                await pool.send_batch([mail()])
                return kept, idle, sink.connections

    assert asyncio.run(main()) == (1, 0, 2)


def test_a_connection_the_relay_left_while_idle_is_replaced() -> None:
    async def main() -> list[Outcome]:
        async with Sink() as sink:
            pool = Pool(Relay(host=sink.host, port=sink.port), connections=1, backoff=QUICK)
            async with pool:
                await pool.send_batch([mail(1)])
                for session in list(sink._sessions):
                    session.hang_up()
                return await pool.send_batch([mail(2)])

    assert statuses(asyncio.run(main())) == [Status.ACCEPTED]


def test_concurrent_batches_wait_for_room_and_all_arrive() -> None:
    async def main() -> list[list[Outcome]]:
        async with Sink() as sink:
            pool = Pool(Relay(host=sink.host, port=sink.port), connections=3, max_waiting=10)
            async with pool:
                return await asyncio.gather(*(pool.send_batch([mail(n) for n in range(40)]) for _ in range(5)))

    batches = asyncio.run(main())
    assert [len(batch) for batch in batches] == [40] * 5
    assert {outcome.status for batch in batches for outcome in batch} == {Status.ACCEPTED}


def test_closing_defers_what_was_not_begun_and_finishes_what_was() -> None:
    async def main() -> tuple[list[Outcome], int]:
        async with Sink(faults=Faults(delay_s=0.05)) as sink:
            pool = Pool(Relay(host=sink.host, port=sink.port), connections=1)
            sending = asyncio.create_task(pool.send_batch([mail(n) for n in range(10)]))
            await asyncio.sleep(0.25)
            await pool.close()
            with pytest.raises(PoolClosed):
                await pool.send_batch([mail()])
            return await sending, sink.mails

    outcomes, kept = asyncio.run(main())
    assert 0 < kept < 10
    assert statuses(outcomes) == [Status.ACCEPTED] * kept + [Status.DEFERRED] * (10 - kept)


def test_closing_does_not_wait_for_ever() -> None:
    async def main() -> list[Outcome]:
        async with Sink(faults=replying(end=SILENCE)) as sink:
            pool = Pool(Relay(host=sink.host, port=sink.port), connections=1)
            sending = asyncio.create_task(pool.send_batch([mail(1), mail(2)]))
            await asyncio.sleep(0.1)
            await pool.close(grace_s=0.05)
            return await sending

    assert statuses(asyncio.run(main())) == [Status.UNKNOWN, Status.DEFERRED]


def test_a_cancelled_batch_leaves_the_pool_usable() -> None:
    async def main() -> tuple[list[Outcome], int]:
        async with (
            Sink(faults=Faults(delay_s=0.02)) as sink,
            Pool(Relay(host=sink.host, port=sink.port), connections=1) as pool,
        ):
            sending = asyncio.create_task(pool.send_batch([mail(n) for n in range(100)]))
            await asyncio.sleep(0.1)
            sending.cancel()
            return await pool.send_batch([mail(100)]), sink.mails

    outcomes, kept = asyncio.run(main())
    assert statuses(outcomes) == [Status.ACCEPTED]
    assert kept < 20

"""The client against the sink, over real sockets: one test for each way a mail can end."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.delivery.relays import BODY, LOCK_STEP, QUICK, mail, once, replying, send, statuses
from tillit.delivery.pool import Pool
from tillit.delivery.sink import DROP, EXTENSIONS, SILENCE, Faults
from tillit.delivery.wire import BadAddress, Mail, Outcome, Relay, Stage, Status, Timeouts, check_address, stuffed


@pytest.mark.parametrize("extensions", [EXTENSIONS, LOCK_STEP], ids=["pipelined", "lock-step"])
def test_accepted_mail_arrives_as_it_was_given(extensions: Sequence[str]) -> None:
    kept: list[tuple[str, list[str], bytes]] = []
    outcomes, sink = send([mail(n) for n in range(50)], extensions=extensions, received=lambda *mail: kept.append(mail))
    assert set(statuses(outcomes)) == {Status.ACCEPTED}
    assert outcomes[0] == Outcome(Status.ACCEPTED, 250, "2.0.0", "2.0.0 ok: kept as 1", Stage.BODY)
    assert kept == [("bounce@sender.example", [f"person{n}@reader.example"], BODY) for n in range(50)]
    assert sink.connections == 1


def test_outcomes_keep_the_order_of_the_batch_over_many_connections() -> None:
    recipients = {f"person{n}@reader.example": b"550 5.1.1 no" for n in range(0, 300, 3)}
    outcomes, sink = send([mail(n) for n in range(300)], faults=Faults(recipients=recipients), connections=7)
    assert statuses(outcomes) == [Status.REFUSED if n % 3 == 0 else Status.ACCEPTED for n in range(300)]
    assert sink.mails == 200
    assert sink.connections == 7


def test_an_empty_batch_is_done_at_once() -> None:
    assert send([])[0] == []


@pytest.mark.parametrize("extensions", [EXTENSIONS, LOCK_STEP], ids=["pipelined", "lock-step"])
@pytest.mark.parametrize(
    ("reply", "status"), [(b"550 5.1.1 no such person", Status.REFUSED), (b"451 4.7.1 later", Status.DEFERRED)]
)
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA])
def test_a_refusal_before_the_body_ends_that_mail_alone(
    stage: Stage, reply: bytes, status: Status, extensions: Sequence[str]
) -> None:
    faults = once(stage.value.upper().encode(), reply)
    outcomes, sink = send([mail(n) for n in range(3)], faults=faults, extensions=extensions)
    code, _, text = reply.partition(b" ")
    assert outcomes[0] == Outcome(status, int(code), text.decode()[:5], text.decode(), stage)
    assert statuses(outcomes[1:]) == [Status.ACCEPTED] * 2
    assert (sink.mails, sink.connections) == (2, 1)


@pytest.mark.parametrize(
    ("reply", "status"), [(b"554 5.7.1 spam", Status.REFUSED), (b"452 4.3.1 disk full", Status.DEFERRED)]
)
def test_a_body_can_be_refused_and_the_next_mail_still_goes(reply: bytes, status: Status) -> None:
    outcomes, sink = send([mail(1), mail(2)], faults=once(b".", reply))
    assert statuses(outcomes) == [status, Status.ACCEPTED]
    assert outcomes[0].stage is Stage.BODY
    assert sink.connections == 1


def test_data_accepted_without_recipient_is_ended_by_a_lone_dot() -> None:
    """RFC 2920 §3.1: some servers answer 354 although every RCPT failed."""
    seen: list[bytes] = []

    def answer(line: bytes) -> bytes | None:
        seen.append(line)
        if line == b"DATA" and seen[-2] == b"RCPT TO:<nobody@reader.example>":
            return b"354 go on anyway"
        return {b"RCPT TO:<nobody@reader.example>": b"550 5.1.1 no", b".": b"554 5.5.1 empty"}.get(line)

    # The sink has not switched to body mode, so the lone dot arrives as a command line: what a test can see.
    outcomes, _ = send([mail(recipient="nobody@reader.example")], faults=Faults(answer=answer))
    assert statuses(outcomes) == [Status.REFUSED]
    assert b"." in seen
    assert b"Hello." not in b"".join(seen)


@pytest.mark.parametrize("extensions", [EXTENSIONS, LOCK_STEP], ids=["pipelined", "lock-step"])
def test_a_connection_lost_after_the_dot_leaves_exactly_that_mail_unknown(extensions: Sequence[str]) -> None:
    outcomes, sink = send([mail(n) for n in range(5)], faults=once(b".", DROP), extensions=extensions)
    assert statuses(outcomes) == [Status.UNKNOWN] + [Status.ACCEPTED] * 4
    assert outcomes[0].code is None
    assert "not answered" in outcomes[0].text
    assert sink.connections == 2


def test_silence_after_the_dot_is_unknown() -> None:
    outcomes, _ = send([mail()], faults=once(b".", SILENCE), timeouts=Timeouts(end_of_data_s=0.1))
    assert statuses(outcomes) == [Status.UNKNOWN]
    assert "no answer to body" in outcomes[0].text


def test_a_reply_to_the_body_that_makes_no_sense_is_unknown() -> None:
    outcomes, _ = send([mail()], faults=once(b".", b"354 what"))
    assert statuses(outcomes) == [Status.UNKNOWN]


@pytest.mark.parametrize("verb", [b"MAIL", b"RCPT", b"DATA"])
@pytest.mark.parametrize("fault", [DROP, b"421 4.3.2 shutting down"], ids=["dropped", "421"])
def test_a_connection_lost_before_the_body_is_tried_again(verb: bytes, fault: bytes) -> None:
    outcomes, sink = send([mail(1), mail(2)], faults=once(verb, fault))
    assert statuses(outcomes) == [Status.ACCEPTED] * 2
    assert sink.connections == 2


@pytest.mark.parametrize("verb", ["mail", "rcpt", "data"])
def test_a_mail_whose_envelope_never_gets_through_is_deferred(verb: str) -> None:
    outcomes, sink = send([mail(1), mail(2)], faults=replying(**{verb: DROP}))
    assert statuses(outcomes) == [Status.DEFERRED] * 2
    assert sink.mails == 0


def test_silence_at_the_envelope_is_deferred_not_unknown() -> None:
    times = Timeouts(mail_s=0.05, rcpt_s=0.05, data_s=0.05)
    outcomes, _ = send([mail()], faults=replying(rcpt=SILENCE), timeouts=times)
    assert statuses(outcomes) == [Status.DEFERRED]


def test_421_after_the_body_defers_it_and_the_rest_goes_elsewhere() -> None:
    outcomes, sink = send([mail(n) for n in range(3)], faults=once(b".", b"421 4.3.2 shutting down"))
    assert statuses(outcomes) == [Status.DEFERRED, Status.ACCEPTED, Status.ACCEPTED]
    assert outcomes[0].code == 421
    assert sink.connections == 2


def test_a_refused_recipient_stays_refused_when_the_connection_dies_before_data_is_answered() -> None:
    faults = Faults(
        recipients={"person0@reader.example": b"550 5.1.1 no"}, answer=lambda line: DROP if line == b"DATA" else None
    )
    outcomes, _ = send([mail()], faults=faults)
    assert outcomes[0].status is Status.REFUSED
    assert outcomes[0].enhanced == "5.1.1"


def test_a_server_that_drops_after_every_dot_is_given_up_soon() -> None:
    """Else a broken relay would turn a whole campaign unknown, one connection a mail."""
    outcomes, sink = send([mail(n) for n in range(100)], faults=replying(end=DROP))
    assert statuses(outcomes).count(Status.UNKNOWN) == QUICK.attempts == sink.connections
    assert statuses(outcomes).count(Status.DEFERRED) == 97


def test_a_reset_that_fails_renews_the_connection() -> None:
    faults = Faults(
        recipients={"person0@reader.example": b"550 no"}, answer=lambda line: b"500 what" if line == b"RSET" else None
    )
    outcomes, sink = send([mail(0), mail(1)], faults=faults)
    assert statuses(outcomes) == [Status.REFUSED, Status.ACCEPTED]
    assert sink.connections == 2


@pytest.mark.parametrize("extensions", [EXTENSIONS, LOCK_STEP], ids=["pipelined", "lock-step"])
def test_a_full_connection_says_goodbye_and_another_goes_on(extensions: Sequence[str]) -> None:
    quits: list[bytes] = []
    faults = Faults(answer=lambda line: quits.append(line) if line == b"QUIT" else None)
    outcomes, sink = send([mail(n) for n in range(25)], faults=faults, mails_per_connection=10, extensions=extensions)
    assert set(statuses(outcomes)) == {Status.ACCEPTED}
    assert (sink.connections, len(quits)) == (3, 3)


def test_multi_line_replies_are_read_whole() -> None:
    outcomes, _ = send([mail()], faults=replying(end=b"250-2.0.0 first\r\n250 2.0.0 second"))
    assert outcomes[0].text == "2.0.0 first 2.0.0 second"


@pytest.mark.parametrize("noise", [b"hello there", b"99 x", b"2x0 ok", b"250-" + b"x" * 70_000])
def test_a_peer_that_does_not_speak_smtp_is_dropped(noise: bytes) -> None:
    outcomes, _ = send([mail()], faults=once(b"MAIL", noise))
    assert statuses(outcomes) == [Status.ACCEPTED]  # on the next connection


def test_slow_replies_only_slow_down() -> None:
    outcomes, _ = send([mail(n) for n in range(4)], faults=Faults(delay_s=0.01))
    assert set(statuses(outcomes)) == {Status.ACCEPTED}


def test_a_callback_that_raises_keeps_the_mail_with_the_sender() -> None:
    def received(sender: str, recipients: list[str], message: bytes) -> None:
        raise OSError("disk full")

    outcomes, sink = send([mail()], received=received)
    assert statuses(outcomes) == [Status.DEFERRED]
    assert sink.mails == 0


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "a@b.example\n",
        "a\0@b.example",
        "a@b.example> SIZE=1",
        "<a@b.example",
        "a b@c.example",
        "",
        "nobody",
        "a@",
        "@b",
        "a\udc80@b.example",
        "a" * 250 + "@b.example",
    ],
)
def test_an_address_that_could_inject_is_refused_before_anything_is_written(address: str) -> None:
    with pytest.raises(BadAddress):
        Mail("sender@a.example", address, BODY)
    with pytest.raises(BadAddress):
        check_address(address)


def test_the_null_sender_is_allowed() -> None:
    senders: list[str] = []
    outcomes, _ = send([Mail("", "a@b.example", BODY)], received=lambda sender, *_: senders.append(sender))
    assert statuses(outcomes) == [Status.ACCEPTED]
    assert senders == [""]


def test_a_hostname_cannot_inject() -> None:
    with pytest.raises(ValueError, match="host name"):
        Relay(host="a.example", hostname="x\r\nMAIL FROM:<a@b>")


LINES = st.lists(
    st.sampled_from([b".", b"..", b".a", b"a.", b"", b"\r", b"\xc3\xa5", b"QUIT"]) | st.binary(max_size=20)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(lambda lines, end: end.join(lines), LINES, st.sampled_from([b"\r\n", b"\n", b"\r"])),
                min_size=1, max_size=8), st.booleans())  # fmt: skip
def test_any_message_arrives_whole_with_clean_line_ends(messages: list[bytes], pipelined: bool) -> None:
    kept: list[bytes] = []
    outcomes, _ = send(
        [mail(message=message) for message in messages],
        extensions=EXTENSIONS if pipelined else LOCK_STEP,
        received=lambda sender, recipients, message: kept.append(message),
    )
    assert set(statuses(outcomes)) == {Status.ACCEPTED}
    assert kept == [clean(message) for message in messages]


def clean(message: bytes) -> bytes:
    text = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    return text if text.endswith(b"\r\n") else text + b"\r\n"


@given(st.binary(max_size=200))
def test_a_stuffed_message_has_one_end(message: bytes) -> None:
    wire = b"\r\n" + stuffed(message)
    assert wire.index(b"\r\n.\r\n") == len(wire) - 5
    assert wire.count(b"\n") == wire.count(b"\r") == wire.count(b"\r\n")


def slow_server(*, stall: bool) -> list[Outcome]:
    """Send 6 MB to a server that reads 64 kB every 10 ms, or that stops reading for good."""

    async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for reply in (b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await reader.readline()
            writer.write(reply)
        seen, piece = b"", b"first"
        while piece and not stall and not seen.endswith(b"\r\n.\r\n"):
            piece = await reader.read(65_536)
            seen = (seen + piece)[-10:]
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5 if stall else 0)
        writer.write(b"250 2.0.0 ok\r\n")
        await asyncio.gather(reader.read(), writer.drain(), return_exceptions=True)
        writer.close()
        left.set()

    left = asyncio.Event()

    async def main() -> list[Outcome]:
        server = await asyncio.start_server(chat, "127.0.0.1", 0, limit=65_536)
        async with server:
            relay = Relay(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
            times = Timeouts(block_s=0.15, end_of_data_s=5, quit_s=0.5)
            async with Pool(relay, connections=1, timeouts=times, backoff=QUICK) as pool:
                outcomes = await pool.send_batch([mail(message=b"x\r\n" + b"y" * 6_000_000)])
            await left.wait()
            return outcomes

    return asyncio.run(main())


def test_a_large_mail_may_take_its_time_while_it_moves() -> None:
    assert statuses(slow_server(stall=False)) == [Status.ACCEPTED]


def test_a_large_mail_that_stops_moving_is_unknown() -> None:
    (outcome,) = slow_server(stall=True)
    assert outcome.status is Status.UNKNOWN
    assert "stopped reading" in outcome.text

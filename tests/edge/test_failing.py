"""When the database fails: people are served, what was answered as recorded is recorded, what is lost is counted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from uuid import UUID

import pytest

from tests import make
from tests.edge.world import (
    TARGET,
    UNREACHABLE,
    activities,
    ask,
    click_path,
    cut_connections,
    events,
    execute,
    open_path,
    person,
    serve,
    until,
)
from tillit.edge import writer
from tillit.edge.app import EdgeApp
from tillit.edge.counters import Drop

SOMEBODY = UUID(int=7)


def test_links_work_when_the_database_cannot_be_reached() -> None:
    async def test(app: EdgeApp) -> None:
        await until(lambda: app.writer.down)
        started = time.monotonic()
        assert (await ask(app, click_path(1, SOMEBODY))).headers["location"] == TARGET
        assert (await ask(app, open_path(1, SOMEBODY))).status == 200
        assert time.monotonic() - started < 0.5
        assert b"does not answer" in (await ask(app, "/e/health")).body

    app = serve(test, dsn=UNREACHABLE, grace_s=0.1)
    assert app.counters.dropped[Drop.SHUTDOWN] == 2
    assert app.counters.late == 2


def test_links_work_before_the_first_connection() -> None:
    """Whoever asks in the moment before the database is found missing is let go when it is."""

    async def test(app: EdgeApp) -> None:
        assert (await ask(app, click_path(1, SOMEBODY))).status == 302

    serve(test, dsn=UNREACHABLE, grace_s=0.1)


def test_a_full_queue_serves_people_and_counts_what_it_drops() -> None:
    async def test(app: EdgeApp) -> None:
        await until(lambda: app.writer.down)
        for _ in range(15):
            assert (await ask(app, click_path(1, SOMEBODY))).status == 302
        assert app.writer.waiting == 10

    app = serve(test, dsn=UNREACHABLE, queue=10, grace_s=0.1)
    assert (app.counters.dropped[Drop.QUEUE_FULL], app.counters.dropped[Drop.SHUTDOWN]) == (5, 10)


def test_an_outage_is_waited_out(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))
        execute("ALTER ROLE tillit_edge NOLOGIN")
        try:
            cut_connections()
            started = time.monotonic()
            for link in range(20):
                assert (await ask(app, click_path(house, ann, link=link))).status == 302
            assert time.monotonic() - started < 4
            assert app.writer.down
            assert events() == [("open", ann)]
        finally:
            execute("ALTER ROLE tillit_edge LOGIN")
        await until(lambda: app.writer.waiting == 0)
        assert not app.writer.down

    app = serve(test)
    assert sorted(link for (link,) in events("link") if link is not None) == list(range(20))
    assert app.counters.connects == 2
    assert app.counters.dropped.total() == 0


def test_connections_cut_again_and_again_lose_nothing(house: int) -> None:
    people = [person(house) for _ in range(50)]

    async def test(app: EdgeApp) -> None:
        async def asked(campaign: int) -> None:
            await asyncio.gather(*(ask(app, open_path(house, each, campaign=campaign)) for each in people))

        for campaign in range(6):
            asking = asyncio.create_task(asked(campaign))
            await asyncio.sleep(0.002 * campaign)
            await asyncio.to_thread(cut_connections)
            await asking

    app = serve(test)
    found = Counter(events("campaign_id, person_id"))
    assert len(found) == 300
    assert set(found.values()) == {1}
    assert app.counters.dropped.total() == 0


def test_a_commit_that_went_through_unheard_is_not_repeated(house: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = person(house)
    real = writer.record
    heard: list[bool] = []

    async def unheard(*arguments: object) -> object:
        outcome = await real(*arguments)
        if not heard:
            heard.append(False)
            raise writer.psycopg.OperationalError("the answer was lost")
        return outcome

    monkeypatch.setattr(writer, "record", unheard)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))

    app = serve(test)
    assert events() == [("open", ann)]
    assert activities() == [{"open": 1}]
    assert (app.counters.found_committed, app.counters.dropped.total()) == (1, 0)


def test_what_fails_in_one_workspace_costs_no_other_its_hits(house: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BACKOFF_S", 0.001)
    bad = make.workspace().pk
    good_people, bad_people = [person(house) for _ in range(5)], [person(bad) for _ in range(5)]
    execute(f"ALTER TABLE delivery_event ADD CONSTRAINT broken CHECK (workspace_id <> {bad})")

    async def test(app: EdgeApp) -> None:
        await asyncio.gather(
            *(ask(app, open_path(house, each)) for each in good_people),
            *(ask(app, open_path(bad, each)) for each in bad_people),
        )

    try:
        app = serve(test)
    finally:
        execute("ALTER TABLE delivery_event DROP CONSTRAINT broken")
    assert {who for _, who in events()} == set(good_people)
    assert app.counters.dropped[Drop.DATABASE] == 5


def test_nobody_waits_longer_than_two_seconds_for_a_locked_table(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))
        from tests.conftest import superuser

        with superuser() as connection, connection.transaction():
            connection.execute("LOCK TABLE delivery_event IN ACCESS EXCLUSIVE MODE")
            started = time.monotonic()
            assert (await ask(app, click_path(house, ann))).status == 302
            assert 1 < time.monotonic() - started < 3
        await until(lambda: app.writer.waiting == 0)

    app = serve(test)
    assert len(events()) == 2
    assert app.counters.late == 1


def test_activities_are_written_at_once_then_gathered_then_at_the_end(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))
        assert activities() == [{"open": 1}]
        for _ in range(3):
            await ask(app, click_path(house, ann))
        assert activities() == [{"open": 1}]

    serve(test)
    assert activities() == [{"open": 1}, {"click": 3}]


def test_counts_that_wait_are_written_without_another_hit(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        app.writer._tallies._every_s = 0.5
        await ask(app, open_path(house, ann))
        await ask(app, open_path(house, ann))
        assert activities() == [{"open": 1}]
        await until(lambda: len(activities()) == 2)

    serve(test)
    assert activities() == [{"open": 1}, {"open": 1}]


def test_an_activity_names_purpose_version_and_categories(house: int) -> None:
    from tillit.ledger.models import Activity

    ann = person(house)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))

    serve(test)
    (written,) = Activity.objects.filter(act="edge.measure")
    assert (written.purpose, written.actor, written.outcome) == ("measurement.email", "edge", "done")
    assert written.categories == ["correspondence", "device", "interaction"]
    assert written.policy_version_id is not None


def test_a_batch_larger_than_the_sockets_buffer_goes_through(house: int) -> None:
    people = [person(house) for _ in range(10)]

    async def test(app: EdgeApp) -> None:
        await asyncio.gather(*(ask(app, open_path(house, each, campaign=n)) for n in range(500) for each in people))

    app = serve(test)
    assert len(events()) == 5000
    assert app.counters.batches < 20

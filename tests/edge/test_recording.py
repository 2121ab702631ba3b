"""A hit is recorded when the person permits it, once, before it is answered; else it leaves a count and no more."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from django.utils import timezone

from tests import make
from tests.edge.world import (
    PEER,
    PURPOSE,
    TARGET,
    activities,
    ask,
    click_path,
    events,
    execute,
    open_path,
    person,
    serve,
)
from tillit.consent.actions import record_choice
from tillit.edge.app import EdgeApp
from tillit.edge.counters import Drop
from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import processing
from tillit.people.models import Person
from tillit.policy.regions import Region


@pytest.mark.clause("B1", "C9")
def test_an_open_and_a_click_are_in_the_database_when_they_are_answered(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        opened = await ask(app, open_path(house, ann))
        assert (opened.status, opened.headers["content-type"], len(opened.body)) == (200, "image/gif", 43)
        assert opened.headers["cache-control"] == "no-store"
        assert events() == [("open", ann)]
        clicked = await ask(app, click_path(house, ann, link=3, campaign=9))
        assert (clicked.status, clicked.headers["location"]) == (302, TARGET)
        assert events() == [("open", ann), ("click", ann)]

    serve(test)
    (_, click) = events("workspace_id, campaign_id, link, client, device, host(address), machine, at")
    assert click[:-1] == (house, 9, 3, "Chrome", "desktop", "198.51.100.0", "")
    assert abs((timezone.now() - click[-1]).total_seconds()) < 60


@pytest.mark.clause("C9", "D3")
def test_who_objected_since_the_mail_leaves_no_record_and_still_arrives(house: int) -> None:
    ann = person(house)
    before, after = open_path(house, ann), click_path(house, ann)

    async def test(app: EdgeApp) -> None:
        await ask(app, before)
        await asyncio.to_thread(object_to_measurement)
        clicked = await ask(app, after)
        assert (clicked.status, clicked.headers["location"]) == (302, TARGET)

    def object_to_measurement() -> None:
        from django.db import connection

        with processing(house, "preferences.manage", by="test", act="choose") as activity:
            record_choice(activity, [ann], PURPOSE, "objected", method="preferences", now=timezone.now())
        connection.close()

    app = serve(test)
    assert events() == [("open", ann)]
    assert app.counters.dropped[Drop.NOT_PERMITTED] == 1
    assert sum((Counter(counts) for counts in activities()), Counter()) == {"open": 1, "not_permitted": 1}


@pytest.mark.parametrize(
    ("region", "granted", "recorded"),
    [(Region.EEA, False, 0), (Region.EEA, True, 1), (Region.UNKNOWN, False, 0), (Region.US, False, 1)],
)
@pytest.mark.clause("C9", "D1")
def test_measuring_needs_consent_where_the_law_asks_for_it(
    house: int, region: Region, granted: bool, recorded: int
) -> None:
    bit = PurposeRule.objects.get(version__workspace=house, purpose=PURPOSE).bit
    ann = person(house, region=region, granted=granted << bit)

    async def test(app: EdgeApp) -> None:
        assert (await ask(app, open_path(house, ann))).status == 200

    serve(test)
    assert len(events()) == recorded


def test_restricted_erased_and_foreign_persons_leave_no_record(house: int) -> None:
    other = make.workspace().pk
    restricted, elsewhere = person(house, flags=Person.RESTRICTED), person(other)

    async def test(app: EdgeApp) -> None:
        for path in (
            open_path(house, restricted),
            click_path(house, restricted),
            open_path(house, uuid4()),
            open_path(house, elsewhere),
            open_path(9999, restricted),
            open_path(2**32 - 1, restricted),
        ):
            assert (await ask(app, path)).status in {200, 302}

    app = serve(test)
    assert events() == []
    assert app.counters.dropped[Drop.NOT_PERMITTED] == 6


def test_an_unreachable_address_may_still_be_measured(house: int) -> None:
    """Suppression ends sending, not what a mail already sent tells."""
    ann = person(house, flags=Person.UNREACHABLE)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))

    serve(test)
    assert len(events()) == 1


def test_without_a_policy_in_force_nothing_is_recorded(committed_db: None) -> None:
    bare = make.workspace(bare=True).pk
    ann = person(bare)

    async def test(app: EdgeApp) -> None:
        assert (await ask(app, click_path(bare, ann))).status == 302

    app = serve(test)
    assert (events(), activities()) == ([], [])
    assert app.counters.dropped[Drop.NOT_PERMITTED] == 1


def test_a_rule_without_the_device_drops_address_client_and_device(house: int) -> None:
    ann = person(house)
    without_device = "UPDATE ledger_purposerule SET categories = array_remove(categories, 'device')"

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))
        execute(f"SET session_replication_role = replica; {without_device}")
        await ask(app, open_path(house, ann))

    serve(test)
    assert events("client, device, host(address)") == [("Chrome", "desktop", "198.51.100.0"), ("", "", None)]


def test_a_purpose_without_the_category_records_nothing(house: int) -> None:
    ann = person(house)
    execute("SET session_replication_role = replica; UPDATE ledger_purposerule SET categories = ARRAY['device']")

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann))

    app = serve(test)
    assert events() == []
    assert (app.counters.dropped[Drop.NOT_PERMITTED], app.counters.dropped[Drop.DATABASE]) == (1, 0)


@pytest.mark.parametrize("header", ["sec_gpc", "dnt"])
def test_a_browser_that_asks_not_to_be_tracked_is_not(house: int, header: str) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        assert (await ask(app, open_path(house, ann), **{header: "1"})).status == 200
        assert (await ask(app, click_path(house, ann), **{header: "1"})).headers["location"] == TARGET
        await ask(app, open_path(house, ann), **{header: "0"})

    app = serve(test)
    assert len(events()) == 1
    assert app.counters.dropped[Drop.GPC if header == "sec_gpc" else Drop.DNT] == 2


def test_machines_are_stored_apart_with_the_reason_and_no_address(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann), user_agent="Mozilla/5.0")
        await ask(app, click_path(house, ann), user_agent="Barracuda Sentinel (EE)")
        await ask(app, click_path(house, ann), user_agent="python-requests/2.31")
        await ask(app, open_path(house, ann), sec_purpose="prefetch;prerender")
        assert (await ask(app, click_path(house, ann), method="HEAD")).status == 302

    app = serve(test)
    assert [row[0] for row in events("machine")] == ["proxy", "scanner", "bot", "prefetch", "scanner"]
    assert [row[0] for row in events("address") if row[0]] == []
    assert sum((Counter(counts) for counts in activities()), Counter()) == {"open_by_machine": 2, "click_by_machine": 3}
    assert app.counters.recorded["click", "scanner"] == 2


def test_a_proxy_that_hides_the_person_is_a_person_without_address(house: int) -> None:
    ann = person(house)
    gmail = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann), user_agent=gmail)

    serve(test)
    assert events("client, device, address, machine") == [("Gmail", "", None, "")]


def test_the_address_behind_a_trusted_proxy_counts_and_no_other(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        await ask(app, open_path(house, ann), peer="10.0.0.1", x_forwarded_for="203.0.113.9, 10.0.0.2")
        await ask(app, open_path(house, ann), peer=PEER, x_forwarded_for="203.0.113.9")
        await ask(app, open_path(house, ann), peer="2001:db8:1:2:3::4")
        await ask(app, open_path(house, ann), peer=None)

    serve(test, trusted_proxies=["10.0.0.0/8"])
    addresses = [row[0] for row in events("host(address)")]
    assert addresses == ["203.0.113.0", "198.51.100.0", "2001:db8:1::", None]


def test_many_at_once_arrive_exactly_once(house: int) -> None:
    people = [person(house) for _ in range(20)]
    other = make.workspace().pk
    others = [person(other) for _ in range(20)]

    async def test(app: EdgeApp) -> None:
        paths = [open_path(house, each, campaign=n) for n in range(60) for each in people]
        paths += [click_path(other, each, link=n) for n in range(60) for each in others]
        answers = await asyncio.gather(*(ask(app, path) for path in paths))
        assert Counter(answer.status for answer in answers) == {200: 1200, 302: 1200}
        assert len(events()) == 2400  # answered, so written

    app = serve(test)
    assert len(set(events("person_id, campaign_id, coalesce(link, -1)"))) == 2400
    assert app.counters.batches < 20
    counts = sum((Counter(counts) for counts in activities()), Counter())
    assert counts == {"open": 1200, "click": 1200}


def test_a_link_number_too_large_for_the_column_keeps_the_click(house: int) -> None:
    ann = person(house)

    async def test(app: EdgeApp) -> None:
        await ask(app, click_path(house, ann, link=65535))

    serve(test)
    assert events("kind, link") == [("click", None)]

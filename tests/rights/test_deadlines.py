"""When a request must be answered."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillit.policy.dates import add_months
from tillit.policy.regions import Region
from tillit.rights.deadlines import clock, clocks, due_at, easter, is_working_day
from tillit.rights.models import Request

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def due(received: str, region: Region = Region.EEA, country: str = "SE") -> str:
    moment = datetime.fromisoformat(received).replace(tzinfo=STOCKHOLM)
    return due_at("access", region=region, received_at=moment, country=country, zone=STOCKHOLM).date().isoformat()


@pytest.mark.clause("E6")
@pytest.mark.parametrize(
    ("received", "last"),
    [
        ("2026-03-16", "2026-04-16"),  # the same day of the next month
        ("2027-01-31", "2027-03-01"),  # February has no 31st: its last day, a Sunday, moves to Monday
        ("2028-01-31", "2028-02-29"),
        ("2026-05-20", "2026-06-22"),  # a Saturday
        ("2026-11-25", "2026-12-28"),  # Christmas Day, Boxing Day, then a weekend
        ("2026-03-03", "2026-04-07"),  # Good Friday to Easter Monday
        ("2026-12-31T23:30", "2027-02-01"),
    ],
)
def test_a_calendar_month_ends_on_a_working_day(received, last):
    """Regulation 1182/71, with the holidays of the operator's country."""
    assert due(received) == last


@pytest.mark.clause("E6")
@pytest.mark.parametrize(
    ("region", "last"),
    [
        (Region.EEA, "2026-07-01"),
        (Region.UK, "2026-07-01"),
        (Region.CH, "2026-07-01"),
        (Region.US_CA, "2026-07-16"),
        (Region.UNKNOWN, "2026-07-01"),
        (Region.OTHER, "2026-07-01"),
    ],
)
def test_each_region_has_its_clock(region, last):
    assert due("2026-06-01", region) == last


def test_the_day_is_the_operators_and_ends_at_its_end():
    moment = datetime(2026, 3, 15, 23, 30, tzinfo=UTC)  # already the 16th in Stockholm
    found = due_at("erasure", region=Region.EEA, received_at=moment, country="SE", zone=STOCKHOLM)
    assert found.isoformat() == "2026-04-16T23:59:59+02:00"


@pytest.mark.parametrize("region", list(Region))
@pytest.mark.parametrize("kind", [kind.value for kind in Request.Kind])
def test_every_request_has_a_deadline_everywhere(region, kind):
    assert clock(kind, region=region, on=date(2026, 1, 1)).source


def test_a_law_that_is_not_in_force_yet_has_no_clock():
    with pytest.raises(LookupError):
        clock("access", region=Region.EEA, on=date(2018, 5, 24))


def test_every_number_has_a_source_and_says_whether_it_was_checked():
    assert all(each.source and isinstance(each.checked, bool) for each in clocks())


@pytest.mark.parametrize(
    "day", ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2030-04-21", "2038-04-25", "1954-04-18"]
)
def test_easter(day):
    assert easter(int(day[:4])).isoformat() == day


def test_without_known_holidays_monday_to_friday_are_working_days():
    assert is_working_day(date(2026, 12, 25), country="ZZ")
    assert not is_working_day(date(2026, 12, 26), country="ZZ")


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_months_never_leave_the_month_meant(day, months):
    later = add_months(day, months)
    assert later.year * 12 + later.month == day.year * 12 + day.month + months
    assert later.day <= day.day

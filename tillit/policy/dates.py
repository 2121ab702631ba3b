"""Spans of time counted in calendar months and days."""

from calendar import monthrange
from datetime import date, timedelta
from typing import TypeVar

from tillit.policy.values import Period

Day = TypeVar("Day", bound=date)


def add(start: Day, period: Period) -> Day:
    """Return the day, or the moment of it, at which a period that begins at ``start`` ends."""
    return add_months(start, period.months) + timedelta(days=period.days)


def add_months(start: Day, months: int) -> Day:
    """Return the same day so many months later, or the last day of a month that has no such day.

    Source: Regulation (EEC, Euratom) 1182/71 art 3(2)(c).
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))

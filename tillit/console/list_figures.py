"""How a list grew: who joined and left, by day, week or month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.console.figures import Chart, Series
from tillit.people import queries
from tillit.people.models import MailingList, Subscription

#: What can be looked at: the name in the address, what it is called, and the days it reaches back (None: all).
RANGES = (
    ("30", gettext_lazy("30 days"), 30),
    ("90", gettext_lazy("90 days"), 90),
    ("365", gettext_lazy("A year"), 365),
    ("all", gettext_lazy("All"), None),
)
USUAL = "90"
WEEKS_FROM, MONTHS_FROM = 100, 400  # days beyond which bars by day, and by week, are too thin to read


@dataclass(frozen=True, slots=True)
class Growth:
    """A range's figures; `chart` is None when nothing happened in it."""

    range: str
    joined: int
    left: int
    chart: Chart | None

    @property
    def net(self) -> str:
        """What came of it, signed."""
        return f"{self.joined - self.left:+,}".replace(",", "\u00a0").replace("-", "−")


def growth(found: MailingList, *, wanted: str, today: date) -> Growth | None:
    """Who joined and left in a range that ends today; None for a list on which nothing ever happened."""
    range_, days = next(((name, days) for name, _said, days in RANGES if name == wanted), (USUAL, int(USUAL)))
    since = today - timedelta(days=days - 1) if days else date(2000, 1, 1)
    by_day = queries.growth(found, since=timezone.make_aware(datetime.combine(since, time())))
    if not by_day and not queries.growth(found, since=timezone.make_aware(datetime(2000, 1, 1))):
        return None
    first = since if days else min(by_day, default=today)
    joined, left = (_counts(by_day, state) for state in ("subscribed", "unsubscribed"))
    if not by_day:
        return Growth(range_, 0, 0, None)
    return Growth(range_, joined.total(), left.total(), _chart(first, today, joined, left))


def _counts(by_day: Mapping[date, Mapping[str, int]], state: str) -> Counter[date]:
    assert state in Subscription.State.values
    return Counter({day: states[state] for day, states in by_day.items() if state in states})


def _chart(first: date, last: date, joined: Counter[date], left: Counter[date]) -> Chart:
    """Bars by day, or by week or month where days would be too many."""
    length = (last - first).days
    begin, said, title = _by_day(length)
    begins = sorted({begin(first + timedelta(days=each)) for each in range(length + 1)})
    sums = [Counter[date](), Counter[date]()]
    for counted, summed in zip((joined, left), sums, strict=True):
        for day, number in counted.items():
            summed[begin(day)] += number
    return Chart(
        id="growth",
        title=title,
        labels=[said(day) for day in begins],
        series=[
            Series(_("Joined"), [sums[0][day] for day in begins]),
            Series(_("Left"), [sums[1][day] for day in begins]),
        ],
        kind="bar",
    )


def _by_day(length: int) -> tuple[Callable[[date], date], Callable[[date], str], str]:
    """How the days of a range are put together: the day a bar begins with, what it is called, and the chart's title."""
    if length < WEEKS_FROM:
        return (lambda day: day), (lambda day: date_format(day, "MONTH_DAY_FORMAT")), _("Joined and left by day")
    if length < MONTHS_FROM:
        weeks = _("Joined and left by week")
        return (
            (lambda day: day - timedelta(days=day.weekday())),
            (lambda day: date_format(day, "MONTH_DAY_FORMAT")),
            weeks,
        )
    months = _("Joined and left by month")
    return (lambda day: day.replace(day=1)), (lambda day: date_format(day, "YEAR_MONTH_FORMAT")), months

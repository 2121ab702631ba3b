"""What became of a campaign: handed over, refused, withheld, opened, clicked, left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.cache import cache

from tillit.campaigns.models import Campaign
from tillit.delivery.ids import id_range
from tillit.delivery.named import named, rows
from tillit.delivery.streams import MEASURE
from tillit.ledger.processing import Refused, processing
from tillit.ledger.versions import in_force

HERE = Path(__file__).parent
OPERATE = "delivery.operate"
_TOTAL, _LINK, _HOUR = range(3)  # levels of sql/interactions.sql
SLOW_S, KEPT_S = 0.3, 60
HOURS_SHOWN = 48  # after that the chart goes by days


@dataclass(frozen=True, slots=True)
class Answer:
    """One kind of answer that the relay gave, and how often."""

    state: str
    code: int | None
    enhanced: str
    number: int


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Messages by state; the relay's answers where it did not take them; the reasons of those withheld."""

    states: Counter[str] = field(default_factory=Counter)
    answers: list[Answer] = field(default_factory=list)
    withheld: dict[str, int] = field(default_factory=dict)
    measured: int = 0
    left: int = 0

    @property
    def total(self) -> int:
        return self.states.total()

    @property
    def sent(self) -> int:
        return self.states["sent"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was done, and by how many people."""

    total: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class LinkTally:
    """One link of the mail. `address` is as it was written."""

    number: int
    address: str
    by_people: Tally
    by_machines: Tally


@dataclass(frozen=True, slots=True)
class Interactions:
    """What people did with the mail, as far as they permit measurement; what machines did is kept apart."""

    opens: Tally = Tally()
    clicks: Tally = Tally()
    machine_opens: Tally = Tally()
    machine_clicks: Tally = Tally()
    links: list[LinkTally] = field(default_factory=list)
    hours: dict[datetime, tuple[int, int]] = field(default_factory=dict)
    clients: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the report page shows. `measurable` is False where the policy has no purpose of measurement."""

    deliveries: Deliveries
    interactions: Interactions
    measurable: bool

    @property
    def open_rate(self) -> float:
        """Per cent of the measured mails: those without pixel cannot tell."""
        return _per_cent(self.interactions.opens.people, self.deliveries.measured)

    @property
    def click_rate(self) -> float:
        return _per_cent(self.interactions.clicks.people, self.deliveries.measured)


def recent(campaign: Campaign, *, by: str) -> Report:
    """The report, at most a minute old where reading it is slow; holds counts alone, and nothing of anybody's.

    A campaign to 200,000 people of whom nearly all opened and clicked takes seconds to count; most take a blink.
    """
    key = f"report-{campaign.pk}-{campaign.updated_at.timestamp()}-{in_force(campaign.workspace_id).id}"
    known: Report | None = cache.get(key)
    if known is not None:
        return known
    began = time.perf_counter()
    found = report(campaign, by=by)
    if time.perf_counter() - began > SLOW_S:
        cache.set(key, found, KEPT_S)
    return found


def report(campaign: Campaign, *, by: str) -> Report:
    """Read a campaign's report, in two contexts and a constant number of queries."""
    if campaign.prepared_at is None:
        return Report(Deliveries(), Interactions(), measurable=True)
    deliveries = read_deliveries(campaign, by=by)
    try:
        return Report(deliveries, _interactions(campaign, by=by), measurable=True)
    except Refused:
        return Report(deliveries, Interactions(), measurable=False)


def read_deliveries(campaign: Campaign, *, by: str) -> Deliveries:
    """Read what became of the messages. Returns nothing for a campaign that was not prepared."""
    if campaign.prepared_at is None:
        return Deliveries()
    first, last = id_range(campaign.prepared_at)
    which = {"campaign": campaign.pk, "first": first, "last": last}
    lists = [each.pk for each in campaign.lists.all()]
    with processing(campaign.workspace_id, OPERATE, by=by, act="campaign.report", about=f"campaign:{campaign.pk}"):
        found = rows(named(HERE, "deliveries"), which)
        ((left,),) = rows(named(HERE, "left_since"), {**which, "lists": lists, "prepared": campaign.prepared_at})
    states: Counter[str] = Counter()
    for state, _code, _word, number, _measured in found:
        states[state] += number
    answers = [
        Answer(state, code, word, number)
        for state, code, word, number, _ in found
        if state in ("failed", "deferred", "unknown")
    ]
    return Deliveries(
        states,
        sorted(answers, key=lambda answer: -answer.number),
        {word: number for state, _, word, number, _ in found if state == "withheld"},
        sum(measured for state, _, _, _, measured in found if state == "sent"),
        left,
    )


def _interactions(campaign: Campaign, *, by: str) -> Interactions:
    assert campaign.prepared_at is not None
    which = {"campaign": campaign.pk, "first": id_range(campaign.prepared_at)[0]}
    with processing(campaign.workspace_id, MEASURE, by=by, act="campaign.report", about=f"campaign:{campaign.pk}"):
        found = rows(named(HERE, "interactions"), which)
        clients = rows(named(HERE, "clients"), which)
    totals: dict[tuple[str, bool], Tally] = {}
    links: dict[tuple[int, bool], Tally] = {}
    hours: dict[datetime, dict[str, int]] = {}
    for level, kind, by_machine, link, hour, number, people in found:
        if level == _TOTAL:
            totals[kind, by_machine] = Tally(number, people)
        elif level == _LINK and kind == "click":
            links[link, by_machine] = Tally(number, people)
        elif level == _HOUR and not by_machine:
            hours.setdefault(hour, {})[kind] = number
    return Interactions(
        opens=totals.get(("open", False), Tally()),
        clicks=totals.get(("click", False), Tally()),
        machine_opens=totals.get(("open", True), Tally()),
        machine_clicks=totals.get(("click", True), Tally()),
        links=[
            LinkTally(number, address, links.get((number, False), Tally()), links.get((number, True), Tally()))
            for number, address in enumerate(campaign.links)
        ],
        hours={hour: (kinds.get("open", 0), kinds.get("click", 0)) for hour, kinds in sorted(hours.items())},
        clients=[(client, people) for client, people in clients],
    )


def series(interactions: Interactions, *, since: datetime, now: datetime) -> list[tuple[datetime, int, int]]:
    """(time, opens, clicks) without gaps: by hours for the first two days, then by days in the reader's zone."""
    if not interactions.hours:
        return []
    end = max(min(now, since + timedelta(days=60)), *interactions.hours)
    step, start = timedelta(hours=1), since.replace(minute=0, second=0, microsecond=0)
    if end - start > timedelta(hours=HOURS_SHOWN):
        step, start = timedelta(days=1), start.replace(hour=0)
    count = int((end - start) / step) + 1
    filled = [[0, 0] for _ in range(count)]
    for hour, (opens, clicks) in interactions.hours.items():
        place = min(max(int((hour - start) / step), 0), count - 1)
        filled[place][0] += opens
        filled[place][1] += clicks
    return [(start + step * place, opens, clicks) for place, (opens, clicks) in enumerate(filled)]


def export_rows(found: Report) -> Iterator[list[Any]]:
    """The report as rows of a table: what, which, total, people."""
    for state, number in sorted(found.deliveries.states.items()):
        yield ["messages", state, number, ""]
    for reason, number in sorted(found.deliveries.withheld.items()):
        yield ["withheld", reason, number, ""]
    for answer in found.deliveries.answers:
        words = (answer.state, answer.code, answer.enhanced)
        yield ["answer", " ".join(str(word) for word in words if word), answer.number, ""]
    seen = found.interactions
    yield ["opens", "people", seen.opens.total, seen.opens.people]
    yield ["opens", "machines", seen.machine_opens.total, seen.machine_opens.people]
    yield ["clicks", "people", seen.clicks.total, seen.clicks.people]
    yield ["clicks", "machines", seen.machine_clicks.total, seen.machine_clicks.people]
    for link in seen.links:
        yield ["link", link.address, link.by_people.total, link.by_people.people]
    yield ["unsubscribed", "", "", found.deliveries.left]


def _per_cent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0

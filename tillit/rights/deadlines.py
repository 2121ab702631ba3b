"""When a request must be answered: the law's numbers are data in `law/`, dated and with their source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from tillit.policy.dates import add
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.values import Period

LAW = Path(__file__).parent / "law"
CLOCKS = ("gdpr.yaml", "others.yaml")


@dataclass(frozen=True, slots=True)
class Clock:
    """How long an answer to some requests may take in some regions, from a day on, and where it is written."""

    regime: str
    regions: frozenset[Region]
    requests: frozenset[str]
    valid_from: date
    answer_within: Period
    extension: Period | None
    source: str
    checked: bool


def due_at(kind: str, *, region: Region, received_at: datetime, country: str, zone: ZoneInfo) -> datetime:
    """Return the moment by which a request must be answered: the end of the last day, in the operator's time.

    The day of receipt does not count; a last day that is no working day in the operator's country moves to the next
    one. Source: Regulation (EEC, Euratom) 1182/71 art 3(1), 3(2)(c) and 3(4).
    """
    received = received_at.astimezone(zone).date()
    last = add(received, clock(kind, region=region, on=received).answer_within)
    while not is_working_day(last, country=country):
        last += timedelta(days=1)
    return datetime.combine(last, time(23, 59, 59), tzinfo=zone)


def clock(kind: str, *, region: Region, on: date) -> Clock:
    """Return the clock that runs for a kind of request in a region, by the law of a day. Raises LookupError."""
    found = [each for each in clocks() if region in each.regions and kind in each.requests and each.valid_from <= on]
    if not found:
        raise LookupError(f"no deadline is known for {kind} in {region.code} on {on}")
    return max(found, key=lambda each: each.valid_from)


@cache
def clocks() -> tuple[Clock, ...]:
    """Every clock of the files in `law/`."""
    return tuple(_clock(entry) for name in CLOCKS for entry in _read(name))


def is_working_day(day: date, *, country: str) -> bool:
    """Whether a day is a working day; without known holidays of a country, Monday to Friday are."""
    if day.weekday() >= 5:
        return False
    holidays = _holidays().get(country)
    if holidays is None:
        return True
    moving = {easter(day.year) + timedelta(days=offset) for offset in holidays["easter"]}
    return f"{day:%m-%d}" not in holidays["fixed"] and day not in moving


def easter(year: int) -> date:
    """Easter Sunday. Source: J.-M. Oudin's algorithm (1940), as the Explanatory Supplement to the Almanac prints it."""
    century = year // 100
    golden = year % 19
    epact = (century - century // 4 - (century - (century - 17) // 25) // 3 + 19 * golden + 15) % 30
    epact -= (epact // 28) * (1 - (epact // 28) * (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + epact + 2 - century + century // 4) % 7
    offset = epact - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def _clock(entry: dict[str, Any]) -> Clock:
    extension = entry.get("extension")
    return Clock(
        regime=entry["regime"],
        regions=frozenset(Region.UNKNOWN if name == "UNKNOWN" else NAMED_REGIONS[name] for name in entry["regions"]),
        requests=frozenset(entry["requests"]),
        valid_from=entry["valid_from"],
        answer_within=Period.model_validate(entry["answer_within"]),
        extension=Period.model_validate(extension) if extension else None,
        source=entry["source"],
        checked=entry["checked"],
    )


@cache
def _holidays() -> dict[str, dict[str, Any]]:
    return {str(country): entry for country, entry in _read("holidays.yaml").items()}


def _read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load(LAW / name)

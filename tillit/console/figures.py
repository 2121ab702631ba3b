"""Charts as data: drawn by the browser, and a table with the same numbers for everybody who does not see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Series:
    """One line or colour of a chart."""

    name: str
    values: Sequence[int | float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart; `id` is unique on the page, `title` says what it shows, `labels` are the places on the x axis."""

    id: str
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    kind: Literal["bar", "line"] = "bar"
    stacked: bool = False

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def rows(self) -> list[tuple[str, list[int | float | None]]]:
        """The numbers by label, for the table."""
        return [(label, [series.values[index] for series in self.series]) for index, label in enumerate(self.labels)]

    @property
    def data(self) -> dict[str, Any]:
        """What the script reads."""
        return {key: value for key, value in asdict(self).items() if key in {"kind", "labels", "series", "stacked"}}

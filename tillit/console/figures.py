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


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a flow picture: `name` is ``field:value`` of the filter that a click on it sets, `column` its place."""

    name: str
    title: str
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """A picture of what leads where; the page must say the same as a table."""

    id: str
    title: str
    nodes: Sequence[Node]
    links: Sequence[tuple[str, str]]

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def height_rem(self) -> int:
        """High enough for the column with most nodes."""
        columns = [each.column for each in self.nodes]
        return max(14, min(90, round(max((columns.count(each) for each in set(columns)), default=0) * 1.75)))

    @property
    def data(self) -> dict[str, Any]:
        """What the script reads."""
        return {
            "kind": "flows",
            "nodes": [asdict(each) for each in self.nodes],
            "links": [{"source": source, "target": target} for source, target in self.links],
        }

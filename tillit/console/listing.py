"""One page of a list: searched, sorted, and cut by a keyset cursor, which stays fast on the millionth row."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import HttpRequest

PER_PAGE = 50

Search = Callable[[QuerySet[Any], str], QuerySet[Any]]


@dataclass
class Listing:
    """Reads `q`, `sort`, `after` and `before` from the address. Iterating gives the rows; templates ask for the links.

    `sorts` maps a name in the address to a field that is never null, with ``-`` for descending; the first is the
    default. `tie` is the unique field that orders equal rows. `search` narrows by the text of the search box.
    `keeps` names further parameters (filters) that the links carry on.
    """

    request: HttpRequest
    queryset: QuerySet[Any]
    sorts: Mapping[str, str]
    search: Search | None = None
    tie: str = "pk"
    per_page: int = PER_PAGE
    keeps: tuple[str, ...] = ()
    query: str = field(init=False)
    sort: str = field(init=False)

    def __post_init__(self) -> None:
        self.query = self.request.GET.get("q", "").strip()[:200]
        asked = self.request.GET.get("sort", "")
        self.sort = asked if asked.removeprefix("-") in self.sorts else next(iter(self.sorts))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def rows(self) -> list[Any]:
        return self._page[0]

    @property
    def filtered(self) -> bool:
        """Whether the reader narrowed the list, so that “nothing found” is not “nothing there yet”."""
        return bool(self.query) or any(self.request.GET.get(name) for name in self.keeps)

    @property
    def next_href(self) -> str:
        return self._href(after=self._cursor(self.rows[-1])) if self._page[2] else ""

    @property
    def previous_href(self) -> str:
        return self._href(before=self._cursor(self.rows[0])) if self._page[1] else ""

    @property
    def whole(self) -> QuerySet[Any]:
        """Everything found, in order: what an export writes."""
        return self._found().order_by(*self._order(reverse=False))

    def sort_href(self, name: str) -> str:
        """The address that sorts by a column; again the other way round."""
        return self._href(sort=f"-{name}" if self.sort == name else name)

    def direction(self, name: str) -> str:
        """``ascending``, ``descending`` or nothing, for ``aria-sort``."""
        if self.sort.removeprefix("-") != name:
            return ""
        return "descending" if self._field().startswith("-") else "ascending"

    def kept(self) -> list[tuple[str, str]]:
        """The parameters that a search form carries on in hidden fields."""
        pairs = [(name, self.request.GET.get(name, "")) for name in (*self.keeps, "sort")]
        return [(name, value) for name, value in pairs if value]

    def export_href(self, kind: str = "csv") -> str:
        """The address of the same list, searched and sorted alike, as a file."""
        return self._href(format=kind)

    @cached_property
    def _page(self) -> tuple[list[Any], bool, bool]:
        """The rows, whether there are any before, and whether there are any after."""
        after, before = self.request.GET.get("after"), self.request.GET.get("before")
        backwards = bool(before)
        found = self._found().order_by(*self._order(reverse=backwards))
        if cursor := before or after:
            try:
                found = found.filter(self._beyond(cursor, reverse=backwards))
            except (ValidationError, ValueError, TypeError) as error:
                raise BadRequest("The address names a place in the list that does not exist.") from error
        rows = list(found[: self.per_page + 1])
        more = len(rows) > self.per_page
        rows = rows[: self.per_page]
        if backwards:
            return rows[::-1], more, bool(rows)
        return rows, bool(after) and bool(rows), more

    def _found(self) -> QuerySet[Any]:
        return self.search(self.queryset, self.query) if self.search and self.query else self.queryset

    def _field(self) -> str:
        flipped = self.sort.startswith("-")
        chosen = self.sorts[self.sort.removeprefix("-")]
        return _flip(chosen) if flipped else chosen

    def _order(self, *, reverse: bool) -> list[str]:
        chosen = self._field()
        name = chosen.removeprefix("-")
        tie = f"-{self.tie}" if chosen.startswith("-") else self.tie
        order = [chosen] if name == self.tie else [chosen, tie]
        return [_flip(part) for part in order] if reverse else order

    def _beyond(self, cursor: str, *, reverse: bool) -> Q:
        value, tie = _decode(cursor)
        chosen = self._field()
        name = chosen.removeprefix("-")
        side = "lt" if chosen.startswith("-") != reverse else "gt"
        if name == self.tie:
            return Q(**{f"{name}__{side}": tie})
        # The redundant first condition is the one an index can start from.
        return Q(**{f"{name}__{side}e": value}) & (Q(**{f"{name}__{side}": value}) | Q(**{f"{self.tie}__{side}": tie}))

    def _cursor(self, row: Any) -> str:
        return _encode([_read(row, self._field().removeprefix("-")), _read(row, self.tie)])

    def _href(self, **changes: str) -> str:
        kept = {name: self.request.GET.get(name, "") for name in (*self.keeps, "sort")}
        query = {**kept, "q": self.query, **changes}
        return "?" + urlencode({name: value for name, value in query.items() if value})


def _flip(order: str) -> str:
    return order.removeprefix("-") if order.startswith("-") else f"-{order}"


def _read(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part)
    return row


def _encode(values: list[Any]) -> str:
    # DjangoJSONEncoder cuts times to milliseconds, which would repeat or skip rows of the same millisecond.
    exact = [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
    text = json.dumps(exact, cls=DjangoJSONEncoder, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[Any, Any]:
    """The values of a cursor. Raises BadRequest for one that was tampered with."""
    try:
        value, tie = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise BadRequest("The address names a place in the list that does not exist.") from error
    return value, tie

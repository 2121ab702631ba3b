"""The pages that staff have open all day, and what each must show of the people of `bench.people`.

Whom a page shows follows from the people's numbers: newest first, so from the highest number down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from bench.people import COUNTRIES, SUPPRESSIONS, Crowd, address, name, telephone

PER_PAGE = 50
_ADDRESS = re.compile(r"person(\d+)@example\d+\.org")

Test = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its address below the workspace's, the numbers of the people it shows in order, and texts it holds.

    `matches` is how many people the search's text means, who are all looked at; None is a page that looks at everybody.
    """

    name: str
    path: str
    shows: list[int] = field(default_factory=list)
    says: tuple[str, ...] = ()
    matches: int | None = 0

    def fault(self, content: str) -> str:
        """What is wrong with what the page holds, or nothing."""
        shown = list(dict.fromkeys(int(each) for each in _ADDRESS.findall(content)))
        if self.shows != shown and (self.shows or not self.says):
            return f"{self.name}: shows {shown[:5]} … ({len(shown)}), not {self.shows[:5]} … ({len(self.shows)})"
        return next((f"{self.name}: says nothing of “{text}”" for text in self.says if text not in content), "")


def subscribed(number: int, one_in: int) -> bool:
    """Whether somebody stands subscribed on a list of one in so many."""
    return number % one_in == 0 and number % 20 < 16


def swede_with_points(number: int) -> bool:
    return COUNTRIES[number % 7] == "SE" and number % 1000 >= 900


def reader(number: int) -> bool:
    return number % 15 == 0 and number % 60 != 0


def pages(crowd: Crowd, person_id: Callable[[int], UUID]) -> list[Page]:
    """The pages over a crowd; `person_id` finds the id of the person with a number."""
    return [*_people(crowd, person_id), *_searches(crowd), *_segments(crowd), *_others(crowd, person_id)]


def _newest(crowd: Crowd, test: Test, *, below: int = 0) -> list[int]:
    """The numbers of the newest page of those whom a test means, older than some person."""
    numbers = range((below or crowd.persons + 1) - 1, 0, -1)
    return list(islice((each for each in numbers if test(each)), PER_PAGE))


def _people(crowd: Crowd, person_id: Callable[[int], UUID]) -> Iterator[Page]:
    middle = crowd.persons // 2
    place, customers = person_id(middle), crowd.lists["Customers"]

    def page(title: str, query: str, test: Test) -> Page:
        return Page(title, f"people{query}", _newest(crowd, test))

    yield page("people", "", lambda n: True)
    yield Page("people, from the middle", f"people?after={place}", _newest(crowd, lambda n: True, below=middle))
    yield Page("people, back from the middle", f"people?before={place}", list(range(middle + 50, middle, -1)))
    yield page("people on a list", f"?list={customers}", lambda n: n % 3 == 0)
    yield page("people who left a list", f"?list={customers}&state=unsubscribed", lambda n: n % 3 == 0 and _left(n))
    yield page("people who have yet to confirm", "?state=pending", lambda n: n % 20 == 19)
    yield page("people with processing restricted", "?state=restricted", lambda n: n % 200 == 0)
    yield page("people who cannot be reached", "?state=unreachable", lambda n: n % 200 in {1, 2})
    yield page("people in a region", "?region=5", lambda n: n % 7 == 6)
    yield page("a region on a list", f"?region=5&list={customers}", lambda n: n % 21 == 6)


def _left(number: int) -> bool:
    return 16 <= number % 20 < 19


def _searches(crowd: Crowd) -> Iterator[Page]:
    third = crowd.persons // 6 * 3
    last = f"{crowd.persons:08}"

    def page(title: str, text: str, test: Test, *, more: str = "", share: int = 0) -> Page:
        matches = crowd.persons // share if share else 0
        return Page(title, f"people?q={text}{more}", _newest(crowd, test), matches=matches)

    yield page("search: a first name", "anna", lambda n: name(n)[0] == "Anna", share=25)
    both = ("Anna", "Berg")
    yield page("search: a whole name", "berg+anna", lambda n: name(n) == both, share=12)
    yield page("search: a letter", "a", _begins_with_a, share=4)
    yield page("search: a rare name", "quisling", lambda n: name(n)[1] == "Quisling")
    yield page("search: an address", address(third), lambda n: n == third)
    yield page("search: the beginning of an address", "person12", lambda n: str(n).startswith("12"), share=9)
    yield page("search: a telephone number", f"0{telephone(third)[3:]}", lambda n: n == third)
    yield page("search: nobody", f"zz{last}", lambda n: False)
    on_list = f"&list={crowd.lists['Customers']}"
    yield page("search on a list", "anna", lambda n: name(n)[0] == "Anna" and n % 3 == 0, more=on_list, share=25)


def _begins_with_a(number: int) -> bool:
    return any(each in {"Anna", "Åsa", "Andersson", "Åberg"} for each in name(number))


def _segments(crowd: Crowd) -> Iterator[Page]:
    tests: dict[str, Test] = {
        "Swedes with points": swede_with_points,
        "Readers": reader,
        "Not on Customers": lambda n: not subscribed(n, 3),
    }
    for title, test in tests.items():
        query, both = f"people?segment={crowd.segments[title]}", f"&list={crowd.lists['Customers']}"
        yield Page(f"segment: {title}", query, _newest(crowd, test))
        yield Page(f"segment on a list: {title}", query + both, _newest(crowd, lambda n, t=test: t(n) and n % 3 == 0))
    few = f"people?segment={crowd.segments['Few']}"
    yield Page("segment: nobody", few, says=("Nobody found",), matches=None)
    yield Page("segments", "segments", says=tuple(crowd.segments))
    readers = crowd.segments["Readers"]
    yield Page("one segment", f"segments/{readers}", says=("not clicked",))
    yield Page("the builder of a segment", f"segments/{readers}/edit", says=("Spring",))


def _others(crowd: Crowd, person_id: Callable[[int], UUID]) -> Iterator[Page]:
    number = crowd.persons // 1200 * 600 + 60  # somebody of whom as much is known in every crowd
    person, everybody = person_id(number), crowd.lists["Everybody"]
    yield Page("a person", f"people/{person}", [number], (name(number)[1],))
    yield Page("a person's timeline", f"people/{person}/timeline", says=("Spring",) if number % 5 == 0 else ())
    yield Page("everything held of a person", f"people/{person}/held", says=(address(number),))
    yield Page("lists", "lists", says=tuple(crowd.lists))
    yield Page("a list of nearly everybody", f"lists/{everybody}", _newest(crowd, lambda n: True))
    club = crowd.lists["Club"]
    yield Page("a list of few", f"lists/{club}", _newest(crowd, lambda n: n % 500 == 0))
    pairs = [each for number in range(100, crowd.persons, 100) for each in (number, number + 1)]
    yield Page("duplicates", "people/duplicates", pairs[:PER_PAGE])
    yield Page("suppressions", "suppressions", says=(f"left-alone-{SUPPRESSIONS}.org",))
    yield Page("imports", "imports", says=("register-200.csv",))
    yield Page("campaigns", "campaigns", says=("Spring",))

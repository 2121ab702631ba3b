"""People as plain values, and segments decided for them in Python, to compare with what SQL finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from hypothesis import strategies as st

from tests import make
from tillit.ledger.processing import processing
from tillit.people.models import MailingList, Person
from tillit.people.segments.tree import All, Compare, Either, Event, Node, Not, Span
from tillit.people.segments.vocabulary import Vocabulary
from tillit.policy.regions import Region

ADMINISTER = "audience.administer"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TODAY = date(2026, 5, 4)
FIELDS = (
    ("points", "number", "demographics"),
    ("member_until", "date", "demographics"),
    ("vip", "boolean", "occupation"),
    ("tier", "choice", "occupation"),
    ("home", "country", "demographics"),
    ("mobile", "phone", "contact"),
)
TOWNS = ["Umeå", "umeå", "Malmö", "Lund %_", 'So "quoted"', "\\"]
DAYS = [TODAY + timedelta(days=each) for each in (-400, -91, -90, -30, -1, 0, 1, 6, 7, 8, 365)]


@dataclass
class Somebody:
    """A person as plain values, to decide in Python."""

    known: dict[str, dict[str, Any]]
    region: Region
    language: str
    added: date
    flags: int
    domain: str | None
    standing: dict[int, tuple[str, date]] = field(default_factory=dict)


def holds(tree: Node, one: Somebody, words: Vocabulary) -> bool:
    """Decide a segment for one person, without any of the code that makes SQL."""
    match tree:
        case All(parts):
            return all(holds(part, one, words) for part in parts)
        case Either(parts):
            return any(holds(part, one, words) for part in parts)
        case Not(part):
            return not holds(part, one, words)
        case Event(kind, number, _times, when):
            state = {"on": "subscribed", "awaiting": "pending", "left": "unsubscribed"}[kind.split()[0]]
            standings = [one.standing.get(number)] if number else list(one.standing.values())
            return any(_during(each[1], when) for each in standings if each and each[0] == state)
        case Compare(subject, op, value):
            return _compared(_known(one, subject, words), op, value)
    raise AssertionError(tree)


def _during(day: date, when) -> bool:
    if when.within:
        return day >= when.within.before(TODAY)
    return (when.since is None or day >= when.since) and (when.before is None or day < when.before)


def _known(one: Somebody, subject: str, words: Vocabulary) -> Any:
    if subject.startswith("field:"):
        kind = words.attributes[subject].type
        value = one.known.get(words.attributes[subject].category, {}).get(subject.removeprefix("field:"))
        return date.fromisoformat(value) if kind == "date" and value else value
    return {
        "region": one.region.code,
        "language": one.language or None,
        "added": one.added,
        "email_domain": one.domain,
        "restricted": bool(one.flags & 1),
        "unreachable": bool(one.flags & 6),
        "suppressed": bool(one.flags & 4),
    }[subject]


def _compared(known: Any, op: str, value: Any) -> bool:
    if op == "!=":
        return not _compared(known, "=", value)
    if op in {"is set", "is empty"}:
        return (known not in (None, "")) == (op == "is set")
    if known in (None, ""):
        return False
    if isinstance(value, Span):
        return {
            "within": lambda: value.before(TODAY) <= known <= TODAY,
            "older than": lambda: known < value.before(TODAY),
            "in the next": lambda: TODAY <= known <= value.after(TODAY),
        }[op]()
    if isinstance(known, str):
        known = known.lower()
        value = tuple(each.lower() for each in value) if isinstance(value, tuple) else value.lower()
    return {
        "=": lambda: known == value,
        "<": lambda: known < value,
        "<=": lambda: known <= value,
        ">": lambda: known > value,
        ">=": lambda: known >= value,
        "in": lambda: known in value,
        "contains": lambda: value in known,
        "starts with": lambda: known.startswith(value),
        "ends with": lambda: known.endswith(value),
    }[op]()


def made(workspace, one: Somebody, lists: list[MailingList]) -> Any:
    """Put somebody into the database."""
    person = make.person(workspace, region=one.region, traits=one.known, language=one.language)
    with processing(workspace.pk, ADMINISTER, by="test", act="test.set"), connection.cursor() as cursor:
        noon = datetime.combine(one.added, NOW.timetz())
        Person.objects.filter(pk=person).update(created_at=noon, flags=one.flags)
        if one.domain is None:
            cursor.execute("DELETE FROM people_identity WHERE person_id = %s", [person])
        else:
            cursor.execute("UPDATE people_identity SET value = %s WHERE person_id = %s", [f"a@{one.domain}", person])
        for number, (state, day) in one.standing.items():
            cursor.execute(
                "INSERT INTO people_subscription (person_id, list_id, workspace_id, state, since)"
                " VALUES (%s, %s, %s, %s, %s)",
                [person, lists[number].pk, workspace.pk, state, datetime.combine(day, NOW.timetz())],
            )
    return person


def sometimes(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *values])


@st.composite
def people(draw: st.DrawFn) -> Somebody:
    def kept(**values: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not None}

    days = st.sampled_from(DAYS)
    return Somebody(
        {
            "demographics": kept(
                city=draw(sometimes(*TOWNS, "")),
                points=draw(sometimes(0, 5, 5.5, -1)),
                member_until=draw(sometimes(*(day.isoformat() for day in DAYS))),
                home=draw(sometimes("SE", "NO")),
            ),
            "occupation": kept(vip=draw(sometimes(True, False)), tier=draw(sometimes("Gold", "Silver"))),
            **draw(st.sampled_from([{}, {"contact": {"mobile": "+46701234567"}}])),
        },
        draw(st.sampled_from([Region.UNKNOWN, Region.EEA, Region.US_CA])),
        draw(st.sampled_from(["", "sv", "en"])),
        draw(days),
        draw(st.integers(0, 7)),
        draw(sometimes("example.org", "example.com")),
        draw(
            st.dictionaries(
                st.integers(0, 2),
                st.tuples(st.sampled_from(["subscribed", "pending", "unsubscribed"]), days),
                max_size=3,
            )
        ),
    )


NUMBERS = [-1, 0, 5, 5.5, 6]
SPANS = [Span(1), Span(90), Span(7), Span(1, "week"), Span(1, "month"), Span(1, "year")]


CROWD = [
    Somebody(
        {
            "demographics": {
                **({"city": TOWNS[place % 6]} if place % 4 else {}),
                **({"points": [-1, 0, 5, 5.5][place % 4]} if place % 5 else {}),
                **({"member_until": day.isoformat()} if place % 6 else {"member_until": ""}),
                **({"home": ["SE", "NO"][place % 2]} if place % 3 else {}),
            },
            **({"occupation": {"vip": place % 4 == 1, "tier": ["Gold", "Silver"][place % 2]}} if place % 3 else {}),
            **({"contact": {"mobile": "+46701234567"}} if place % 2 else {}),
        },
        [Region.UNKNOWN, Region.EEA, Region.US_CA][place % 3],
        ["", "sv", "en"][place % 3],
        day,
        place % 8,
        ["example.org", "example.com", None][place % 3],
        {place % 3: (["subscribed", "pending", "unsubscribed"][place % 3], day)},
    )
    for place, day in enumerate(DAYS)
]

"""What a segment can ask about: what this package knows, and what later ones add.

A package adds its own from `AppConfig.ready`:

    add_attribute(Attribute(name="orders", label=_("Orders"), type="number", category="purchases", sql=orders_sql))
    add_happening(Happening(words="bought", label=_("Bought"), category="purchases", object="product", sql=bought_sql))
    add_objects("product", lambda workspace_id: {7: "Screen"})

`sql` gets the growing `Query` (and the event), joins what it needs with one row a person at most, and returns an
expression in which null means no. Row-level security must show the rows under the category that the condition names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from tillit.people.models import Field, MailingList, Person, Subscription
from tillit.people.queries import fields
from tillit.people.segments.compile import Query
from tillit.people.segments.tree import Event
from tillit.people.segments.vocabulary import FIELD, Attribute, Happening, Vocabulary
from tillit.people.values import reader
from tillit.policy.regions import Region

T = TypeVar("T")
Objects = Callable[[int], Mapping[int, str]]

_attributes: dict[str, Attribute] = {}
_happenings: dict[str, Happening] = {}
_objects: dict[str, Objects] = {}


def add_attribute(attribute: Attribute) -> None:
    """Let segments compare something known of persons. A name is added once."""
    _add(_attributes, attribute.name, attribute)


def add_happening(happening: Happening) -> None:
    """Let segments ask whether something happened to persons. Words are added once."""
    _add(_happenings, happening.words, happening)


def add_objects(kind: str, names: Objects) -> None:
    """Say what a kind of thing is called: a function from workspace to number → name."""
    _add(_objects, kind, names)


def _add(known: dict[str, T], name: str, added: T) -> None:
    if name in known:
        raise ValueError(f"a segment can ask about “{name}” already")
    known[name] = added


def vocabulary(workspace_id: int) -> Vocabulary:
    """The words of a workspace's segments: its fields, its lists, and what the packages added."""
    known = {FIELD + field.name: _of_field(field) for field in fields(workspace_id)}
    objects = {kind: names(workspace_id) for kind, names in _objects.items()}
    return Vocabulary({**_attributes, **known}, dict(_happenings), objects)


def _of_field(field: Field) -> Attribute:
    return Attribute(
        name=FIELD + field.name,
        label=field.said(),
        type=field.type,
        category=field.category,
        choices={choice: choice for choice in field.choices} if field.type == "choice" else {},
        tidy=reader(field) if field.type in {"choice", "country", "phone"} else None,
    )


# -- what this package knows ------------------------------------------------------------------------------------------
def standing(state: str) -> Callable[[Query, Event], str]:
    """The SQL of a standing on a list, by the list's primary key, or on any list."""

    def sql(query: Query, event: Event) -> str:
        since, before = query.span(event.when)
        if event.object is None:
            return _on_any(query, state, event)
        list_id = query.shared(event.object)
        t = query.join(f"people_subscription {{t}} ON {{t}}.person_id = m.id AND {{t}}.list_id = {list_id}")
        conditions = [f"{t}.state = '{state}'"]
        conditions += [f"{t}.since >= {query.value(since)}"] if since else []
        conditions += [f"{t}.since < {query.value(before)}"] if before else []
        return f"({' AND '.join(conditions)})"

    return sql


def _on_any(query: Query, state: str, event: Event) -> str:
    since, before = query.span(event.when)
    limits = f" AND s.since >= {query.shared(since)}" if since else ""
    limits += f" AND s.since < {query.shared(before)}" if before else ""
    t = query.join(
        f"(SELECT s.person_id FROM people_subscription s WHERE s.state = '{state}'{limits}"
        f" {query.people('s.person_id')} GROUP BY 1) {{t}}"
        " ON {t}.person_id = m.id"
    )
    return f"({t}.person_id IS NOT NULL)"


def _region(query: Query) -> str:
    whens = " ".join(f"WHEN {int(region)} THEN '{region.code}'" for region in Region)
    return f"(CASE m.region {whens} END)"


def _domain(query: Query) -> str:
    """The domain of the address; of several, the first in the alphabet."""
    t = query.join(
        "(SELECT i.person_id, min(split_part(i.value, '@', 2)) AS domain FROM people_identity i"
        f" WHERE i.kind = 'email' AND i.value IS NOT NULL {query.people('i.person_id')} GROUP BY 1) {{t}}"
        " ON {t}.person_id = m.id"
    )
    return f"{t}.domain"


def _flag(flag: int) -> Callable[[Query], str]:
    return lambda query: f"(m.flags & {flag} <> 0)"


def _lists(workspace_id: int) -> Mapping[int, str]:
    return dict(MailingList.objects.filter(workspace_id=workspace_id).order_by("name").values_list("pk", "name"))


REGIONS = {region.code: region.code for region in Region}
add_attribute(
    Attribute(
        name="region",
        label=_("Region"),
        type="choice",
        category="contact",
        choices=REGIONS,
        always=True,
        sql=_region,
    )
)
add_attribute(
    Attribute(
        name="language",
        label=_("Language"),
        type="text",
        category="preferences",
        sql=lambda query: "m.language",
    )
)
add_attribute(
    Attribute(
        name="added",
        label=_("Added"),
        type="moment",
        category="contact",
        always=True,
        sql=lambda query: "m.created_at",
    )
)
add_attribute(
    Attribute(name="email_domain", label=_("Domain of the address"), type="text", category="contact", sql=_domain)
)
for _name, _label, _bits in (
    ("restricted", _("Processing restricted"), Person.RESTRICTED),
    ("unreachable", _("Unreachable"), Person.UNREACHABLE | Person.SUPPRESSED),
    ("suppressed", _("Suppressed"), Person.SUPPRESSED),
):
    add_attribute(
        Attribute(name=_name, label=_label, type="boolean", category="contact", always=True, sql=_flag(_bits))
    )
add_objects("list", _lists)
for _words, _anywhere, _text, _any_text, _state in (
    ("on list", "on any list", _("Is on the list"), _("Is on any list"), Subscription.State.SUBSCRIBED),
    (
        "awaiting list",
        "awaiting any list",
        _("Has yet to confirm"),
        _("Has yet to confirm any list"),
        Subscription.State.PENDING,
    ),
    ("left list", "left any list", _("Left the list"), _("Left any list"), Subscription.State.UNSUBSCRIBED),
):
    add_happening(
        Happening(words=_words, label=_text, category="preferences", object="list", needed=True, sql=standing(_state))
    )
    add_happening(Happening(words=_anywhere, label=_any_text, category="preferences", sql=standing(_state)))

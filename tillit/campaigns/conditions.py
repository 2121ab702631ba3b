"""What segments can ask about campaigns: whom they were sent to, and who opened or clicked.

Machines do not count, nor does anything that somebody did who may not be measured now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from tillit.campaigns.measured import measured
from tillit.campaigns.models import Campaign
from tillit.delivery.ids import id_range
from tillit.people.segments.compile import Query
from tillit.people.segments.conditions import add_happening, add_objects
from tillit.people.segments.explain import add_table
from tillit.people.segments.tree import Event
from tillit.people.segments.vocabulary import Happening


def register() -> None:
    """Let segments ask about campaigns."""
    add_objects("campaign", _names)
    add_table("delivery_event", _("opens and clicks"))
    add_table("delivery_message", _("mails"))
    for words, label, category, sql in (
        ("sent", _("Was sent a campaign"), "correspondence", _sent),
        ("opened", _("Opened a campaign"), "interaction", _events("open")),
        ("clicked", _("Clicked in a campaign"), "interaction", _events("click")),
    ):
        add_happening(Happening(words=words, label=label, category=category, object="campaign", counted=True, sql=sql))


def _names(workspace_id: int) -> Mapping[int, str]:
    found = Campaign.objects.filter(workspace_id=workspace_id).exclude(prepared_at=None).order_by("-id")
    return dict(found.values_list("pk", "name"))


def _sent(query: Query, event: Event) -> str:
    """Of a message the id tells when it was prepared, which keeps to the months' partitions that can hold it."""
    limits = ["e.state = 'sent'", "e.campaign_id IS NOT NULL", *_of_time("e.id", query, event)]
    return _counted("delivery_message", limits, query, event)


def _events(kind: str) -> Callable[[Query, Event], str]:
    def sql(query: Query, event: Event) -> str:
        limits = [f"e.kind = '{kind}'", "e.machine = ''", *_of_time("e.id", query, event)]
        return f"({_counted('delivery_event', limits, query, event)} AND {measured('m')})"

    return sql


def _of_time(column: str, query: Query, event: Event) -> Iterator[str]:
    """Both tables are partitioned by month on their ids, which tell the time."""
    since, before = query.span(event.when)
    if since:
        yield f"{column} >= {query.shared(_first_id(since))}"
    if before:
        yield f"{column} < {query.shared(_first_id(before))}"


def _first_id(moment: datetime) -> str:
    return str(id_range(max(moment, datetime(1970, 1, 1, tzinfo=UTC)))[0])


def _counted(table: str, limits: list[str], query: Query, event: Event) -> str:
    """People and how often something happened to them, grouped before the join, so that it has one row a person."""
    if event.object is not None:
        limits = [*limits, f"e.campaign_id = {query.shared(event.object)}"]
    having = f" HAVING count(*) >= {int(event.times)}" if event.times > 1 else ""
    t = query.join(
        f"(SELECT e.person_id FROM {table} e WHERE {' AND '.join(limits)} {query.people('e.person_id')}"
        f" GROUP BY 1{having}) {{t}}"
        " ON {t}.person_id = m.id"
    )
    return f"({t}.person_id IS NOT NULL)"

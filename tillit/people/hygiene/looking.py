"""Looking through a list: how many people of each kind there are, and who they are."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tillit.ledger.processing import processing
from tillit.people.hygiene.domains import is_disposable, suggestion
from tillit.people.hygiene.kinds import KINDS, Looked
from tillit.people.models import ListCheck, MailingList

ADMINISTER = "audience.administer"
SMALL = 20_000  # people on a list that is looked through while one waits: about a second
KEPT_DOMAINS = 5000  # of each kind; more than a list of a million was seen to have
STALLED_AFTER = timedelta(minutes=15)
PER_PAGE = 50

# People on the list, each once; conditions are on `s` and `p`.
PEOPLE = """
FROM people_subscription s JOIN people_person p ON p.id = s.person_id
WHERE s.list_id = %(list)s AND s.state = 'subscribed' AND ({where})
"""
_DOMAINS = """
SELECT split_part(i.value, '@', 2), count(*)
FROM people_subscription s JOIN people_person p ON p.id = s.person_id
JOIN people_identity i ON i.person_id = p.id AND i.kind = 'email'
WHERE s.list_id = %(list)s AND s.state = 'subscribed' GROUP BY 1
"""


def begin(mailing_list: MailingList, *, by: str, now: datetime) -> ListCheck:
    """Look through a list: at once where it is small, else by a job; return what is known of it now."""
    check, _made = ListCheck.objects.update_or_create(
        list=mailing_list, defaults={"state": ListCheck.State.RUNNING, "begun_at": now, "by": by}
    )
    with processing(mailing_list.workspace_id, ADMINISTER, by=by, act="list.read", about=f"list:{mailing_list.pk}"):
        size = _size(mailing_list.pk)
    if size <= SMALL:
        return look_through(mailing_list.pk, now=now)
    _defer(mailing_list.pk)
    return check


def look_through(list_id: int, *, now: datetime) -> ListCheck:
    """Count the people of each kind on a list, and keep the numbers."""
    check = ListCheck.objects.select_related("list").get(list_id=list_id)
    about = f"list:{list_id}"
    workspace_id = check.list.workspace_id
    with processing(workspace_id, ADMINISTER, by=check.by, act="list.check", about=about) as activity:
        domains = domains_of(list_id)
        looked = _looked(domains, now=now)
        found: dict[str, Any] = {"people": _size(list_id)}
        for kind in KINDS:
            found[kind] = _count(list_id, kind, looked)
        found["disposable_domains"] = _most({each: domains[each] for each in looked.disposable})
        found["typos"] = [
            [each, looked.typos[each], n] for each, n in _most({each: domains[each] for each in looked.typos})
        ]
        activity.count(persons=found["people"])
        check.found, check.state, check.done_at = found, ListCheck.State.DONE, now
        check.save(update_fields=["found", "state", "done_at"])
    return check


def _most(numbers: dict[str, int]) -> list[list[Any]]:
    return [list(pair) for pair in Counter(numbers).most_common(KEPT_DOMAINS)]


def domains_of(list_id: int) -> dict[str, int]:
    """The mail domains of the people on a list, each with how many; runs in the caller's context."""
    with connection.cursor() as cursor:
        cursor.execute(_DOMAINS, {"list": list_id})
        return {domain: number for domain, number in cursor.fetchall() if domain}


def _looked(domains: dict[str, int], *, now: datetime) -> Looked:
    typos = {domain: meant for domain in domains if (meant := suggestion(domain))}
    # Some mistyped domains do give out addresses; whoever mistyped gmail.com never asked for one.
    return Looked(now, [domain for domain in domains if domain not in typos and is_disposable(domain)], typos)


def looked_at(list_id: int, *, now: datetime) -> Looked:
    """What the conditions are told of a list: the domains that the last look found, else found now.

    Runs in the caller's context. Reading the domains anew costs a second for 300,000 people.
    """
    check = ListCheck.objects.filter(list_id=list_id, done_at__isnull=False).first()
    if check is None:
        return _looked(domains_of(list_id), now=now)
    typos = {domain: meant for domain, meant, _number in check.found["typos"]}
    return Looked(now, [domain for domain, _number in check.found["disposable_domains"]], typos)


def _size(list_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {PEOPLE.format(where='true')}", {"list": list_id})
        return int(cursor.fetchone()[0])


def _count(list_id: int, kind: str, looked: Looked) -> int:
    with connection.cursor() as cursor:
        statement = f"SELECT count(*) {PEOPLE.format(where=KINDS[kind].where)}"
        cursor.execute(statement, {"list": list_id, **KINDS[kind].told(looked)})
        return int(cursor.fetchone()[0])


def page(list_id: int, kind: str, *, after: UUID | None, now: datetime) -> tuple[list[UUID], int]:
    """The next people of a kind on a list, oldest first, one more than a page; and how many there are of it in all.

    The number is that of the last look, where there was one.
    """
    looked = looked_at(list_id, now=now)
    where = f"{KINDS[kind].where} AND s.person_id > %(after)s"
    told = {"list": list_id, "after": after or UUID(int=0), "limit": PER_PAGE + 1, **KINDS[kind].told(looked)}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT s.person_id {PEOPLE.format(where=where)} ORDER BY 1 LIMIT %(limit)s", told)
        ids = [row[0] for row in cursor.fetchall()]
    check = ListCheck.objects.filter(list_id=list_id, done_at__isnull=False).first()
    return ids, int(check.found[kind]) if check else _count(list_id, kind, looked)


def resume_stalled(*, now: datetime) -> int:
    """Look through lists again whose worker died at it; return how many."""
    stalled = ListCheck.objects.filter(state=ListCheck.State.RUNNING, begun_at__lt=now - STALLED_AFTER)
    lists = list(stalled.values_list("list_id", flat=True))
    stalled.update(begun_at=now)
    for list_id in lists:
        _defer(list_id)
    return len(lists)


def _defer(list_id: int) -> None:
    from tillit.people.tasks import check_list  # noqa: PLC0415  tasks import this module

    with transaction.atomic():
        check_list.defer(list_id=list_id)

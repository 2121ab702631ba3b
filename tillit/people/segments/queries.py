"""Asking who is in a segment: how many, under which purpose, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.ledger.versions import Version, in_force
from tillit.people.models import Segment
from tillit.people.patience import TooSlow, patience
from tillit.people.segments.compile import PERSONS, Compiled, compile_segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import write
from tillit.people.segments.tree import Mistake, Node, from_json
from tillit.people.segments.vocabulary import Vocabulary

ADMINISTER = "audience.administer"
SAMPLED = 20_000


class LacksCategory(Refused):
    """The purpose may not use something that the segment asks about."""


class Outdated(Refused):
    """The segment asks about something that is no longer there, such as a retired field."""


def segments(workspace_id: int) -> QuerySet[Segment]:
    """The segments of a workspace."""
    return Segment.objects.filter(workspace_id=workspace_id).order_by("name")


def text_of(segment: Segment, words: Vocabulary | None = None) -> str:
    """The text form of a segment."""
    return write(from_json(segment.tree), words or vocabulary(segment.workspace_id))


def lacking(policy: Version, categories: Iterable[str], purpose: str) -> list[str]:
    """The categories, by their titles, that a purpose does not use."""
    rule = policy.rules.get(purpose)
    names = sorted(set(categories) - (rule.categories if rule else frozenset()))
    known, language = policy.document.categories, get_language() or "en"
    return [known[name].title.said(language) if name in known else name for name in names]


def check_purpose(workspace_id: int, categories: Iterable[str], purpose: str) -> None:
    """Raise LacksCategory when a purpose may not use a category that a segment asks about.

    Row-level security would hide the rows, and “not opened” would mean everybody. Source: CLAUSES C8.
    """
    policy = in_force(workspace_id)
    if missing := lacking(policy, categories, purpose):
        document, language = policy.document, get_language() or "en"
        title = document.purposes[purpose].title.said(language) if purpose in document.purposes else purpose
        reason = _("“%(purpose)s” may not use %(categories)s, which the segment asks about.") % {
            "purpose": title,
            "categories": ", ".join(f"“{each}”" for each in missing),
        }
        mend = _("Leave that condition out, or let the policy foresee it for the purpose.")
        raise LacksCategory(f"{reason} {mend}", rule=purpose, clause="C8")


def compiled(workspace_id: int, tree: Node, purpose: str, *, now: datetime | None = None) -> Compiled:
    """The SQL of a tree for use under a purpose. Raises LacksCategory and Outdated."""
    words = vocabulary(workspace_id)
    try:
        made = compile_segment(words.tidy(tree), words, now=now or timezone.now())
    except Mistake as mistake:
        raise Outdated(_("The segment cannot be used: %(why)s") % {"why": mistake}) from mistake
    check_purpose(workspace_id, made.categories, purpose)
    return made


def compiled_here(segment_id: int, *, workspace_id: int | None = None) -> Compiled:
    """The SQL of a segment for use in the open processing context. Raises as `compiled` does, and for one that is gone.

    Asked twice, it uses the same placeholders.
    """
    segment = Segment.objects.filter(pk=segment_id).first()
    if segment is None or workspace_id not in {None, segment.workspace_id}:
        raise Outdated(_("The segment was deleted. Choose another."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('tillit.purpose', true)")
        purpose = cursor.fetchone()[0] or ""
    return compiled(segment.workspace_id, from_json(segment.tree), purpose)


def check_disclosed(asked: Iterable[str], categories: Iterable[str]) -> None:
    """Raise LacksCategory where a question is about more than whoever gets the answer may have.

    The answer tells it of everybody whom it names or counts. Source: GDPR art 5(1)(b)-(c).
    """
    if more := sorted(set(asked) - set(categories)):
        text = _("The recipient may not have %(categories)s, so they cannot ask by that.")
        raise LacksCategory(text % {"categories": ", ".join(f"“{each}”" for each in more)}, clause="F1")


@dataclass(frozen=True, slots=True)
class Count:
    """How many people are in a segment and how many there are; `exact` or from a sample."""

    number: int
    everybody: int
    exact: bool
    seconds: float

    @property
    def share(self) -> float:
        """In per cent."""
        return 100 * self.number / self.everybody if self.everybody else 0.0


def count(
    workspace_id: int,
    tree: Node,
    *,
    by: str,
    purpose: str = ADMINISTER,
    recipient: str = "",
    limit_s: float | None = None,
) -> Count:
    """Count the people of a segment whom a purpose permits; from a sample when it takes longer than the limit.

    Raises LacksCategory, also for what a `recipient` may not have, Outdated, and TooSlow when a sample takes too long
    as well.
    """
    started = time.perf_counter()
    with processing(workspace_id, purpose, by=by, act="segment.count", recipient=recipient) as activity:
        query = compiled(workspace_id, tree, purpose)
        check_disclosed(query.categories, activity.categories)
        everybody = _number("SELECT count(*) FROM people_person", {}, limit_s)
        if everybody is None:
            raise TooSlow
        number = _number(f"SELECT count(*) FROM ({query.sql}) found", query.parameters, limit_s)
        exact = number is not None
        if number is None:
            number = _sampled(query, everybody, limit_s)
        activity.count(persons=number)
    return Count(number, everybody, exact, time.perf_counter() - started)


def _sampled(query: Compiled, everybody: int, limit_s: float | None) -> int:
    """Count in a part of the table's pages. Raises TooSlow."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 1) FROM pg_class WHERE relname = 'people_person'")
        percent = min(100.0, 100 * SAMPLED / cursor.fetchone()[0])
    sample = f"{PERSONS} TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (1)"
    sql = query.sql.replace(PERSONS, sample, 1)
    found = _number(f"SELECT count(*) FROM ({sql}) found", query.parameters, limit_s)
    among = _number(f"SELECT count(*) FROM {sample}", {}, limit_s)
    if found is None or among is None:
        raise TooSlow
    return round(everybody * found / among) if among else 0


def _number(sql: str, parameters: Any, limit_s: float | None) -> int | None:
    """Run a count under a time limit; None when it was stopped."""
    try:
        with patience(limit_s), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            number: int = cursor.fetchone()[0]
            return number
    except TooSlow:
        return None

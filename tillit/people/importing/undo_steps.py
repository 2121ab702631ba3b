"""The parts of undoing an import: each is one transaction, under the purpose that sees whatever somebody did since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from tillit.ledger.processing import OpenActivity, processing
from tillit.ledger.rls import personal_models
from tillit.ledger.versions import places
from tillit.people.folding import refold
from tillit.people.importing import mapping
from tillit.people.importing import undo_statements as sql
from tillit.people.importing.mapping import FIELD
from tillit.people.models import Field, Import, ImportChunk

#: It corrects and erases, which undoing does, and is the only one that sees every category, and so every sign that
#: somebody did something since. Source: GDPR art 5(1)(d), 17(1)(d).
PURPOSE = "rights.fulfil"
CHOICE = "choice"
HEIRS = "heirs"  # of an import's undo: the imports that what it leaves belongs to from then on


class Superseded(Exception):
    """Another worker took the undo over; what that one did counts."""


@dataclass(frozen=True, slots=True)
class Work:
    """What undoing one import needs to know.

    `later` are the imports that came after it; `said` maps a category, or what else a column can mean, to those of
    them whose files say something about it.
    """

    item: Import
    values: Mapping[str, Any]
    later: list[Import]
    said: Mapping[str, list[int]]


def work_of(item: Import) -> Work:
    """Gather what undoing an import needs to know."""
    first = ImportChunk.objects.filter(import_id=item.pk).order_by("id").values_list("id", flat=True).first()
    later = _later(item, first=first) if first else []
    left = _left_to(item)
    chunks = ImportChunk.objects.filter(import_id__in=[item.pk, *(each.pk for each in left)])
    times = list(chunks.order_by("id").values_list("written_at", flat=True))
    category_of = dict(Field.objects.filter(workspace_id=item.workspace_id).values_list("name", "category"))
    said: dict[str, list[int]] = {}
    for each in later:
        for about in _about(each, category_of):
            said.setdefault(about, []).append(each.pk)
    ever = {purpose: place.refused_bits | 1 << place.bit for purpose, place in places(item.workspace_id).items()}
    values = {
        "import": item.pk,
        "workspace": item.workspace_id,
        "list": item.list_id,
        "lists": [each.list_id for each in (item, *left) if each.list_id],
        "times": times,
        "since": min(times, default=None),
        "about": f"import:{item.pk}",
        "later_list": [each.pk for each in later if each.list_id == item.list_id],
        "later_choice": said.get(CHOICE, []),
        "later_country": said.get(mapping.COUNTRY, []),
        "later_language": said.get(mapping.LANGUAGE, []),
        "purposes": list(ever),
        "evers": list(ever.values()),
    }
    return Work(item, values, later, said)


def _later(item: Import, *, first: int) -> list[Import]:
    """The imports of the workspace that wrote something after another's first chunk, and were not undone.

    A chunk gets its number while it holds its people, its moment before: of two that waited for each other the numbers
    tell which came first.
    """
    wrote = ImportChunk.objects.filter(pk__gt=first).exclude(import_id=item.pk)
    found = Import.objects.filter(workspace_id=item.workspace_id, pk__in=wrote.values("import_id"))
    return list(found.exclude(state=Import.State.UNDONE).order_by("id"))


def _left_to(item: Import) -> list[Import]:
    """The imports that were undone and left something to this one, or to one that did."""
    over = [Import.State.UNDOING, Import.State.UNDONE]
    known = list(Import.objects.filter(workspace_id=item.workspace_id, state__in=over).exclude(pk=item.pk))
    heirs, found = {item.pk}, list[Import]()
    while more := [
        each for each in known if each not in found and heirs.intersection((each.undo or {}).get(HEIRS, ()))
    ]:
        found += more
        heirs.update(each.pk for each in more)
    return found


def _about(item: Import, category_of: Mapping[str, str]) -> set[str]:
    """What an import's columns say something about: categories of fields, and what else a column can mean."""
    targets = {column["target"] for column in item.options["columns"] if column["target"]}
    found = {category_of.get(target.removeprefix(FIELD), "") for target in targets if target.startswith(FIELD)}
    found |= {target for target in targets if not target.startswith(FIELD)}
    if mapping.COUNTRY in targets:
        found.add(category_of.get("country", ""))
    if targets & {mapping.STATUS, mapping.UNSUBSCRIBED, mapping.CONSENT} or item.options.get("consent"):
        found.add(CHOICE)
    return found - {""}


@lru_cache(maxsize=1)
def others() -> tuple[str, ...]:
    """The tables about persons that no import writes: a row there says that somebody did something."""
    tables = {model._meta.db_table for model, _declares in personal_models()}
    return tuple(sorted(tables - sql.OWN))


def bounds(chunk: ImportChunk) -> dict[str, Any]:
    """The parameters that find the people whom a chunk made."""
    return {"first": chunk.first_id, "last": chunk.last_id, "written": chunk.written_at}


@dataclass(slots=True)
class Step:
    """One transaction of an undo, with what it counted."""

    work: Work
    activity: OpenActivity
    cursor: CursorWrapper
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)
    heirs: set[int] = field(default_factory=set)
    rows: int = 0
    after: str = ""

    def look_again(self) -> None:
        """Take in what other imports wrote until now, when the people of this step are held."""
        self.work = work_of(self.work.item)

    def run(self, statement: str, **more: Any) -> int:
        """Run a statement; return how many rows it touched."""
        self.cursor.execute(statement, {**self.work.values, "now": self.now, **more})
        return int(self.cursor.rowcount)

    def rows_of(self, statement: str, **more: Any) -> list[tuple[Any, ...]]:
        """Run a statement; return its rows."""
        self.run(statement, **more)
        return list(self.cursor.fetchall())

    def later(self, about: str) -> list[int]:
        """The later imports that say something about a category or a kind of identity."""
        return self.work.said.get(about, [])


@contextmanager
def transaction_of(work: Work) -> Iterator[Step]:
    """Open one transaction of an undo; its progress is written with it. Raises Superseded."""
    item, now = work.item, timezone.now()
    undo = dict(item.undo or {})
    by, about = undo["by"], f"import:{item.pk}"
    with processing(item.workspace_id, PURPOSE, by=by, act="people.import.undo", about=about) as activity:
        with connection.cursor() as cursor:
            step = Step(work, activity, cursor, now, after=undo["after"])
            yield step
        undo["counts"] = dict(Counter(undo["counts"]) + step.counts)
        undo["done"], undo["after"] = undo["done"] + step.rows, step.after
        undo[HEIRS] = sorted({*undo.get(HEIRS, ()), *step.heirs})
        activity.count(persons_removed=step.counts["removed"], persons_restored=step.counts["restored"])
        alive = Import.objects.filter(pk=item.pk, state=Import.State.UNDOING, undo=item.undo)
        if not alive.update(undo=undo, moved_at=now):
            raise Superseded(Superseded.__doc__)
    item.undo = undo


def undo_made(step: Step, *, chunk: ImportChunk) -> int:
    """Remove the people whom a chunk made; who did something since stays, without what only the import wrote.

    Returns how many people were found.
    """
    alive = ImportChunk.objects.filter(pk=chunk.pk, undone_at=None).update(undone_at=step.now)
    if not alive:
        raise Superseded(Superseded.__doc__)
    step.run(sql.MADE)
    found = step.run(sql.FIND, **bounds(chunk))
    step.counts["gone_before"] += chunk.new - found
    _undo_held(step)
    step.rows = chunk.rows
    return found


def undo_inherited(step: Step, *, limit: int) -> int:
    """Remove the next people whom this import inherited of those undone before; return how many they were."""
    step.run(sql.MADE)
    found = step.run(sql.INHERITED, limit=limit)
    _undo_held(step)
    return found


def _undo_held(step: Step) -> None:
    """Remove the people in `made` who did nothing since; whom another import names, that one inherits."""
    step.look_again()
    step.run(sql.weigh(others()))
    for reason, number in step.rows_of(sql.KEPT):
        step.counts[f"kept.{reason}" if reason else "removed"] += number
    step.counts["voided"] += step.run(sql.VOID_MADE)
    _refold(step, "made")
    for statement in sql.REMOVE:
        step.run(statement)
    if any(name.startswith("kept.") for name in step.counts):
        _hand_over(step, sql.HAND_MADE)
        for part in sql.PARTS:
            _hand_over(step, sql.hand_over(part, sql.ALL_MADE))
    step.run(sql.FORGET_MADE)
    _strip(step)
    step.run(sql.REMOVE_PERSONS)
    step.run("DROP TABLE made")


def _hand_over(step: Step, statement: str, **told: Any) -> None:
    step.heirs.update(heir for (heir,) in step.rows_of(statement, **told))


def _strip(step: Step) -> None:
    """Take from the people who stay what nobody but the import has written."""
    if not any(name.startswith("kept.") for name in step.counts):
        return
    for (category,) in step.rows_of("SELECT DISTINCT category FROM people_traits t JOIN made m USING (person_id)"):
        step.run(sql.STRIP_VALUES, category=category, later=step.later(category))
    step.run(sql.STRIP_LIST)
    for kind in ("phone", "customer"):
        step.run(sql.STRIP_IDENTITIES, kind=kind, later=step.later(kind))


def undo_known(step: Step, *, limit: int) -> int:
    """Set back the next people whom the import knew; return how many they were."""
    step.run(sql.BACK)
    step.run(sql.NEXT, after=UUID(step.after), limit=limit)
    [(found, last)] = step.rows_of(sql.LAST)
    if found:
        step.after = last
        step.run(sql.LOCK)
        step.look_again()
        [(step.counts["restored"],)] = step.rows_of(sql.CHANGED)
        _set_back(step)
        step.run(sql.FORGET_KNOWN)
    else:
        _undo_gone(step)
    step.run("DROP TABLE back")
    return int(found)


def _set_back(step: Step) -> None:
    categories = step.rows_of(
        "SELECT DISTINCT r.category FROM people_importtrace r JOIN back k USING (person_id)"
        " WHERE r.import_id = %(import)s AND r.part = 'values'"
    )
    for (category,) in categories:
        told = {"category": category, "later": step.later(category)}
        step.counts["values_kept"] += step.rows_of(sql.VALUES_KEPT, **told)[0][0]
        for statement in (sql.VALUES_SINGLE, sql.VALUES_AWAY, sql.VALUES_WHOLE):
            step.run(statement, **told)
    step.counts["lists_kept"] += step.rows_of(sql.LIST_KEPT)[0][0]
    step.run(sql.LIST_AWAY)
    step.run(sql.LIST_BACK)
    for kind in ("phone", "customer"):
        step.run(sql.identities(kind), later=step.later(kind))
    step.run(sql.PERSONS)
    step.run(sql.LANGUAGES)
    step.counts["voided"] += step.run(sql.VOID_KNOWN)
    _refold(step, "back")
    for (category,) in categories:
        told = {"category": category, "later": step.later(category)}
        if told["later"]:
            _hand_over(step, sql.hand_over("values", sql.SAID_AGAIN, of="AND r.category = %(category)s"), **told)
    again = {name: step.work.values[f"later_{name}"] for name in ("list", "language", CHOICE)}
    again |= {"person": step.work.values["later_country"], **{kind: step.later(kind) for kind in ("phone", "customer")}}
    for part, later in again.items():
        if later:
            _hand_over(step, sql.hand_over(part, sql.SAID_AGAIN), later=later)


def _refold(step: Step, people: str) -> None:
    """Fold anew what persons decided, where something was taken back."""
    step.run(sql.REFOLD.format(people=people))
    merged = [row[0] for row in step.rows_of(sql.MERGED.format(people=people))]
    refold(step.work.item.workspace_id, merged, now=step.now)


def _undo_gone(step: Step) -> None:
    """Take back what the import recorded of records that have gone into others'."""
    step.counts["voided"] += step.run(sql.VOID_GONE)
    step.run(sql.PLACE_GONE)
    step.run(sql.PLACE_KEPT_FOR_SPLIT)
    people = [row[0] for row in step.rows_of(sql.MERGED_ANEW)]
    refold(step.work.item.workspace_id, people, now=step.now)

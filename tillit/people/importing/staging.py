"""Writing one chunk: copied to the staging table, then inserted by set, in the caller's processing context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import OpenActivity
from tillit.ledger.versions import version
from tillit.people.importing import known as known_sql
from tillit.people.importing import statements as sql
from tillit.people.importing.columns import FieldColumn
from tillit.people.importing.retrying import Gone
from tillit.people.importing.rows import FIXED, SEPARATOR, Chunk, Plan, Refusal
from tillit.people.importing.silencing import silence
from tillit.people.suppression.known import anything, share_lock, suppressed
from tillit.policy.dates import add
from tillit.policy.decide import decide
from tillit.policy.regions import Region
from tillit.policy.roles import Role
from tillit.policy.rules import PersonState

MARKETING = "marketing.email"
LINE, VALUE = FIXED.index("line"), FIXED.index("value")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an import writes beside the persons: their source, the list they join, the purpose they consented to."""

    import_id: int
    source_id: int
    list_id: int | None = None
    consent: str = ""


def write(activity: OpenActivity, plan: Plan, terms: Terms, chunk: Chunk, *, now: datetime) -> None:
    """Write a chunk's people and complete its counts and refusals. Nothing of it is kept when the caller rolls back.

    Raises Gone.
    """
    values = _values(activity, terms, now=now)
    if chunk.silenced:
        chunk.counts += silence(activity, chunk.silenced, import_id=terms.import_id, now=now)
    share_lock(activity.workspace_id)  # before any address is held, for which who has the lock already may wait
    with connection.cursor() as cursor:
        _copy(cursor, plan, chunk)
        made = _identities(cursor, chunk, values)
        known = made < len(chunk.staged)
        chunk.meets_known |= len(chunk.staged) - made > len(chunk.repeated)
        if known:
            _resolve(cursor, plan, chunk, values)
        made -= _refuse_closed(cursor, activity, plan, chunk)
        _hold_back(cursor, chunk, activity.workspace_id)
        _new_people(cursor, plan, values)
        _count_new(cursor, plan, chunk.counts, values)
        if known:
            _known_people(cursor, plan, chunk.counts, values)
        known_rows = _scalar(cursor, sql.KNOWN, values) - len(chunk.repeated) if known else 0
        chunk.counts += Counter(
            new=made,
            known=known_rows,
            changed=_scalar(cursor, known_sql.CHANGED, values) if known else 0,
        )
        cursor.execute(
            "DROP TABLE staged" + (", touched" if known else "")
        )  # a chunk may be part of a longer transaction
        activity.count(persons_new=made, persons_known=known_rows)


def _identities(cursor: CursorWrapper, chunk: Chunk, values: Mapping[str, Any]) -> int:
    """Write the addresses that are not known; return how many. All at once is tried until an address is known."""
    if not chunk.meets_known and not chunk.repeated:
        try:
            with transaction.atomic():
                return _run(cursor, sql.IDENTITIES_NEW, values)
        except IntegrityError:
            pass
    return _run(cursor, sql.IDENTITIES, values)


def _values(activity: OpenActivity, terms: Terms, *, now: datetime) -> dict[str, Any]:
    """The statements' parameters, with the rules' bits of the policy that is in force for this chunk."""
    (grant, grant_ever), (refuse, refuse_ever) = _bits(activity, terms.consent), _bits(activity, MARKETING)
    return {
        "workspace": activity.workspace_id,
        "version": activity.policy_version_id,
        "now": now,
        "import": terms.import_id,
        "source": terms.source_id,
        "list": terms.list_id,
        "grant_purpose": terms.consent,
        "grant": grant,
        "grant_ever": grant_ever,
        "lapses": _lapses(activity, terms.consent, now=now),
        "refuse_purpose": MARKETING,
        "refuse": refuse,
        "refuse_ever": refuse_ever,
        "mask": grant_ever | refuse_ever,
    }


def _bits(activity: OpenActivity, purpose: str) -> tuple[int, int]:
    """The purpose's bit as a mask, and all it ever had; 0 when the policy lacks it or leaves nothing to choose."""
    rule = (
        PurposeRule.objects.filter(version_id=activity.policy_version_id, purpose=purpose).first() if purpose else None
    )
    if rule is None or not (rule.refusable or rule.consent_regions):
        return 0, 0
    return 1 << rule.bit, rule.refused_bits | 1 << rule.bit


def _lapses(activity: OpenActivity, purpose: str, *, now: datetime) -> datetime | None:
    """When a consent given now lapses by the policy; None for never."""
    known = version(activity.policy_version_id).document.purposes.get(purpose)
    return add(now, known.consent_lasts) if known and known.consent_lasts else None


def _copy(cursor: CursorWrapper, plan: Plan, chunk: Chunk) -> None:
    cursor.execute(sql.create(plan.staged_columns))
    with cursor.copy(sql.copy(plan.staged_columns)) as copy:
        if chunk.staged:
            copy.write(("\n".join(chunk.staged) + "\n").encode())


def _run(cursor: CursorWrapper, statement: str, values: Mapping[str, Any]) -> int:
    cursor.execute(statement, values)
    return int(cursor.rowcount)


def _scalar(cursor: CursorWrapper, statement: str, values: Mapping[str, Any]) -> int:
    cursor.execute(statement, values)
    return int(cursor.fetchone()[0])


def _resolve(cursor: CursorWrapper, plan: Plan, chunk: Chunk, values: Mapping[str, Any]) -> None:
    """Give the rows of known addresses their persons, and refuse those of people who may not be seen."""
    _run(cursor, sql.RESOLVE, values)
    _run(cursor, sql.LOCK, values)
    if _run(cursor, sql.FOLLOW, values):
        _run(cursor, sql.LOCK, values)
    _refuse_unseen(cursor, chunk)
    _run(cursor, sql.CARRY_OPT_OUT, values)
    cursor.execute(sql.ONE_ROW_EACH)
    dropped = {line for (line,) in cursor.fetchall()}
    chunk.counts["duplicates"] += len(dropped - chunk.repeated)
    chunk.repeated -= dropped
    chunk.counts["restricted"] += _run(cursor, sql.restrain(plan.staged_columns), values)
    chunk.counts["kept_out"] += _scalar(cursor, sql.KEPT_OUT, values)
    chunk.counts["region_kept"] += _scalar(cursor, sql.REGION_KEPT, values)
    _run(cursor, known_sql.TOUCHED, values)
    _run(cursor, known_sql.SEEN, values)


def _hold_back(cursor: CursorWrapper, chunk: Chunk, workspace_id: int) -> None:
    """Mark the rows of suppressed addresses, so that their people join no list and get no mail."""
    if not anything(workspace_id):
        return
    lines = _lines(chunk)
    cursor.execute(sql.HOLD, {"lines": [lines[address] for address in suppressed(workspace_id, lines)]})
    chunk.counts["suppressed"] += cursor.rowcount


def _lines(chunk: Chunk) -> dict[str, int]:
    """The line of each address."""
    rows = (row.split(SEPARATOR, VALUE + 1) for row in chunk.staged)
    return {cells[VALUE]: int(cells[LINE]) for cells in rows}


def _refuse_unseen(cursor: CursorWrapper, chunk: Chunk) -> None:
    """Refuse rows of people who were erased, or for whom the import's purpose is not permitted.

    By their line alone: what such a row says is not written down again. Raises Gone.
    """
    cursor.execute(sql.UNSEEN)
    found = dict(cursor.fetchall())
    if "gone" in found.values():
        raise Gone
    if "erased" in found.values():
        chunk.erased |= {address for address, line in _lines(chunk).items() if found.get(line) == "erased"}
    _refuse(chunk, found)


def _refuse_closed(cursor: CursorWrapper, activity: OpenActivity, plan: Plan, chunk: Chunk) -> int:
    """Refuse rows of new people whom a purpose that brings no choices may not know unasked; return how many.

    A seller's report does not make somebody known where the policy asks for their consent first. Source: CLAUSES C8.
    """
    if plan.chooses:
        return 0
    rule = version(activity.policy_version_id).rules[activity.purpose]
    fresh = [
        PersonState(region=int(region), roles=int(Role.CONTACT), flags=0, granted=0, refused=0) for region in Region
    ]
    closed = [state.region for state in fresh if not decide(rule, state).permitted]
    if not closed:
        return 0
    cursor.execute(sql.CLOSED, {"closed": closed})
    found = {line: "not_permitted" for (line,) in cursor.fetchall()}
    _refuse(chunk, found)
    return len(found)


def _refuse(chunk: Chunk, found: Mapping[int, str]) -> None:
    for line, why in found.items():
        chunk.refusals.append(Refusal(line, why))
        chunk.counts += Counter({"refused": 1, f"refused.{why}": 1})
    chunk.counts["duplicates"] -= len(chunk.repeated.intersection(found))
    chunk.repeated.difference_update(found)


def _new_people(cursor: CursorWrapper, plan: Plan, values: Mapping[str, Any]) -> None:
    _run(cursor, sql.PERSONS, values)
    for kind in _further(plan):
        _run(cursor, sql.further_identity(kind), values)
    if found := sorted(_by_category(plan).items()):
        told = {**values, **_names(plan), "categories": [category for category, _ in found]}
        _run(cursor, sql.traits([fields for _, fields in found]), told)
    if values["list"] is not None:
        _run(cursor, sql.SUBSCRIPTIONS, values)
    if plan.chooses:
        _run(cursor, sql.CHOICES_FRESH, values)


def _count_new(cursor: CursorWrapper, plan: Plan, counts: Counter[str], values: Mapping[str, Any]) -> None:
    cursor.execute(sql.COUNTED, values)
    unknown_region, refused, granted = cursor.fetchone()
    counts["unknown_region"] += unknown_region
    if plan.chooses:
        counts["opted_out"] += refused
        counts["granted"] += granted


def _known_people(cursor: CursorWrapper, plan: Plan, counts: Counter[str], values: Mapping[str, Any]) -> None:
    """The same for people who were there, each change with its trace."""
    _run(cursor, known_sql.PERSONS, values)
    for kind in _further(plan):
        _run(cursor, known_sql.further_identity(kind), values)
    for category, fields in _by_category(plan).items():
        _run(cursor, known_sql.traits(fields), {**values, **_names(plan), "category": category})
    if values["list"] is not None:
        _run(cursor, known_sql.SUBSCRIPTIONS, values)
    # An opt-out always counts; consent only where nothing was chosen.
    if plan.chooses and values["refuse"]:
        counts["opted_out"] += _run(cursor, known_sql.REFUSALS, values)
    if plan.chooses and values["grant"]:
        counts["granted"] += _run(cursor, known_sql.GRANTS, values)


def _further(plan: Plan) -> list[str]:
    return [kind for kind in ("phone", "customer") if plan.place(kind) is not None]


def _by_category(plan: Plan) -> dict[str, list[tuple[int, FieldColumn]]]:
    """The plan's fields by category, numbered as staged."""
    found: dict[str, list[tuple[int, FieldColumn]]] = {}
    for number, column in enumerate(plan.fields):
        found.setdefault(column.category, []).append((number, column))
    return found


def _names(plan: Plan) -> dict[str, str]:
    """The fields' names as parameters of statements."""
    return {f"name{number}": column.name for number, column in enumerate(plan.fields)}

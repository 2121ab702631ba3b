"""Trying an import: the very statements that would write it, each chunk rolled back, and what they would change.

Samples name people, so they lie in a file beside the uploaded one and go with it; the database keeps the counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.people.importing import files, mapping
from tillit.people.importing.purposes import purpose_of
from tillit.people.importing.retrying import TRIES, Gone, in_the_way
from tillit.people.importing.rows import CHUNK_ROWS, Chunk, Plan
from tillit.people.importing.run import ahead, chunks_of, plan_of
from tillit.people.importing.seen import Seen
from tillit.people.importing.staging import Terms, write
from tillit.people.importing.start import check_source, path_of
from tillit.people.models import Import

SAMPLE = 50
_HASH = 2**64 - 1
QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"

Progress = Callable[[Import], None]
# The chunk as it would have been written; fields with how many people get and lose a value; people before and after.
Tried = tuple[Chunk, list[tuple[str, int, int]], list[dict[str, Any]]]

# Within the chunk's transaction its traces are there to be read: they say what it changes.
_FIELDS = """
SELECT said.key, count(*), count(*) FILTER (WHERE r.before->'values' ? said.key)
FROM people_importtrace r JOIN people_person p ON p.id = r.person_id, jsonb_each(r.after) said
WHERE r.import_id = %(import)s AND r.part = 'values' AND r.before->'values'->said.key IS DISTINCT FROM said.value
GROUP BY 1
"""
_SAMPLE = """
SELECT (SELECT i.value FROM people_identity i WHERE i.person_id = r.person_id AND i.kind = 'email'
        ORDER BY i.created_at, i.key LIMIT 1),
       r.part, r.before, r.after
FROM people_importtrace r JOIN people_person p ON p.id = r.person_id
WHERE r.import_id = %(import)s AND r.person_id IN (
    SELECT person_id FROM people_importtrace WHERE import_id = %(import)s AND part IN ('values', 'list', 'language')
    GROUP BY 1 ORDER BY 1 LIMIT %(limit)s)
  AND r.part IN ('values', 'list', 'language')
ORDER BY r.person_id, r.part, r.category
"""


class _Back(Exception):
    """Rolls a chunk back."""


class _Stale(Exception):
    """The import was started or removed, or is tried anew: nobody waits for this trial."""


def begin(draft: Import, *, by: str, now: datetime, defer: bool = True) -> None:
    """Have a draft tried as it is mapped now; an earlier trial is forgotten. Without `defer` the caller runs it."""
    trial = {"state": QUEUED, "by": by, "at": now.isoformat(), "read": 0, "counts": {}, "fields": {}, "error": ""}
    files.tried(path_of(draft)).unlink(missing_ok=True)
    with transaction.atomic():
        Import.objects.filter(pk=draft.pk, state=Import.State.DRAFT).update(trial=trial)
        if defer:
            go_on(draft)
    draft.trial = trial


def go_on(draft: Import) -> None:
    """Queue a trial, again if its worker died: it begins anew."""
    from tillit.people.tasks import try_import  # noqa: PLC0415  tasks import this module

    try_import.defer(import_id=draft.pk)


def moved_at(item: Import) -> datetime:
    """When the trial of a draft was asked for, or last moved."""
    asked = datetime.fromisoformat((item.trial or {})["at"])
    return max(asked, item.moved_at or asked)


def run_trial(import_id: int, progress: Progress | None = None, *, chunk_rows: int = CHUNK_ROWS) -> Import:
    """Try a draft from the beginning and return it; nothing of it is kept but the counts and a sample.

    An error that the import would meet is noted as it would be; a bug is noted and raised.
    """
    item = Import.objects.select_related("source").filter(pk=import_id, state=Import.State.DRAFT).first()
    if item is None or not item.trial or item.trial["state"] not in {QUEUED, RUNNING}:
        return Import.objects.get(pk=import_id)
    try:
        _move(item, state=RUNNING, read=0, counts={}, fields={})
        check_source(item.source, now=timezone.now())
        _try_chunks(item, progress or (lambda item: None), chunk_rows)
        _move(item, state=DONE, read=item.total_bytes)
    except _Stale:
        item.refresh_from_db()
    except (Refused, mapping.BadMapping, files.NotReadable, FileNotFoundError) as error:
        gone = _("The file is no longer there.")
        _move(item, state=FAILED, error=gone if isinstance(error, OSError) else str(error))
    except Exception:
        _move(item, state=FAILED, error=_("The program failed. Its log says why."))
        raise
    return item


def sample_of(item: Import) -> list[dict[str, Any]]:
    """What a trial would change of some people: address, what, before and after."""
    path = files.tried(path_of(item))
    return json.loads(path.read_text()) if path.exists() else []


def _try_chunks(item: Import, progress: Progress, chunk_rows: int) -> None:
    plan = plan_of(item)
    terms = Terms(item.pk, item.source_id, item.list_id, item.options.get("consent", ""))
    counts, changed, sample = Counter[str](), dict[str, list[int]](), list[dict[str, Any]]()
    meets_known, silenced = False, Seen()
    for chunk in ahead(chunks_of(item, plan, chunk_rows)):
        chunk.meets_known = meets_known
        told = list(chunk.silenced)
        for place in silenced.add_all(hash(address) & _HASH for address in told):  # an earlier chunk's would be there
            del chunk.silenced[told[place]]
        wanted = SAMPLE - len({each["who"] for each in sample})
        tried, fields, lines = _try_patiently(item, plan, terms, chunk, wanted=wanted)
        meets_known = tried.meets_known
        counts.update(tried.counts)
        for name, number, over in fields:
            before = changed.setdefault(name, [0, 0])
            changed[name] = [before[0] + number, before[1] + over]
        sample += lines
        _move(item, read=chunk.end_offset, counts=dict(counts), fields=changed)
        progress(item)
    _record(item, counts)
    if sample:
        with files.private(files.tried(path_of(item))) as file:
            file.write(json.dumps(sample).encode())


def _try_patiently(item: Import, plan: Plan, terms: Terms, chunk: Chunk, *, wanted: int) -> Tried:
    """Try a chunk, again if other writers got in the way."""
    for attempt in range(1, TRIES + 1):
        fresh = replace(chunk, refusals=[*chunk.refusals], counts=Counter(chunk.counts), repeated=set(chunk.repeated))
        try:
            return _try(item, plan, terms, fresh, wanted=wanted)
        except (OperationalError, Gone) as error:
            if attempt == TRIES or not in_the_way(error):
                raise
    raise AssertionError("the last try returned or raised")


def _try(item: Import, plan: Plan, terms: Terms, chunk: Chunk, *, wanted: int) -> Tried:
    """Write a chunk, look at what that changed, and take it back."""
    fields, sample = list[tuple[str, int, int]](), list[dict[str, Any]]()
    repeated = set(chunk.repeated)
    try:
        with processing(item.workspace_id, purpose_of(item), by=_by(item), act="people.import.try") as activity:
            write(activity, plan, terms, chunk, now=timezone.now())
            with connection.cursor() as cursor:
                cursor.execute(_FIELDS, {"import": item.pk})
                fields = cursor.fetchall()
                if wanted > 0:
                    cursor.execute(_SAMPLE, {"import": item.pk, "limit": wanted})
                    sample = [_line(*row) for row in cursor.fetchall()]
            raise _Back
    except _Back:
        pass
    # Who was named by an earlier chunk is not there any more, and would be by then: neither new nor in another chunk.
    chunk.counts["new"] -= min(chunk.counts["new"], len(repeated & chunk.repeated))
    return chunk, fields, sample


def _line(who: str | None, part: str, before_json: str | None, after_json: str) -> dict[str, Any]:
    """One part of what changes about somebody, as a page shows it: the values that differ, before and after."""
    before, after = json.loads(before_json or "null"), json.loads(after_json)
    if part != "values":
        said = before.get("state") if isinstance(before, dict) else before
        return {"who": who or "", "part": part, "changes": [[part, said, after]]}
    had = (before or {}).get("values", {})
    changes = [[name, had.get(name), value] for name, value in after.items() if had.get(name) != value]
    return {"who": who or "", "part": part, "changes": changes}


def _by(item: Import) -> str:
    return str((item.trial or {}).get("by", item.started_by))


def _record(item: Import, counts: Mapping[str, int]) -> None:
    """Note in the ledger that a file was compared with who is there: the chunks' own notes were taken back."""
    about = f"import:{item.pk}"
    with processing(
        item.workspace_id, purpose_of(item), by=_by(item), act="people.import.try", about=about
    ) as activity:
        activity.count(persons_new=counts.get("new", 0), persons_known=counts.get("known", 0))


def _move(item: Import, **told: Any) -> None:
    """Write how far the trial is. Raises _Stale when nobody waits for it any more."""
    trial = {**(item.trial or {}), **told}
    alive = Import.objects.filter(pk=item.pk, state=Import.State.DRAFT, trial=item.trial)
    if not alive.update(trial=trial, moved_at=timezone.now()):
        raise _Stale
    item.trial = trial

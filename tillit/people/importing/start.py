"""Starting an import: the source is checked before any of the file is kept, the columns before any of it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.ledger.models import PurposeRule
from tillit.ledger.processing import Refused, processing
from tillit.people.importing import files, formats, mapping, purposes, reception
from tillit.people.importing.canonical import MAX_COLUMNS, too_many_columns
from tillit.people.importing.drafts import SET_UP, save
from tillit.people.importing.encodings import SAMPLE_BYTES
from tillit.people.importing.forms import DAY_FIRST, MONTH_FIRST
from tillit.people.importing.mapping import BadMapping, Column, KnownField
from tillit.people.importing.purposes import CONTACTS, purpose_of
from tillit.people.importing.remembering import recall, signature
from tillit.people.importing.table import Layout, detect_layout
from tillit.people.models import Field, Import, MailingList, Source

STALLED_AFTER = timedelta(minutes=5)
SHOWN_ROWS = 5
DATE_ORDERS = ("", DAY_FIRST, MONTH_FIRST)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file looks like before it is imported."""

    layout: Layout
    columns: list[Column]
    rows: list[list[str]]
    tool: str = ""  # whose export it is


def check_source(source: Source, *, now: datetime) -> None:
    """Raise Refused unless the source warrants that what it gave may be passed on, today. Source: clause B4."""
    if not source.warranty.strip():
        raise Refused(
            _(
                "The source “%(name)s” has no warranty, so nothing may be brought in from it. Write down who collected"
                " the information, when, and on which basis."
            )
            % {"name": source.name},
            rule=CONTACTS,
            clause="B4",
        )
    if source.valid_until and source.valid_until < now.date():
        raise Refused(
            _(
                "The warranty of the source “%(name)s” ended on %(day)s, so nothing may be brought in from it. Renew"
                " the warranty, or choose another source."
            )
            % {"name": source.name, "day": source.valid_until.isoformat()},
            rule=CONTACTS,
            clause="B4",
        )


def receive(
    parts: Iterable[bytes] | Path,
    *,
    file_name: str,
    source: Source,
    mailing_list: MailingList | None,
    by: str,
    now: datetime,
    consent: str = "",
    sheet: str = "",
    purpose: str = CONTACTS,
    later: bool = False,
    begin: Mapping[str, Any] | None = None,
) -> Import:
    """Keep a file that somebody uploads, as an import that is being set up: turned into a table of text.

    It comes in parts, or is one that `files` keeps and that becomes the import's own. With `later`, one that takes
    long to turn is turned by a job (`reading`), and the import is READING until then; it then begins with the
    `columns` and `modes` of `begin`, if that is given.
    `sheet` names the sheet of a workbook. `consent` is a purpose that people consented to by the source's warranty.
    `purpose` is what the file is brought in for. Raises Refused for a source without a valid warranty, for a consent
    that nobody asks for and for a purpose that lets no such file in, NotReadable for what is no table.
    """
    if mailing_list and mailing_list.workspace_id != source.workspace_id:
        raise ValueError("the list and the source are of different workspaces")
    purposes.check(source.workspace_id, purpose, joins=mailing_list is not None, consent=consent)
    with processing(source.workspace_id, purpose, by=by, act="people.import.receive", about=f"source:{source.pk}"):
        check_source(source, now=now)
        if consent:
            _check_consent(source.workspace_id, consent)
    raw = parts.rename(files.fresh_path()) if isinstance(parts, Path) else files.keep(parts)
    item = Import(
        workspace_id=source.workspace_id,
        source=source,
        list=mailing_list,
        file_name=Path(file_name).name[:200],
        path=raw.name,
        options={"consent": consent, "purpose": purpose},
        started_by=by,
    )
    try:
        if later and reception.takes_long(raw, file_name=file_name):
            item.total_bytes = raw.stat().st_size
            item.options |= {"begin": dict(begin)} if begin else {}
            read_later(item, sheet=sheet, now=now)
            return item
    except BaseException:
        raw.unlink(missing_ok=True)
        raise
    received = reception.receive_file(raw, file_name=file_name, sheet=sheet)
    try:
        settle(item, received)
        item.save()
    except BaseException:
        files.remove(received.path)
        raise
    return item


def settle(item: Import, received: reception.Received) -> None:
    """Make an import a draft of the table that its file was turned into; nothing is saved. Raises NotReadable."""
    seen = preview(
        received.path,
        workspace_id=item.workspace_id,
        encoding=received.encoding,
        delimiter=received.delimiter,
        purpose=purpose_of(item),
    )
    item.options = {**item.options, **received.told, **_read_as(item, seen)}
    item.path, item.total_bytes = received.path.name, received.path.stat().st_size
    item.state = Import.State.DRAFT


def read_later(item: Import, *, sheet: str, now: datetime) -> None:
    """Have a job turn a new import's file, or another sheet of a draft's workbook, into a table. Raises Begun."""
    item.state, item.moved_at, item.error = Import.State.READING, now, ""
    item.options = {**item.options, "reading": {"sheet": sheet, "rows": 0, "language": get_language() or "en"}}
    with transaction.atomic():
        if item.pk:
            save(item, "state", "moved_at", "error", "options")
        else:
            item.save()
        go_on_reading(item)


def go_on_reading(item: Import) -> None:
    """Queue the reading of a file, again if its worker died."""
    from tillit.people.tasks import read_import  # noqa: PLC0415  tasks import this module

    read_import.defer(import_id=item.pk)


def _check_consent(workspace_id: int, purpose: str) -> None:
    rule = PurposeRule.objects.filter(version__in_force__workspace_id=workspace_id, purpose=purpose).first()
    if rule is None or not rule.consent_regions:
        raise Refused(
            _("The policy in force asks nobody for consent to “%(purpose)s”, so a file cannot bring any.")
            % {"purpose": purpose},
            rule=purpose,
            clause="D5",
        )


def preview(
    path: Path, *, workspace_id: int, encoding: str = "", delimiter: str = "", purpose: str = CONTACTS
) -> Preview:
    """Tell how a file is written down and what its columns seem to mean. Raises NotReadable when it holds nothing."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    layout, rows = detect_layout(sample, encoding=encoding, delimiter=delimiter)
    if not rows:
        raise files.NotReadable(_("The file has no rows."))
    if layout.width > MAX_COLUMNS:
        raise too_many_columns(layout.width)
    tool = formats.recognised(rows[0]) if layout.has_header else None
    told = tool.targets(rows[0]) if tool else None
    fields = known_fields(workspace_id, purpose)
    columns = mapping.suggest(rows, has_header=layout.has_header, fields=fields, told=told)
    if not purposes.chooses(workspace_id, purpose):
        columns = [replace(each, target="") if each.target in mapping.CHOICES else each for each in columns]
    body = rows[1:] if layout.has_header else rows
    return Preview(layout, columns, body[:SHOWN_ROWS], tool.label if tool else "")


def known_fields(workspace_id: int, purpose: str = CONTACTS) -> list[KnownField]:
    """The workspace's fields, each with whether a file of this purpose may bring it by the policy in force."""
    allowed = purposes.categories(workspace_id, purpose)
    return [
        KnownField(
            field.name,
            field.said(),
            field.type,
            field.category,
            field.category in allowed,
            tuple(field.choices),
            field.checks,
            tuple(field.labels.values()),
        )
        for field in Field.objects.filter(workspace_id=workspace_id).in_use()
    ]


def _options(seen: Preview, *, workspace_id: int, list_id: int | None, purpose: str) -> dict[str, Any]:
    """What a draft remembers of how its file was read, its columns meaning what they meant the last time."""
    columns, example = recall(
        seen.columns,
        workspace_id=workspace_id,
        list_id=list_id,
        fields=known_fields(workspace_id, purpose),
        purpose=purpose,
        told=bool(seen.tool),
    )
    return {
        "signature": signature(columns),
        "as_import": example.pk if example else None,
        "encoding": seen.layout.encoding,
        "delimiter": seen.layout.delimiter,
        "has_header": seen.layout.has_header,
        "columns": [column.kept() for column in columns],
        "tool": seen.tool,
    }


def _read_as(draft: Import, seen: Preview) -> dict[str, Any]:
    return _options(seen, workspace_id=draft.workspace_id, list_id=draft.list_id, purpose=purpose_of(draft))


def join(draft: Import, mailing_list: MailingList) -> None:
    """Let the people of an import that is being set up join a list. Raises Refused when its purpose lets nobody."""
    purposes.check(draft.workspace_id, purpose_of(draft), joins=True, consent="")
    draft.list = mailing_list
    save(draft, "list", states=SET_UP)


def relayout(draft: Import, *, encoding: str, delimiter: str) -> Preview:
    """Read a draft's file with another encoding or separator than was detected, and keep that."""
    seen = preview(
        path_of(draft),
        workspace_id=draft.workspace_id,
        encoding=encoding,
        delimiter=delimiter,
        purpose=purpose_of(draft),
    )
    draft.options = {**draft.options, **_read_as(draft, seen)}
    save(draft, "options")
    return seen


def say_dates(draft: Import, *, order: str) -> None:
    """Say in which order dates such as 03/04/2024 are written in a draft's file; "" leaves it to the columns."""
    if order not in DATE_ORDERS:
        raise ValueError(f"“{order}” is no order of dates")
    draft.options = {**draft.options, "dates": order}
    save(draft, "options")


def map_columns(
    draft: Import, targets: Sequence[str] | None = None, modes: Sequence[str] | None = None, *, now: datetime
) -> None:
    """Let a draft's columns mean `targets`, one a column ("" leaves it out; None keeps what was suggested).

    `modes` say, a column, what becomes of values that known people have already. Raises BadMapping when that cannot be
    imported, Refused when the source's warranty has ended meanwhile, Begun when it has begun.
    """
    columns = columns_of(draft)
    targets = [column.target for column in columns] if targets is None else targets
    modes = [column.mode for column in columns] if modes is None else modes
    if not len(targets) == len(modes) == len(columns):
        raise BadMapping(_("The file has other columns than were mapped. Upload it again."))
    columns = [
        replace(column, target=target, mode=mode) for column, target, mode in zip(columns, targets, modes, strict=True)
    ]
    check_columns(draft, columns)
    check_source(draft.source, now=now)
    draft.options["columns"] = [column.kept() for column in columns]
    draft.options.pop("forms", None)  # a trial read the columns as they were mapped then
    save(draft, "options")


def check_columns(item: Import, columns: Sequence[Column]) -> None:
    """Raise BadMapping unless an import may bring what its columns mean, by the policy in force."""
    purpose = purpose_of(item)
    mapping.check(columns, known_fields(item.workspace_id, purpose), purpose=purpose)
    if not purposes.chooses(item.workspace_id, purpose):
        mapping.check_chooses_nothing(columns, purpose=purpose)


def start(
    draft: Import,
    targets: Sequence[str] | None = None,
    modes: Sequence[str] | None = None,
    *,
    now: datetime,
    defer: bool = True,
) -> Import:
    """Queue an import, or (without `defer`) leave it to the caller; targets, modes and errors are `map_columns`'s."""
    with transaction.atomic():
        map_columns(draft, targets, modes, now=now)
        draft.state = Import.State.QUEUED
        save(draft, "state")
        if defer:
            _defer(draft.pk)
    for set_up_by in (files.beside(path_of(draft)), files.tried(path_of(draft))):
        set_up_by.unlink(missing_ok=True)
    return draft


def start_import(
    workspace_id: int,
    path: Path,
    *,
    source: Source,
    mailing_list: MailingList | None,
    by: str,
    now: datetime,
    consent: str = "",
    sheet: str = "",
    purpose: str = CONTACTS,
    dates: str = "",
    wanted: Mapping[str, str] | None = None,
    modes: Mapping[str, str] | None = None,
    defer: bool = True,
    draft_only: bool = False,
) -> Import:
    """Copy a file into the data folder and queue its import; the file at `path` stays.

    `wanted` maps column names to meanings over what is suggested, `modes` to what becomes of what is known already.
    Without `defer` the caller runs it; with `draft_only` it stays a draft, to be tried.
    """
    if source.workspace_id != workspace_id:
        raise ValueError("the source is of another workspace")
    draft = receive(
        files.parts_of(path),
        file_name=path.name,
        source=source,
        mailing_list=mailing_list,
        by=by,
        now=now,
        consent=consent,
        sheet=sheet,
        purpose=purpose,
    )
    say_dates(draft, order=dates)
    columns = mapping.apply_map(columns_of(draft), wanted or {})
    by_name = {mapping.fold(name): mode for name, mode in (modes or {}).items()}
    how = [by_name.get(mapping.fold(column.name), column.mode) for column in columns]
    if draft_only:
        map_columns(draft, [column.target for column in columns], how, now=now)
    else:
        start(draft, [column.target for column in columns], how, now=now, defer=defer)
    return draft


def resume(stopped: Import) -> None:
    """Queue an import again that failed, was stopped, or whose worker died; it goes on after the last whole chunk."""
    with transaction.atomic():
        waiting = (Import.State.QUEUED, Import.State.FAILED, Import.State.STOPPED, Import.State.RUNNING)
        if Import.objects.filter(pk=stopped.pk, state__in=waiting).update(state=Import.State.QUEUED, error=""):
            _defer(stopped.pk)


def stop(running: Import, *, now: datetime) -> bool:
    """Stop an import after the chunk it is writing; return whether it still ran. What is written stays."""
    alive = Import.objects.filter(pk=running.pk, state__in=[Import.State.QUEUED, Import.State.RUNNING])
    return bool(alive.update(state=Import.State.STOPPED, finished_at=now))


def discard(draft: Import) -> bool:
    """Remove an import that was never started, with its file; return whether it still was one."""
    with transaction.atomic():  # a job that turns its file may just be at its end
        held = Import.objects.select_for_update().filter(pk=draft.pk, state__in=SET_UP).first()
        if held is None:
            return False
        held.delete()
    files.remove(path_of(held))
    return True


def columns_of(item: Import) -> list[Column]:
    return [
        Column(column["name"], column["target"], mode=column.get("mode", mapping.OVERWRITE))
        for column in item.options.get("columns", ())
    ]


def path_of(item: Import) -> Path:
    return files.folder() / item.path


def _defer(import_id: int) -> None:
    from tillit.people.tasks import import_people  # noqa: PLC0415  tasks import this module

    import_people.defer(import_id=import_id)

"""Imports: a file sent as the body, or fetched from an address; its progress and its outcome."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.api.access import FULFIL, IMPORT, KeyRequest, actor, check_purpose
from tillit.api.endpoints.persons import source_of
from tillit.api.problems import ApiProblem, invalid, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import (
    PLAIN,
    Changed,
    Cursor,
    Limit,
    Number,
    NumberPath,
    PurposeId,
    Shape,
    Text,
    cursor_of,
    place_of,
)
from tillit.outbound import check_form, download
from tillit.people import queries
from tillit.people.importing import files, mapping, purposes, start, undo
from tillit.people.importing.mapping import BadMapping
from tillit.people.models import Import, MailingList, Source

router = Router(tags=["imports"])
FETCH_S = 60.0
COPY_BYTES = 1024 * 1024
State = Import.State


class ColumnShown(BaseModel):
    """A column of the file, and what it means: a field, or empty for one that is left out."""

    name: str
    target: str
    mode: str = Field(description="What becomes of a value that is known: overwrite, keep, or empty (only then set).")


class ImportShown(BaseModel):
    """An import, with what came of it."""

    id: int
    state: str = Field(description="reading, draft, queued, running, done, failed, stopped, undoing or undone")
    file_name: str
    source: int
    list: int | None
    purpose: str
    columns: Sequence[ColumnShown]
    counts: dict[str, Any]
    read_bytes: int
    total_bytes: int
    error: str
    created_at: datetime
    finished_at: datetime | None


class ImportPage(BaseModel):
    """Some imports, newest first."""

    items: list[ImportShown]
    next: str | None


class Upload(BaseModel):
    """What a file that is sent as the body is for."""

    source: int = Field(ge=1, le=2**31 - 1, description="Where it comes from; its warranty must be valid.")
    list: int | None = Field(None, ge=1, le=2**31 - 1, description="The list that its people join.")
    file_name: str = Field("people.csv", min_length=1, max_length=200, pattern=PLAIN)
    sheet: str = Field("", max_length=200, pattern=PLAIN, description="Of a workbook; the first without it.")
    purpose: str = Field(
        purposes.CONTACTS, max_length=63, pattern=PLAIN, description="purchases.record for what a seller reports."
    )
    consent: str = Field("", max_length=63, pattern=PLAIN, description="The purpose that all of them consented to.")
    begin: bool = Field(True, description="False to look at the columns before it begins.")


Mode = Literal["overwrite", "keep", "empty"]


class Meanings(Shape):
    """What columns mean, over what was guessed, and what becomes of values that are known."""

    columns: dict[Text, Text] = Field(
        default={}, max_length=300, description="Column → field, or `email`, `phone`, `status` …; empty leaves one out."
    )
    modes: dict[Text, Mode] = Field(default={}, max_length=300, description="Column → mode.")


class FromAddress(Meanings):
    """A file to fetch over https."""

    url: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[!-~]+$")]
    source: Number
    list: Number | None = None
    sheet: Text = ""
    purpose: PurposeId = purposes.CONTACTS
    consent: PurposeId | None = None
    begin: bool = True


@reads(router, "/imports", response=ImportPage, purpose=IMPORT)
def list_imports(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> ImportPage:
    """The imports of the workspace whose own purpose the key is for."""
    key, after = request.auth, place_of(cursor, int)
    found = purposes.of_any(queries.imports(key.workspace_id), key.purposes)
    rows = list((found.filter(pk__lt=after) if after else found)[: limit + 1])
    return ImportPage(
        items=[_shown(each) for each in rows[:limit]],
        next=cursor_of(rows[limit - 1].pk) if len(rows) > limit else None,
    )


@reads(router, "/imports/{int:import_id}", response=ImportShown, purpose=IMPORT)
def get_import(request: KeyRequest, import_id: NumberPath) -> ImportShown:
    """An import, to see how far it is."""
    return _shown(import_of(request, import_id))


@contextmanager
def _sent(request: KeyRequest, upload: Upload) -> Iterator[Path]:
    """The file that is the body, once it has come; a mistake in the rest is told before it is read."""
    _wanted(request, upload)
    with files.kept(_body(request)) as path:
        yield path


@contextmanager
def _fetched(request: KeyRequest, body: FromAddress) -> Iterator[Path]:
    """The file at an address, once it has come; a mistake in the rest is told before it is asked for."""
    check_form(body.url)
    _wanted(request, body)
    with files.kept(download(body.url, within_s=FETCH_S, most_bytes=settings.MAX_UPLOAD_BYTES)) as path:
        yield path


@writes(
    router,
    "POST",
    "/imports",
    response={201: ImportShown},
    purpose=IMPORT,
    takes="The file: CSV, TSV, XLSX, JSON Lines, or a zip as mailing tools export it.",
    before=_sent,
)
def import_file(request: KeyRequest, upload: Annotated[Upload, Query()]) -> Any:
    """Import the file that is the body of the request. Who unsubscribed, refused or was erased stays so."""
    return _receive(request, upload.file_name, upload)


@writes(router, "POST", "/imports/from-address", response={201: ImportShown}, purpose=IMPORT, before=_fetched)
def import_from_address(request: KeyRequest, body: FromAddress) -> Any:
    """Fetch a file over https and import it. It has to arrive within a minute; send a larger one as the body."""
    name = unquote(PurePosixPath(urlsplit(body.url).path).name) or "people.csv"
    return _receive(request, name.replace("\0", ""), body)


@writes(router, "POST", "/imports/{int:import_id}/start", response=ImportShown, purpose=IMPORT)
def start_import(request: KeyRequest, import_id: NumberPath, body: Meanings) -> ImportShown:
    """Begin an import that was sent with `begin=false`, with other meanings of its columns if need be."""
    draft = import_of(request, import_id)
    if draft.state == State.READING:
        raise ApiProblem("conflict", _("The file is still being read. Try again in a moment."))
    if draft.state != State.DRAFT:
        raise ApiProblem("conflict", _("The import has begun already."))
    return _shown(_begin(draft, body, request))


@writes(router, "POST", "/imports/{int:import_id}/stop", response=Changed, purpose=IMPORT)
def stop_import(request: KeyRequest, import_id: NumberPath) -> Changed:
    """Stop an import after the people it is writing; what is written stays."""
    return Changed(changed=start.stop(import_of(request, import_id), now=request.now))


@writes(router, "POST", "/imports/{int:import_id}/resume", response=Changed, purpose=IMPORT)
def resume_import(request: KeyRequest, import_id: NumberPath) -> Changed:
    """Go on with an import that was stopped or failed, after the last that was written."""
    found = import_of(request, import_id)
    if found.state not in {State.STOPPED, State.FAILED}:
        return Changed(changed=False)
    if not start.path_of(found).exists():
        raise ApiProblem("conflict", _("The file is no longer there. Upload it again."))
    start.resume(found)
    return Changed(changed=True)


@writes(router, "POST", "/imports/{int:import_id}/undo", response=ImportShown, purpose=FULFIL)
def undo_import(request: KeyRequest, import_id: NumberPath) -> ImportShown:
    """Undo an import within 30 days: what was done since stays. Its state is `undoing`, then `undone`."""
    found = _any_import(request, import_id)  # whoever may erase people may take any of them back
    undo.begin(found, by=actor(request), now=request.now)
    return _shown(found)


@writes(router, "DELETE", "/imports/{int:import_id}", response={204: None}, purpose=IMPORT)
def discard_import(request: KeyRequest, import_id: NumberPath) -> Any:
    """Remove a file that was sent and never imported."""
    draft = import_of(request, import_id)
    if not start.discard(draft):
        raise ApiProblem("conflict", _("The import has begun already."))
    return Status(204, None)


def _wanted(request: KeyRequest, wanted: Upload | FromAddress) -> tuple[Source, MailingList | None]:
    """The source and the list of a file. Raises ApiProblem, and Refused where the source warrants nothing."""
    workspace_id = request.auth.workspace_id
    check_purpose(request.auth, wanted.purpose)
    source, mailing_list = source_of(workspace_id, wanted.source), _list(workspace_id, wanted.list)
    start.check_source(source, now=request.now)
    return source, mailing_list


def _receive(request: KeyRequest, file_name: str, wanted: Upload | FromAddress) -> Any:
    source, mailing_list = _wanted(request, wanted)
    told = wanted if isinstance(wanted, FromAddress) else Meanings()
    draft = start.receive(
        request.before,
        file_name=file_name,
        source=source,
        mailing_list=mailing_list,
        by=actor(request),
        now=request.now,
        consent=wanted.consent or "",
        sheet=wanted.sheet,
        purpose=wanted.purpose,
        later=True,
        begin=told.model_dump(include={"columns", "modes"}) if wanted.begin else None,
    )
    if wanted.begin and draft.state == State.DRAFT:
        try:
            draft = _begin(draft, told, request)
        except BadMapping:
            start.discard(draft)  # nobody would find it: send it with begin=false to say what its columns mean
            raise
    return Status(201, _shown(draft))


def _begin(draft: Import, told: Meanings, request: KeyRequest) -> Import:
    columns = mapping.apply_modes(mapping.apply_map(start.columns_of(draft), told.columns), told.modes)
    modes = [column.mode for column in columns]
    return start.start(draft, [column.target for column in columns], modes, now=request.now)


def _body(request: KeyRequest) -> Iterator[bytes]:
    while part := request.read(COPY_BYTES):
        yield part


def _list(workspace_id: int, number: int | None) -> MailingList | None:
    if number is None:
        return None
    found = queries.lists(workspace_id).filter(pk=number).first()
    if found is None:
        raise invalid("list", _("The workspace has no list %(number)s in use.") % {"number": number})
    return found


def import_of(request: KeyRequest, number: int) -> Import:
    """An import of the key's workspace whose own purpose the key is for. Raises ApiProblem."""
    found = _any_import(request, number)
    check_purpose(request.auth, purposes.purpose_of(found))
    return found


def _any_import(request: KeyRequest, number: int) -> Import:
    found = queries.imports(request.auth.workspace_id).filter(pk=number).first()
    if found is None:
        raise missing()
    return found


def _shown(item: Import) -> ImportShown:
    return ImportShown(
        id=item.pk,
        state=item.state,
        file_name=item.file_name,
        source=item.source_id,
        list=item.list_id,
        purpose=purposes.purpose_of(item),
        columns=[ColumnShown(name=each.name, target=each.target, mode=each.mode) for each in start.columns_of(item)],
        counts=item.counts,
        read_bytes=item.read_bytes,
        total_bytes=item.total_bytes,
        error=item.error,
        created_at=item.created_at,
        finished_at=item.finished_at,
    )

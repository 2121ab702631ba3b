"""Exports: people taken out as a file, under a purpose that the key is for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.accounts.keys import open_key
from tillit.accounts.models import Role
from tillit.api.access import ADMINISTER, KeyRequest, actor
from tillit.api.endpoints.persons import region_of
from tillit.api.problems import handle, invalid, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import (
    PLAIN,
    Cursor,
    Limit,
    Number,
    NumberPath,
    Purpose,
    RegionCode,
    Shape,
    Text,
    cursor_of,
    place_of,
)
from tillit.downloads import download
from tillit.ledger.processing import key_actor
from tillit.people import queries
from tillit.people.exporting import files, start
from tillit.people.exporting.writers import KINDS
from tillit.people.models import Export, Segment
from tillit.people.selection import Selection

router = Router(tags=["exports"])
LINK_FOR = timedelta(minutes=10)
_SIGNER = TimestampSigner(salt="tillit.api.export")
State = Export.State


class FileShown(BaseModel):
    """Where the file is, for a few minutes; the address needs no key, so keep it to yourself."""

    url: str
    expires_at: datetime
    size_bytes: int


class ExportShown(BaseModel):
    """An export, with how far it is."""

    id: int
    state: str = Field(description="queued, running, done, failed or stopped")
    purpose: str
    recipient: str
    format: str
    columns: list[str]
    total: int
    written: int
    error: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When the file is deleted.")


class OneExport(ExportShown):
    """An export, with its file once it is done."""

    file: FileShown | None


class ExportPage(BaseModel):
    """Some exports, newest first."""

    items: list[ExportShown]
    next: str | None


class NewExport(Shape):
    """Whom to take out, and as what; every part narrows whom."""

    q: Text = ""
    list: Number | None = None
    state: str = Field("", pattern="^(|pending|subscribed|unsubscribed|restricted|unreachable|suppressed)$")
    segment: Number | None = None
    region: RegionCode | None = None
    persons: Sequence[UUID] = Field(default=[], max_length=500, description="These persons alone.")
    format: Export.Format = Export.Format.CSV
    columns: Sequence[Annotated[str, Field(max_length=80, pattern=PLAIN)]] | None = Field(
        None, min_length=1, max_length=300, description="Names of columns; without them the usual ones."
    )
    recipient: Annotated[str, Field(max_length=80, pattern=PLAIN)] = Field(
        "",
        description="The recipient of the policy who gets it; ourselves without one, or that of the key.",
    )


@reads(router, "/exports", response=ExportPage, purpose=None)
def list_exports(
    request: KeyRequest, purpose: Purpose = ADMINISTER, limit: Limit = 50, cursor: Cursor = ""
) -> ExportPage:
    """What was taken out of the workspace under a purpose."""
    found, after = _exports(request), place_of(cursor, int)
    rows = list((found.filter(pk__lt=after) if after else found)[: limit + 1])
    return ExportPage(
        items=[ExportShown(**_told(each)) for each in rows[:limit]],
        next=cursor_of(rows[limit - 1].pk) if len(rows) > limit else None,
    )


@reads(router, "/exports/{int:export_id}", response=OneExport, purpose=None, role=Role.EDITOR)
def get_export(request: KeyRequest, export_id: NumberPath, purpose: Purpose = ADMINISTER) -> OneExport:
    """An export, to see how far it is, and a new address of its file once it is done."""
    return _shown(request, _export(request, export_id))


@writes(router, "POST", "/exports", response={201: ExportShown}, purpose=None)
def make_export(request: KeyRequest, body: NewExport, purpose: Purpose = ADMINISTER) -> Any:
    """Take out people whom a purpose permits, with what it uses and the recipient may have; a job writes the file."""
    key = request.auth
    if key.recipient and body.recipient not in {"", key.recipient}:
        raise invalid("body.recipient", _("The key is for another recipient."))
    order = start.Order(
        selection=_selection(key.workspace_id, body),
        purpose=request.purpose,
        recipient=key.recipient or body.recipient,
        format=body.format,
        columns=tuple(body.columns) if body.columns else None,
        asked_from_outside=bool(key.recipient),
    )
    made = start.start(key.workspace_id, order, by=actor(request), now=request.now)
    return Status(201, ExportShown(**_told(made)))


@writes(router, "DELETE", "/exports/{int:export_id}", response={204: None}, purpose=None)
def delete_export(request: KeyRequest, export_id: NumberPath, purpose: Purpose = ADMINISTER) -> Any:
    """Stop an export, and delete its file before its time is over; that it was made stays known."""
    found = _export(request, export_id)
    start.stop(found, now=request.now)
    files.remove(found)
    return Status(204, None)


@require_safe
def export_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give the file of an export to whoever has its address, which a key was given a moment ago. Recorded."""
    try:
        told = _SIGNER.unsign_object(token, max_age=LINK_FOR)
        key = open_key(told["key"], now=timezone.now())
        made = Export.objects.filter(pk=told["export"], workspace_id=key.workspace_id).first() if key else None
        if key is None or made is None or made.purpose not in key.purposes:
            raise missing()
        start.open_again(made, by=key_actor(key.pk), now=timezone.now(), purpose=made.purpose)
        path = files.path_of(made)
        if path is None:
            raise missing()
    except BadSignature:
        return handle(request, missing())
    except Exception as error:  # a fault of ours is raised again
        return handle(request, error)
    name = f"people-{made.pk}.{made.format}"
    return download(request, path.open("rb"), name=name, kind=KINDS[made.format], size_bytes=made.size_bytes)


def _selection(workspace_id: int, body: NewExport) -> Selection:
    if body.list is not None and not queries.every_list(workspace_id).filter(pk=body.list).exists():
        raise invalid("body.list", _("The workspace has no such list."))
    if body.segment is not None and not Segment.objects.filter(workspace_id=workspace_id, pk=body.segment).exists():
        raise invalid("body.segment", _("The workspace has no such segment."))
    return Selection(
        text=body.q.strip(),
        list_id=body.list,
        state=body.state,
        region=region_of(body.region) if body.region else None,
        segment_id=body.segment,
        ids=tuple(dict.fromkeys(body.persons)),
    )


def _exports(request: KeyRequest) -> QuerySet[Export]:
    """The exports under the purpose that the request names; for a key with a recipient, those for it."""
    key = request.auth
    found = Export.objects.filter(workspace_id=key.workspace_id, purpose=request.purpose).order_by("-pk")
    return found.filter(recipient=key.recipient) if key.recipient else found


def _export(request: KeyRequest, number: int) -> Export:
    found = _exports(request).filter(pk=number).first()
    if found is None:
        raise missing()
    return found


def _told(made: Export) -> dict[str, Any]:
    return {name: getattr(made, name) for name in ExportShown.model_fields if name != "id"} | {"id": made.pk}


def _shown(request: KeyRequest, made: Export) -> OneExport:
    file = None
    if made.state == State.DONE and files.path_of(made) is not None:
        token = _SIGNER.sign_object({"export": made.pk, "key": request.auth.pk})
        url = request.build_absolute_uri(reverse("export_file", args=[token]))
        file = FileShown(url=url, expires_at=request.now + LINK_FOR, size_bytes=made.size_bytes)
    return OneExport(**_told(made), file=file)

"""The rows that an import refused, or brought in without some of their values."""

from django.http import HttpResponseBase
from ninja import Router
from pydantic import BaseModel, Field

from tillit.accounts.models import Role
from tillit.api.access import IMPORT, KeyRequest, actor
from tillit.api.endpoints.imports import import_of
from tillit.api.problems import missing
from tillit.api.routes import reads
from tillit.api.shapes import Cursor, Limit, NumberPath, cursor_of, place_of
from tillit.downloads import download
from tillit.people.importing import refusals

router = Router(tags=["imports"])


class RefusedShown(BaseModel):
    """A row that was refused, or came in without some of its values."""

    line: int = Field(description="Its line in the file, counted from 1.")
    reason: str = Field(description="Such as `invalid_address`, or `unreadable: ` and the column, of values left out.")
    cells: dict[str, str] = Field(
        description="Column → what it holds; empty of somebody who was erased, and for a key with a recipient."
    )


class RefusedPage(BaseModel):
    """Some refused rows, in the order of the import."""

    items: list[RefusedShown]
    next: str | None


@reads(router, "/imports/{int:import_id}/refused-rows", response=RefusedPage, purpose=IMPORT, role=Role.EDITOR)
def list_refused_rows(
    request: KeyRequest, import_id: NumberPath, limit: Limit = 50, cursor: Cursor = ""
) -> RefusedPage:
    """The rows that were refused, each with the reason; they are kept for 30 days."""
    item = import_of(request, import_id)
    after = place_of(cursor, int) or 0
    found = refusals.page(item, by=actor(request), after=after, limit=limit, recipient=request.auth.recipient)
    return RefusedPage(
        items=[RefusedShown(line=row.line, reason=row.reason, cells=row.cells) for row in found.rows],
        next=cursor_of(found.after) if found.after is not None else None,
    )


@reads(router, "/imports/{int:import_id}/refused-rows.csv", purpose=IMPORT, role=Role.EDITOR, gives="text/csv")
def download_refused_rows(request: KeyRequest, import_id: NumberPath) -> HttpResponseBase:
    """The same as a CSV, to be mended and imported again; what looks like a formula has an apostrophe before it."""
    item = import_of(request, import_id)
    report = None if request.auth.recipient else refusals.whole(item, by=actor(request))
    if report is None:
        raise missing()
    size = report.stat().st_size
    name = f"refused-{item.pk}.csv"
    return download(request, report.open("rb"), name=name, kind="text/csv; charset=utf-8", size_bytes=size)

"""What a workspace knows about its people, and where that comes from."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.api.access import ADMINISTER, KeyRequest, actor
from tillit.api.problems import ApiProblem
from tillit.api.routes import reads, writes
from tillit.api.shapes import Cursor, Limit, LongText, Name, Shape, cursor_of, place_of
from tillit.people import lists as keeping
from tillit.people import queries
from tillit.people.models import Field as PersonField
from tillit.people.models import Source

router = Router(tags=["sources and fields"])


class FieldShown(BaseModel):
    """A field of the workspace's persons."""

    name: str
    label: str
    type: str
    choices: list[str] = Field(description="What a value may be, of a field of the type `choice`.")
    category: str = Field(description="The kind of information; a purpose sees the fields of its own categories only.")


class Fields(BaseModel):
    """Every field."""

    items: list[FieldShown]


class SourceShown(BaseModel):
    """Where information comes from, and what warrants that it might be passed on."""

    id: int
    name: str
    warranty: str
    valid_until: date | None


class SourcePage(BaseModel):
    """Some sources, oldest first."""

    items: list[SourceShown]
    next: str | None


class NewSource(Shape):
    """A source to write down."""

    name: Name
    warranty: LongText = Field(min_length=1, description="Who collected it, when, and on which basis.")
    valid_until: date | None = None


@reads(router, "/fields", response=Fields)
def list_fields(request: KeyRequest) -> Fields:
    """The fields that persons can have."""
    found = queries.fields(request.auth.workspace_id)
    return Fields(items=[_field(each) for each in found])


@reads(router, "/sources", response=SourcePage)
def list_sources(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> SourcePage:
    """Where the workspace's information comes from."""
    found = queries.sources(request.auth.workspace_id).filter(pk__gt=place_of(cursor, int) or 0)
    rows = list(found.order_by("pk")[: limit + 1])
    return SourcePage(
        items=[_shown(each) for each in rows[:limit]],
        next=cursor_of(rows[limit - 1].pk) if len(rows) > limit else None,
    )


@writes(router, "POST", "/sources", response={201: SourceShown}, purpose=ADMINISTER)
def make_source(request: KeyRequest, body: NewSource) -> Any:
    """Write down a source, which an import or a consent from elsewhere needs."""
    workspace_id = request.auth.workspace_id
    if queries.sources(workspace_id).filter(name=body.name).exists():
        raise ApiProblem("conflict", _("Another source of the workspace has this name."))
    made = keeping.make_source(workspace_id, **body.model_dump(), by=actor(request))
    return Status(201, _shown(made))


def _field(each: PersonField) -> FieldShown:
    return FieldShown(name=each.name, label=each.said(), type=each.type, choices=each.choices, category=each.category)


def _shown(each: Source) -> SourceShown:
    return SourceShown(id=each.pk, name=each.name, warranty=each.warranty, valid_until=each.valid_until)

"""Segments: conditions that choose people whenever they are asked."""

import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, model_validator

from tillit.api.access import ADMINISTER, KeyRequest, actor
from tillit.api.problems import invalid, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import Cursor, Limit, LongText, Name, NumberPath, Purpose, Shape, cursor_of, place_of
from tillit.people.models import Segment
from tillit.people.segments import actions, queries
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import parse
from tillit.people.segments.tree import Node, from_json

router = Router(tags=["segments"])
TREE = 'The same as a tree: `{"all": [...]}`, `{"any": [...]}`, `{"not": ...}` and conditions.'


class SegmentShown(BaseModel):
    """A segment, as text and as a tree."""

    id: int
    name: str
    description: str
    text: str = Field(description="Empty when the segment asks about something that is no longer there.")
    tree: dict[str, Any]
    updated_at: datetime


class SegmentPage(BaseModel):
    """Some segments, oldest first."""

    items: list[SegmentShown]
    next: str | None


class NewSegment(Shape):
    """A segment to keep: either its text or its tree."""

    name: Name
    description: LongText = ""
    text: LongText | None = Field(None, description='Such as `country = "SE" and not on list "Customers"`.')
    tree: dict[str, Any] | None = Field(None, description=TREE)

    @model_validator(mode="after")
    def one_of_two(self) -> "NewSegment":
        if (self.text is None) == (self.tree is None):
            raise ValueError("Send either text or tree.")
        return self


class SegmentChange(NewSegment):
    """A segment as it shall be."""


class SegmentCount(BaseModel):
    """How many people of a segment a purpose permits."""

    people: int
    everybody: int = Field(description="Whom the purpose permits at all.")
    exact: bool = Field(description="False for a number that was reckoned from a sample, since counting took too long.")


@reads(router, "/segments", response=SegmentPage)
def list_segments(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> SegmentPage:
    """The segments of the workspace."""
    found = queries.segments(request.auth.workspace_id).order_by("pk").filter(pk__gt=place_of(cursor, int) or 0)
    rows = list(found[: limit + 1])
    return SegmentPage(
        items=[_shown(each) for each in rows[:limit]],
        next=cursor_of(rows[limit - 1].pk) if len(rows) > limit else None,
    )


@reads(router, "/segments/{int:segment_id}", response=SegmentShown)
def get_segment(request: KeyRequest, segment_id: NumberPath) -> SegmentShown:
    """One segment."""
    return _shown(_segment(request, segment_id))


@reads(router, "/segments/{int:segment_id}/count", response=SegmentCount, purpose=None)
def count_segment(request: KeyRequest, segment_id: NumberPath, purpose: Purpose = ADMINISTER) -> SegmentCount:
    """How many people are in a segment now, of those whom the purpose permits."""
    found = _segment(request, segment_id)
    counted = queries.count(
        found.workspace_id,
        from_json(found.tree),
        by=actor(request),
        purpose=request.purpose,
        recipient=request.auth.recipient,
    )
    return SegmentCount(people=counted.number, everybody=counted.everybody, exact=counted.exact)


@writes(router, "POST", "/segments", response={201: SegmentShown}, purpose=ADMINISTER)
def make_segment(request: KeyRequest, body: NewSegment) -> Any:
    """Keep a segment."""
    workspace_id = request.auth.workspace_id
    tree = _tree(workspace_id, body)
    made = actions.make_segment(
        workspace_id, name=body.name, tree=tree, by=actor(request), description=body.description
    )
    return Status(201, _shown(made))


@writes(router, "PUT", "/segments/{int:segment_id}", response=SegmentShown, purpose=ADMINISTER)
def change_segment(request: KeyRequest, segment_id: NumberPath, body: SegmentChange) -> SegmentShown:
    """Change a segment; what uses it follows."""
    found = _segment(request, segment_id)
    tree = _tree(found.workspace_id, body)
    changed = actions.change_segment(found, name=body.name, tree=tree, by=actor(request), description=body.description)
    return _shown(changed)


@writes(router, "DELETE", "/segments/{int:segment_id}", response={204: None}, purpose=ADMINISTER)
def delete_segment(request: KeyRequest, segment_id: NumberPath) -> Any:
    """Delete a segment that nothing uses."""
    actions.delete_segment(_segment(request, segment_id), by=actor(request))
    return Status(204, None)


def _tree(workspace_id: int, body: NewSegment) -> Node:
    if body.text is not None:
        return parse(body.text, vocabulary(workspace_id))
    if "\\u0000" in json.dumps(body.tree):
        raise invalid("body.tree", _("A text cannot hold the character U+0000."))
    return from_json(body.tree)


def _segment(request: KeyRequest, number: int) -> Segment:
    found = queries.segments(request.auth.workspace_id).filter(pk=number).first()
    if found is None:
        raise missing()
    return found


def _shown(each: Segment) -> SegmentShown:
    try:
        text = queries.text_of(each)
    except ValueError:
        text = ""
    return SegmentShown(
        id=each.pk,
        name=each.name,
        description=each.description,
        text=text,
        tree=each.tree,
        updated_at=each.updated_at,
    )

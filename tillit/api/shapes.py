"""What requests and answers are made of: texts, numbers, pages, and the codes of regions."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tillit.api.problems import invalid

#: The regions of policy.regions, by their codes.
RegionCode = Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"]

#: A text that a database takes: PostgreSQL keeps every character but U+0000.
PLAIN = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(pattern=PLAIN, max_length=500)]
LongText = Annotated[str, StringConstraints(pattern=PLAIN, max_length=5000)]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", max_length=120)]
Email = Annotated[str, StringConstraints(pattern=r"^[^\x00@]+@[^\x00@]+$", max_length=320)]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2}(-[A-Z]{2})?)?$")]
PurposeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,63}$")]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
NumberPath = Annotated[int, Path(ge=1, le=2**31 - 1)]

Value = Annotated[str, StringConstraints(strict=True, pattern=PLAIN, max_length=5000)] | bool | int | float
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[
    str, Query(max_length=200, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the page before, as it was given.")
]
Purpose = Annotated[
    str,
    Query(
        pattern=r"^[a-z][a-z0-9_.-]{0,62}$",
        description="What the information is read for. It decides whom and which categories the answer holds.",
    ),
]


class Shape(BaseModel):
    """The body of a request: a part that is not known is an error, since a misspelt one would go unnoticed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Done(BaseModel):
    """What a write answers: ids and counts. Reading is an act of its own, under a purpose of its own."""


class Changed(Done):
    """Whether anything changed; what was so already is no error."""

    changed: bool


def cursor_of(last: UUID | int) -> str:
    """An opaque text for the place after an item."""
    return base64.urlsafe_b64encode(str(last).encode()).decode().rstrip("=")


def place_of(cursor: str, kind: type[UUID] | type[int]) -> Any:
    """The item after which a page begins; None at the beginning. Raises ApiProblem."""
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        place = kind(text)
        if isinstance(place, int) and not 0 < place < 2**31:
            raise ValueError
    except (binascii.Error, ValueError) as error:
        raise invalid("query.cursor", _("This is not a cursor that a page gave.")) from error
    return place


def moment(value: datetime | None) -> str | None:
    """A moment as JSON has it."""
    return value.isoformat() if value else None

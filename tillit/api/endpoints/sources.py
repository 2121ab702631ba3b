"""What a workspace knows about its people, and where that comes from."""

import io
from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.api.access import ADMINISTER, KeyRequest, actor
from tillit.api.problems import ApiProblem, invalid, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import PLAIN, Cursor, Limit, LongText, Name, NumberPath, Shape, Text, cursor_of, place_of
from tillit.downloads import download
from tillit.governance import attachments
from tillit.people import lists as keeping
from tillit.people import queries
from tillit.people.models import Evidence, Source
from tillit.people.models import Field as PersonField
from tillit.policy.regions import COUNTRIES

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
    collected_by: str
    basis: str
    country: str
    valid_until: date | None
    evidence: str = Field(description="The name of the file that proves the warranty; empty without one.")


class SourcePage(BaseModel):
    """Some sources, oldest first."""

    items: list[SourceShown]
    next: str | None


Basis = Literal["", "consent", "customer", "interest", "public", "other"]
Country = Annotated[str, Field(pattern="^([A-Z]{2})?$")]


class Warranty(Shape):
    """What warrants that information might be passed on, beside the words."""

    collected_by: Text = Field("", max_length=200, description="Who asked the people for it.")
    basis: Basis = ""
    country: Country = Field("", description="ISO code; of people of whom neither a country nor a number tells one.")
    valid_until: date | None = None


class NewSource(Warranty):
    """A source to write down."""

    name: Name
    warranty: LongText = Field(min_length=1, description="Who collected it, when, and on which basis.")


class SourceChange(Shape):
    """What to change of a source; what is left out stays. `valid_until` null has no end."""

    name: Name | None = None
    warranty: LongText | None = Field(None, min_length=1)
    collected_by: Text | None = Field(None, max_length=200)
    basis: Basis | None = None
    country: Country | None = None
    valid_until: date | None = None


class Named(BaseModel):
    """What a file that is sent as the body is called."""

    file_name: str = Field("evidence", min_length=1, max_length=200, pattern=PLAIN)


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
    _check_country(body.country)
    made = keeping.make_source(workspace_id, **body.model_dump(), by=actor(request))
    return Status(201, _shown(made))


@reads(router, "/sources/{int:source_id}", response=SourceShown)
def get_source(request: KeyRequest, source_id: NumberPath) -> SourceShown:
    """One source."""
    return _shown(_source(request, source_id))


@writes(router, "PATCH", "/sources/{int:source_id}", response=SourceShown, purpose=ADMINISTER)
def change_source(request: KeyRequest, source_id: NumberPath, body: SourceChange) -> SourceShown:
    """Change a source, or renew its warranty."""
    found = _source(request, source_id)
    given = body.model_dump(exclude_unset=True)
    told = {name: value for name, value in given.items() if value is not None or name == "valid_until"}
    same = queries.sources(request.auth.workspace_id).filter(name=told.get("name")).exclude(pk=found.pk)
    if same.exists():
        raise ApiProblem("conflict", _("Another source of the workspace has this name."))
    _check_country(told.get("country", ""))
    keeping.change_source(found, **told, by=actor(request))
    return _shown(found)


@writes(
    router,
    "PUT",
    "/sources/{int:source_id}/evidence",
    response=SourceShown,
    purpose=ADMINISTER,
    takes="The file that proves the warranty: PDF, DOCX, ODT or text, up to 10 MB. No list of people.",
)
def put_evidence(request: KeyRequest, source_id: NumberPath, named: Annotated[Named, Query()]) -> SourceShown:
    """Keep a file that proves the warranty, in the place of the one before."""
    found = _source(request, source_id)
    content = request.read(attachments.LARGEST_BYTES + 1)
    try:
        media = attachments.media_type(content)
    except attachments.NotAccepted as refused:
        raise invalid("body", _refusal(refused)) from refused
    proof = keeping.Proof(attachments.safe_name(named.file_name, media), content)
    keeping.change_source(found, by=actor(request), proof=proof)
    return _shown(found)


@reads(router, "/sources/{int:source_id}/evidence", gives="application/octet-stream")
def get_evidence(request: KeyRequest, source_id: NumberPath) -> HttpResponseBase:
    """The file that proves the warranty; for keys without a recipient."""
    if request.auth.recipient:  # a contract of ours is nothing that the policy lets them have
        raise missing()
    found = Evidence.objects.filter(source=_source(request, source_id)).first()
    if found is None:
        raise missing()
    content = bytes(found.content)
    name, kind = found.source.evidence_name, "application/octet-stream"
    return download(request, io.BytesIO(content), name=name, kind=kind, size_bytes=len(content))


def _source(request: KeyRequest, number: int) -> Source:
    found = queries.sources(request.auth.workspace_id).filter(pk=number).first()
    if found is None:
        raise missing()
    return found


def _check_country(code: str) -> None:
    if code and code not in COUNTRIES:
        raise invalid("body.country", _("This is no country: write the two letters of ISO 3166-1, such as SE."))


def _refusal(refused: attachments.NotAccepted) -> str:
    if isinstance(refused, attachments.Empty):
        return _("The file is empty.")
    if isinstance(refused, attachments.TooLarge):
        return _("The file is larger than 10 MB. Send a smaller one.")
    return _("The file is neither PDF, DOCX, ODT nor plain text, whatever its name says. Save it as one of these.")


def _field(each: PersonField) -> FieldShown:
    return FieldShown(name=each.name, label=each.said(), type=each.type, choices=each.choices, category=each.category)


def _shown(each: Source) -> SourceShown:
    return SourceShown(
        id=each.pk,
        name=each.name,
        warranty=each.warranty,
        collected_by=each.collected_by,
        basis=each.basis,
        country=each.country,
        valid_until=each.valid_until,
        evidence=each.evidence_name,
    )

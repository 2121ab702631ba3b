"""Persons: found and read under a purpose that the caller chooses, written under the staff's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.api.access import ADMINISTER, FULFIL, KeyRequest, actor
from tillit.api.problems import invalid, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import (
    Cursor,
    Done,
    Email,
    FieldName,
    Language,
    Limit,
    Number,
    Purpose,
    RegionCode,
    Shape,
    Text,
    Value,
    cursor_of,
    place_of,
)
from tillit.ledger.processing import processing
from tillit.people import queries, records
from tillit.people.actions import identity_key
from tillit.people.exporting.columns import check_recipient
from tillit.people.models import Identity, MailingList, Person, Source
from tillit.people.search import Wanted, find
from tillit.people.segments.queries import check_disclosed
from tillit.people.sheets import CONTACT, PREFERENCES, Sheet, sheets
from tillit.policy.regions import Region
from tillit.rights.actions import erase

router = Router(tags=["persons"])


class IdentityShown(BaseModel):
    """One identifier of a person."""

    kind: str
    value: str


class StandingShown(BaseModel):
    """Where a person stands to a list."""

    list: int
    state: str
    since: datetime


class PersonShown(BaseModel):
    """A person as the purpose, and the recipient of the key, let them be seen. What they may not see is not there."""

    id: UUID
    created_at: datetime
    region: RegionCode | None = None
    language: str | None = None
    restricted: bool
    unreachable: bool
    suppressed: bool
    identities: list[IdentityShown] = []
    fields: dict[str, Any] = {}
    lists: list[StandingShown] = []


class PersonPage(BaseModel):
    """Some persons, newest first; `next` is the cursor of the page after, null on the last."""

    items: list[PersonShown]
    next: str | None


class NewPerson(Shape):
    """A person to add, or what is new about one who is there."""

    email: Email
    source: Number = Field(description="Where the information comes from; its warranty must be valid.")
    region: RegionCode = "UNKNOWN"
    language: Language = ""
    fields: dict[FieldName, Value] = Field(default={}, max_length=200)
    lists: list[Number] = Field(default=[], max_length=50, description="Lists to join; who unsubscribed stays off.")


class PersonChange(Shape):
    """What to correct. A field that is null is removed; what is not named stays."""

    region: RegionCode | None = None
    language: Language | None = None
    fields: dict[FieldName, Value | None] = Field(default={}, max_length=200)


class PersonAdded(Done):
    """Who it is."""

    id: UUID


class PersonChanged(Done):
    """How many categories of information changed."""

    id: UUID
    categories_changed: int


class Wish(BaseModel):
    """Whom to look for; every part narrows it."""

    q: Text = Field("", description="The beginning of an address, or of the words of a name.")
    email: Text = Field("", description="A whole address; finds one person at most.")
    list: Number | None = None
    state: str = Field("", pattern="^(|pending|subscribed|unsubscribed|restricted|unreachable|suppressed)$")
    segment: Number | None = Field(None, description="Whoever is in it now; the purpose must have what it asks about.")
    region: RegionCode | None = None


@reads(router, "/persons", response=PersonPage, purpose=None)
def list_persons(
    request: KeyRequest,
    wish: Annotated[Wish, Query()],
    purpose: Purpose = ADMINISTER,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> PersonPage:
    """Persons whom the purpose permits, newest first."""
    key, after = request.auth, place_of(cursor, UUID)
    workspace_id = key.workspace_id
    with processing(
        workspace_id, request.purpose, by=actor(request), act="people.read", recipient=key.recipient
    ) as activity:
        if key.recipient and wish.email:
            check_disclosed([CONTACT], activity.categories)
        ids = _with_address(workspace_id, wish.email)
        wanted = Wanted(
            text=wish.q.strip(),
            list_id=wish.list,
            state=wish.state,
            segment_id=wish.segment,
            region=region_of(wish.region) if wish.region else None,
            ids=ids or (),
            after=after,
            limit=limit,
        )
        if key.recipient:
            check_recipient(wanted, activity.categories)
        if ids == ():
            return PersonPage(items=[], next=None)
        page = find(workspace_id, wanted)
        found = sheets([row.person.pk for row in page.rows], categories=activity.categories)
        activity.count(persons=len(found))
    last = cursor_of(page.rows[-1].person.pk) if page.older else None
    return PersonPage(items=[_shown(sheet, activity.categories) for sheet in found], next=last)


@reads(router, "/persons/{uuid:person_id}", response=PersonShown, purpose=None)
def get_person(request: KeyRequest, person_id: UUID, purpose: Purpose = ADMINISTER) -> PersonShown:
    """One person, if the purpose permits them."""
    key, by = request.auth, actor(request)
    with processing(
        key.workspace_id, request.purpose, by=by, act="person.read", recipient=key.recipient, subject=person_id
    ) as activity:
        found = sheets([person_id], categories=activity.categories)
    if not found:
        raise missing()
    return _shown(found[0], activity.categories)


@writes(router, "POST", "/persons", response=PersonAdded, purpose=ADMINISTER)
def add_person(request: KeyRequest, body: NewPerson) -> PersonAdded:
    """Add a person, or what is new about the one with this address. Repeating it changes nothing more."""
    key = request.auth
    values = _texts(key.workspace_id, body.fields)
    person_id = records.add(
        key.workspace_id,
        email=body.email,
        source=source_of(key.workspace_id, body.source),
        by=actor(request),
        now=request.now,
        region=region_of(body.region),
        language=body.language,
        values=values,
        lists=_lists(key.workspace_id, body.lists),
    )
    return PersonAdded(id=person_id)


@writes(router, "PATCH", "/persons/{uuid:person_id}", response=PersonChanged, purpose=ADMINISTER)
def change_person(request: KeyRequest, person_id: UUID, body: PersonChange) -> PersonChanged:
    """Correct what is known of a person. All of it is written, or nothing."""
    key, by = request.auth, actor(request)
    values = _texts(key.workspace_id, body.fields)
    with transaction.atomic():
        changed = records.change_values(key.workspace_id, person_id, values, by=by)
        if body.region is not None or body.language is not None:
            _move(key.workspace_id, person_id, body, by=by)
    return PersonChanged(id=person_id, categories_changed=changed)


@writes(router, "DELETE", "/persons/{uuid:person_id}", response={204: None}, purpose=FULFIL)
def erase_person(request: KeyRequest, person_id: UUID) -> Any:
    """Erase a person everywhere. A keyed hash of their address stays, so that no import brings them back."""
    if erase(request.auth.workspace_id, person_id, by=actor(request), now=request.now) is None:
        raise missing()
    return Status(204, None)


@writes(router, "PUT", "/persons/{uuid:person_id}/restriction", response={204: None}, purpose=FULFIL)
def restrict_person(request: KeyRequest, person_id: UUID) -> Any:
    """Restrict processing: the information is stored, and used for nothing else (GDPR art 18)."""
    records.restrict(request.auth.workspace_id, person_id, by=actor(request))
    return Status(204, None)


@writes(router, "DELETE", "/persons/{uuid:person_id}/restriction", response={204: None}, purpose=FULFIL)
def lift_restriction(request: KeyRequest, person_id: UUID) -> Any:
    """Lift a restriction; the person is to be told before (GDPR art 18(3))."""
    records.lift_restriction(request.auth.workspace_id, person_id, by=actor(request))
    return Status(204, None)


def source_of(workspace_id: int, number: int) -> Source:
    """A source of the workspace. Raises ApiProblem."""
    found = queries.sources(workspace_id).filter(pk=number).first()
    if found is None:
        raise invalid("body.source", _("The workspace has no source with this number."))
    return found


def _with_address(workspace_id: int, address: str) -> tuple[UUID, ...] | None:
    """Who has a whole address: nobody is (), not asked for is None."""
    if not address:
        return None
    key, _normal = identity_key(workspace_id, Identity.Kind.EMAIL, address)
    return tuple(Identity.objects.filter(key=key).values_list("person_id", flat=True))


def _shown(sheet: Sheet, categories: Sequence[str]) -> PersonShown:
    person = sheet.person
    return PersonShown(
        id=person.pk,
        created_at=person.created_at,
        region=_code_of(person) if CONTACT in categories else None,
        language=person.language if PREFERENCES in categories else None,
        restricted=person.restricted,
        unreachable=person.unreachable,
        suppressed=person.suppressed,
        identities=[IdentityShown(kind=each.kind, value=each.value) for each in sheet.identities if each.value],
        fields=sheet.values,
        lists=[StandingShown(list=each.list_id, state=each.state, since=each.since) for each in sheet.standings],
    )


def _code_of(person: Person) -> RegionCode:
    code: Any = Region(person.region).code
    return code


def region_of(region: RegionCode) -> int:
    """The region of a code."""
    return int(next(each for each in Region if each.code == region))


def _texts(workspace_id: int, values: dict[str, Any]) -> dict[str, str]:
    """The values as texts, which the types of the fields read; empty for one to remove. Raises ApiProblem."""
    known = set(queries.fields(workspace_id).filter(name__in=list(values)).values_list("name", flat=True))
    for name in values:
        if name not in known:
            raise invalid(f"body.fields.{name}", _("The workspace has no field with this name."))
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _lists(workspace_id: int, numbers: list[int]) -> tuple[MailingList, ...]:
    found = queries.lists(workspace_id).in_bulk(numbers)
    for number in numbers:
        if number not in found:
            raise invalid("body.lists", _("The workspace has no list %(number)s in use.") % {"number": number})
    return tuple(found.values())


def _move(workspace_id: int, person_id: UUID, body: PersonChange, *, by: str) -> None:
    """Set region and language; what the request does not name stays."""
    with processing(workspace_id, ADMINISTER, by=by, act="person.read", subject=person_id):
        person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise missing()
    region = person.region if body.region is None else region_of(body.region)
    language = person.language if body.language is None else body.language
    records.change_place(workspace_id, person_id, region=region, language=language, by=by)

"""Lists, and who stands on them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.api.access import ADMINISTER, CONFIRM, MANAGE, KeyRequest, actor
from tillit.api.endpoints.persons import source_of
from tillit.api.problems import ApiProblem, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import (
    Changed,
    Cursor,
    Done,
    Email,
    Language,
    Limit,
    LongText,
    Name,
    Number,
    NumberPath,
    Shape,
    cursor_of,
    place_of,
)
from tillit.consent.subscriptions import unsubscribe
from tillit.ledger.processing import processing
from tillit.people import lists as keeping
from tillit.people import queries
from tillit.people.models import MailingList, Person, Subscription
from tillit.rights.signup import sign_up

router = Router(tags=["lists"])
OptIn = Literal["single", "double"]


class ListShown(BaseModel):
    """A distribution list."""

    id: int
    name: str
    description: str
    public: bool = Field(description="Whether people may join by themselves.")
    opt_in: OptIn
    archived: bool
    created_at: datetime


class ListFiguresShown(ListShown):
    """A list with the number of people in each standing."""

    subscribed: int
    pending: int
    unsubscribed: int


class ListPage(BaseModel):
    """Some lists, oldest first."""

    items: list[ListShown]
    next: str | None


class NewList(Shape):
    """A list to make."""

    name: Name
    description: LongText = ""
    public: bool = True
    opt_in: OptIn = "double"


class ListChange(Shape):
    """What to change of a list; what is not named stays."""

    name: Name | None = None
    description: LongText | None = None
    public: bool | None = None
    opt_in: OptIn | None = None


class StandingWish(Shape):
    """Where a person shall stand."""

    state: Literal["subscribed", "unsubscribed"]
    source: Number | None = Field(None, description="Where it is known from that the person wants to be on the list.")


class SignUp(Shape):
    """Who wants to join, as they typed it into your form."""

    email: Email
    language: Language = ""


class Accepted(Done):
    """The same answer whether or not the address is known, so that nobody can find out."""

    accepted: bool = True


@reads(router, "/lists", response=ListPage)
def list_lists(
    request: KeyRequest,
    archived: Annotated[bool, Query(description="Those that were put away, instead.")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> ListPage:
    """The lists in use."""
    found = queries.lists(request.auth.workspace_id, archived=archived).order_by("pk")
    rows = list(found.filter(pk__gt=place_of(cursor, int) or 0)[: limit + 1])
    return ListPage(
        items=[ListShown(**_parts(each)) for each in rows[:limit]],
        next=cursor_of(rows[limit - 1].pk) if len(rows) > limit else None,
    )


@reads(router, "/lists/{int:list_id}", response=ListFiguresShown, purpose=ADMINISTER)
def get_list(request: KeyRequest, list_id: NumberPath) -> ListFiguresShown:
    """A list with its figures."""
    key, found = request.auth, _list(request, list_id)
    with processing(key.workspace_id, ADMINISTER, by=actor(request), act="list.read", about=f"list:{list_id}"):
        [figures] = queries.figures([found])
    return ListFiguresShown(
        **_parts(found),
        subscribed=figures.subscribed or 0,
        pending=figures.pending or 0,
        unsubscribed=figures.unsubscribed or 0,
    )


@writes(router, "POST", "/lists", response={201: ListShown}, purpose=ADMINISTER)
def make_list(request: KeyRequest, body: NewList) -> Any:
    """Make a list."""
    made = keeping.make_list(request.auth.workspace_id, **body.model_dump(), by=actor(request))
    return Status(201, ListShown(**_parts(made)))


@writes(router, "PATCH", "/lists/{int:list_id}", response=ListShown, purpose=ADMINISTER)
def change_list(request: KeyRequest, list_id: NumberPath, body: ListChange) -> ListShown:
    """Change what a list is called and how people join it."""
    found = _list(request, list_id)
    wanted = {name: value for name, value in body.model_dump().items() if value is not None}
    changed = keeping.change_list(found, **({"name": found.name} | wanted), by=actor(request))
    return ListShown(**_parts(changed))


@writes(router, "PUT", "/lists/{int:list_id}/archive", response={204: None}, purpose=ADMINISTER)
def archive_list(request: KeyRequest, list_id: NumberPath) -> Any:
    """Put a list away: nobody can join it, and no campaign can choose it. Its people stay as they are."""
    keeping.archive(_list(request, list_id), by=actor(request), now=request.now)
    return Status(204, None)


@writes(router, "DELETE", "/lists/{int:list_id}/archive", response={204: None}, purpose=ADMINISTER)
def restore_list(request: KeyRequest, list_id: NumberPath) -> Any:
    """Take a list into use again."""
    keeping.restore(_list(request, list_id), by=actor(request))
    return Status(204, None)


@writes(router, "PUT", "/lists/{int:list_id}/subscriptions/{uuid:person_id}", response=Changed, purpose=ADMINISTER)
def set_subscription(request: KeyRequest, list_id: NumberPath, person_id: UUID, body: StandingWish) -> Changed:
    """Put a person on a list, or take them off, on your part. Who unsubscribed cannot be put back by anybody else."""
    found, by = _list(request, list_id), actor(request)
    if body.state == "unsubscribed":
        changed = keeping.take_off_list(found, [person_id], by=by, now=request.now)
    else:
        source = source_of(request.auth.workspace_id, body.source) if body.source else None
        changed = keeping.put_on_list(found, [person_id], by=by, now=request.now, source=source)
    if not changed:
        _explain_unchanged(request, found, person_id, body.state)
    return Changed(changed=bool(changed))


@writes(router, "DELETE", "/lists/{int:list_id}/subscriptions/{uuid:person_id}", response=Changed, purpose=MANAGE)
def unsubscribe_person(request: KeyRequest, list_id: NumberPath, person_id: UUID) -> Changed:
    """Take a person off a list because they asked for it. It holds from the next mail on."""
    _list(request, list_id)
    left = unsubscribe(request.auth.workspace_id, person_id, [list_id], now=request.now, by=actor(request))
    return Changed(changed=bool(left))


@writes(router, "POST", "/lists/{int:list_id}/sign-ups", response={202: Accepted}, purpose=CONFIRM)
def sign_up_to_list(request: KeyRequest, list_id: NumberPath, body: SignUp) -> Any:
    """Ask by mail whether the owner of an address wants to join: what a form on your own site sends.

    The person joins, and consents, when they press the button in that mail.
    """
    workspace_id = request.auth.workspace_id
    sign_up(workspace_id, list_id, email=body.email, language=body.language, now=request.now, by=actor(request))
    return Status(202, Accepted())


def _explain_unchanged(request: KeyRequest, found: MailingList, person_id: UUID, wanted: str) -> None:
    """Raise ApiProblem unless the person stands already where they should."""
    key, by = request.auth, actor(request)
    with processing(key.workspace_id, ADMINISTER, by=by, act="list.read", subject=person_id, about=f"list:{found.pk}"):
        known = Person.objects.filter(pk=person_id).exists()
        row = Subscription.objects.filter(person_id=person_id, list_id=found.pk).first()
    if not known:
        raise missing()
    if wanted != Subscription.State.SUBSCRIBED or (row is not None and row.state == wanted):
        return
    if row is None:
        said = _("The person’s address is suppressed, or their processing is restricted: nobody puts them on a list.")
    elif row.state == Subscription.State.PENDING:
        said = _("The person has yet to confirm that they want this list: only they can.")
    else:
        said = _("The person left this list, and stays off: only they can come back.")
    raise ApiProblem("conflict", said)


def _list(request: KeyRequest, number: int) -> MailingList:
    found = queries.every_list(request.auth.workspace_id).filter(pk=number).first()
    if found is None:
        raise missing()
    return found


def _parts(each: MailingList) -> dict[str, Any]:
    return {
        "id": each.pk,
        "name": each.name,
        "description": each.description,
        "public": each.public,
        "opt_in": each.opt_in,
        "archived": each.archived_at is not None,
        "created_at": each.created_at,
    }

"""What persons chose, and what is permitted for them and why."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.api.access import FULFIL, MANAGE, KeyRequest, actor
from tillit.api.endpoints.persons import source_of
from tillit.api.problems import invalid, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import PLAIN, Done, Number, PurposeId, Shape, Text
from tillit.consent.actions import LEAST_WORDS, choose_for
from tillit.consent.models import Choice
from tillit.governance.explain import moment_of, past_of
from tillit.governance.explain_words import as_json
from tillit.ledger.processing import processing
from tillit.people.merges import ids_of
from tillit.people.models import Person
from tillit.people.segments.queries import check_disclosed
from tillit.people.sheets import PREFERENCES

router = Router(tags=["choices"])


class ChoiceShown(BaseModel):
    """One choice. Its id is the number of the receipt."""

    id: UUID
    purpose: str
    state: str
    method: str
    at: datetime
    expires_at: datetime | None
    source: int | None


class Choices(BaseModel):
    """Every choice that a person ever made, newest first."""

    items: list[ChoiceShown]


class NewChoice(Shape):
    """What a person decided about a purpose."""

    purpose: PurposeId
    state: Literal["granted", "refused", "withdrawn", "objected"]
    source: Number | None = Field(
        None, description="The source that warrants a consent; needed when the state is `granted`."
    )
    obtained: Text = Field(
        "",
        max_length=500,
        description="When and how the person said so, in a few words; kept as evidence. Needed when the state is"
        " `granted`.",
    )


class ChoiceMade(Done):
    """The receipt's number."""

    id: UUID


class ExplanationShown(BaseModel):
    """Whether a purpose is permitted for a person, with every step that leads to the answer."""

    person: UUID
    at: datetime
    purposes: list[dict[str, Any]]


@reads(router, "/persons/{uuid:person_id}/choices", response=Choices, purpose=MANAGE)
def list_choices(request: KeyRequest, person_id: UUID) -> Choices:
    """What a person chose, and when each choice ends."""
    key = request.auth
    with processing(
        key.workspace_id, MANAGE, by=actor(request), act="choice.read", subject=person_id, recipient=key.recipient
    ) as activity:
        check_disclosed([PREFERENCES], activity.categories)
        if not Person.objects.filter(pk=person_id).exists():
            raise missing()
        rows = list(Choice.objects.under(ids_of(person_id), voided=True).order_by("-id"))
    return Choices(
        items=[
            ChoiceShown(
                id=row.pk,
                purpose=row.purpose,
                state=row.state,
                method=row.method,
                at=row.at,
                expires_at=row.expires_at,
                source=row.source_id,
            )
            for row in rows
        ]
    )


@writes(router, "POST", "/persons/{uuid:person_id}/choices", response={201: ChoiceMade}, purpose=MANAGE)
def record_choice(request: KeyRequest, person_id: UUID, body: NewChoice) -> Any:
    """Record what a person decided elsewhere. A yes needs a source and how it was obtained; a no needs nothing."""
    workspace_id, source = request.auth.workspace_id, None
    if body.state == Choice.State.GRANTED:
        if body.source is None:
            raise invalid(
                "body.source", _("A consent needs a source that warrants it: who collected it, when and how.")
            )
        if len(body.obtained.strip()) < LEAST_WORDS:
            raise invalid("body.obtained", _("Say when and how the person gave this consent; it is kept as evidence."))
        source = source_of(workspace_id, body.source)
    made = choose_for(
        workspace_id,
        person_id,
        body.purpose,
        body.state,
        by=actor(request),
        now=request.now,
        source=source,
        obtained=body.obtained,
        program=True,
    )
    return Status(201, ChoiceMade(id=made))


@reads(router, "/persons/{uuid:person_id}/explanation", response=ExplanationShown, purpose=FULFIL)
def explain_person(
    request: KeyRequest,
    person_id: UUID,
    of: Annotated[
        str, Query(max_length=63, pattern=PLAIN, description="One purpose; every purpose of the policy without it.")
    ] = "",
    at: Annotated[
        str,
        Query(
            max_length=63, pattern=PLAIN, description="A moment of the past, such as 2026-03-01T12:00Z; now without it."
        ),
    ] = "",
) -> ExplanationShown:
    """What was permitted for a person at a moment, by which rule, choice and version, and from when to when."""
    key = request.auth
    moment = moment_of(at, now=request.now)
    past = past_of(key.workspace_id, person_id, by=actor(request), purpose=of, recipient=key.recipient)
    if past is None:
        raise missing()
    if of:
        told = [as_json(past.at(of, moment), past.periods(of, until=request.now))]
    else:
        told = [as_json(past.at(name, moment), []) for name in past.purposes_at(moment)]
    return ExplanationShown(person=person_id, at=moment, purposes=told)

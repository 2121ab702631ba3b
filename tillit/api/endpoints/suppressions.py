"""Addresses and domains that nothing is sent to."""

from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from tillit.accounts.models import Role
from tillit.api.access import ADMINISTER, KeyRequest, actor
from tillit.api.problems import invalid, missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import Cursor, Done, Limit, NumberPath, Shape, Text, cursor_of, place_of
from tillit.people.identity import InvalidIdentifier
from tillit.people.suppression.actions import Why, lift, suppress
from tillit.people.suppression.keys import read
from tillit.people.suppression.known import of
from tillit.people.suppression.lifted import Leave

router = Router(tags=["suppressions"])


class SuppressionShown(BaseModel):
    """One suppression. Of an address a keyed hash alone is kept, so it cannot be shown."""

    id: int
    kind: str
    domain: str = Field(description="Empty for an address.")
    reason: str
    note: str | None = Field(description="For keys with the role `editor` alone.")
    created_at: datetime
    imports: list[int] = Field(description="The imports that alone stand for it; undoing all of them lifts it.")


class SuppressionPage(BaseModel):
    """Some suppressions of the workspace, newest first."""

    items: list[SuppressionShown]
    next: str | None


class ToSuppress(Shape):
    """Addresses and domains to leave in peace."""

    entries: list[Text] = Field(
        min_length=1, max_length=1000, description="Addresses, domains such as `example.org`, or keys of a list."
    )
    reason: Literal["asked", "complaint", "bounced", "trap", "excluded", "moved", "other"] = "asked"
    note: Text = Field("", max_length=200)


class Suppressed(Done):
    """How many were new, and how many people that silenced."""

    added: int
    people: int


class ToLift(Shape):
    """Why a suppression no longer holds."""

    because: Text = Field(
        "",
        max_length=500,
        description="When and how the person said that they want mail again, without names; kept. Needed where they"
        " had asked for the suppression, or an earlier tool held it. After a complaint only a person who administers"
        " the workspace can lift it, in the console.",
    )


class Lifted(Done):
    """How many people can be written to again, as far as the policy and their choices permit."""

    people: int


@reads(router, "/suppressions", response=SuppressionPage)
def list_suppressions(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> SuppressionPage:
    """What the workspace suppresses."""
    found, after = of(request.auth.workspace_id).order_by("-pk"), place_of(cursor, int)
    reads_notes = Role(request.auth.role).rank >= Role.EDITOR.rank
    rows = list((found.filter(pk__lt=after) if after else found)[: limit + 1])
    return SuppressionPage(
        items=[
            SuppressionShown(
                id=each.pk,
                kind=each.kind,
                domain=each.domain,
                reason=each.reason,
                note=each.note if reads_notes else None,
                created_at=each.created_at,
                imports=each.imports or [],
            )
            for each in rows[:limit]
        ],
        next=cursor_of(rows[limit - 1].pk) if len(rows) > limit else None,
    )


@writes(router, "POST", "/suppressions", response=Suppressed, purpose=ADMINISTER)
def add_suppressions(request: KeyRequest, body: ToSuppress) -> Suppressed:
    """Suppress addresses and domains: from the next mail on nobody who has one is written to. It survives erasure."""
    told = [_read(place, text) for place, text in enumerate(body.entries)]
    why = Why(reason=body.reason, by=actor(request), now=request.now, note=body.note)
    done = suppress(request.auth.workspace_id, told, why)
    return Suppressed(added=done.entries, people=done.people)


@writes(router, "POST", "/suppressions/{int:suppression_id}/lift", response=Lifted, purpose=ADMINISTER)
def lift_suppression(request: KeyRequest, suppression_id: NumberPath, body: ToLift) -> Lifted:
    """Lift a suppression of the workspace."""
    leave = Leave(by=actor(request), now=request.now, because=body.because)
    done = lift(request.auth.workspace_id, [suppression_id], leave)
    if not done.entries:
        raise missing()
    return Lifted(people=done.people)


def _read(place: int, text: str) -> tuple[str, str]:
    try:
        return read(text)
    except InvalidIdentifier as error:
        said = _("This is neither an address nor a domain.")
        raise invalid(f"body.entries.{place}", said) from error

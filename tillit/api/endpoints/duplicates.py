"""Records that may be of one person: suggested, merged, split, called different."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from tillit.api.access import ADMINISTER, FULFIL, KeyRequest, actor
from tillit.api.problems import missing
from tillit.api.routes import reads, writes
from tillit.api.shapes import Cursor, Done, Limit, Shape, cursor_of, place_of
from tillit.ledger.processing import processing
from tillit.people.duplicates import finding
from tillit.people.duplicates.queries import searched, suggestions
from tillit.people.merges import present_id
from tillit.people.models import Merge, Person
from tillit.people.segments.queries import check_disclosed
from tillit.people.sheets import CONTACT, PREFERENCES
from tillit.rights.merging import actions

router = Router(tags=["duplicates"])


class DuplicateShown(BaseModel):
    """Two records that may be one person's, the one that came first before the other."""

    one: UUID
    other: UUID
    shared: list[str] = Field(description="What they share: `phone`, `domain`, `local_part`, `name`.")
    score: int = Field(description="How much that speaks for it; the highest come first.")


class DuplicatePage(BaseModel):
    """Some pairs of the last search, the likeliest first."""

    items: list[DuplicateShown]
    next: str | None


class SearchShown(BaseModel):
    """How far the search for duplicates is."""

    state: str = Field(description="`running`, `done`, `failed`, or empty where nobody has searched.")
    pairs: int | None = Field(description="How many the last one found.")
    done_at: datetime | None


class SearchBegun(Done):
    """Whether a search was begun; false where one was under way."""

    begun: bool


class MergeShown(BaseModel):
    """A record that went into another."""

    id: UUID
    kept: UUID
    gone: UUID
    at: datetime


class Merges(BaseModel):
    """The merges that stand, newest first: the first one can be split."""

    items: list[MergeShown]


class ToMerge(Shape):
    """Which record goes into the one that the address names."""

    other: UUID


class Merged(Done):
    """The merge, and whose record is left."""

    id: UUID
    kept: UUID


class Parted(Done):
    """Two records again. `fields` and `lists` changed since the merge and stayed with the kept one."""

    kept: UUID
    gone: UUID
    fields: list[str]
    lists: list[int]
    refusals: int = Field(description="How many choices that said no since now count for both.")


@reads(router, "/duplicates", response=DuplicatePage, purpose=ADMINISTER)
def list_duplicates(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> DuplicatePage:
    """The pairs that the last search found."""
    key, page = request.auth, place_of(cursor, int) or 1
    with processing(
        key.workspace_id, ADMINISTER, by=actor(request), act="duplicate.read", recipient=key.recipient
    ) as activity:
        check_disclosed([CONTACT], activity.categories)
        found = suggestions(page=page, limit=limit)
        activity.count(pairs=len(found.pairs))
    return DuplicatePage(
        items=[
            DuplicateShown(
                one=pair.one.person.pk,
                other=pair.other.person.pk,
                shared=[str(reason.name).lower() for reason in pair.reasons],
                score=pair.score,
            )
            for pair in found.pairs
        ],
        next=cursor_of(page + 1) if found.more else None,
    )


@reads(router, "/duplicates/search", response=SearchShown)
def get_duplicate_search(request: KeyRequest) -> SearchShown:
    """How far the search is."""
    known = searched(request.auth.workspace_id)
    if known is None:
        return SearchShown(state="", pairs=None, done_at=None)
    return SearchShown(state=known.state, pairs=known.counts.get("pairs"), done_at=known.done_at)


@writes(router, "POST", "/duplicates/search", response=SearchBegun, purpose=ADMINISTER)
def find_duplicates(request: KeyRequest) -> SearchBegun:
    """Search the workspace for records that may be of one person."""
    return SearchBegun(begun=finding.begin(request.auth.workspace_id, by=actor(request), now=request.now))


@reads(router, "/persons/{uuid:person_id}/merges", response=Merges, purpose=ADMINISTER)
def list_merges(request: KeyRequest, person_id: UUID) -> Merges:
    """The records that went into a person's."""
    key, by = request.auth, actor(request)
    with processing(
        key.workspace_id, ADMINISTER, by=by, act="duplicate.read", recipient=key.recipient, subject=person_id
    ) as activity:
        check_disclosed([PREFERENCES], activity.categories)
        if not Person.objects.filter(pk=person_id).exists():
            raise missing()
        found = list(Merge.objects.standing().filter(person_id=person_id).order_by("-id"))
    return Merges(items=[MergeShown(id=each.pk, kept=each.kept_id, gone=each.gone_id, at=each.at) for each in found])


@writes(router, "POST", "/persons/{uuid:person_id}/merges", response=Merged, purpose=FULFIL)
def merge_persons(request: KeyRequest, person_id: UUID, body: ToMerge) -> Merged:
    """Make two records of a person one, under the id of the first. A no of either counts for both; it can be split."""
    workspace_id = request.auth.workspace_id
    other = present_id(workspace_id, body.other)
    made = actions.merge(workspace_id, person_id, other, by=actor(request), now=request.now)
    return Merged(id=made.pk, kept=made.kept_id)


@writes(router, "DELETE", "/persons/{uuid:person_id}/merges/{uuid:merge_id}", response=Parted, purpose=FULFIL)
def split_persons(request: KeyRequest, person_id: UUID, merge_id: UUID) -> Parted:
    """Split a record off again, the latest first. What was changed since stays with the kept one."""
    workspace_id, by = request.auth.workspace_id, actor(request)
    with processing(workspace_id, FULFIL, by=by, act="duplicate.read", subject=person_id):
        if not Merge.objects.filter(pk=merge_id, person_id=person_id).exists():
            raise missing()
    parted = actions.split(workspace_id, merge_id, by=by, now=request.now)
    return Parted(
        kept=parted.kept_id,
        gone=parted.gone_id,
        fields=[name for names in parted.fields.values() for name in names],
        lists=[int(number) for number in parted.lists],
        refusals=parted.refusals,
    )


@writes(router, "PUT", "/persons/{uuid:person_id}/different/{uuid:other_id}", response={204: None}, purpose=FULFIL)
def call_different(request: KeyRequest, person_id: UUID, other_id: UUID) -> Any:
    """Remember that two records are different people: they are not suggested again."""
    actions.call_different(request.auth.workspace_id, person_id, other_id, by=actor(request), now=request.now)
    return Status(204, None)

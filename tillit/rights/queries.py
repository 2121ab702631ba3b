"""What is asked of the rights package: why somebody got a mail, and which requests were made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from tillit.consent.queries import ListLine, Preferences, PurposeLine, preferences
from tillit.delivery.models import Message
from tillit.ledger.processing import processing
from tillit.ledger.versions import Version, version
from tillit.people.actions import identity_key
from tillit.people.models import Identity, Source, Subscription, Traits
from tillit.rights.models import Request

MANAGE, FULFIL = "preferences.manage", "rights.fulfil"


@dataclass(frozen=True, slots=True)
class Why:
    """Why a person got a mail: for what, on which ground, from which list, by whose information, under which policy."""

    known: Preferences
    purpose_id: str
    line: PurposeLine | None
    message: Message | None
    version: Version
    lists: list[ListLine]
    sources: list[Source]

    @property
    def measured(self) -> PurposeLine | None:
        """The purpose of measuring mail, if the person can refuse it."""
        return next((line for line in self.known.choosable if line.id == "measurement.email"), None)


def why(
    workspace_id: int, person_id: UUID, *, campaign_id: int, purpose: str, lists: list[int] | None, by: str
) -> Why | None:
    """Return why a person got the mail of a campaign, or None when nobody is there any more.

    `purpose` is the campaign's; what the message says counts before it. `lists` are the campaign's, None for all.
    Source: GDPR art 15(1)(g), 14(2)(f); CLAUSES A9, D2.
    """
    known = preferences(workspace_id, person_id, by=by, act="why.show")
    if known is None:
        return None
    with processing(workspace_id, MANAGE, by=by, act="why.source", subject=person_id, about=f"campaign:{campaign_id}"):
        message = Message.objects.filter(person_id=person_id, campaign_id=campaign_id).first() if campaign_id else None
        mine = Subscription.objects.filter(person_id=person_id)
        numbers = set(mine.values_list("source_id", flat=True))
        numbers |= set(Traits.objects.filter(person_id=person_id).values_list("source_id", flat=True))
    name = message.purpose if message else purpose
    sent_under = message.policy_version_id if message and message.policy_version_id else known.version.id
    return Why(
        known=known,
        purpose_id=name,
        line=next((line for line in known.purposes if line.id == name), None),
        message=message,
        version=version(sent_under),
        lists=[line for line in known.lists if line.subscription and (lists is None or line.list.pk in lists)],
        sources=list(Source.objects.filter(workspace=workspace_id, pk__in=numbers - {None}).order_by("name")),
    )


def requests(workspace_id: int) -> QuerySet[Request]:
    """The requests of a workspace, newest first; read them inside a context of `rights.fulfil`."""
    return Request.objects.filter(workspace_id=workspace_id).order_by("-id")


def requests_of(workspace_id: int, person_id: UUID, *, by: str) -> list[Request]:
    """Return the requests of one person, newest first, in a context of their own."""
    with processing(workspace_id, FULFIL, by=by, act="requests.read", subject=person_id):
        return list(requests(workspace_id).filter(person_id=person_id))


def addresses(person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the address of each person that is still there, inside the caller's context."""
    found = Identity.objects.filter(person_id__in=list(person_ids), kind=Identity.Kind.EMAIL).order_by("-created_at")
    return dict(found.values_list("person_id", "value"))


def person_with(workspace_id: int, email: str, *, by: str) -> UUID | None:
    """Return the person with an address, or None when nothing is held under it. Raises InvalidIdentifier."""
    with processing(workspace_id, FULFIL, by=by, act="request.identify") as activity:
        found = key_holder(workspace_id, email)
        activity.count(persons=int(found is not None))
    return found


def key_holder(workspace_id: int, email: str) -> UUID | None:
    """Return the person whose address this is, inside the caller's context. Raises InvalidIdentifier."""
    key, _ = identity_key(workspace_id, Identity.Kind.EMAIL, email)
    return Identity.objects.filter(key=key).values_list("person_id", flat=True).first()

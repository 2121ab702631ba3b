"""A campaign as one person would get it, and test mails to those who write it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.accounts.models import User
from tillit.campaigns.audience import ADMINISTER, LABELS
from tillit.campaigns.content import Rendered, Urls
from tillit.campaigns.letter import NOBODY, Links, compile_campaign, letter, worded_fields
from tillit.campaigns.models import Campaign
from tillit.delivery.carriers import hand_over
from tillit.delivery.reasons import NO_ADDRESS, UNSUBSCRIBED
from tillit.delivery.streams import Addressed
from tillit.delivery.wire import Mail, Outcome
from tillit.delivery.writing import Envelope
from tillit.env import env
from tillit.ledger.processing import Refused, processing, user_actor
from tillit.ledger.versions import in_force
from tillit.people.models import Identity, Person, Subscription, Traits
from tillit.people.values import worded
from tillit.policy.decide import decide, explain
from tillit.policy.rules import PersonState

_HERE = Urls(unsubscribe="#", preferences="#", why="#")
MARK = "[Test]"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person would get; `reason` says why they would not, and then no value of theirs is shown."""

    rendered: Rendered
    address: str = ""
    reason: str = ""


class NotOurs(Refused):
    """Test mail goes to users of the workspace only: anybody else must be on a list, under the policy."""


def preview(campaign: Campaign, person_id: UUID | None, *, lists: Sequence[int], by: str) -> Preview:
    """Render the text, saved or not, for a person under the campaign's purpose, or for nobody in particular.

    `lists` are those the mail would go to. Raises ContentErrors, and Refused when the policy has no such purpose.
    """
    content = compile_campaign(campaign, unfinished=True)
    address, reason, values = "", "", dict[str, str]()
    if person_id is not None:
        address, reason, values = _read(campaign, person_id, content.fields, lists=lists, by=by)
    rendered = content.render(values, link=Links.plain, pixel=None, urls=_HERE)
    return Preview(rendered, address, reason)


def _read(
    campaign: Campaign, person_id: UUID, fields: tuple[str, ...], *, lists: Sequence[int], by: str
) -> tuple[str, str, dict[str, str]]:
    """The person's address, why they would get no mail, and the values of the fields, as the purpose shows them."""
    with processing(
        campaign.workspace_id,
        campaign.purpose,
        by=by,
        act="campaign.preview",
        subject=person_id,
        about=f"campaign:{campaign.pk}" if campaign.pk else "",
    ) as activity:
        permitted = Person.objects.filter(id=person_id).exists()
        known: dict[str, object] = {}
        for row in Traits.objects.filter(person_id=person_id):
            known |= row.values
        emails = Identity.objects.filter(person_id=person_id, kind=Identity.Kind.EMAIL, value__isnull=False)
        address = emails.order_by("created_at").values_list("value", flat=True).first() or ""
        on_list = Subscription.objects.filter(
            person_id=person_id, list_id__in=lists, state=Subscription.State.SUBSCRIBED
        ).exists()
        activity.count(persons=int(permitted))
    values = {name: str(known[name]) for name in fields if known.get(name) not in (None, "")}
    for name, kind in worded_fields(campaign, values).items():
        values[name] = worded(kind, values[name], campaign.language)
    if not permitted:
        return "", why_not(campaign, person_id, by=by), {}
    reason = "" if on_list else _left_out(UNSUBSCRIBED)
    return address, reason if address else _left_out(NO_ADDRESS), values


def _left_out(reason: str) -> str:
    return _("This person gets no mail: they %(reason)s.") % {"reason": LABELS[reason]}


def why_not(campaign: Campaign, person_id: UUID, *, by: str) -> str:
    """Say in a sentence why the campaign's purpose does not permit a person."""
    policy = in_force(campaign.workspace_id)
    rule = policy.rules[campaign.purpose]
    with processing(
        campaign.workspace_id, ADMINISTER, by=by, act="campaign.explain", subject=person_id, about=campaign.purpose
    ):
        person = Person.objects.filter(id=person_id).first()
    if person is None:
        return _("There is no such person in this workspace.")
    state = PersonState(person.region, person.roles, person.flags, person.granted, person.refused)
    language = get_language() or "en"
    title = policy.document.purposes[campaign.purpose].title.said(language)
    return explain(decide(rule, state), language, purpose=title)


def send_test(campaign: Campaign, to: User, *, by: User) -> Outcome:
    """Send the mail once to a user of the workspace, marked as a test; return what the relay said.

    It is written for nobody: merge tags show what stands in for a missing value, links are not tracked and act on
    nobody, and no report counts it. Raises NotOurs, ContentErrors.
    """
    if not to.memberships.filter(workspace_id=campaign.workspace_id).exists():
        raise NotOurs(NotOurs.__doc__ or "")
    written = letter(campaign, mark=MARK)
    message_id = uuid_utils.uuid7()
    addressed = Addressed(message_id, NOBODY, to.email, campaign.language, False, [None] * len(written.fields))
    envelope = Envelope.of(env())
    mail = Mail(envelope.bounces_to(message_id), to.email, envelope.signed(written.write(addressed)))
    with processing(
        campaign.workspace_id,
        ADMINISTER,
        by=user_actor(by.pk),
        act="campaign.test",
        recipient=user_actor(to.pk),
        about=f"campaign:{campaign.pk}",
    ):
        return asyncio.run(hand_over(env(), mail))

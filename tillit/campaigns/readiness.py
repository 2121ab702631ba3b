"""What must be right before a campaign can be sent, and what its sender should know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tillit.campaigns import audience
from tillit.campaigns.audience import Audience
from tillit.campaigns.letter import compile_campaign, one_click
from tillit.campaigns.models import Campaign
from tillit.campaigns.narrowing import Narrowing
from tillit.campaigns.slots import ContentErrors
from tillit.delivery.queries import senders_at_work
from tillit.env import env
from tillit.ledger.processing import Refused
from tillit.ledger.versions import Version, in_force
from tillit.people.patience import TooSlow
from tillit.policy.disclosure import NotDisclosable, disclosed
from tillit.policy.document import Purpose
from tillit.policy.rules import Rule

#: What a purpose must be allowed to use before a campaign can be sent for it: addresses, lists, and the mail itself.
NEEDED = frozenset({"contact", "preferences", "correspondence"})


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `level` is ok, note, warning or error; an error keeps the campaign from being sent."""

    key: str
    level: str
    text: str

    @property
    def blocks(self) -> bool:
        return self.level == "error"


def purposes(policy: Version) -> dict[str, Purpose]:
    """The purposes that a campaign can be sent for, marketing first: they send, and use what a campaign needs."""
    found = {
        name: purpose
        for name, purpose in policy.document.purposes.items()
        if purpose.sends and policy.rules[name].categories >= NEEDED
    }
    return dict(sorted(found.items(), key=lambda pair: not pair[1].marketing))


def checks(campaign: Campaign, *, by: str) -> tuple[Audience, list[Check]]:
    """The audience, whose count is recorded, and everything that was looked at, in the order of the editor."""
    policy = in_force(campaign.workspace_id)
    rule = policy.rules.get(campaign.purpose)
    lists = [each.pk for each in campaign.lists.all()]
    narrowing, refused = Narrowing.of(campaign), None
    reached = Audience()
    try:
        if rule and lists:
            reached = audience.count(campaign.workspace_id, campaign.purpose, lists, by=by, narrowing=narrowing)
    except TooSlow:
        reached = Audience(counted=False)
    except Refused as refusal:
        refused = refusal
    return reached, [
        *_content(campaign, policy),
        _sender(campaign),
        _postal_address(campaign),
        *_purpose(campaign, policy, rule),
        *_segments(narrowing, refused),
        *([] if refused else _people(bool(lists), reached)),
        *_relay(campaign, policy, rule),
        *_sending(),
    ]


def _content(campaign: Campaign, policy: Version) -> list[Check]:
    try:
        content = compile_campaign(campaign, policy)
    except ContentErrors as errors:
        return [Check("content", "error", str(problem)) for problem in errors.problems]
    notes = [Check("content", "warning", str(note)) for note in content.notes]
    links = len(content.links)
    return [*notes, Check("content", "ok", _("Subject and text are complete; links: %(number)d.") % {"number": links})]


def _sender(campaign: Campaign) -> Check:
    if not campaign.from_email:
        return Check("sender", "error", _("The sender's address is missing. Write the address the mail comes from."))
    return Check("sender", "ok", _("The mail comes from %(address)s.") % {"address": campaign.from_email})


def _postal_address(campaign: Campaign) -> Check:
    """Source: 15 U.S.C. 7704(a)(5)(A)(iii), a valid physical postal address in every commercial mail."""
    if not campaign.workspace.postal_address.strip():
        text = _("The workspace has no postal address, which every mail must carry. An owner can add it.")
        return Check("address", "error", text)
    return Check("address", "ok", _("The footer carries your postal address and the ways out."))


def _purpose(campaign: Campaign, policy: Version, rule: Rule | None) -> list[Check]:
    purpose = purposes(policy).get(campaign.purpose)
    if rule is None or purpose is None:
        text = _("The policy in force permits no mail for the purpose “%(purpose)s”. Choose another.")
        return [Check("purpose", "error", text % {"purpose": campaign.purpose})]
    named = {"purpose": purpose.title.said(get_language() or "en")}
    if purpose.marketing:
        return [Check("purpose", "ok", _("The mail is sent for the purpose “%(purpose)s”.") % named)]
    text = _(
        "“%(purpose)s” is not a marketing purpose: people cannot opt out of it, so the mail must carry no advertising."
    )
    return [Check("purpose", "warning", text % named)]


def _segments(narrowing: Narrowing, refused: Refused | None) -> Iterator[Check]:
    if refused is not None:
        yield Check("segment", "error", refused.reason)
        return
    if narrowing.segment is not None:
        text = _("Of the people on the lists, only those in the segment “%(name)s” get it.")
        yield Check("segment", "ok", text % {"name": narrowing.segment})
    if narrowing.without is not None:
        text = _("Whoever is in the segment “%(name)s” does not get it.")
        yield Check("segment", "ok", text % {"name": narrowing.without})


def _people(lists: bool, reached: Audience) -> list[Check]:
    if not lists:
        return [Check("lists", "error", _("No list is chosen. Choose who is to get the mail."))]
    if not reached.counted:
        text = _("Counting who may get it took too long, and was stopped. It can be sent: each person is decided then.")
        return [Check("lists", "warning", text)]
    if not reached.permitted:
        return [Check("lists", "error", _("Nobody on these lists may get this mail. See why below."))]
    text = _("%(permitted)d of %(all)d people on the lists may get it.")
    return [Check("lists", "ok", text % {"permitted": reached.permitted, "all": reached.on_lists})]


def _relay(campaign: Campaign, policy: Version, rule: Rule | None) -> Iterator[Check]:
    """Whether the policy lets mail go to the relay, which is a recipient as any other. Source: CLAUSES F1, H1."""
    relay = env().smtp_recipient
    if not relay or rule is None:
        return
    try:
        disclosed(policy.document, campaign.purpose, relay, today=timezone.localdate())
    except NotDisclosable as refusal:
        yield Check(
            "transfer", "error", _("The policy lets no mail go to the relay: %(why)s") % {"why": refusal.reason}
        )


def _sending() -> list[Check]:
    found = []
    if not env().smtp_url:
        text = _("No relay is configured: mails are caught on this machine, and nobody gets them.")
        found.append(Check("relay", "warning", text))
    elif not one_click():
        text = _("TILLIT_URL is no https address: mail programs show no button to unsubscribe, only the footer does.")
        found.append(Check("https", "warning", text))
    if not senders_at_work():
        text = _("No sender is running: the mail waits until somebody starts `tillit sender`.")
        found.append(Check("senders", "warning", text))
    return found

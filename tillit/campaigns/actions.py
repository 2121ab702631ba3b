"""Writing and sending campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from tillit.campaigns import readiness
from tillit.campaigns.audience import EVERYBODY
from tillit.campaigns.letter import compile_campaign
from tillit.campaigns.models import Campaign
from tillit.campaigns.narrowing import Narrowing
from tillit.delivery import withholding
from tillit.delivery.named import named
from tillit.delivery.reasons import CANCELLED
from tillit.ledger.processing import SYSTEM, Refused, processing
from tillit.people.jobs import waits
from tillit.people.models import MailingList

HERE = Path(__file__).parent
State = Campaign.State
TEXTS = (
    *("name", "purpose", "subject", "preheader", "kind", "body", "language", "from_name", "from_email", "reply_to"),
)
OPERATE = "delivery.operate"
STALLED_AFTER = timedelta(minutes=15)


class NotNow(Refused):
    """The campaign is in another state than this needs: somebody else was faster, or it has moved on."""


class NotReady(Refused):
    """Something is missing before the campaign can be sent."""


def create(
    workspace_id: int,
    *,
    by: str,
    texts: Mapping[str, str],
    lists: Iterable[MailingList] = (),
    narrowing: Narrowing = EVERYBODY,
) -> Campaign:
    """Make a draft. Raises ContentErrors when its text cannot become a mail; subject and text may still be empty.

    Raises LacksCategory when its purpose may not use what the segments ask about.
    """
    campaign = Campaign(workspace_id=workspace_id, created_by=by)
    return _save(campaign, texts, lists, narrowing)


def edit(
    campaign: Campaign,
    *,
    texts: Mapping[str, str],
    lists: Iterable[MailingList],
    narrowing: Narrowing | None = None,
) -> Campaign:
    """Change a draft; without `narrowing` it stays as it is. Raises NotNow when it is one no more, else as `create`."""
    with transaction.atomic():
        _lock(campaign, State.DRAFT)
        return _save(campaign, texts, lists, narrowing or Narrowing.of(campaign))


def _save(campaign: Campaign, texts: Mapping[str, str], lists: Iterable[MailingList], narrowing: Narrowing) -> Campaign:
    for name in TEXTS:
        if name in texts:
            setattr(campaign, name, texts[name])
    compile_campaign(campaign, unfinished=True)
    for segment in (narrowing.segment, narrowing.without):
        if segment is not None and segment.workspace_id != campaign.workspace_id:
            raise NotReady(_("The segment is not one of this workspace. Choose another."))
    narrowing.check(campaign.workspace_id, campaign.purpose)
    campaign.segment, campaign.without = narrowing.segment, narrowing.without
    campaign.audience = {name: value for name, value in campaign.audience.items() if name != "trouble"}
    with transaction.atomic():
        campaign.save()
        campaign.lists.set([each for each in lists if each.workspace_id == campaign.workspace_id])
    return campaign


def duplicate(campaign: Campaign, *, by: str) -> Campaign:
    """Make a draft with the text, sender, lists and segments of a campaign.

    Where a segment has been deleted since, the copy has no lists: it would go to more people than the original did.
    """
    texts = {name: getattr(campaign, name) for name in TEXTS}
    texts["name"] = _("%(name)s (copy)") % {"name": campaign.name[:100]}
    narrowed = {"segment": campaign.segment, "without": campaign.without}
    copy = Campaign(workspace_id=campaign.workspace_id, created_by=by, **texts, **narrowed)
    with transaction.atomic():
        copy.save()
        if not lost_segments(campaign):
            copy.lists.set(campaign.lists.all())
    return copy


def lost_segments(campaign: Campaign) -> bool:
    """Whether a campaign went to the people of a segment that has been deleted since."""
    number = sum(1 for each in (campaign.segment_id, campaign.without_id) if each is not None)
    return number < int(campaign.audience.get("segments", 0))


def discard(campaign: Campaign) -> None:
    """Delete a draft. Raises NotNow when it is one no more."""
    with transaction.atomic():
        _lock(campaign, State.DRAFT)
        campaign.delete()


def send(campaign: Campaign, *, by: str, now: datetime) -> None:
    """Begin to send: fix text, links and time, and have the messages prepared by a job.

    Raises NotReady with everything that is missing, NotNow when the campaign is no draft.
    """
    with transaction.atomic():
        _lock(campaign, State.DRAFT)
        missing = [check for check in readiness.checks(campaign, by=by)[1] if check.blocks]
        if missing:
            raise NotReady(" ".join(str(check.text) for check in missing))
        campaign.links = list(compile_campaign(campaign).links)
        campaign.prepared_at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # the time inside the ids
        campaign.state = State.PREPARING
        campaign.audience = {"sent_by": by}
        campaign.save()
        _defer(campaign)


def prepare(campaign_id: int) -> int:
    """Queue the campaign's messages under its purpose, and let the senders begin; return how many are queued.

    May run again: nobody is queued twice, and what was sent is left alone. Does nothing, and returns 0, for a campaign
    that is not being prepared, such as one cancelled meanwhile. Where the policy, or what a segment asks about, no
    longer lets it be sent, it goes back with the reason (`give_back`).
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().filter(pk=campaign_id, state=State.PREPARING).first()
        if campaign is None:
            return 0
        try:
            return _prepare(campaign)
        except Refused as refused:  # within the transaction, so that the ledger keeps the refusal
            _give_back(campaign, str(refused))
            return 0


def _prepare(campaign: Campaign) -> int:
    with processing(
        campaign.workspace_id,
        campaign.purpose,
        by=campaign.audience.get("sent_by", SYSTEM),
        act="campaign.prepare",
        about=f"campaign:{campaign.pk}",
    ) as activity:
        prepared = _insert(campaign, activity.policy_version_id)
        activity.count(persons=prepared)
        narrowing = Narrowing.of(campaign)
        asked = narrowing.text(campaign.workspace_id)
    campaign.state = State.SENDING
    if asked:
        number = sum(1 for each in (narrowing.segment, narrowing.without) if each)
        campaign.audience = {**campaign.audience, "segments": number, "conditions": asked}
    campaign.audience = {**campaign.audience, "prepared": campaign.audience.get("prepared", 0) + prepared}
    campaign.save(update_fields=["state", "audience", "updated_at"])
    return prepared


def give_back(campaign_id: int, trouble: str) -> None:
    """Make a campaign that cannot be prepared a draft again, with the reason; it can be mended and sent anew."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().filter(pk=campaign_id, state=State.PREPARING).first()
        if campaign is not None:
            _give_back(campaign, trouble)


def _give_back(campaign: Campaign, trouble: str) -> None:
    """A draft has no messages: one that has some already, which only a crash leaves so, is paused instead."""
    if campaign.audience.get("prepared"):
        campaign.state = State.PAUSED
        campaign.audience = {**campaign.audience, "trouble": trouble[:1000]}
    else:
        campaign.state, campaign.prepared_at, campaign.links = State.DRAFT, None, []
        campaign.audience = {"trouble": trouble[:1000]}
    campaign.save(update_fields=["state", "prepared_at", "links", "audience", "updated_at"])


def resume_stalled(*, now: datetime) -> int:
    """Queue the preparation of campaigns again whose job was lost with its worker; return how many."""
    waiting = Campaign.objects.filter(state=State.PREPARING, updated_at__lt=now - STALLED_AFTER).order_by("pk")
    lost = [each for each in waiting if not waits("campaigns.prepare", campaign_id=each.pk)]
    for each in lost:
        _defer(each)
    return len(lost)


def _defer(campaign: Campaign) -> None:
    """Have a campaign prepared; a job that still waits since it was sent before does as well."""
    if waits("campaigns.prepare", campaign_id=campaign.pk):
        return
    app.configure_task("campaigns.prepare", queueing_lock=f"campaign {campaign.pk}").defer(campaign_id=campaign.pk)


def _insert(campaign: Campaign, version_id: int) -> int:
    narrowed, asked = Narrowing.of(campaign).condition(campaign.workspace_id, campaign.purpose)
    with connection.cursor() as cursor:
        cursor.execute(
            named(HERE, "prepare").format(narrowed=narrowed),
            {
                "prepared": campaign.prepared_at,
                "campaign": campaign.pk,
                "purpose": campaign.purpose,
                "version": version_id,
                "lists": list(campaign.lists.values_list("pk", flat=True)),
                **asked,
            },
        )
        return cursor.rowcount


def pause(campaign: Campaign) -> None:
    """Stop before the next batch; mails under way are finished. Raises NotNow."""
    _move(campaign, (State.SENDING,), State.PAUSED)


def resume(campaign: Campaign) -> None:
    """Go on where it was stopped. Raises NotNow."""
    _move(campaign, (State.PAUSED,), State.SENDING, trouble="")


def halt(campaign: Campaign, trouble: str) -> None:
    """Pause by ourselves, and keep the reason for the campaign's page; nothing happens when it is not being sent."""
    audience = {**campaign.audience, "trouble": trouble[:1000]}
    Campaign.objects.filter(pk=campaign.pk, state=State.SENDING).update(state=State.PAUSED, audience=audience)


def cancel(campaign: Campaign, *, by: str, now: datetime) -> int:
    """End a campaign before everybody got it; return how many messages were withheld. Raises NotNow.

    Batches under way are finished. It cannot be undone: a copy would also reach those who have it already.
    """
    with transaction.atomic():
        _move(campaign, (State.PREPARING, State.SENDING, State.PAUSED), State.CANCELLED, now=now)
        withheld = withholding.cancel(campaign.workspace_id, campaign.pk, by=by, reason=CANCELLED)
        count_withheld(campaign, withheld)
    return withheld


def count_withheld(campaign: Campaign, number: int) -> None:
    """Add to what was withheld, so that a page can say how far a campaign is without reading its messages."""
    with transaction.atomic():
        _lock(campaign, *State.values)
        campaign.audience = {**campaign.audience, "withheld": campaign.audience.get("withheld", 0) + number}
        campaign.save(update_fields=["audience", "updated_at"])


def finish(campaign: Campaign) -> None:
    """Mark a campaign as sent, once nothing of it waits any more; nothing happens when it is not being sent."""
    Campaign.objects.filter(pk=campaign.pk, state=State.SENDING).update(state=State.DONE, finished_at=Now())


def settle_doubt(campaign: Campaign, *, again: bool, by: str) -> int:
    """Decide about the messages in doubt: count them as sent, or send them `again`; return how many.

    Sent again, some people get the mail twice: those whose first copy the relay had taken. Raises NotNow.
    """
    change = (
        "state = 'queued', batch_id = NULL, reply = '', done_at = NULL"
        if again
        else "state = 'sent', reply = 'counted as sent: the answer was lost'"
    )
    act, about = f"message.{'send_again' if again else 'count_as_sent'}", f"campaign:{campaign.pk}"
    with transaction.atomic():
        _lock(campaign, State.SENDING, State.PAUSED, State.DONE)
        with processing(campaign.workspace_id, OPERATE, by=by, act=act, about=about) as activity:
            settled = _change_doubtful(campaign, change)
            activity.count(messages=settled)
        if again and settled and campaign.state == State.DONE:
            campaign.state, campaign.finished_at = State.SENDING, None
        key = "sent_again" if again else "counted_as_sent"
        campaign.audience = {**campaign.audience, key: campaign.audience.get(key, 0) + settled}
        campaign.save(update_fields=["state", "finished_at", "audience", "updated_at"])
    return settled


def _change_doubtful(campaign: Campaign, change: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE delivery_message SET {change} WHERE campaign_id = %s AND state = 'unknown'", [campaign.pk]
        )
        return cursor.rowcount


def _move(
    campaign: Campaign, before: tuple[str, ...], after: str, *, now: datetime | None = None, trouble: str | None = None
) -> None:
    with transaction.atomic():
        _lock(campaign, *before)
        campaign.state = after
        if now is not None:
            campaign.finished_at = now
        if trouble is not None:
            campaign.audience = {**campaign.audience, "trouble": trouble}
        campaign.save(update_fields=["state", "finished_at", "audience", "updated_at"])


def _lock(campaign: Campaign, *states: str) -> None:
    """Take the campaign's row and bring it up to date. Raises NotNow when it is in none of the states."""
    found = Campaign.objects.select_for_update().filter(pk=campaign.pk).values("state", "audience", "links").first()
    if found is None or found["state"] not in states:
        label = State(found["state"]).label if found else _("deleted")
        raise NotNow(
            _("The campaign is “%(state)s” now, so this cannot be done. Load the page again.") % {"state": label}
        )
    campaign.state, campaign.audience = found["state"], found["audience"]

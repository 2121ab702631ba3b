"""The sample that `tillit demo` loads once: people, lists, two campaigns of the past weeks and a draft."""

from __future__ import annotations

import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from tillit.accounts.models import Membership, Role, User, Workspace
from tillit.campaigns import actions
from tillit.campaigns.models import Campaign
from tillit.conf import demo_audience, demo_policy
from tillit.conf.first_user import make_workspace
from tillit.conf.sample import EMAIL, OFFICER, PASSWORD, write_csv, write_sales
from tillit.consent.actions import record_choice
from tillit.delivery.models import Batch, Event, Message
from tillit.ledger.processing import SYSTEM, processing, user_actor
from tillit.people.actions import set_subscription
from tillit.people.importing.purposes import PURCHASES
from tillit.people.importing.run import run_import
from tillit.people.importing.start import start_import
from tillit.people.models import Import, MailingList, Source, Subscription

ADDRESS = "Sveavägen 1\n111 57 Stockholm"
PEOPLE, RESELLERS, TWICE, BUYERS = 2000, 150, 6, 90
CLIENTS = (
    ("Apple Mail", "phone"),
    ("Gmail", "desktop"),
    ("Outlook", "desktop"),
    ("Gmail", "phone"),
    ("Thunderbird", "desktop"),
)
LETTERS = (
    (16, "October news", "{{ first_name | default('Hello') }}, a quieter meeting room", "Three ways to tame the echo"),
    (
        5,
        "November news",
        "{{ first_name | default('Hello') }}, see you at the fair?",
        "Our stand, our talks, your ticket",
    ),
)
BODY = """# {heading}

Hello {{{{ first_name | default("there") }}}},

rooms are only as good as what people hear in them. This month we look at **ceiling microphones**, at glass walls, and
at what {{{{ company | default("your company") }}}} can do without building anything.

- [Ceiling microphones, compared](https://www.example.com/microphones)
- [A checklist for glass walls](https://www.example.com/glass)
- [Book a visit to our showroom](https://www.example.com/visit)

See you soon,
the people at Smart Media Solutions
"""


def ensure_sample() -> str:
    """Load the sample unless it is there; return the line that tells how to sign in."""
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(
        EMAIL, PASSWORD, name="Demo", is_operator=True
    )
    if not user.memberships.exists():  # made last: a start that was cut off begins anew
        now = timezone.now()
        workspace = make_workspace("Smart Media Solutions", postal_address=ADDRESS, policy=False)
        officer = demo_policy.add_officer(workspace)
        demo_policy.publish_history(workspace, by=user, reviewer=officer, now=now)
        _fill(workspace, user_actor(user.pk), now=now)
        demo_policy.draft_and_assess(workspace, officer, now=now)
        Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    reviewer = f"; {OFFICER} reviews the policy, with the same" if User.objects.filter(email=OFFICER).exists() else ""
    return f"Sign in as {EMAIL} with the password {PASSWORD}{reviewer}"


def _fill(workspace: Workspace, by: str, *, now: datetime) -> None:
    rng = random.Random(7)  # noqa: S311  the same demo every time, no secret
    demo_audience.make_fields(workspace.pk, by=by)
    news, offers = demo_audience.make_lists(workspace.pk, by=by)
    people = _import(workspace, news, "Trade fair visitors", PEOPLE, by=by, now=now)
    _import(workspace, offers, "Reseller portal", RESELLERS, twice=TWICE, by=by, now=now)
    _import_sales(workspace, by=by, now=now)
    _decide(workspace, people, rng, by=by, now=now)
    for days, name, subject, heading in LETTERS:
        _past_campaign(workspace, news, (name, subject, heading), rng, by=by, then=now - timedelta(days=days))
    texts = _texts(
        "December news", "{{ first_name | default('Hello') }}, the year in sound", "What we learned this year"
    )
    actions.create(workspace.pk, by=by, texts=texts, lists=[news])
    with processing(workspace.pk, "preferences.manage", by=SYSTEM, act="list.unsubscribe") as activity:
        set_subscription(activity, rng.sample(people, 25), news, Subscription.State.UNSUBSCRIBED, now=now)
    demo_audience.work_with(workspace.pk, news, people, by=by, now=now)


def _import(
    workspace: Workspace, to: MailingList, name: str, count: int, *, twice: int = 0, by: str, now: datetime
) -> list[UUID]:
    """Import invented people the way a file of a user's own would be; return the ids of who is on the list."""
    warranty = "Collected by us, with a tick for the newsletter that nobody ticked beforehand."
    source = Source.objects.create(workspace=workspace, name=name, warranty=warranty)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name.lower().replace(' ', '-')}.csv"
        write_csv(path, count, twice=twice)
        _bring(workspace, path, source=source, mailing_list=to, by=by, now=now, consent="marketing.email")
    with processing(workspace.pk, "audience.administer", by=by, act="list.read", about=f"list:{to.pk}"):
        return list(
            Subscription.objects.filter(list_id=to.pk).order_by("person_id").values_list("person_id", flat=True)
        )


def _import_sales(workspace: Workspace, *, by: str, now: datetime) -> None:
    """Bring in what a distributor reports to have sold, for that purpose alone."""
    warranty = "The distributor tells its customers that purchases are reported to us."
    source = Source.objects.create(workspace=workspace, name="Sales of our distributor", warranty=warranty)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        write_sales(path, BUYERS, today=now.date())
        _bring(workspace, path, source=source, mailing_list=None, by=by, now=now, purpose=PURCHASES)


def _bring(workspace: Workspace, path: Path, **told: Any) -> None:
    item = start_import(workspace.pk, path, defer=False, **told)
    done = run_import(item.pk)
    if done.state != Import.State.DONE:
        raise RuntimeError(f"the sample could not be imported: {done.error}")


def _decide(workspace: Workspace, people: list[UUID], rng: random.Random, *, by: str, now: datetime) -> None:
    """Let seven in ten permit measurement, and a few change their minds about mail."""
    permitting = rng.sample(people, len(people) * 7 // 10)
    leaving = rng.sample(people, 40)
    with processing(workspace.pk, "preferences.manage", by=by, act="choice.record") as activity:
        record_choice(activity, permitting, "measurement.email", "granted", method="preferences", now=now)
        record_choice(activity, leaving, "marketing.email", "withdrawn", method="preferences", now=now)


def _texts(name: str, subject: str, heading: str) -> dict[str, str]:
    return {
        "name": name,
        "subject": subject,
        "preheader": heading,
        "body": BODY.format(heading=heading),
        "from_name": "Smart Media Solutions",
        "from_email": "news@example.org",
        "reply_to": "hello@example.org",
    }


def _past_campaign(
    workspace: Workspace, to: MailingList, words: tuple[str, str, str], rng: random.Random, *, by: str, then: datetime
) -> None:
    """Prepare a campaign as of some days ago, and write what senders and edge would have written since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tillit_make_partitions(%s, 2)", [then])
    campaign = actions.create(workspace.pk, by=by, texts=_texts(*words), lists=[to])
    actions.send(campaign, by=by, now=then)
    actions.prepare(campaign.pk)
    with processing(workspace.pk, "measurement.email", by=SYSTEM, act="edge.measure", about=f"campaign:{campaign.pk}"):
        measured = list(
            Message.objects.filter(campaign_id=campaign.pk).order_by("id").values_list("person_id", flat=True)
        )
        Event.objects.bulk_create(
            event
            for person in rng.sample(measured, len(measured) * 55 // 100)
            for event in _events(campaign, person, rng)
        )
    _deliver(campaign, measured, then=then)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.DONE, finished_at=then + timedelta(minutes=4))


def _deliver(campaign: Campaign, measured: list[UUID], *, then: datetime) -> None:
    """Hand the messages over in batches, but for a few whose mailbox is gone."""
    about = f"campaign:{campaign.pk}"
    with processing(
        campaign.workspace_id, "delivery.operate", by=SYSTEM, act="message.outcome", about=about
    ) as activity:
        mine = Message.objects.filter(campaign_id=campaign.pk)
        ids = list(mine.order_by("id").values_list("id", flat=True))
        gone = set(ids[::90])
        for number, chunk in enumerate(ids[start : start + 500] for start in range(0, len(ids), 500)):
            done = then + timedelta(seconds=20 * number)
            counts = {"sent": len(set(chunk) - gone), "failed": len(set(chunk) & gone)}
            Batch.objects.create(
                workspace_id=campaign.workspace_id,
                campaign_id=campaign.pk,
                sender="sample",
                size=len(chunk),
                claimed_at=done,
                lease_until=done,
                started_at=done,
                finished_at=done,
                counts=counts,
            )
            activity.count(**counts)
            mine.filter(id__in=chunk).update(state="sent", attempts=1, done_at=done)
        mine.filter(id__in=gone).update(state="failed", reply_code=550, reply="5.1.1 no such mailbox")
        mine.filter(person_id__in=measured).update(measured=True)


def _events(campaign: Campaign, person: UUID, rng: random.Random) -> list[Event]:
    """An open some hours after sending, and for a third of the openers clicks on it."""
    client, device = rng.choice(CLIENTS)
    assert campaign.prepared_at is not None
    opened = campaign.prepared_at + timedelta(minutes=5 + rng.expovariate(1 / 600))
    common = {"workspace_id": campaign.workspace_id, "person_id": person, "campaign_id": campaign.pk}
    found = [Event(**common, kind="open", at=opened, client=client, device=device)]
    if rng.random() < 0.33:
        clicked = opened + timedelta(seconds=rng.randint(5, 240))
        links = rng.sample(range(len(campaign.links)), rng.randint(1, 2))
        found += [Event(**common, kind="click", link=link, at=clicked, client=client, device=device) for link in links]
    return [event for event in found if event.at <= timezone.now()]

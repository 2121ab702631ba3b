"""A campaign's life: written, sent, paused, cancelled, settled."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.jobs import Job

from tests import make
from tillit.campaigns import actions, queries, readiness, tasks
from tillit.campaigns.actions import NotNow, NotReady
from tillit.campaigns.audience import EVERYBODY
from tillit.campaigns.mails import running
from tillit.campaigns.models import Campaign
from tillit.campaigns.slots import ContentErrors
from tillit.delivery.ids import message_id
from tillit.delivery.models import Message
from tillit.env import env
from tillit.ledger.models import Activity
from tillit.ledger.processing import processing
from tillit.people.models import Segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.language import parse
from tillit.people.segments.tree import Mistake, to_json

pytestmark = pytest.mark.django_db
MARKETING, OPERATE = "marketing.email", "delivery.operate"


@pytest.fixture
def readers(workspace, news):
    return [make.reader(workspace, on=[news], may=[MARKETING]) for _ in range(3)]


@pytest.fixture
def draft(workspace, news, readers) -> Campaign:
    return make.campaign(workspace, lists=[news])


def sent(draft: Campaign) -> Campaign:
    actions.send(draft, by="user:1", now=timezone.now())
    actions.prepare(draft.pk)
    draft.refresh_from_db()
    return draft


def states(campaign: Campaign) -> dict[str, int]:
    with (
        processing(campaign.workspace_id, OPERATE, by="test", act="look"),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT state, count(*) FROM delivery_message WHERE campaign_id = %s GROUP BY 1", [campaign.pk])
        return dict(cursor.fetchall())


def test_sending_fixes_links_and_queues_everybody_once(draft, readers):
    campaign = sent(draft)
    assert campaign.state == "sending" and campaign.links == ["https://example.com/news"]
    assert campaign.audience["prepared"] == 3
    with processing(campaign.workspace_id, MARKETING, by="test", act="look"):
        found = {message.id for message in Message.objects.all()}
    assert found == {message_id(campaign.prepared_at, campaign.pk, person) for person in readers}


def test_preparing_again_queues_nobody_twice(draft):
    campaign = sent(draft)
    assert actions.prepare(campaign.pk) == 0
    Campaign.objects.filter(pk=campaign.pk).update(state="preparing")  # a job that was killed before it ended
    assert actions.prepare(campaign.pk) == 0
    campaign.refresh_from_db()
    assert (campaign.state, campaign.audience["prepared"]) == ("sending", 3)


def test_the_preparation_is_one_activity_of_who_sent(draft):
    campaign = sent(draft)
    activity = Activity.objects.get(act="campaign.prepare")
    assert (activity.purpose, activity.actor, activity.counts) == (MARKETING, "user:1", {"persons": 3})
    assert activity.object_ref == f"campaign:{campaign.pk}"


def test_the_job_is_queued_once(draft):
    actions.send(draft, by="user:1", now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'campaigns.prepare'")
        assert len(cursor.fetchall()) == 1
    with pytest.raises(NotNow):
        actions.send(draft, by="user:1", now=timezone.now())


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"subject": ""}, "subject is empty"),
        ({"body": ""}, "body is empty"),
        ({"from_email": ""}, "sender's address is missing"),
        ({"purpose": "rights.fulfil"}, "permits no mail"),
    ],
)
def test_an_unfinished_campaign_is_not_sent(draft, change, missing):
    Campaign.objects.filter(pk=draft.pk).update(**change)
    draft.refresh_from_db()
    with pytest.raises(NotReady, match=missing):
        actions.send(draft, by="user:1", now=timezone.now())
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_nobody_permitted_is_not_sent(workspace):
    empty = make.mailing_list(workspace)
    make.reader(workspace, on=[empty])
    with pytest.raises(NotReady, match="Nobody on these lists"):
        actions.send(make.campaign(workspace, lists=[empty]), by="user:1", now=timezone.now())


def test_a_workspace_without_postal_address_does_not_send():
    bare = make.workspace()
    with pytest.raises(NotReady, match="no postal address"):
        actions.send(make.campaign(bare), by="user:1", now=timezone.now())


@pytest.mark.clause("E10")
def test_a_campaign_that_nobody_can_opt_out_of_is_flagged(draft):
    draft.purpose = "service.message"
    flagged = {check.key: check for check in readiness.checks(draft, by="test")[1]}
    assert flagged["purpose"].level == "warning" and "no advertising" in flagged["purpose"].text


@pytest.mark.clause("H1")
@pytest.mark.parametrize(("relay", "flagged"), [("mail-relay", False), ("hosting", True), ("nobody", True)])
def test_a_relay_that_may_not_have_the_mail_keeps_it_here(draft, monkeypatch, relay, flagged):
    monkeypatch.setenv("TILLIT_SMTP_RECIPIENT", relay)
    env.cache_clear()
    found = [check for check in readiness.checks(draft, by="test")[1] if check.key == "transfer"]
    monkeypatch.undo()
    env.cache_clear()
    assert bool(found) is flagged and all(check.blocks for check in found)


def test_purposes_of_campaigns_send_and_marketing_comes_first(workspace):
    from tillit.ledger.versions import in_force

    found = list(readiness.purposes(in_force(workspace.pk)))
    assert found[0] == MARKETING and "service.message" in found
    assert "rights.fulfil" not in found and "event.run" not in found


def test_only_a_draft_is_edited(draft):
    actions.edit(draft, texts={"subject": "Changed"}, lists=[])
    assert Campaign.objects.get(pk=draft.pk).subject == "Changed"
    sent_one = Campaign.objects.get(pk=draft.pk)
    Campaign.objects.filter(pk=draft.pk).update(state="sending")
    with pytest.raises(NotNow, match="Sending"):
        actions.edit(sent_one, texts={"subject": "Again"}, lists=[])
    with pytest.raises(NotNow):
        actions.discard(sent_one)


def test_a_text_that_cannot_be_mailed_is_not_saved(draft):
    with pytest.raises(ContentErrors):
        actions.edit(draft, texts={"body": "{{ salary }}"}, lists=[])
    assert "{{ salary }}" not in Campaign.objects.get(pk=draft.pk).body


def test_a_list_of_another_workspace_is_not_taken(draft, news):
    foreign = make.mailing_list(make.workspace())
    actions.edit(draft, texts={}, lists=[news, foreign])
    assert list(draft.lists.all()) == [news]


def test_a_copy_is_a_draft_with_the_same_text_and_lists(draft, news):
    copy = actions.duplicate(sent(draft), by="user:2")
    assert (copy.state, copy.body, copy.links, copy.prepared_at) == ("draft", draft.body, [], None)
    assert list(copy.lists.all()) == [news] and copy.name.endswith("(copy)")


def test_paused_it_is_no_stream_and_resumed_it_is_one(draft):
    campaign = sent(draft)
    (stream,) = running()
    assert stream.active()
    actions.pause(campaign)
    assert running() == [] and not stream.active()
    with pytest.raises(NotNow):
        actions.pause(campaign)
    actions.resume(campaign)
    assert len(running()) == 1


@pytest.mark.parametrize("before", ["preparing", "sending", "paused"])
def test_cancelled_the_rest_is_withheld(draft, before):
    campaign = sent(draft)
    Campaign.objects.filter(pk=campaign.pk).update(state=before)
    assert actions.cancel(campaign, by="user:1", now=timezone.now()) == 3
    assert states(campaign) == {"withheld": 3}
    assert actions.prepare(campaign.pk) == 0
    campaign.refresh_from_db()
    assert campaign.state == "cancelled"
    assert queries.advance(campaign).settled == queries.advance(campaign).withheld == 3


def test_a_campaign_that_can_no_longer_be_written_pauses_with_the_reason(draft):
    campaign = sent(draft)
    Campaign.objects.filter(pk=campaign.pk).update(
        body="{{ salary }}", prepared_at=make.NOON
    )  # as a policy that dropped the field's category would do
    assert running() == []
    campaign.refresh_from_db()
    assert campaign.state == "paused" and "salary" in campaign.audience["trouble"]


@pytest.mark.parametrize(("again", "state", "left"), [(False, "sent", "done"), (True, "queued", "sending")])
def test_messages_in_doubt_are_settled_by_hand(draft, again, state, left):
    campaign = sent(draft)
    with processing(campaign.workspace_id, OPERATE, by="t", act="doubt"), connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_message SET state = 'unknown', batch_id = 1")
    actions.finish(campaign)
    campaign.refresh_from_db()
    assert actions.settle_doubt(campaign, again=again, by="user:1") == 3
    assert states(campaign) == {state: 3}
    campaign.refresh_from_db()
    assert campaign.state == left
    assert Activity.objects.filter(act__startswith="message.", actor="user:1").count() == 1


def test_a_finished_campaign_stays_finished(draft):
    campaign = sent(draft)
    actions.finish(campaign)
    campaign.refresh_from_db()
    assert campaign.state == "done" and campaign.finished_at
    with suppress(NotNow):
        actions.cancel(campaign, by="user:1", now=timezone.now())
    actions.finish(campaign)
    assert Campaign.objects.get(pk=campaign.pk).state == "done"


def test_how_far_it_is_comes_from_its_batches(draft):
    from tillit.delivery.models import Batch

    campaign = sent(draft)
    moment = timezone.now()
    for counts in ({"sent": 1, "failed": 1}, {"deferred": 1}):
        Batch.objects.create(
            workspace_id=campaign.workspace_id,
            campaign_id=campaign.pk,
            sender="t",
            size=2,
            claimed_at=moment,
            lease_until=moment,
            finished_at=moment,
            counts=counts,
        )
    found = queries.advance(campaign)
    assert (found.prepared, found.settled, found.waiting) == (3, 2, 1)
    assert found.left_s == pytest.approx(1, abs=0.5)


@pytest.mark.clause("C8")
def test_a_campaign_that_is_refused_while_it_is_prepared_is_a_draft_again(draft, workspace):
    town = workspace.fields.create(name="town", label="Town", category="demographics")
    tree = to_json(parse('not town = "Lund"', vocabulary(workspace.pk)))
    draft.segment = Segment.objects.create(workspace=workspace, name="Lund", tree=tree)
    draft.save()
    actions.send(draft, by="user:1", now=timezone.now())
    town.delete()
    assert actions.prepare(draft.pk) == 0
    draft.refresh_from_db()
    assert (draft.state, draft.prepared_at, draft.links) == ("draft", None, [])
    assert "town" in draft.audience["trouble"].lower()
    assert Activity.objects.filter(act="campaign.prepare", outcome="refused").count() == 1
    texts = {name: getattr(draft, name) for name in actions.TEXTS}
    actions.edit(draft, texts=texts, lists=draft.lists.all(), narrowing=EVERYBODY)
    assert "trouble" not in draft.audience
    campaign = sent(draft)
    assert (campaign.state, campaign.audience["prepared"]) == ("sending", 3)


def test_the_last_failure_of_a_preparation_gives_the_campaign_back(draft, workspace):
    actions.send(draft, by="user:1", now=timezone.now())
    broken = Segment.objects.create(workspace=workspace, name="Broken", tree={"nonsense": 1})
    Campaign.objects.filter(pk=draft.pk).update(segment=broken)
    for attempts, state in ((0, "preparing"), (4, "preparing"), (5, "draft")):
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts)
        with pytest.raises(Mistake):
            tasks.prepare(JobContext(app=None, job=job, start_timestamp=0, abort_reason=lambda: None), draft.pk)
        draft.refresh_from_db()
        assert draft.state == state
    assert "Its log says why" in draft.audience["trouble"]


def test_a_preparation_whose_job_was_lost_is_queued_again(draft):
    actions.send(draft, by="user:1", now=timezone.now())
    later = timezone.now() + actions.STALLED_AFTER + timedelta(seconds=1)
    assert actions.resume_stalled(now=later) == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'campaigns.prepare'")
    assert [actions.resume_stalled(now=later) for _ in range(2)] == [1, 0]
